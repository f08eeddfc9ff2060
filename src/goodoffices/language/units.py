"""Units: words with whole or half powers, and what an expression's unit is.

Receives unit text such as `utility/round` and typed trees; returns units, and reports where two of them clash. Numbers
take whatever unit their neighbours need, and parameters without a unit are not checked. `probability`, `share` and `1`
are without unit; plurals and `per` are understood (`utility per round`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from goodoffices.core.diagnostics import Span
from goodoffices.language import tree
from goodoffices.language.functions import FUNCTIONS
from goodoffices.language.scenario import Let, Parameter
from goodoffices.language.tree import Expression
from goodoffices.language.walk import nodes

Powers = tuple[tuple[str, Fraction], ...]
PURE = ("1", "probability", "share", "odds", "fraction", "number")
"""Words for numbers without unit."""
_PIECE = re.compile(r"\s*([^\W\d]\w*|1)\s*(?:(?:\^|\*\*)\s*(-?\d+)\s*)?")


@dataclass(frozen=True)
class Unit:
    """A product of powers of unit words, sorted by word; no words at all is a number without unit."""

    powers: Powers = ()

    def __str__(self) -> str:
        above = [_power(word, p) for word, p in self.powers if p > 0]
        below = [_power(word, -p) for word, p in self.powers if p < 0]
        if not self.powers:
            return "a number without unit"
        return " * ".join(above or ["1"]) + "".join(f"/{word}" for word in below)

    def times(self, other: Unit, *, power: Fraction = Fraction(1)) -> Unit:
        """Product with a power of another unit."""
        total = dict(self.powers)
        for word, exponent in other.powers:
            total[word] = total.get(word, Fraction(0)) + exponent * power
        return Unit(tuple(sorted((word, p) for word, p in total.items() if p)))


def _power(word: str, power: Fraction) -> str:
    return word if power == 1 else f"{word}**{power}"


NONE = Unit()
TRUTH = Unit((("truth", Fraction(1)),))
"""The unit of a condition: it leaves a product's other factor as it is, and stands for a plain 0 or 1 in a sum."""
UTILITY = Unit((("utility", Fraction(1)),))
PER_ROUND = Unit((("round", Fraction(-1)), ("utility", Fraction(1))))
PER_UTILITY = Unit((("utility", Fraction(-1)),))


def read_unit(text: str) -> Unit:
    """Read a unit; raises ValueError with a sentence where it is not one."""
    words = re.sub(r"\bper\b", "/", text)
    unit, position, sign = Unit(), 0, Fraction(1)
    while True:
        match = _PIECE.match(words, position)
        if not match or not match[0]:
            raise ValueError(f"`{text}` is not a unit")
        word, power = match[1], Fraction(int(match[2] or 1)) * sign
        if word not in PURE:
            unit = unit.times(Unit(((_singular(word), Fraction(1)),)), power=power)
        position = match.end()
        if position == len(words):
            return unit
        if words[position] not in "*/":
            raise ValueError(f"`{text}` is not a unit: after `{words[:position].strip()}` goes `*` or `/`")
        sign = Fraction(-1) if words[position] == "/" else Fraction(1)
        position += 1


def _singular(word: str) -> str:
    plurals = {
        "rounds": "round",
        "weeks": "week",
        "days": "day",
        "months": "month",
        "years": "year",
        "utilities": "utility",
    }
    return plurals.get(word, word)


Report = Callable[[str, Span | None, str], None]


