"""Numbers that must be what they are called: odds sum to one, priors keep to their use, no division by zero.

Receives a scenario without cycles; records problems in the scope. Odds are computed at the prior medians, at every
parameter's extremes, and at a few hundred draws, in every state that the search of `reach` finds (a bounded number).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from goodoffices.core.diagnostics import Span
from goodoffices.language import divisions, tree
from goodoffices.language.evaluation import Environment, evaluate
from goodoffices.language.priors import quantile, support
from goodoffices.language.reach import Reach, constant_truth
from goodoffices.language.resolve import Scope
from goodoffices.language.sampling import sample
from goodoffices.language.scenario import Scenario
from goodoffices.language.tree import Expression
from goodoffices.language.walk import dimensions_of, mentions

DRAWS = 256
STATES = 200
TOLERANCE = 1e-9
"""Odds written with nine digits or more count as summing to one."""

Points = dict[str, NDArray[np.float64]]


def examine(scenario: Scenario, scope: Scope, reach: Reach) -> None:
    """Check every lottery, the discount, rationality and every division."""
    if any(np.isnan(p.prior.arguments[0]) for p in scenario.parameters):
        return  # a prior could not be read: that is reported, and nothing can be drawn
    points = _points(scenario)
    for parameter in scenario.parameters:
        if not np.all(np.isfinite(points[parameter.name])):
            scope.report(
                "prior-too-wide",
                f"draws of `{parameter.name}` can be larger than any number that is kept",
                parameter.note.span,
                "choose a narrower prior",
            )
            return
    _check(scenario, scope, reach, points)
    divisions.examine(scenario, scope, reach)


def examine_settings(
    scenario: Scenario, scope: Scope, reach: Reach, settings: Mapping[str, Expression]
) -> None:
    """The same for a what-if that sets parameters; divisions are left out."""
    points = _points(scenario)
    where = Environment(points, {}, {let.name: let for let in scenario.lets})
    size = len(next(iter(points.values())))
    changed = {
        name: np.broadcast_to(np.asarray(evaluate(value, where), float), (size,))
        for name, value in settings.items()
    }
    _check(scenario, scope, reach, points | changed)


def _check(scenario: Scenario, scope: Scope, reach: Reach, points: Points) -> None:
    checker = _Checker(scenario, scope, points)
    for dimension in scenario.types:
        checker.lottery(
            dimension.odds, f"the odds of `{dimension.party}.{dimension.name}`", dimension.note.span
        )
    checker.turns(reach)
    checker.bounds(scenario.time.discount, 0.0, 1.0, "the discount")
    for party in scenario.parties:
        checker.bounds(party.rationality, 0.0, np.inf, f"the rationality of `{party.name}`")


def _points(scenario: Scenario) -> Points:
    """Medians first, then each parameter at its extremes with the others at their medians, then draws."""
    names = [p.name for p in scenario.parameters]
    drawn = sample(scenario, DRAWS, seed=0)
    medians = {p.name: quantile(p.prior, 0.5) for p in scenario.parameters}
    out: Points = {}
    for p in scenario.parameters:
        ends = np.array(support(p.prior))
        ends = np.where(np.isfinite(ends), ends, quantile(p.prior, [1e-6, 1 - 1e-6]))
        extremes = np.full(2 * len(names), medians[p.name])
        index = names.index(p.name)
        extremes[2 * index : 2 * index + 2] = ends
        out[p.name] = np.concatenate([[medians[p.name]], extremes, drawn[p.name]])
    return out


class _Checker:
    def __init__(self, scenario: Scenario, scope: Scope, points: Points) -> None:
        self.scenario, self.scope, self.points = scenario, scope, points
        self.lets = {let.name: let for let in scenario.lets}
        self.size = len(next(iter(points.values()))) if points else 1

    def values(self, expression: Expression, state: Mapping[str, str]) -> NDArray[np.float64]:
        where = Environment(self.points, state, self.lets)
        return np.broadcast_to(np.asarray(evaluate(expression, where), float), (self.size,))

    def readable(self, expression: Expression, state: Mapping[str, str]) -> bool:
        """Whether the value can be computed here: nothing unresolved, and no type or unknown level."""
        for node in mentions(expression, self.lets):
            if isinstance(node, tree.Number) and math.isnan(node.value):
                return False
            if isinstance(node, tree.Name) and node.name not in self.points and node.name not in self.lets:
                return False
            if isinstance(node, tree.Lookup) and node.table not in self.lets:
                return False
        return set(dimensions_of(expression, self.lets)) <= set(state)

    def turns(self, reach: Reach) -> None:
        scenario = self.scenario
        names = [f.name for f in scenario.factors]
        for index, turn in enumerate(scenario.turns):
            states = [dict(zip(names, s, strict=True)) for s in sorted(reach.states[index])[:STATES]]
            for mover in turn.movers:
                for move in mover.moves:
                    for effect in move.then:
                        odds = tuple(expression for _, expression in effect.outcomes)
                        what = f"the odds of `{effect.factor}` after `{mover.party}.{move.name}`"
                        self._everywhere(odds, (None,) * len(odds), states, what, move.note.span, move.when)
            for outcome in turn.outcomes:
                for effect in outcome.then:
                    odds = tuple(expression for _, expression in effect.outcomes)
                    what = f"the odds of `{effect.factor}` after `{outcome.name}`"
                    self._everywhere(odds, (None,) * len(odds), states, what, outcome.note.span, outcome.when)
            if turn.outcomes:
                odds = tuple(outcome.odds for outcome in turn.outcomes)
                whens = tuple(outcome.when for outcome in turn.outcomes)
                self._everywhere(odds, whens, states, "the odds of chance", turn.note.span, None)

    def _everywhere(
        self,
        odds: tuple[Expression, ...],
        whens: tuple[Expression | None, ...],
        states: list[dict[str, str]],
        what: str,
        span: Span | None,
        only: Expression | None,
    ) -> None:
        """Check a lottery in each state until one is wrong; once is enough where no factor is mentioned."""
        fixed = not any(dimensions_of(o, self.lets) for o in odds) and not any(whens)
        for state in states:
            if only is not None and constant_truth(only, state, lets=self.lets) is False:
                continue
            if any(
                when is not None and constant_truth(when, state, lets=self.lets) is None for when in whens
            ):
                continue  # which outcomes are possible depends on a parameter
            kept = tuple(
                o
                for o, w in zip(odds, whens, strict=True)
                if w is None or constant_truth(w, state, lets=self.lets) is True
            )
            if (kept and not self.lottery(kept, what, span, state=state)) or fixed:
                return

    def lottery(
        self,
        odds: tuple[Expression, ...],
        what: str,
        span: Span | None,
        *,
        state: Mapping[str, str] | None = None,
    ) -> bool:
        """Check that odds are not negative and sum to one; False where a problem was recorded."""
        state = state or {}
        if not all(self.readable(o, state) for o in odds):
            return True
        where = f" when {' and '.join(f'{f} is {level}' for f, level in state.items())}" if state else ""
        table = np.stack([self.values(o, state) for o in odds])
        if not np.all(np.isfinite(table)):
            row, column = (int(i) for i in np.argwhere(~np.isfinite(table))[0])
            self.scope.report(
                "odds-not-finite", f"{what} are not finite{self._at(column)}{where}", odds[row].span or span
            )
            return False
        total = table.sum(axis=0)
        worst = int(np.abs(total - 1).argmax())
        if abs(total[worst] - 1) > TOLERANCE:
            self.scope.report(
                "odds-off-one",
                f"{what} sum to {total[worst]:.6g}{self._at(worst)}{where}, not to one",
                span or odds[0].span,
                "write the last one as one minus the others",
            )
            return False
        if table.min() < -TOLERANCE:
            row, column = (int(i) for i in np.argwhere(table == table.min())[0])
            sampled: NDArray[np.float64] = table[:, 1 + 2 * len(self.points) :]
            often = float(np.mean((sampled < -TOLERANCE).any(axis=0))) if sampled.size else 1.0
            tell = self.scope.report if often > 0 or table[:, 0].min() < 0 else self.scope.warn
            tell(
                "odds-negative",
                f"{what} fall to {table.min():.4g}{self._at(column)}{where}"
                + (f", below zero in {often:.0%} of draws" if often > 0 else ""),
                odds[row].span or span,
                "a probability needs a prior inside [0, 1], such as `beta(2, 6)`",
            )
            return False
        return True

    def bounds(self, expression: Expression, low: float, high: float, what: str) -> None:
        """Check that a number keeps to a range."""
        if not self.readable(expression, {}):
            return
        values = self.values(expression, {})
        bad = ~((values >= low) & (values <= high))
        if bad.any():
            column = int(bad.argmax())
            wanted = f"between {low:g} and {high:g}" if np.isfinite(high) else f"at least {low:g}"
            self.scope.report(
                "out-of-range",
                f"{what} must be {wanted}, and it is {values[column]:.4g}{self._at(column)}",
                expression.span,
                "choose a prior that keeps to the range",
            )

    def _at(self, column: int) -> str:
        """Where among the points: the parameter that is at an extreme, or nothing to say."""
        names = list(self.points)
        if column == 0 or not names:
            return ""
        if column <= 2 * len(names):
            name = names[(column - 1) // 2]
            return f" at `{name} = {self.points[name][column]:.4g}`"
        return " at some draws"
