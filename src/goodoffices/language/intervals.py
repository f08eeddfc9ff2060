"""Interval arithmetic on expressions: whether a divisor can be zero.

Receives an expression and the supports of parameters; returns `certain`, `possible` or None. Bounds are exact where each
parameter stands once; where one stands twice they may be too wide, and then a zero inside them is only possible. Ends
that a distribution does not contain (zero for a lognormal prior) do not count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from goodoffices.language import tree
from goodoffices.language.scenario import Let
from goodoffices.language.tree import Expression
from goodoffices.language.walk import let_parts, mentions

Support = tuple[float, float, bool, bool]


@dataclass(frozen=True)
class _Range:
    """Least and greatest value, and whether zero itself is among the values."""

    low: float
    high: float
    zero: bool


_ALL = _Range(-math.inf, math.inf, True)


def ranges_over_zero(
    divisor: Expression, supports: Mapping[str, Support], lets: Mapping[str, Let]
) -> Literal["certain", "possible"] | None:
    """Whether the divisor's values include zero."""
    if not _Ranges(supports, lets).of(divisor).zero:
        return None
    # What stands twice, be it a parameter or a named expression, cannot vary by itself.
    found = list(mentions(divisor, lets))
    names = [node.name for node in found if isinstance(node, tree.Name)]
    by_state = any(isinstance(node, (tree.LevelTest, tree.Lookup, tree.Conditional)) for node in found)
    return "certain" if not by_state and len(set(names)) == len(names) else "possible"


class _Ranges:
    """Ranges of expressions; that of a named expression is found once."""

    def __init__(self, supports: Mapping[str, Support], lets: Mapping[str, Let]) -> None:
        self.supports, self.lets = supports, lets
        self.known: dict[str, _Range] = {}

    def _named(self, let: Let) -> _Range:
        if let.name not in self.known:
            self.known[let.name] = _union([self.of(part) for part in let_parts(let)])
        return self.known[let.name]

    def of(self, node: Expression) -> _Range:
        match node:
            case tree.Number(value=value):
                return _Range(value, value, value == 0)
            case tree.Name(name=name):
                let = self.lets.get(name)
                if let is not None:
                    return self._named(let)
                low, high, low_in, high_in = self.supports.get(name, (-math.inf, math.inf, True, True))
                return _Range(low, high, low < 0 < high or (low == 0 and low_in) or (high == 0 and high_in))
            case tree.Lookup(table=table):
                return self._named(self.lets[table])
            case tree.Unary(operator="-", operand=operand):
                inner = self.of(operand)
                return _Range(-inner.high, -inner.low, inner.zero)
            case tree.Conditional(then=then, otherwise=otherwise):
                return _union([self.of(then), self.of(otherwise)])
            case tree.Binary(operator="+" | "-" as operator, left=left, right=right):
                one, two = self.of(left), self.of(right)
                if operator == "-":
                    two = _Range(-two.high, -two.low, two.zero)
                return _sum(one, two)
            case tree.Binary(operator="*" | "/" as operator, left=left, right=right):
                one, two = self.of(left), self.of(right)
                if operator == "/":
                    if two.low <= 0 <= two.high:
                        return _Range(-math.inf, math.inf, one.zero)
                    two = _Range(1 / two.high, 1 / two.low, False)
                corners = [_times(a, b) for a in (one.low, one.high) for b in (two.low, two.high)]
                return _Range(min(corners), max(corners), one.zero or two.zero)
            case tree.Binary(operator="**", left=left, right=right):
                base = self.of(left)
                if isinstance(right, tree.Number) and right.value > 0:
                    ends = [_power(base.low, right.value), _power(base.high, right.value)]
                    return _Range(min(0.0, *ends), max(ends), base.zero)
                return _Range(0.0, math.inf, False) if base.low >= 0 else _ALL
            case tree.Call(function=function, arguments=arguments):
                return _call(function, [self.of(a) for a in arguments])
            case _:
                return _Range(0.0, 1.0, True)


def _sum(one: _Range, two: _Range) -> _Range:
    low, high = one.low + two.low, one.high + two.high
    if low == 0 or high == 0:  # zero only where both parts reach the end that adds up to it
        ends = ((one.low, two.low),) if low == 0 else ((one.high, two.high),)
        reached = all(_reaches(r, end) for pair in ends for r, end in zip((one, two), pair, strict=True))
        return _Range(low, high, reached or low < 0 < high)
    return _Range(low, high, low < 0 < high)


def _reaches(part: _Range, end: float) -> bool:
    return part.zero if end == 0 else True


def _union(parts: list[_Range]) -> _Range:
    if not parts:
        return _ALL
    return _Range(min(p.low for p in parts), max(p.high for p in parts), any(p.zero for p in parts))


def _times(a: float, b: float) -> float:
    return 0.0 if a == 0 or b == 0 else a * b


def _power(base: float, exponent: float) -> float:
    try:
        value = base**exponent
    except (OverflowError, ZeroDivisionError):
        return math.inf
    return value if isinstance(value, float) else -math.inf


def _call(function: str, parts: list[_Range]) -> _Range:
    first = parts[0]
    if function == "exp":
        return _Range(_exp(first.low), _exp(first.high), False)
    if function == "sqrt":
        return _Range(0.0, math.sqrt(max(first.high, 0.0)), first.zero)
    if function == "abs":
        return _Range(0.0, max(abs(first.low), abs(first.high)), first.zero)
    if function == "log":
        high = math.log(first.high) if first.high > 0 else -math.inf
        low = math.log(first.low) if first.low > 0 else -math.inf
        return _Range(low, high, low < 0 < high or (low == 0) or (high == 0))
    low = (min if function == "min" else max)(p.low for p in parts)
    high = (min if function == "min" else max)(p.high for p in parts)
    zero = low < 0 < high or any(p.zero and low <= 0 <= high for p in parts)
    return _Range(low, high, zero)


def _exp(x: float) -> float:
    return math.exp(x) if x < 700 else math.inf
