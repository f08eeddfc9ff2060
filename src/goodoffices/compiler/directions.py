"""How the numbers of a round change with the scenario's parameters.

Receives a compiled round and draws; returns one direction for each parameter, as `solvers.belief.differentiate` takes
them. The numbers are short expressions of the parameters, differenced centrally: exact to about 1e-9 of their size.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from goodoffices.compiler.recursive import ScenarioRound
from goodoffices.games.recursive import RecursiveData

Floats = NDArray[np.float64]

STEP = 1e-6
"""Of a parameter, relative to one plus its size."""


def parameter_directions(
    compiled: ScenarioRound, draws: Mapping[str, Floats], parameters: Sequence[str]
) -> RecursiveData:
    """The change of every number with each parameter, per unit of the parameter.

    Args:
        compiled: a round.
        draws: parameter -> [b], every parameter of the scenario.
        parameters: which to change, one at a time.

    Returns:
        Arrays as in `compiled.data(draws)` with an axis of parameters in front. Where a parameter stands at the end of
        what it may be (a probability of one), the difference is taken to the inside.
    """
    each = [_direction(compiled, draws, name) for name in parameters]
    return RecursiveData(
        np.stack([d.payoff for d in each]),
        np.stack([d.odds for d in each]),
        np.stack([d.end for d in each]),
        tuple(np.stack(p) for p in zip(*(d.prior for d in each), strict=True)),
        np.stack([d.rationality for d in each]),
        np.stack([d.discount for d in each]),
    )


def _direction(compiled: ScenarioRound, draws: Mapping[str, Floats], name: str) -> RecursiveData:
    at = np.atleast_1d(np.asarray(draws[name], dtype=np.float64))
    step = STEP * (1.0 + np.abs(at))
    base, low, high = (compiled.data({**draws, name: x}) for x in (at, at - step, at + step))

    def slope(here: Floats, less: Floats, more: Floats) -> Floats:
        below, above = np.isfinite(less), np.isfinite(more)
        first, last = np.where(below, less, here), np.where(above, more, here)
        return (last - first) / (step * np.maximum(1, below.astype(int) + above))

    changed = {
        field: slope(*(getattr(data, field) for data in (base, low, high)))
        for field in ("payoff", "odds", "end", "rationality", "discount")
    }
    prior = tuple(slope(*three) for three in zip(base.prior, low.prior, high.prior, strict=True))
    return dataclasses.replace(base, prior=prior, **changed)
