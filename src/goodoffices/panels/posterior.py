"""The posterior of a panel's coefficients under independent normal priors: by a normal at its mode, or by sampling.

Receives a panel and data; returns a `Posterior` with draws and what they are worth. NUTS (Hoffman and Gelman 2014, from the
optional package blackjax) runs in coordinates in which the normal at the mode is standard; models whose equilibria are solved
outside compiled code have the normal alone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from goodoffices.core.diagnostics import refuse
from goodoffices.panels.assembling import assemble
from goodoffices.panels.beginnings import beginning
from goodoffices.panels.design import known_names
from goodoffices.panels.fitting import Objective, column_scale
from goodoffices.panels.kernel import Likelihood
from goodoffices.panels.maximise import Maximum, maximise
from goodoffices.panels.specification import Panel, Prior, Signalling
from goodoffices.panels.table import read_table

Floats = NDArray[np.float64]
Method = Literal["laplace", "nuts"]

CHAINS = 4


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws of the coefficients from their posterior. Look at `converged` first."""

    panel: Panel
    names: tuple[str, ...]
    draws: Floats
    """[chain, draw, k] coefficients."""
    mode: Floats
    """[k] where the posterior is highest."""
    log_evidence: float
    """Logarithm of the marginal likelihood by Laplace's approximation."""
    rhat: Floats
    """[k] split-chain agreement; 1 where the draws are independent."""
    effective: Floats
    """[k] effective number of draws."""
    method: str
    maximum: Maximum = field(repr=False)
    statistics: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def converged(self) -> bool:
        """Whether the mode is a maximum and the chains agree."""
        return self.maximum.converged and bool((self.rhat < 1.01).all())

    @property
    def mean(self) -> Floats:
        """[k] posterior means."""
        return self.draws.reshape(-1, len(self.names)).mean(axis=0)

    @property
    def sd(self) -> Floats:
        """[k] posterior standard deviations."""
        return self.draws.reshape(-1, len(self.names)).std(axis=0, ddof=1)

    def interval(self, level: float = 0.95) -> Floats:
        """[2, k] ends of the central interval that holds a share `level` of the posterior."""
        tail = (1.0 - level) / 2.0
        return np.quantile(self.draws.reshape(-1, len(self.names)), [tail, 1.0 - tail], axis=0)


def posterior(
    panel: Panel,
    data: Any,
    *,
    method: Method = "laplace",
    draws: int = 1000,
    warmup: int = 500,
    seed: int = 1,
) -> Posterior:
    """The posterior of a panel's coefficients.

    Args:
        panel: the game, its terms and `prior`.
        data: a DataFrame, a mapping of columns, a `Table`, or the path of a CSV or Parquet file.
        method: `laplace`, the normal at the mode; or `nuts`, four chains from it.
        draws: draws of each of the four chains.
        warmup: steps of each chain that set the step size and are not kept.
        seed: of the draws.

    Raises:
        Refusal: bad data; `needs-a-likelihood` for pseudo-likelihoods; `not-sampled` for `nuts` where equilibria are solved
            outside compiled code; `missing-package` without blackjax.
    """
    begun, cpu = time.perf_counter(), time.process_time()
    known = assemble(panel, read_table(data))
    if isinstance(panel.model, Signalling) and panel.model.estimator != "mle":
        raise refuse(
            "needs-a-likelihood",
            f"`{panel.model.estimator}` is a pseudo-likelihood, which has no posterior",
            hint="`estimator: mle`",
        )
    likelihood = known.likelihood
    if method == "nuts" and not likelihood.kernel.traceable:
        raise refuse(
            "not-sampled",
            "the equilibria of this game are solved outside compiled code, where NUTS cannot go",
            hint="method `laplace`",
        )
    known_names(known.all_names, panel.prior.each, "prior")
    mean, sd = _prior(panel.prior, known.design.names)
    found = maximise(_objective(likelihood, mean, sd), beginning(known), column_scale(likelihood))
    information = -found.point.hessian
    try:
        root = np.linalg.cholesky(np.linalg.inv(information))
    except np.linalg.LinAlgError:
        raise refuse(
            "no-mode", "the posterior has no mode that the search could find", hint="narrower priors"
        ) from None
    random = np.random.default_rng(seed)
    k = len(mean)
    if method == "laplace":
        z = random.normal(size=(CHAINS, draws, k))
        rhat, effective, more = np.ones(k), np.full(k, float(CHAINS * draws)), {}
    else:
        z, rhat, effective, more = _sample(likelihood, mean, sd, found.point.b, root, draws, warmup, seed)
    sign, size = np.linalg.slogdet(information)
    return Posterior(
        panel=panel,
        names=known.design.names,
        draws=found.point.b + z @ root.T,
        mode=found.point.b,
        log_evidence=found.point.value + 0.5 * (k * np.log(2 * np.pi) - size) if sign > 0 else np.nan,
        rhat=rhat,
        effective=effective,
        method=method,
        maximum=found,
        statistics={"seconds": time.perf_counter() - begun, "cpu_seconds": time.process_time() - cpu, **more},
    )


