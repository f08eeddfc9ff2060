"""How the numbers of a round change with the scenario's parameters.

Receives a compiled round and draws; returns one direction for each parameter, as `solvers.belief.differentiate` takes
them. The numbers are short expressions of the parameters, differenced centrally: exact to about 1e-9 of their size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from goodoffices.compiler.recursive import ScenarioRound
from goodoffices.games.recursive import RecursiveData

Floats = NDArray[np.float64]

STEP = 1e-6
"""Of a parameter, relative to one plus its size."""
TOGETHER = 4096
"""Parameters times draws that are changed at a time."""


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

    Raises:
        ValueError: there is no parameter.
    """
    width = max(len(np.atleast_1d(values)) for values in draws.values())
    if not parameters:
        raise ValueError("directions need a parameter")
    if len(parameters) > 1 and len(parameters) * width > TOGETHER:
        half = len(parameters) // 2
        parts = parameters[:half], parameters[half:]
        return _joined([parameter_directions(compiled, draws, part) for part in parts])
    wide = {
        name: np.broadcast_to(np.asarray(values, dtype=np.float64), (3, len(parameters), width)).copy()
        for name, values in draws.items()
    }
    steps = np.zeros((len(parameters), width))
    for d, name in enumerate(parameters):
        steps[d] = STEP * (1.0 + np.abs(wide[name][0, d]))
        wide[name][1, d] -= steps[d]
        wide[name][2, d] += steps[d]
    data = compiled.data({name: values.reshape(-1) for name, values in wide.items()})

    def slope(array: Floats) -> Floats:
        """[d, ..., b]"""
        split = np.moveaxis(array.reshape(*array.shape[:-1], 3, len(parameters), width), -2, 0)
        here, less, more = (split[..., side, :] for side in range(3))
        below, above = np.isfinite(less), np.isfinite(more)
        first, last = np.where(below, less, here), np.where(above, more, here)
        step = steps.reshape(len(steps), *(1,) * (here.ndim - 2), width)
        return (last - first) / (step * np.maximum(1, below.astype(int) + above))

    return RecursiveData(
        slope(data.payoff),
        slope(data.odds),
        slope(data.end),
        tuple(slope(p) for p in data.prior),
        slope(data.rationality),
        slope(data.discount),
    )


def _joined(parts: Sequence[RecursiveData]) -> RecursiveData:
    one, other = parts

    def join(name: str) -> Floats:
        return np.concatenate([getattr(one, name), getattr(other, name)])

    return RecursiveData(
        join("payoff"),
        join("odds"),
        join("end"),
        tuple(np.concatenate(pair) for pair in zip(one.prior, other.prior, strict=True)),
        join("rationality"),
        join("discount"),
    )
