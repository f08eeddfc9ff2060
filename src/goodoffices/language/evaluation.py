"""Value of an expression at one state, for one draw or for many at once.

Receives a typed tree and an `Environment`; returns a number, a truth value, or an array [b] over draws. Levels of
factors and types are given names, so whatever depends on them is decided at once and only the arithmetic of
parameters is left: with `jax.numpy` as the namespace the result can be traced, batched and differentiated. Never
raises on numbers: a division by zero is infinite or not a number, as in the namespace. Refuses (KeyError) names that
the environment lacks.

Both branches of `x if c else y` are computed where the condition depends on a parameter; keep each finite where
gradients are wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from goodoffices.language import tree
from goodoffices.language.functions import FUNCTIONS
from goodoffices.language.scenario import Let, Scenario
from goodoffices.language.tree import Expression


@dataclass(frozen=True, eq=False)
class Environment:
    """Everything that an expression may mention."""

    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Parameter -> number or array [b]."""
    levels: Mapping[str, str] = field(default_factory=dict[str, str])
    """Factor or `party.type` -> its present level."""
    lets: Mapping[str, Let] = field(default_factory=dict[str, Let])

    def at(self, **levels: str) -> Environment:
        """The same with other levels of factors."""
        return Environment(self.parameters, {**self.levels, **levels}, self.lets)


def environment(
    scenario: Scenario, parameters: Mapping[str, Any], *, levels: Mapping[str, str] | None = None
) -> Environment:
    """An environment for a scenario's expressions; levels that are not given are those of the start (factors only)."""
    start = {factor.name: factor.start for factor in scenario.factors}
    return Environment(parameters, {**start, **(levels or {})}, {let.name: let for let in scenario.lets})


def evaluate(expression: Expression, where: Environment, *, xp: Any = np) -> Any:
    """Value of an expression; a number or truth value, or an array that broadcasts over the parameters' draws."""
    if xp is np:
        with np.errstate(all="ignore"):
            return _value(expression, where, xp, {})
    return _value(expression, where, xp, {})


def compile_expression(
    expression: Expression, scenario: Scenario, *, levels: Mapping[str, str], xp: Any
) -> Callable[..., Any]:
    """A function of the mapping of parameters, for the state given by `levels` (factors and types)."""
    lets = {let.name: let for let in scenario.lets}

    def run(parameters: Mapping[str, Any]) -> Any:
        return evaluate(expression, Environment(parameters, levels, lets), xp=xp)

    return run


def _static(value: Any) -> bool:
    return isinstance(value, (bool, int, float))


def _number(value: Any, xp: Any) -> Any:
    """Truth as 0 or 1."""
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    if not _static(value) and value.dtype == bool:
        return xp.where(value, 1.0, 0.0)
    return value


Known = dict[str, Any]
"""Values of named expressions and of the tables' present entries: each is computed once, however often it is used."""


def _named(name: str, expression: Expression, where: Environment, xp: Any, known: Known) -> Any:
    if name not in known:
        known[name] = _value(expression, where, xp, known)
    return known[name]


def _value(node: Expression, where: Environment, xp: Any, known: Known) -> Any:
    match node:
        case tree.Number(value=value):
            return value
        case tree.Name(name=name):
            let = where.lets.get(name)
            if let is not None and let.expression is not None:
                return _named(name, let.expression, where, xp, known)
            return where.parameters[name]
        case tree.Lookup(table=table, key=key):
            return _named(table, where.lets[table].table[where.levels[key]], where, xp, known)
        case tree.LevelTest(subject=subject, levels=levels):
            return where.levels[subject] in levels
        case tree.Unary(operator="-", operand=operand):
            return -_number(_value(operand, where, xp, known), xp)
        case tree.Unary(operand=operand):
            inner = _value(operand, where, xp, known)
            return not inner if _static(inner) else xp.logical_not(inner)
        case tree.Binary(operator="and" | "or" as operator):
            return _connective(operator, node.left, node.right, where, xp, known)
        case tree.Binary(operator=operator):
            left, right = (_number(_value(side, where, xp, known), xp) for side in (node.left, node.right))
            return _OPERATORS[operator](xp, left, right)
        case tree.Conditional(condition=condition, then=then, otherwise=otherwise):
            test = _value(condition, where, xp, known)
            if _static(test):
                return _value(then if test else otherwise, where, xp, known)
            one, two = (_number(_value(branch, where, xp, known), xp) for branch in (then, otherwise))
            return xp.where(test, one, two)
        case tree.Call(function=function, arguments=arguments):
            values = (_number(_value(argument, where, xp, known), xp) for argument in arguments)
            return FUNCTIONS[function].run(xp, *values)


def _connective(
    operator: str, left: Expression, right: Expression, where: Environment, xp: Any, known: Known
) -> Any:
    """Decide by the left side alone where it is known, so that only the needed side is computed."""
    one = _value(left, where, xp, known)
    if _static(one):
        return one if bool(one) == (operator == "or") else _value(right, where, xp, known)
    two = _value(right, where, xp, known)
    return xp.logical_and(one, two) if operator == "and" else xp.logical_or(one, two)


_OPERATORS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "+": lambda xp, a, b: a + b,
    "-": lambda xp, a, b: a - b,
    "*": lambda xp, a, b: a * b,
    "/": lambda xp, a, b: xp.divide(a, b),
    "**": lambda xp, a, b: xp.power(xp.asarray(a, dtype=float), b),
    "<": lambda xp, a, b: a < b,
    "<=": lambda xp, a, b: a <= b,
    ">": lambda xp, a, b: a > b,
    ">=": lambda xp, a, b: a >= b,
    "==": lambda xp, a, b: a == b,
    "!=": lambda xp, a, b: a != b,
}
