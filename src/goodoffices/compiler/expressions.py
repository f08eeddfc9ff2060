"""Expressions as arrays: a typed tree evaluated for many states, type profiles and draws at once.

Receives an `Expression` and a `Setting` (parameters by draw, level indices by row); returns an array that broadcasts to
[row, draw]. Nothing is refused here: a division by zero or the logarithm of a negative number gives a value that is
not finite, and the draw is reported as such by whoever uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from goodoffices.language import tree
from goodoffices.language.functions import FUNCTIONS
from goodoffices.language.scenario import Let, Scenario
from goodoffices.language.tree import Expression

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Setting:
    """Where an expression is evaluated."""

    lets: Mapping[str, Let]
    level_index: Mapping[str, Mapping[str, int]]
    """Factor or `party.type` -> level -> index."""
    levels: Mapping[str, NDArray[np.int64]]
    """Factor or `party.type` -> [row] index of its level."""
    parameters: Mapping[str, Array]
    """Parameter -> [draw]."""
    _known: dict[str, NDArray] = field(default_factory=dict[str, NDArray], repr=False)


def setting(
    scenario: Scenario,
    *,
    levels: Mapping[str, NDArray[np.int64]] | None = None,
    parameters: Mapping[str, Array] | None = None,
) -> Setting:
    """A setting with the scenario's named sub-expressions; draws default to none (for conditions on states)."""
    index = {f.name: {level: k for k, level in enumerate(f.levels)} for f in scenario.factors}
    index |= {f"{d.party}.{d.name}": {level: k for k, level in enumerate(d.levels)} for d in scenario.types}
    return Setting({let.name: let for let in scenario.lets}, index, levels or {}, parameters or {})


def evaluate(node: Expression, at: Setting) -> NDArray:
    """The expression's value: float or bool, broadcasting to [row, draw]."""
    with np.errstate(all="ignore"):
        return _value(node, at)


def numbers(node: Expression, at: Setting) -> Array:
    """As `evaluate`, with true as one and false as zero."""
    return np.asarray(evaluate(node, at), float)


def _value(node: Expression, at: Setting) -> NDArray:
    match node:
        case tree.Number(value=value):
            return np.full((1, 1), value)
        case tree.Name(name=name):
            return _named(name, at)
        case tree.Lookup(table=table, key=key):
            return _looked_up(table, key, at)
        case tree.LevelTest(subject=subject, levels=levels):
            wanted = [at.level_index[subject][level] for level in levels]
            return np.isin(at.levels[subject], wanted)[:, None]
        case tree.Unary(operator="not", operand=operand):
            return ~_truth(operand, at)
        case tree.Unary(operand=operand):
            return -_number(operand, at)
        case tree.Binary(operator="and", left=left, right=right):
            return _truth(left, at) & _truth(right, at)
        case tree.Binary(operator="or", left=left, right=right):
            return _truth(left, at) | _truth(right, at)
        case tree.Binary(operator=operator, left=left, right=right):
            return _OPERATORS[operator](_number(left, at), _number(right, at))
        case tree.Conditional(condition=condition, then=then, otherwise=otherwise):
            return np.where(_truth(condition, at), _number(then, at), _number(otherwise, at))
        case tree.Call(function=function, arguments=arguments):
            return np.asarray(FUNCTIONS[function].run(np, *(_number(a, at) for a in arguments)))


def _number(node: Expression, at: Setting) -> Array:
    return np.asarray(_value(node, at), float)


def _truth(node: Expression, at: Setting) -> NDArray[np.bool_]:
    return np.asarray(_value(node, at)).astype(bool)


_OPERATORS = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "**": np.power,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def _named(name: str, at: Setting) -> NDArray:
    if name in at.parameters:
        return np.asarray(at.parameters[name], float)[None, :]
    if name not in at._known:
        expression = at.lets[name].expression
        if expression is None:
            raise KeyError(f"`{name}` is a table and needs a level")
        at._known[name] = _value(expression, at)
    return at._known[name]


def _looked_up(table: str, key: str, at: Setting) -> NDArray:
    place = f"{table}[{key}]"
    if place not in at._known:
        entries, where = at.lets[table].table, at.levels[key]
        out: NDArray = np.full((1, 1), np.nan)
        for level, index in at.level_index[key].items():
            if level in entries:
                out = np.where((where == index)[:, None], _number(entries[level], at), out)
        at._known[place] = out
    return at._known[place]


def mentions(node: Expression, scenario: Scenario) -> frozenset[str]:
    """Every parameter, factor and `party.type` that the expression depends on, through `let` as well."""
    lets = {let.name: let for let in scenario.lets}
    found: set[str] = set()
    seen: set[str] = set()

    def table(name: str) -> None:
        if name in seen:
            return
        seen.add(name)
        let = lets[name]
        if let.expression is not None:
            walk(let.expression)
        for entry in let.table.values():
            walk(entry)

    def walk(part: Expression) -> None:
        match part:
            case tree.Name(name=name):
                table(name) if name in lets else found.add(name)
            case tree.Lookup(table=name, key=key):
                found.add(key)
                table(name)
            case tree.LevelTest(subject=subject):
                found.add(subject)
            case tree.Unary(operand=operand):
                walk(operand)
            case tree.Binary(left=left, right=right):
                walk(left)
                walk(right)
            case tree.Conditional(condition=condition, then=then, otherwise=otherwise):
                walk(condition)
                walk(then)
                walk(otherwise)
            case tree.Call(arguments=arguments):
                for argument in arguments:
                    walk(argument)
            case _:
                pass

    walk(node)
    return frozenset(found)
