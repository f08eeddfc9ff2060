"""The crisis-signalling game as formulas: what each side's private information implies for the other's.

Receives utilities of an episode and the target's threshold z, where it resists with probability Phi(z); returns logarithms
of probabilities as JAX arrays, exact to rounding also where they are tiny. Lewis and Schultz (2003); Crisman-Cox and
Gibilisco (2021) write the equilibrium as a fixed point in the probability of resistance, as here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import nn
from jax.scipy.special import log_ndtr

jax.config.update("jax_enable_x64", True)

NODES = 64
REACH = 9.0
"""Standard deviations from the mode beyond which a normal density is rounding error."""
HALF_LOG_2PI = 0.5 * np.log(2.0 * np.pi)
_X, _W = (np.asarray(a) for a in np.polynomial.legendre.leggauss(NODES))


class Utilities(NamedTuple):
    """Utilities of one episode, in the order of the model's indices."""

    status_quo: Any
    concession: Any
    war: Any
    back_down: Any
    conceding: Any
    fighting: Any
    winning: Any


class Sender(NamedTuple):
    """Logarithms of what the sender does, given how likely it expects resistance to be."""

    stay: Any
    challenge: Any
    war: Any
    """Challenge, and fight where resisted."""
    back_down: Any
    """Challenge, and back down where resisted."""

    @property
    def fight(self) -> Any:
        """Probability of fighting, given a challenge."""
        return jnp.exp(self.war - self.challenge)


@jax.custom_jvp
def log_upper(u: Any, d: Any) -> Any:
    """log of the integral over x from u of phi(x) Phi(x + d): both of two correlated normals are exceeded.

    Gauss-Legendre over the stretch where the integrand is not negligible, so that small values keep their digits; the
    derivatives have closed forms.
    """
    mode = jnp.where(d < 0, -d / 2, 0.0)
    low = jnp.maximum(u, mode - REACH)
    past = low - mode
    length = jnp.where(
        past < 0, REACH + mode - low, REACH * jnp.minimum(1.0, 4.4 / jnp.where(past > 4.4, past, 4.4))
    )
    x = low + length * (_X + 1.0) / 2.0
    logs = -0.5 * x**2 + log_ndtr(x + d) + np.log(_W)
    return nn.logsumexp(logs) + jnp.log(length / 2.0) - HALF_LOG_2PI


@log_upper.defjvp
def _log_upper_jvp(at: Any, along: Any) -> Any:
    (u, d), (du, dd) = at, along
    value = log_upper(u, d)
    edge = -0.5 * u**2 - HALF_LOG_2PI + log_ndtr(u + d) - value
    ridge = -0.25 * d**2 - HALF_LOG_2PI - 0.5 * np.log(2.0) + log_ndtr(-np.sqrt(2.0) * (u + 0.5 * d)) - value
    return value, jnp.exp(ridge) * dd - jnp.exp(edge) * du


def sender(u: Utilities, log_resist: Any, log_yield: Any) -> Sender:
    """What the sender does where the target resists with the probability given (as logarithms of it and of the rest)."""
    needed = (u.status_quo - jnp.exp(log_yield) * u.concession) * jnp.exp(-log_resist)
    war = log_upper(needed - u.war, u.war - u.back_down)
    back_down = log_upper(needed - u.back_down, u.back_down - u.war)
    stay = log_ndtr(needed - u.war) + log_ndtr(needed - u.back_down)
    return Sender(stay, jnp.logaddexp(war, back_down), war, back_down)


def threshold(u: Utilities, fight: Any) -> Any:
    """The target's threshold z where the sender fights with probability `fight`: it resists with probability Phi(z)."""
    return (fight * u.fighting + (1.0 - fight) * u.winning - u.conceding) / fight


def excess(u: Utilities, z: Any) -> Any:
    """z less the threshold that z itself implies; zero at an equilibrium."""
    return z - threshold(u, sender(u, *log_resist(z)).fight)


def log_resist(z: Any) -> tuple[Any, Any]:
    """Logarithms of the probabilities that a target with threshold z resists, and that it does not."""
    return log_ndtr(z), log_ndtr(-z)


def log_outcomes(of: Sender, z: Any) -> Any:
    """[outcome] log probability of status quo, concession, war and backing down."""
    resist, give_way = log_resist(z)
    return jnp.stack([of.stay, of.challenge + give_way, resist + of.war, resist + of.back_down])