class UnitChecker:
    """Finds the unit of each expression once; a clash is reported where its two sides meet."""

    def __init__(
        self,
        parameters: Mapping[str, Parameter],
        lets: Mapping[str, Let],
        places: Mapping[str, Span],
        report: Report,
    ) -> None:
        self.lets, self.places, self.report = lets, places, report
        self.units: dict[str, Unit | None] = {}
        for name, parameter in parameters.items():
            try:
                self.units[name] = read_unit(parameter.unit) if parameter.unit else None
            except ValueError as error:
                self.units[name] = None
                report(
                    str(error),
                    places.get(name),
                    "such as `utility/round`, `utility`, `probability` or `rounds`",
                )

    def check(self, expression: Expression, wanted: Unit, what: str) -> None:
        """Report an expression whose unit is known and is not the one wanted."""
        found = self.unit(expression)
        if found is None or found in (wanted, TRUTH):
            return
        self.report(
            f"{what} must be {in_words(wanted)}, and this is {in_words(found)}{self._origin(expression)}",
            expression.span,
            "multiply or divide by a parameter with the missing unit, or correct the unit that is declared",
        )

    def unit(self, node: Expression) -> Unit | None:
        """Unit of an expression; None where nothing is known or anything goes."""
        match node:
            case tree.Number():
                return None
            case tree.Name(name=name):
                return self._let(name) if name in self.lets else self.units.get(name)
            case tree.Lookup(table=table):
                return self._let(table)
            case tree.LevelTest():
                return TRUTH
            case tree.Unary(operator="-", operand=operand):
                return self.unit(operand)
            case tree.Unary(operand=operand):
                self.unit(operand)
                return TRUTH
            case tree.Binary():
                return self._binary(node)
            case tree.Conditional(condition=condition, then=then, otherwise=otherwise):
                self.unit(condition)
                return self._same(then, otherwise, "the two branches of `if` are", node)
            case tree.Call():
                return self._call(node)

    def _let(self, name: str) -> Unit | None:
        if name in self.units:
            return self.units[name]
        self.units[name] = None  # while it is being found; a cycle is reported elsewhere
        let = self.lets[name]
        if let.expression is not None:
            self.units[name] = self.unit(let.expression)
            return self.units[name]
        entries = list(let.table.values())
        unit: Unit | None = None
        first: Expression | None = None
        for entry in entries:
            found = self.unit(entry)
            if found is TRUTH:
                continue
            if found is not None and unit is not None and found != unit and first is not None:
                self._clash(f"the entries of `{name}` are", unit, first, found, entry, entry)
            elif unit is None and found is not None:
                unit, first = found, entry
        self.units[name] = unit
        return unit

    def _binary(self, node: tree.Binary) -> Unit | None:
        operator, left, right = node.operator, node.left, node.right
        if operator in ("and", "or"):
            for side in (left, right):
                self.unit(side)
            return TRUTH
        if operator in ("+", "-"):
            return self._same(left, right, f"the two sides of `{operator}` are", node)
        if operator in ("<", "<=", ">", ">=", "==", "!="):
            self._same(left, right, f"the two sides of `{operator}` are", node)
            return TRUTH
        if operator == "**":
            return self._raised(node)
        one, two = self.unit(left), self.unit(right)
        if two is TRUTH or (one is TRUTH and operator == "*"):
            return one if two is TRUTH else two
        if one is None or two is None:
            return None
        return one.times(two, power=Fraction(1 if operator == "*" else -1))

    def _raised(self, node: tree.Binary) -> Unit | None:
        base, exponent = self.unit(node.left), self.unit(node.right)
        if exponent not in (None, NONE, TRUTH):
            self.report(
                f"an exponent is a number without unit, and this is {in_words(exponent)}{self._origin(node.right)}",
                node.right.span,
                "divide by a parameter of the same unit",
            )
        if base in (None, NONE, TRUTH):
            return base
        if isinstance(node.right, tree.Number) and math.isfinite(node.right.value):
            return NONE.times(base, power=Fraction(node.right.value).limit_denominator(12))
        return None

    def _call(self, node: tree.Call) -> Unit | None:
        rule = FUNCTIONS[node.function].units
        if rule == "same":
            first, *others = node.arguments
            unit = self.unit(first)
            for other in others:
                unit = self._same(first, other, f"the arguments of `{node.function}` are", node) or unit
            return unit
        unit = self.unit(node.arguments[0])
        if rule == "root":
            return None if unit in (None, TRUTH) else NONE.times(unit, power=Fraction(1, 2))
        if unit not in (None, NONE, TRUTH):
            argument = node.arguments[0]
            self.report(
                f"`{node.function}` takes a number without unit, and this is {in_words(unit)}{self._origin(argument)}",
                argument.span,
                "divide by a parameter of the same unit",
            )
        return None if unit is None else NONE

    def _same(self, left: Expression, right: Expression, what: str, whole: Expression) -> Unit | None:
        one, two = self.unit(left), self.unit(right)
        one, two = (None if unit is TRUTH else unit for unit in (one, two))
        if one is not None and two is not None and one != two:
            self._clash(what, one, left, two, right, whole)
            return None
        return two if one is None else one

    def _clash(
        self, what: str, one: Unit, left: Expression, two: Unit, right: Expression, whole: Expression
    ) -> None:
        self.report(
            f"{what} {in_words(one)}{self._origin(left)} and {in_words(two)}{self._origin(right)}",
            whole.span,
            "only like can be added and compared",
        )

    def _origin(self, expression: Expression) -> str:
        """Which parameters brought a unit in, and where they declare it."""
        named = [n.name for n in nodes(expression) if isinstance(n, tree.Name) and n.name in self.places]
        shown = [f"`{name}`, line {self.places[name].line}" for name in dict.fromkeys(named)][:2]
        return f" ({'; '.join(shown)})" if shown else ""


def in_words(unit: Unit) -> str:
    """`in utility/round`, or `a number without unit`."""
    return f"in {unit}" if unit.powers else str(unit)
