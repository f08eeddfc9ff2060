"""Tipping values where games take long: as few of them as locate a flip between the median and either end of a prior.

Receives talks, claims, the parameters to look at for each, and a survey whose first point is the medians; returns `Tip`s by
(claim, parameter). What is known at the medians is not solved again. Each parameter's line begins with the two ends of its
prior; only where a claim flips between an end and the median is there more to solve, at points that all such claims share.
Each world is solved for those lines only whose claims ask about it, all of them in one batch. A claim that flips twice
between the median and an end, or beyond the `EDGE` quantiles, is not seen to flip there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from goodoffices.claims.answers import Item
from goodoffices.claims.judging import Known
from goodoffices.claims.survey import AnySolve, Form, Progress, Survey, survey, wanted
from goodoffices.claims.tipping import EDGE, GRID, Profile, Tip, flip, judge, points_of, tip_at, varying
from goodoffices.claims.worlds import AS_IS, World
from goodoffices.compiler.expressions import Array
from goodoffices.language.priors import median, quantile
from goodoffices.language.scenario import Claim, Parameter

INNER = 3
"""Points solved between the median and an end where a claim flips there."""

Line = tuple[str, tuple[float, ...]]
"""A parameter and its values."""
Wish = tuple[Claim, Line]


def find_few_tips(
    form: Form,
    claims: Sequence[Claim],
    asked: Mapping[str, Collection[str]],
    *,
    middle: Survey,
    solve: AnySolve,
    progress: Progress | None = None,
) -> tuple[dict[tuple[str, str], Tip], int, bool]:
    """Tipping values by (claim, parameter); how many games were solved; whether the user stopped.

    Args:
        form: talks (trees are understood as well).
        claims: what may flip.
        asked: claim -> the parameters that are looked at.
        middle: answers to all claims, at the medians first.
        solve: a solver of the form.
        progress: called with the number of points finished and their total, survey after survey.
    """
    parameters = {p.name: p for p in varying(form.scenario.parameters)}
    known = {claim.name: judge(middle, form, claim) for claim in claims}
    pairs = [(c, parameters[name]) for c in claims for name in parameters if name in asked.get(c.name, ())]
    search = _Search(form, middle, solve, progress)
    ends = search.judge((claim, (p.name, _ends(p))) for claim, p in pairs)
    if ends is None:
        return {}, search.games, True
    tips: dict[tuple[str, str], Tip] = {}
    finer: dict[tuple[str, str], tuple[Profile, int, Wish]] = {}
    for claim, p in pairs:
        holds, margins, _ = known[claim.name]
        line = _joined(
            claim.name, ends[claim.name, p.name], median(p.prior), bool(holds[0]), float(margins[0])
        )
        step = flip(line.holds[claim.name], line.margins[claim.name], line.values, median(p.prior))
        if step is None:
            continue
        if p.prior.name == "discrete":
            tips[claim.name, p.name] = tip_at(line, claim.name, step, smooth=False)
            continue
        between = np.linspace(float(line.values[step]), float(line.values[step + 1]), INNER + 2)[1:-1]
        finer[claim.name, p.name] = line, step, (claim, (p.name, tuple(between.tolist())))
    inner = search.judge(wish for _, _, wish in finer.values())
    if inner is None:
        return tips, search.games, True
    for (name, parameter), (line, step, _) in finer.items():
        found = inner[name, parameter]
        sides = [slice(step, step + 1), slice(step + 1, step + 2)]
        whole = Profile(
            np.concatenate([line.values[sides[0]], found.values, line.values[sides[1]]]),
            {
                name: np.concatenate(
                    [line.holds[name][sides[0]], found.holds[name], line.holds[name][sides[1]]]
                )
            },
            {
                name: np.concatenate(
                    [line.margins[name][sides[0]], found.margins[name], line.margins[name][sides[1]]]
                )
            },
        )
        at = flip(whole.holds[name], whole.margins[name], whole.values, median(parameters[parameter].prior))
        if at is not None:
            tips[name, parameter] = tip_at(whole, name, at, smooth=True)
    return tips, search.games, False


def _ends(parameter: Parameter) -> tuple[float, ...]:
    """Values other than the median at which a line begins: the ends of a range, all of the discrete."""
    grid = (
        np.linspace(EDGE, 1 - EDGE, GRID)
        if parameter.prior.name == "discrete"
        else np.array([EDGE, 1 - EDGE])
    )
    values: list[float] = np.unique(quantile(parameter.prior, grid)).tolist()
    return tuple(value for value in values if value != median(parameter.prior))


def _joined(claim: str, line: Profile, value: float, holds: bool, margin: float) -> Profile:
    """A line with one point more."""
    at = int(np.searchsorted(line.values, value))
    return Profile(
        np.insert(line.values, at, value),
        {claim: np.insert(line.holds[claim], at, holds)},
        {claim: np.insert(line.margins[claim], at, margin)},
    )


class _Search:
    """Solves lines, each in the worlds that its claims ask about, and counts the games."""

    def __init__(self, form: Form, middle: Survey, solve: AnySolve, progress: Progress | None) -> None:
        self.form, self.middle, self.solve, self.progress = form, middle, solve, progress
        self.games = 0

    def judge(self, wishes: Iterable[Wish]) -> dict[tuple[str, str], Profile] | None:
        """Claims along lines, by (claim, parameter); None where the user stopped."""
        wishes = list(wishes)
        items = {claim.name: list(wanted(self.form, [claim])) for claim, _ in wishes}
        lines: dict[World, dict[Line, None]] = {}
        asked: dict[World, dict[Item, None]] = {}
        for claim, line in wishes:
            for world, item in items[claim.name]:
                lines.setdefault(world, {})[line] = None
                asked.setdefault(world, {})[item] = None
        alike: dict[tuple[Line, ...], list[World]] = {}
        for world, some in lines.items():
            alike.setdefault(tuple(sorted(some)), []).append(world)
        answers: dict[tuple[World, Item, Line], Array] = {}
        solved: dict[tuple[World, Line], NDArray[np.bool_]] = {}
        for some, worlds in alike.items():
            points, parts = self._points(some)
            found = survey(
                self.form,
                [(world, item) for world in worlds for item in asked[world]],
                points,
                solve=self.solve,
                progress=self.progress,
                itself=False,
            )
            self.games += found.games
            if found.interrupted:
                return None
            for line, part in zip(some, parts, strict=True):
                for world in worlds:
                    solved[world, line] = found.solved[world][part]
                    for item in asked[world]:
                        answers[world, item, line] = found.known.ask(item, world)[..., part]
        return {
            (claim.name, line[0]): self._judged(claim, line, items[claim.name], answers, solved)
            for claim, line in wishes
        }

    def _points(self, lines: Sequence[Line]) -> tuple[dict[str, Array], list[slice]]:
        """All points of some lines, and where each line's are."""
        return points_of(self.form.scenario, [(name, np.array(values)) for name, values in lines])

    def _judged(
        self,
        claim: Claim,
        line: Line,
        items: Sequence[tuple[World, Item]],
        answers: Mapping[tuple[World, Item, Line], Array],
        solved: Mapping[tuple[World, Line], NDArray[np.bool_]],
    ) -> Profile:
        points, _ = self._points([line])
        known = Known(
            self.form.scenario,
            points,
            {(w, i): answers[w, i, line] for w, i in items},
            self.middle.known.moves,
        )
        good = {world: solved[world, line] for world, _ in items}
        good.setdefault(AS_IS, np.ones(len(line[1]), dtype=bool))
        holds, margins, _ = judge(replace(self.middle, known=known, solved=good), self.form, claim)
        return Profile(np.array(line[1]), {claim.name: holds}, {claim.name: margins})
