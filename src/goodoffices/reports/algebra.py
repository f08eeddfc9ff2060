"""Expressions of the language as a reader's text: `recognition × (engagement is not withdrawn) − missiles`.

Receives typed trees; returns one line of text. It is for reading, not for reading back: the language has its own form.
"""

from __future__ import annotations

from goodoffices.language.scenario import Effect
from goodoffices.language.tree import (
    Binary,
    Call,
    Conditional,
    Expression,
    LevelTest,
    Lookup,
    Name,
    Number,
    Unary,
)
from goodoffices.reports.numbers import percent

_SIGNS = {"*": "×", "-": "−", "<=": "≤", ">=": "≥", "==": "=", "!=": "≠", "/": "÷", "**": "^"}
_RANKS = {"or": 1, "and": 2, "+": 5, "-": 5, "*": 6, "/": 6, "**": 8}
_COMPARISON, _NEGATION, _MINUS, _ATOM = 4, 3, 7, 9


def words(expression: Expression) -> str:
    """Write an expression for a reader."""
    return _write(expression)[0]


def effect_words(effect: Effect) -> str:
    """Write what a move does to one factor: `engagement becomes warned (10%) or engaged (90%)`."""
    if len(effect.outcomes) == 1:
        return f"{effect.factor} becomes {effect.outcomes[0][0]}"
    parts = [f"{level} ({_odds(odds)})" for level, odds in effect.outcomes]
    return f"{effect.factor} becomes {' or '.join(parts)}"


def _odds(odds: Expression) -> str:
    return percent(odds.value) if isinstance(odds, Number) else words(odds)


def _write(node: Expression) -> tuple[str, int]:
    """The text and how tightly it binds."""
    match node:
        case Number(value=value):
            return f"{value:g}".replace("-", "−"), _ATOM if value >= 0 else _MINUS
        case Name(name=name):
            return name, _ATOM
        case Lookup(table=table, key=key):
            return f"{table}[{key}]", _ATOM
        case LevelTest(subject=subject, levels=levels):
            return f"{subject} is {' or '.join(levels)}", _COMPARISON
        case Unary(operator="not", operand=LevelTest(subject=subject, levels=levels)):
            return f"{subject} is not {' or '.join(levels)}", _COMPARISON
        case Unary(operator=operator, operand=operand):
            rank = _NEGATION if operator == "not" else _MINUS
            sign = "not " if operator == "not" else "−"
            return sign + _wrapped(operand, rank), rank
        case Binary(operator=operator, left=left, right=right):
            rank = _RANKS.get(operator, _COMPARISON)
            sign = _SIGNS.get(operator, operator)
            return f"{_wrapped(left, rank)} {sign} {_wrapped(right, rank + 1)}", rank
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return f"{_wrapped(then, 1)} if {_wrapped(condition, 1)}, else {_wrapped(otherwise, 1)}", 0
        case Call(function=function, arguments=arguments):
            return f"{function}({', '.join(words(a) for a in arguments)})", _ATOM


def _wrapped(node: Expression, rank: int) -> str:
    text, own = _write(node)
    return text if own >= rank else f"({text})"


def names_in(expression: Expression) -> frozenset[str]:
    """Every name an expression mentions: parameters, tables, factors and `party.dimension` types."""
    match expression:
        case Name(name=name):
            return frozenset({name})
        case Lookup(table=table, key=key):
            return frozenset({table, key})
        case LevelTest(subject=subject):
            return frozenset({subject})
        case Unary(operand=operand):
            return names_in(operand)
        case Binary(left=left, right=right):
            return names_in(left) | names_in(right)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return names_in(condition) | names_in(then) | names_in(otherwise)
        case Call(arguments=arguments):
            return frozenset().union(*(names_in(a) for a in arguments))
        case _:
            return frozenset()
