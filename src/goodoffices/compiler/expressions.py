"""Expressions as arrays: the language's evaluator run once for each distinct combination of levels that matters.

Receives an `Expression` and a `Setting` (levels by row, parameters by draw); returns an array [row, draw]. A row is a
state together with a type profile; an expression that mentions one factor of three levels is evaluated three times
however many rows there are. Nothing is refused here: a division by zero gives a value that is not finite, and the draw
is reported as such by whoever uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goodoffices.language.evaluation import Environment, evaluate
from goodoffices.language.scenario import Scenario
from goodoffices.language.tree import Expression
from goodoffices.language.walk import dimensions_of, parameters_of

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Setting:
    """Where an expression is evaluated."""

    scenario: Scenario
    levels: Mapping[str, NDArray[np.int64]]
    """Factor or `party.type` -> [row] index of its level."""
    parameters: Mapping[str, Array]
    """Parameter -> [draw]."""
    width: int
    """Number of draws."""


def numbers(expression: Expression, at: Setting) -> Array:
    """The expression's value [row, draw]; true is one and false is zero."""
    lets = {let.name: let for let in at.scenario.lets}
    names = list(dimensions_of(expression, lets))
    rows = len(next(iter(at.levels.values()))) if at.levels else 1
    table = np.array([at.levels[name] for name in names]).reshape(len(names), rows).T
    distinct, where = (
        np.unique(table, axis=0, return_inverse=True) if names else (table[:1], np.zeros(rows, int))
    )
    level_names = _level_names(at.scenario)
    found = np.empty((len(distinct), at.width))
    for r in range(len(distinct)):
        combination: list[int] = distinct[r].tolist()
        levels = {name: level_names[name][i] for name, i in zip(names, combination, strict=True)}
        found[r] = evaluate(expression, Environment(at.parameters, levels, lets))
    return found[where.reshape(-1)]


def holds(
    expression: Expression, scenario: Scenario, levels: Mapping[str, NDArray[np.int64]]
) -> NDArray[np.bool_]:
    """[row] whether a condition on factors and types holds."""
    return numbers(expression, Setting(scenario, levels, {}, 1))[:, 0] != 0


def mentions(expression: Expression, scenario: Scenario) -> frozenset[str]:
    """Every parameter, factor and `party.type` that the expression depends on, through `let` as well."""
    lets = {let.name: let for let in scenario.lets}
    return frozenset(dimensions_of(expression, lets)) | parameters_of(expression, scenario)


def _level_names(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    return {f.name: f.levels for f in scenario.factors} | {
        f"{d.party}.{d.name}": d.levels for d in scenario.types
    }