def _prior(prior: Prior, names: tuple[str, ...]) -> tuple[Floats, Floats]:
    pairs = [prior.each.get(name, (prior.mean, prior.sd)) for name in names]
    return np.array([m for m, _ in pairs]), np.array([s for _, s in pairs])


def _objective(likelihood: Likelihood, mean: Floats, sd: Floats) -> Any:
    constant = float((-np.log(sd) - 0.5 * np.log(2 * np.pi)).sum())

    def at(b: Floats) -> Objective:
        e, u = likelihood.at(b), (b - mean) / sd
        value = e.value + constant - 0.5 * float(u @ u)
        return Objective(e, value, e.gradient - u / sd, e.hessian - np.diag(sd**-2.0))

    return at


def _sample(
    likelihood: Likelihood,
    mean: Floats,
    sd: Floats,
    mode: Floats,
    root: Floats,
    draws: int,
    warmup: int,
    seed: int,
) -> tuple[Floats, Floats, Floats, dict[str, float]]:
    """Chains [chain, draw, k] in coordinates in which the normal at the mode is standard, with their diagnostics."""
    try:
        import blackjax
    except ImportError:
        raise refuse(
            "missing-package", "sampling needs the package `blackjax`", hint="install `goodoffices[record]`"
        ) from None
    import jax
    import jax.numpy as jnp

    tools: Any = blackjax
    total = likelihood.traced()

    def log_density(z: Any) -> Any:
        b = mode + jnp.asarray(root) @ z
        return total(b) - 0.5 * (((b - mean) / sd) ** 2).sum()

    def chain(key: Any) -> tuple[Any, Any, Any]:
        first, second, third = jax.random.split(key, 3)
        start = jax.random.normal(first, (len(mode),))
        tune = tools.window_adaptation(tools.nuts, log_density, target_acceptance_rate=0.9)
        (state, settings), _ = tune.run(second, start, num_steps=warmup)
        step = tools.nuts(log_density, **settings).step

        def go(state: Any, key: Any) -> tuple[Any, Any]:
            state, info = step(key, state)
            return state, (state.position, info.is_divergent, info.num_integration_steps)

        return jax.lax.scan(go, state, jax.random.split(third, draws))[1]

    z, divergent, steps = jax.jit(jax.vmap(chain))(jax.random.split(jax.random.PRNGKey(seed), CHAINS))
    rhat = np.atleast_1d(np.asarray(tools.diagnostics.potential_scale_reduction(z)))
    effective = np.atleast_1d(np.asarray(tools.diagnostics.effective_sample_size(z)))
    more = {"divergent": float(np.asarray(divergent).sum()), "gradients": float(np.asarray(steps).sum())}
    return np.asarray(z), rhat, effective, more
