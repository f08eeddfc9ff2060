"""The boundary of a claim between points of a grid: every step across which it flips is halved again and again.

Receives a filled grid; returns `Crossing`s for each claim. All steps of all claims are halved together, one batch at a time.
Bisection asks only whether the claim holds, so that margins that jump do not mislead it. A middle that is not solved ends
the halving of its step, whose crossing keeps the width it has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from goodoffices.analyses.tipping_grid import Grid


@dataclass(frozen=True)
class Crossing:
    """A place where the claim flips between two neighbouring points of the grid."""

    at: tuple[float, ...]
    """The parameters' values there, one for each axis."""
    within: float
    """The boundary is at most this far away along `axis`, in that parameter's unit."""
    axis: int
    """Along which axis it was bracketed."""
    cell: tuple[int, ...]
    """Index of the lower of the two points of the grid."""
    holds_above: bool
    """Whether the claim holds above it along that axis."""


def locate(grid: Grid, tolerance: float) -> dict[str, list[Crossing]]:
    """Crossings by claim, each bracketed to the tolerance (a share of its axis) unless the user stops.

    Of a claim that flips several times within one step one flip is found.
    """
    names, axes, flat = _flips(grid)
    places = np.unravel_index(flat, grid.shape) if len(flat) else tuple(flat for _ in grid.shape)
    fixed = np.array([axis.values[k] for axis, k in zip(grid.axes, places, strict=True)]).reshape(
        len(grid.axes), len(flat)
    )
    low = np.array([grid.axes[a].values[places[a][i]] for i, a in enumerate(axes)], float)
    high = np.array([grid.axes[a].values[places[a][i] + 1] for i, a in enumerate(axes)], float)
    above = np.array(
        [
            grid.holds[name][tuple(k[i] + (d == a) for d, k in enumerate(places))]
            for i, (name, a) in enumerate(zip(names, axes, strict=True))
        ],
        dtype=bool,
    )
    width = np.array([grid.axes[a].values[-1] - grid.axes[a].values[0] for a in axes])
    stuck = np.zeros(len(flat), dtype=bool)
    while not grid.interrupted:
        # Half of the bracket is how far the boundary may be from its middle.
        open_ = np.flatnonzero((high - low > 2 * tolerance * width) & ~stuck)
        if not len(open_):
            break
        middle = (low + high) / 2
        points = {
            axis.parameter: np.array([middle[i] if axes[i] == d else fixed[d, i] for i in open_])
            for d, axis in enumerate(grid.axes)
        }
        found = grid.ask(points, "boundary, halving")
        for j, i in enumerate(open_[: found.width]):
            out = found.claims[names[i]]
            if np.isnan(out.margins[j]):
                stuck[i] = True
            elif bool(out.holds[j]) == above[i]:
                high[i] = middle[i]
            else:
                low[i] = middle[i]
    crossings: dict[str, list[Crossing]] = {name: [] for name in grid.holds}
    for i, name in enumerate(names):
        at = tuple(
            float((low[i] + high[i]) / 2) if axes[i] == d else float(fixed[d, i])
            for d in range(len(grid.axes))
        )
        cell = tuple(int(k[i]) for k in places)
        crossings[name].append(Crossing(at, float(high[i] - low[i]) / 2, axes[i], cell, bool(above[i])))
    return crossings


def _flips(grid: Grid) -> tuple[list[str], list[int], np.ndarray]:
    """Claim, axis and flat index of every step of the grid across which a claim flips."""
    names: list[str] = []
    axes: list[int] = []
    flat: list[int] = []
    for name in grid.holds:
        for axis in range(len(grid.shape)):
            steps = grid.flips(name, axis).tolist()
            # Values of a discrete prior have nothing between them, but the parameter may still be set there.
            names += [name] * len(steps)
            axes += [axis] * len(steps)
            flat += steps
    return names, axes, np.array(flat, dtype=np.int64)
