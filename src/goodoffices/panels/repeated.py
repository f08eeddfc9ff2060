"""Estimators of the signalling game that solve for its equilibria: nested pseudo-likelihood and maximum likelihood.

Receives an assembled panel; returns the likelihood at its last probabilities, the maximum, the covariance where it is not
the usual one, and notes. Aguirregabiria and Mira (2007) for the first; for the second the equilibrium is solved within
each evaluation, and where an episode has several the most likely one is used.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from goodoffices.panels.assembling import Assembled
from goodoffices.panels.design import Design
from goodoffices.panels.equilibria import find_all
from goodoffices.panels.errors import Errors
from goodoffices.panels.fitting import column_scale, objective, search
from goodoffices.panels.kernel import Kernel, Likelihood
from goodoffices.panels.maximise import Maximum, maximise
from goodoffices.panels.signalling import (
    GIVEN_FIRST_STAGE,
    as_threshold,
    implied_probabilities,
    row_given_first_stage,
    signalling_kernel,
)
from goodoffices.panels.specification import Signalling

Floats = NDArray[np.float64]
Found = tuple[Likelihood, Maximum, Floats | None, list[str]]

MOST_ROUNDS = 300
TINY = 1e-12
"""Least probability of a round: at exactly 0 or 1 there are no derivatives."""
SETTLED = 1e-9
"""Largest change of a probability from one round to the next that ends nested pseudo-likelihood."""


def estimate(known: Assembled, errors: Errors) -> Found:
    """Estimate by the panel's own estimator, `npl` or `mle`."""
    model = known.panel.model
    assert isinstance(model, Signalling)
    design, data = known.likelihood.design, dict(known.likelihood.data)
    pseudo, found, notes = _nested(known, design, data)
    if model.estimator == "npl":
        spread = nested_covariance(pseudo, found) if errors == "hessian" else None
        return pseudo, found, spread, [*notes, _several(find_all(design.eta(found.point.b)).count)]
    return _maximum_likelihood(known, pseudo, found)


def _nested(known: Assembled, design: Design, data: dict[str, Any]) -> tuple[Likelihood, Maximum, list[str]]:
    """Pseudo-likelihood and the probabilities that it implies, in turn, until they agree."""
    likelihood = Likelihood(GIVEN_FIRST_STAGE, design, data)
    found = search(known, likelihood, starts=1, seed=1, notes=[])
    scale, change, rounds = column_scale(likelihood), np.inf, 0
    while rounds < MOST_ROUNDS and not change < SETTLED:
        rounds += 1
        resist, fight = _implied(design.eta(found.point.b), data["resist"], data["fight"])
        resist, fight = (np.clip(np.asarray(p), TINY, 1.0 - TINY) for p in (resist, fight))
        change = max(np.abs(resist - data["resist"]).max(), np.abs(fight - data["fight"]).max())
        if not np.isfinite(change):
            break
        data = {**data, "resist": resist, "fight": fight}
        likelihood = Likelihood(GIVEN_FIRST_STAGE, design, data)
        found = maximise(objective(likelihood, known.panel.penalty), found.point.b, scale)
    state = (
        "agree with play" if change < SETTLED else f"still changed by {change:.1e}, so this is no fixed point"
    )
    return (
        likelihood,
        found,
        [f"After {rounds} rounds of nested pseudo-likelihood the probabilities {state}."],
    )


_implied = jax.jit(jax.vmap(implied_probabilities))


def _maximum_likelihood(known: Assembled, pseudo: Likelihood, start: Maximum) -> Found:
    """Maximum likelihood from the nested estimate; equilibria are looked for anew after every search."""
    design = pseudo.design
    assert isinstance(known.panel.model, Signalling)
    kernel = signalling_kernel(known.panel.model)
    data, counts = dict(pseudo.data), np.asarray(pseudo.data["counts"])
    data["z"] = as_threshold(data["resist"])
    scale, found = column_scale(pseudo), start
    switched, count = 0, np.ones(design.n, dtype=np.intp)
    for _ in range(10):
        eta = design.eta(found.point.b)
        every = find_all(eta)
        count = every.count
        best = every.most_likely(eta, counts)
        switched = int((np.abs(best - kernel_z(kernel, eta, data)) > 1e-6).sum())
        if found is not start and not switched:
            break
        data["z"] = np.where(np.isfinite(best), best, data["z"])
        found = maximise(
            objective(Likelihood(kernel, design, data), known.panel.penalty), found.point.b, scale
        )
    notes = [_several(count)]
    if switched:
        notes.append(
            f"In {switched} episodes another equilibrium is more likely at the estimates; the search went back and forth."
        )
    return Likelihood(kernel, design, data), found, None, notes


def kernel_z(kernel: Kernel, eta: Floats, data: dict[str, Any]) -> Floats:
    """[r] the equilibrium that an evaluation at these indices uses."""
    assert kernel.prepare is not None
    return np.asarray(kernel.prepare(eta, data)["z"])


def _several(count: NDArray[np.intp]) -> str:
    many = int((count > 1).sum())
    if not many:
        return f"At the estimates each of the {len(count)} episodes has one equilibrium."
    return f"At the estimates {many} of {len(count)} episodes have several equilibria, up to {count.max()}; the most likely counts."


def nested_covariance(likelihood: Likelihood, found: Maximum, *, transposed: bool = False) -> Floats:
    """[k, k] covariance of the nested pseudo-likelihood estimates (Aguirregabiria and Mira 2007, section 3.3).

    With scores s, their outer product O and, for each episode, how its own probabilities p answer to coefficients at the
    fixed point p = Psi(b, p): A = O + sum s (dl/dp)' (I - dPsi/dp)^-1 dPsi/db, and the covariance is A^-1 O A^-1'.
    `transposed` takes the transpose of dPsi/dp, as R's `sigInt` 0.2.0 does; only the other is the answer of a fixed point.
    """
    design, data = likelihood.design, likelihood.data
    eta = design.eta(found.point.b)
    p = np.stack([data["resist"], data["fight"]], axis=1)
    in_p, answer = response(eta, p, data["counts"], transposed=transposed)
    through = np.einsum("rq,rqm->rm", in_p, answer)
    indirect = design.x * through[:, design.index]
    scores = found.point.evaluation.scores
    outer = scores.T @ scores
    try:
        inverse = np.linalg.inv(outer + scores.T @ indirect)
    except np.linalg.LinAlgError:
        return np.full(outer.shape, np.nan)
    return inverse @ outer @ inverse.T


def response(eta: Floats, p: Floats, counts: Floats, *, transposed: bool = False) -> tuple[Floats, Floats]:
    """Derivatives of each episode's log-likelihood in its probabilities [r, 2], and of the fixed point in indices [r, 2, 7]."""
    in_p, psi_p, psi_eta = (np.asarray(a) for a in _sensitivities(eta, p, counts))
    answer: Any = np.linalg.solve(np.eye(2) - (np.swapaxes(psi_p, 1, 2) if transposed else psi_p), psi_eta)
    return in_p, answer


@jax.jit
@jax.vmap
def _sensitivities(eta: Any, p: Any, counts: Any) -> tuple[Any, Any, Any]:
    def worth(p: Any) -> Any:
        return row_given_first_stage(eta, {"resist": p[0], "fight": p[1], "counts": counts})

    def psi(eta: Any, p: Any) -> Any:
        return jnp.stack(implied_probabilities(eta, p[0], p[1]))

    return jax.grad(worth)(p), jax.jacfwd(psi, argnums=1)(eta, p), jax.jacfwd(psi, argnums=0)(eta, p)
