"""All equilibria of the crisis-signalling game in every episode: none is missed for want of a good guess.

Receives indices [r, 7]; returns thresholds z, and which equilibrium is nearest to a guess or most likely given the counts.
Roots of z - threshold(z) are bracketed on a grid and refined by bisection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from goodoffices.panels.crisis import Utilities, excess, log_outcomes, log_resist, sender

Floats = NDArray[np.float64]

LARGEST = 36.0
"""Largest threshold looked at: beyond, one of the target's moves has a probability below 1e-284."""
_INNER = np.linspace(-4.0, 4.0, 161)
_OUTER = np.geomspace(4.05, LARGEST, 48)
GRID = np.concatenate([-_OUTER[::-1], _INNER, _OUTER])
RESIDUAL = 1e-10


@dataclass(frozen=True, eq=False)
class Equilibria:
    """Every equilibrium that was found, padded with nan."""

    z: Floats
    """[r, e] thresholds, increasing."""

    @property
    def count(self) -> NDArray[np.intp]:
        """[r] number of equilibria."""
        return np.isfinite(self.z).sum(axis=1)

    def nearest(self, guess: Floats) -> Floats:
        """[r] the equilibrium nearest to a guess [r]; nan where there is none."""
        distance = np.where(np.isfinite(self.z), np.abs(self.z - guess[:, None]), np.inf)
        return self.z[np.arange(len(guess)), distance.argmin(axis=1)]

    def most_likely(self, eta: Floats, counts: Floats) -> Floats:
        """[r] the equilibrium that makes the counts [r, 4] most likely; nan where there is none."""
        worth = np.full(self.z.shape, -np.inf)
        for e in range(self.z.shape[1]):
            there = np.isfinite(self.z[:, e])
            found = np.asarray(_likelihood(eta, np.where(there, self.z[:, e], 0.0), counts))
            worth[there, e] = found[there]
        return self.z[np.arange(len(eta)), worth.argmax(axis=1)]


def find_all(eta: Floats) -> Equilibria:
    """Every equilibrium of every episode with |z| up to `LARGEST`, given indices [r, 7]."""
    f = np.asarray(_on_grid(eta))
    change = np.signbit(f[:, :-1]) != np.signbit(f[:, 1:])
    change &= np.isfinite(f[:, :-1]) & np.isfinite(f[:, 1:])
    row, cell = np.nonzero(change)
    found = np.asarray(_refine(eta[row], GRID[cell], GRID[cell + 1], np.signbit(f[row, cell])))
    most = int(change.sum(axis=1).max(initial=1))
    z = np.full((len(eta), max(most, 1)), np.nan)
    place = np.zeros(len(eta), dtype=np.intp)
    for r, value in zip(row, found, strict=True):
        z[r, place[r]] = value
        place[r] += 1
    return Equilibria(z)


def follow(eta: Floats, guess: Floats) -> Floats:
    """[r] the equilibrium near a guess; nan where an episode has none."""
    z, residual = (np.asarray(a) for a in _newton(eta, guess))
    lost = ~(np.abs(residual) < RESIDUAL) | (np.abs(z - guess) > 1.0) | (np.abs(z) > LARGEST)
    if lost.any():
        z = z.copy()
        z[lost] = find_all(eta[lost]).nearest(guess[lost])
    return z


def _excess(eta: Any, z: Any) -> Any:
    return excess(Utilities(*eta), z)


def _value_and_slope(eta: Any, z: Any) -> tuple[Any, Any]:
    return jax.jvp(lambda x: _excess(eta, x), (z,), (jnp.ones_like(z),))


_on_grid = jax.jit(jax.vmap(lambda eta: jax.lax.map(lambda z: _excess(eta, z), jnp.asarray(GRID))))


@jax.jit
@jax.vmap
def _likelihood(eta: Any, z: Any, counts: Any) -> Any:
    u = Utilities(*eta)
    return (counts * log_outcomes(sender(u, *log_resist(z)), z)).sum()


@jax.jit
@jax.vmap
def _newton(eta: Any, z: Any) -> tuple[Any, Any]:
    """Newton steps until they are too small to matter, and the excess before the last one."""

    def on(state: tuple[Any, Any, Any, Any]) -> Any:
        _, _, moved, steps = state
        return (jnp.abs(moved) > 1e-14) & (steps < 15)

    def step(state: tuple[Any, Any, Any, Any]) -> tuple[Any, Any, Any, Any]:
        z, _, _, steps = state
        value, slope = _value_and_slope(eta, z)
        moved = jnp.clip(jnp.nan_to_num(value / slope), -1.0, 1.0)
        return z - moved, value, moved, steps + 1

    z, value, _, _ = jax.lax.while_loop(on, step, (z, z, jnp.ones_like(z), 0))
    return z, value


@jax.jit
@jax.vmap
def _refine(eta: Any, low: Any, high: Any, negative: Any) -> Any:
    """Bisection until the bracket is as narrow as rounding allows."""

    def halve(_: Any, bracket: tuple[Any, Any]) -> tuple[Any, Any]:
        low, high = bracket
        middle = (low + high) / 2
        left = (_excess(eta, middle) < 0) == negative
        return jnp.where(left, middle, low), jnp.where(left, high, middle)

    low, high = jax.lax.fori_loop(0, 56, halve, (low, high))
    return (low + high) / 2
