"""A goal's margin at points in the standard-normal coordinates of the priors.

Receives a compiled scenario, a goal and points [b, d]; returns margins [b], not a number where a game was not solved.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from goodoffices.claims.answers import Reader
from goodoffices.claims.judging import judge_claim
from goodoffices.claims.survey import AnySolve, Form, survey, wanted
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.scenario_tree import ScenarioTree
from goodoffices.language.priors import median, quantile
from goodoffices.language.scenario import Claim, Parameter

SMALLEST = 1e-12
"""Quantiles stay this far from zero and one, where priors may be infinite."""


class Margins:
    """The margin of a goal as a function of points."""

    def __init__(self, form: Form, goal: Claim, parameters: Sequence[Parameter], *, solve: AnySolve) -> None:
        self.form, self.goal, self.parameters, self.solve = form, goal, parameters, solve
        self.items = list(wanted(form, [goal]))
        self.reader = Reader(form) if isinstance(form, ScenarioTree) else None
        self.games = self.unsolved = 0
        self.unit = "number"
        self.middle = {p.name: median(p.prior) for p in form.scenario.parameters}

    def __call__(self, points: Array) -> Array:
        """[b] margins at points [b, d]."""
        values = self.values(points)
        return self.at({p.name: values[:, j] for j, p in enumerate(self.parameters)}, len(points))

    def at(self, changed: dict[str, Array], width: int) -> Array:
        """[b] margins where parameters have these values [b] and all others their medians."""
        if not width:
            return np.zeros(0)
        whole = {name: np.full(width, value) for name, value in self.middle.items()} | changed
        found = survey(
            self.form, self.items, whole or {"": np.zeros(width)}, solve=self.solve, reader=self.reader
        )
        if found.interrupted:
            raise KeyboardInterrupt
        margin = judge_claim(self.goal.says, found.known)
        self.unit = margin.unit
        solved = np.all(list(found.solved.values()), axis=0)
        out = np.where(solved, margin.size, np.nan)
        # A strict comparison does not hold on its border.
        out = np.where((out == 0) & ~margin.holds, -np.finfo(float).tiny, out)
        self.games += width
        self.unsolved += int(np.isnan(out).sum())
        return out

    def values(self, points: Array) -> Array:
        """[b, d] the parameters' own values at points."""
        from importlib import import_module

        normal = import_module("scipy.special")  # without type stubs
        u = np.clip(normal.ndtr(points), SMALLEST, 1 - SMALLEST)
        columns = [quantile(p.prior, u[:, j]) for j, p in enumerate(self.parameters)]
        return np.stack(columns, axis=1) if columns else np.zeros((len(points), 0))
