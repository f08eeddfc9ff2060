"""Typed expression -> text in the language, with no more brackets than it needs.

Receives an `Expression`; returns text that reads back as the same tree. Types are written in full (`russia.aim`).
"""

from __future__ import annotations

from collections.abc import Mapping

from goodoffices.language import tree
from goodoffices.language.tree import Expression

_IF, _OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(10)
_LEVEL = {
    "or": _OR, "and": _AND, "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "**": _POWER,
    "<": _COMPARE, "<=": _COMPARE, ">": _COMPARE, ">=": _COMPARE, "==": _COMPARE, "!=": _COMPARE,
}  # fmt: skip


def number(value: float) -> str:
    """The shortest text of a number: `8` rather than `8.0`."""
    short = f"{value:g}"
    return short if float(short) == value else repr(float(value))


Levels = Mapping[str, tuple[str, ...]]


def unparse(node: Expression, *, levels: Levels | None = None) -> str:
    """Text of an expression; with the levels of each dimension, `!=` is written where all but one are meant."""
    return _write(node, levels or {})[0]


def _write(node: Expression, all_levels: Levels) -> tuple[str, int]:
    """Text and how tightly it binds."""
    match node:
        case tree.Number(value=value):
            return (number(value), _ATOM) if value >= 0 else (number(value), _SIGN)
        case tree.Name(name=name):
            return name, _ATOM
        case tree.Lookup(table=table, key=key):
            return f"{table}[{key}]", _ATOM
        case tree.LevelTest(subject=subject, levels=levels):
            return _level_test(subject, levels, all_levels.get(subject, ())), _COMPARE
        case tree.Unary(operator="-", operand=operand):
            return f"-{_within(operand, _SIGN, all_levels)}", _SIGN
        case tree.Unary(operand=operand):
            return f"not {_within(operand, _NOT, all_levels)}", _NOT
        case tree.Binary(operator="**", left=left, right=right):
            return f"{_within(left, _ATOM, all_levels)} ** {_within(right, _SIGN, all_levels)}", _POWER
        case tree.Binary(operator=operator, left=left, right=right):
            level = _LEVEL[operator]
            least = level + 1 if level == _COMPARE else level
            return (
                f"{_within(left, least, all_levels)} {operator} {_within(right, level + 1, all_levels)}",
                level,
            )
        case tree.Conditional(condition=condition, then=then, otherwise=otherwise):
            text = f"{_within(then, _OR, all_levels)} if {_within(condition, _OR, all_levels)} else {_within(otherwise, _IF, all_levels)}"
            return text, _IF
        case tree.Call(function=function, arguments=arguments):
            return f"{function}({', '.join(unparse(a, levels=all_levels) for a in arguments)})", _ATOM


def _level_test(subject: str, levels: tuple[str, ...], known: tuple[str, ...]) -> str:
    if len(levels) == 1:
        return f"{subject} == {levels[0]}"
    for left_out in known:
        if levels == tuple(level for level in known if level != left_out):
            return f"{subject} != {left_out}"
    return f"{subject} in ({', '.join(levels)})"


def _within(node: Expression, least: int, all_levels: Levels) -> str:
    text, level = _write(node, all_levels)
    return text if level >= least else f"({text})"
