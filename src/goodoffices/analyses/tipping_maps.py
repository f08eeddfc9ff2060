"""Tipping maps: where a claim holds over one or two parameters, and the boundary, located by bisection to a tolerance.

Receives parameters with priors and a `Judge`; returns a `TippingMap` for each claim. The parameters that are not mapped stay
at their prior medians or at given values. A map of two is solved from coarse to fine: cells whose corners all agree, and whose
margins do not run towards zero, are not looked into; their inner points are marked as inferred. So a pocket smaller than
a coarse cell can be missed; `every=True` solves every point. Each step of the grid across which the claim flips is halved
until the boundary in it is known to the tolerance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goodoffices.analyses.asking import Bools, Judge
from goodoffices.analyses.tipping_edges import Crossing, locate
from goodoffices.analyses.tipping_grid import INFERRED, SOLVED, UNSOLVED, Grid
from goodoffices.compiler.expressions import Array
from goodoffices.core.diagnostics import refuse
from goodoffices.language.priors import median, quantile
from goodoffices.language.scenario import Parameter

StageProgress = Callable[[str, int, int], None]

EDGE = 0.01
"""Axes run from this quantile of the prior to one minus it, unless a range is given."""
TOLERANCE = 1e-3
"""Of the boundary, as a share of the axis."""
MOST_POINTS = 250_000
"""Points of a map at most."""


@dataclass(frozen=True, eq=False)
class Axis:
    """One mapped parameter."""

    parameter: str
    unit: str | None
    values: Array
    """[g] the grid, rising."""
    median: float
    """The prior's."""
    typical: tuple[float, float]
    """The prior's 5th and 95th percentiles."""


@dataclass(frozen=True, eq=False)
class TippingMap:
    """Where one claim holds."""

    claim: str
    axes: tuple[Axis, ...]
    """One or two."""
    holds: Bools
    """[g] or [g, h] whether the claim holds there; False where that is not known."""
    margins: Array
    """[g] or [g, h] by how much; not a number where the point was inferred or not solved."""
    status: NDArray[np.int8]
    """[g] or [g, h] 0 solved, 1 inferred from agreeing surroundings, 2 not solved."""
    unit: str
    """Of the margins."""
    crossings: tuple[Crossing, ...]
    at: Mapping[str, float]
    """The other parameters' values."""
    at_median: bool | None
    """Whether it holds with the mapped parameters at their medians too; None where that was not solved."""
    tolerance: float
    """Asked for, as a share of each axis."""
    games: int
    """Games solved for all claims together."""
    interrupted: bool
    """Whether the user stopped: coarser than asked for, and crossings may be wider than the tolerance."""

    @property
    def counts(self) -> tuple[int, int, int]:
        """Points solved, inferred, and not solved."""
        return tuple(int((self.status == code).sum()) for code in (SOLVED, INFERRED, UNSOLVED))  # pyright: ignore[reportReturnType]

    @property
    def sentence(self) -> str:
        """The finding in a sentence, with counts and how well the boundary is known."""
        from goodoffices.analyses.tipping_words import map_sentence

        return map_sentence(self)


def axis_of(parameter: Parameter, points: int, *, between: tuple[float, float] | None = None) -> Axis:
    """An axis over a parameter: evenly spaced values, or every value of a discrete prior in the range.

    Raises:
        Refusal: `nothing-varies` for a known parameter without a range, `empty-range`.
    """
    if between is None and parameter.prior.name == "fixed":
        raise refuse(
            "nothing-varies",
            f"`{parameter.name}` is known for certain, so there is nothing to map",
            hint="give it a range",
        )
    low, high = (
        between if between is not None else quantile(parameter.prior, np.array([EDGE, 1 - EDGE])).tolist()
    )
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise refuse("empty-range", f"`{parameter.name}` cannot be mapped from {low:g} to {high:g}")
    values = np.linspace(low, high, points)
    if parameter.prior.name == "discrete":
        known = np.unique(np.asarray(parameter.prior.arguments[::2], float))
        values = known[(known >= low) & (known <= high)]
        if len(values) < 2:
            raise refuse("empty-range", f"`{parameter.name}` takes fewer than two values there")
    first, last = quantile(parameter.prior, np.array([0.05, 0.95])).tolist()
    return Axis(parameter.name, parameter.unit, values, median(parameter.prior), (first, last))


def map_tipping(
    parameters: Sequence[Parameter],
    judge: Judge,
    *,
    over: Sequence[Axis],
    at: Mapping[str, float] | None = None,
    tolerance: float = TOLERANCE,
    every: bool = False,
    progress: StageProgress | None = None,
) -> tuple[TippingMap, ...]:
    """Map every claim of the judge over one or two parameters.

    Args:
        parameters: all of them; those that are not mapped stay at their medians.
        judge: judges all claims at once.
        over: one or two axes.
        at: values of other parameters in place of their medians.
        tolerance: of the boundary, as a share of the axis.
        every: solve every point of the grid, infer none.
        progress: called as `progress(stage, done, total)`.

    Raises:
        Refusal: `one-or-two-axes`, `map-too-large`, `no-tolerance`.
        KeyboardInterrupt: stopped before the coarse grid was solved.
    """
    _check(over, tolerance)
    fixed = {p.name: median(p.prior) for p in parameters} | dict(at or {})
    grid = Grid(tuple(over), fixed, judge, progress)
    grid.fill(every=every)
    crossings = locate(grid, tolerance)
    names = {axis.parameter for axis in over}
    out: list[TippingMap] = []
    for name, holds in grid.holds.items():
        out.append(
            TippingMap(
                claim=name,
                axes=tuple(over),
                holds=holds & (grid.status[name] != UNSOLVED),
                margins=grid.margins[name],
                status=grid.status[name],
                unit=grid.units[name],
                crossings=tuple(crossings[name]),
                at={key: value for key, value in fixed.items() if key not in names},
                at_median=grid.middle[name],
                tolerance=tolerance,
                games=grid.games,
                interrupted=grid.interrupted,
            )
        )
    return tuple(out)


def _check(over: Sequence[Axis], tolerance: float) -> None:
    if len(over) not in (1, 2) or len({axis.parameter for axis in over}) != len(over):
        raise refuse("one-or-two-axes", "a tipping map is over one or two different parameters")
    if np.prod([len(axis.values) for axis in over]) > MOST_POINTS:
        raise refuse("map-too-large", f"a map has at most {MOST_POINTS:,} points", hint="take a coarser grid")
    if min(len(axis.values) for axis in over) < 2:
        raise refuse("map-too-small", "a map needs at least two points along each parameter")
    if not 0 < tolerance < 1:
        raise refuse(
            "no-tolerance", f"the tolerance is a share of the axis between 0 and 1, not {tolerance:g}"
        )
