"""What-ifs: the worlds in which questions are asked, and the figures and moves that each changes.

A `World` is the scenario with some moves imposed (`do`), some taken away (`without`), some parameters set to other
values, and possibly one parameter shifted a little (for trends). Receives draws; returns the world's own draws and the
moves that may be played in it.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from goodoffices.compiler.expressions import Array, Setting, numbers
from goodoffices.compiler.scenario_tree import Choice
from goodoffices.core.diagnostics import refuse
from goodoffices.language.priors import PRIORS, quantile
from goodoffices.language.scenario import Parameter, Scenario
from goodoffices.language.tree import Condition, Do, Expression, See, SetParameter, Without

SHIFT = 0.05
"""Half-width of the central difference of a trend, as a share of the parameter's prior interquartile range."""
TAIL = 1e-6
"""Shifted values stay between these quantiles of the prior."""


@dataclass(frozen=True)
class World:
    """A change of the scenario; the empty one is the scenario itself."""

    do: frozenset[Choice] = frozenset()
    without: frozenset[Choice] = frozenset()
    set: tuple[tuple[str, Expression], ...] = ()
    shift: tuple[str, int] | None = None
    """A parameter and the direction, -1 or 1, in which it is shifted."""
    see: datetime.date | None = None
    """The question starts from the state and beliefs that the record had produced when this day ended."""

    def changed(self, conditions: tuple[Condition, ...]) -> World:
        """This world with what the conditions change as well; a later `set` of a parameter replaces an earlier one."""
        do = {(c.party, c.move) for c in conditions if isinstance(c, Do)}
        without = {(c.party, c.move) for c in conditions if isinstance(c, Without)}
        values = dict(self.set) | {c.parameter: c.value for c in conditions if isinstance(c, SetParameter)}
        see = next((c for c in conditions if isinstance(c, See)), None)
        found = World(
            self.do | do,
            self.without | without,
            tuple(sorted(values.items(), key=_first)),
            self.shift,
            self.see if see is None else see.day,
        )
        if found.see is not None and (found.do or found.without):
            raise refuse(
                "see-with-other-rules",
                "a question that starts on a day of the record cannot impose a move or take one away",
                span=next((c.span for c in conditions), None),
                hint="the record was made by the rules as they are; use `after`, or ask without `see`",
            )
        return found

    def draws(self, scenario: Scenario, draws: Mapping[str, Array]) -> dict[str, Array]:
        """The world's parameters, parameter -> [b]; `set` reads the values before any change."""
        width = max((len(values) for values in draws.values()), default=1)
        out = dict(draws)
        if self.shift is not None:
            name, direction = self.shift
            parameter = next(p for p in scenario.parameters if p.name == name)
            low, high = neighbours(parameter, draws[name])
            out[name] = high if direction > 0 else low
        base = Setting(scenario, {}, dict(out), width)
        for name, expression in self.set:
            out[name] = numbers(expression, base)[0]
        return out


AS_IS = World()
"""The scenario itself."""


def _first(pair: tuple[str, Expression]) -> str:
    return pair[0]


def spread(parameter: Parameter) -> float:
    """The unit in which a trend counts changes of the parameter: its prior interquartile range.

    Where that is zero (a known value, or a discrete prior), the range from the 1st to the 99th percentile, the size of
    the value, or one, whichever comes first that is positive.
    """
    low, middle, high = quantile(parameter.prior, np.array([0.25, 0.5, 0.75]))
    if high > low:
        return float(high - low)
    wide = quantile(parameter.prior, np.array([0.01, 0.99]))
    return float(wide[1] - wide[0]) or abs(float(middle)) or 1.0


def neighbours(parameter: Parameter, values: Array) -> tuple[Array, Array]:
    """Values [b] a little below and above, inside the prior's support; of a discrete prior, the next ones that occur."""
    prior = parameter.prior
    if prior.name == "discrete":
        known = np.unique(np.asarray(prior.arguments[::2], float))
        place = np.clip(np.searchsorted(known, values), 0, len(known) - 1)
        return known[np.maximum(place - 1, 0)], known[np.minimum(place + 1, len(known) - 1)]
    step = SHIFT * spread(parameter)
    if prior.name == "fixed":
        return values - step, values + step
    low, high = quantile(prior, np.array([TAIL, 1 - TAIL]))
    least, most, closed_below, closed_above = PRIORS[prior.name].support(prior.arguments)
    low, high = (least if closed_below else low), (most if closed_above else high)
    return (
        np.clip(values - step, np.minimum(low, values), None),
        np.clip(values + step, None, np.maximum(high, values)),
    )
