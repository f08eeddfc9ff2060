"""Tipping values: where a claim flips as one parameter moves and the others stay at their prior medians.

Receives a compiled scenario and claims; solves a grid of each parameter's quantiles (1% to 99%) for all claims at once, then
narrows the step in which each claim changes sign, in batches, and ends by linear interpolation of the margin where it
crosses zero continuously. Of several flips the one nearest to the median (in quantiles) is given. Where none is found,
there is none between these grid points: one that lies between two neighbours and flips back is not seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goodoffices.claims.answers import Item, Reader
from goodoffices.claims.judging import judge_claim
from goodoffices.claims.survey import AnySolve, Form, Progress, Survey, survey, wanted
from goodoffices.claims.worlds import AS_IS, World
from goodoffices.compiler.expressions import Array
from goodoffices.language.priors import median, quantile
from goodoffices.language.scenario import Claim, Parameter, Scenario

EDGE = 0.01
"""The grid runs from this quantile of the prior to one minus it."""
GRID = 11
"""Points of the coarse grid."""
INNER = 5
"""Points solved inside the step in which a claim flips; one refinement locates it to a sixtieth of the range."""


@dataclass(frozen=True)
class Tip:
    """A tipping value."""

    value: float
    holds: str
    """`above` or `below` it."""


@dataclass(frozen=True, eq=False)
class Profile:
    """Claims along one parameter, the others at their medians."""

    values: Array
    """[g]"""
    holds: Mapping[str, NDArray[np.bool_]]
    """Claim -> [g]"""
    margins: Mapping[str, Array]
    """Claim -> [g]; not a number where there is no answer."""


def varying(parameters: Sequence[Parameter]) -> list[Parameter]:
    """The parameters that are not known for certain."""
    return [p for p in parameters if p.prior.name != "fixed"]


def find_tips(
    form: Form,
    claims: Sequence[Claim],
    *,
    solve: AnySolve,
    reader: Reader | None,
    progress: Progress | None = None,
) -> tuple[dict[tuple[str, str], Tip], int, bool]:
    """Tipping values by (claim, parameter); how many games were solved; whether the user stopped."""
    parameters = varying(form.scenario.parameters)
    if not parameters or not claims:
        return {}, 0, False
    grid = np.linspace(EDGE, 1 - EDGE, GRID)
    runs = [(p, np.unique(_values(p, grid))) for p in parameters]
    found, games, stopped = _solve_lines(form, claims, runs, solve, reader, progress)
    if stopped:
        return {}, games, True
    tips: dict[tuple[str, str], Tip] = {}
    finer: list[tuple[Claim, Parameter, Array]] = []
    for (parameter, values), line in zip(runs, found, strict=True):
        for claim in claims:
            step = flip(line.holds[claim.name], line.margins[claim.name], values, median(parameter.prior))
            if step is None:
                continue
            if parameter.prior.name == "discrete":
                tips[claim.name, parameter.name] = tip_at(line, claim.name, step, smooth=False)
            else:
                between = np.linspace(float(values[step]), float(values[step + 1]), INNER + 2)
                finer.append((claim, parameter, between))
    if not finer:
        return tips, games, False
    by_worlds: dict[frozenset[World], list[int]] = {}
    for k, (claim, _, _) in enumerate(finer):
        by_worlds.setdefault(frozenset(w for w, _ in wanted(form, [claim])), []).append(k)
    for members in by_worlds.values():
        group = list({finer[k][0].name: finer[k][0] for k in members}.values())
        lines, more, stopped = _solve_lines(
            form, group, [(finer[k][1], finer[k][2]) for k in members], solve, reader, progress
        )
        games += more
        if stopped:
            return tips, games, True
        for k, line in zip(members, lines, strict=True):
            claim, parameter, values = finer[k]
            step = flip(line.holds[claim.name], line.margins[claim.name], values, median(parameter.prior))
            if step is not None:
                tips[claim.name, parameter.name] = tip_at(line, claim.name, step, smooth=True)
    return tips, games, False


def _values(parameter: Parameter, grid: Array) -> Array:
    return quantile(parameter.prior, grid)


def _solve_lines(
    form: Form,
    claims: Sequence[Claim],
    runs: Sequence[tuple[Parameter, Array]],
    solve: AnySolve,
    reader: Reader | None,
    progress: Progress | None,
) -> tuple[list[Profile], int, bool]:
    """Solve all lines in one survey."""
    points, parts = points_of(form.scenario, [(parameter.name, values) for parameter, values in runs])
    items: list[tuple[World, Item]] = list(wanted(form, claims))
    found = survey(form, items, points, solve=solve, reader=reader, progress=progress)
    if found.interrupted:
        return [], found.games, True
    judged = {claim.name: judge(found, form, claim) for claim in claims}
    lines = [
        Profile(
            values,
            {name: holds[part] for name, (holds, _, _) in judged.items()},
            {name: margins[part] for name, (_, margins, _) in judged.items()},
        )
        for (_, values), part in zip(runs, parts, strict=True)
    ]
    return lines, found.games, False


def points_of(scenario: Scenario, lines: Sequence[tuple[str, Array]]) -> tuple[dict[str, Array], list[slice]]:
    """All points of some lines (a parameter and its values), the others at their medians, and where each line's are."""
    width = sum(len(values) for _, values in lines)
    points = {p.name: np.full(width, median(p.prior)) for p in scenario.parameters}
    parts: list[slice] = []
    low = 0
    for name, values in lines:
        parts.append(slice(low, low + len(values)))
        points[name][parts[-1]] = values
        low += len(values)
    return points, parts


def judge(found: Survey, form: Form, claim: Claim) -> tuple[NDArray[np.bool_], Array, str]:
    """Whether the claim holds [b], its margins [b] (not a number where unsolved), and their unit."""
    margin = judge_claim(claim.says, found.known)
    solved = np.ones(found.known.width, dtype=bool)
    for world in {w for w, _ in wanted(form, [claim])} | {AS_IS}:
        solved &= found.solved[world]
    size = np.where(solved, margin.size, np.nan)
    return margin.holds & ~np.isnan(size), size, margin.unit


def flip(holds: NDArray[np.bool_], margins: Array, values: Array, middle: float) -> int | None:
    """The step between neighbouring answers that differ, nearest to the median."""
    known = ~np.isnan(margins)
    flips = np.flatnonzero((holds[1:] != holds[:-1]) & known[1:] & known[:-1])
    if not len(flips):
        return None
    at = np.searchsorted(values, middle)
    return int(flips[np.argmin(np.abs(flips + 0.5 - (at - 0.5)))])


def tip_at(line: Profile, claim: str, step: int, *, smooth: bool) -> Tip:
    low, high = line.values[step], line.values[step + 1]
    one, two = line.margins[claim][step], line.margins[claim][step + 1]
    share = 0.5
    if smooth and one * two < 0:
        share = float(one / (one - two))
    return Tip(float(low + share * (high - low)), "above" if line.holds[claim][step + 1] else "below")
