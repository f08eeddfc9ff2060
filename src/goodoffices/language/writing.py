"""Typed expression -> text in the language, with no more brackets than it needs.

Receives an `Expression`; returns text that reads back as the same tree. Types are written in full (`russia.aim`).
"""

from __future__ import annotations

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


def unparse(node: Expression) -> str:
    """Text of an expression."""
    return _write(node)[0]


def _write(node: Expression) -> tuple[str, int]:
    """Text and how tightly it binds."""
    match node:
        case tree.Number(value=value):
            return (number(value), _ATOM) if value >= 0 else (number(value), _SIGN)
        case tree.Name(name=name):
            return name, _ATOM
        case tree.Lookup(table=table, key=key):
            return f"{table}[{key}]", _ATOM
        case tree.LevelTest(subject=subject, levels=levels):
            shown = f"{subject} == {levels[0]}" if len(levels) == 1 else f"{subject} in ({', '.join(levels)})"
            return shown, _COMPARE
        case tree.Unary(operator="-", operand=operand):
            return f"-{_within(operand, _SIGN)}", _SIGN
        case tree.Unary(operand=operand):
            return f"not {_within(operand, _NOT)}", _NOT
        case tree.Binary(operator="**", left=left, right=right):
            return f"{_within(left, _ATOM)} ** {_within(right, _SIGN)}", _POWER
        case tree.Binary(operator=operator, left=left, right=right):
            level = _LEVEL[operator]
            least = level + 1 if level == _COMPARE else level
            return f"{_within(left, least)} {operator} {_within(right, level + 1)}", level
        case tree.Conditional(condition=condition, then=then, otherwise=otherwise):
            text = f"{_within(then, _OR)} if {_within(condition, _OR)} else {_within(otherwise, _IF)}"
            return text, _IF
        case tree.Call(function=function, arguments=arguments):
            return f"{function}({', '.join(unparse(a) for a in arguments)})", _ATOM


def _within(node: Expression, least: int) -> str:
    text, level = _write(node)
    return text if level >= least else f"({text})"
