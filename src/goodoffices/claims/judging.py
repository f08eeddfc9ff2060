"""Claims as margins: how far each claim is from flipping, draw by draw.

Receives a claim expression and `Known` (answers to items by world); returns a `Margin` [b]. The same functions, given a
`Wanted` instead, record which items in which worlds a claim needs, so that all claims share their solutions.

Margins. `left < right by m`: right - left - m, in the unit of the sides; `==` of numbers: m - |left - right|.
Two choices of move: by how much the likelihood of the common move exceeds the next one's where they agree, by how much
the other side's move falls short of the likeliest one's where they differ (the smaller of the two where both sides are
`modal`); where no side is `modal` there is no such scale and the margin is plus or minus one. `rises with`: the change
of the quantity for a change of the parameter by its prior interquartile range, from a central difference. `and` is the
smallest margin, `or` the largest, `not` the negative.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import numpy as np
from numpy.typing import NDArray

from goodoffices.claims.answers import Item
from goodoffices.claims.points import Step, Steps
from goodoffices.claims.worlds import AS_IS, World, neighbours, spread
from goodoffices.compiler.expressions import Array, Setting, numbers
from goodoffices.language.functions import FUNCTIONS
from goodoffices.language.scenario import Scenario
from goodoffices.language.tree import (
    After,
    Arithmetic,
    ClaimExpression,
    ClaimLogic,
    Comparison,
    Condition,
    Do,
    MoveChoice,
    Name,
    Number,
    Quantity,
    Question,
    Trend,
)

FLAT = 1e-6
"""A change of a quantity (per interquartile range) of at most this much is none: solutions are not more exact."""

SAME = 1e-9
"""Two quantities that differ by no more than this share of their size (or of one) are equal: the rest is rounding."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Margin:
    """How far a claim is from flipping."""

    size: Array
    """[b] positive where the claim holds; not a number where it has no answer."""
    holds: Bools
    """[b]"""
    unit: str


@dataclass(frozen=True, eq=False)
class Known:
    """Answers in a batch."""

    scenario: Scenario
    draws: Mapping[str, Array]
    """Parameter -> [b]."""
    answers: Mapping[tuple[World, Item], Array]
    moves: Mapping[str, tuple[str, ...]]
    """Party -> its moves, in the order of the rows of its choices."""

    @property
    def width(self) -> int:
        """Number of draws."""
        return max((len(values) for values in self.draws.values()), default=1)

    def ask(self, item: Item, world: World) -> Array:
        """[b], or [move, b] for choices and costs."""
        return self.answers[world, item]


@dataclass(frozen=True, eq=False)
class Wanted(Known):
    """Records what is asked; its answers mean nothing."""

    asked: dict[tuple[World, Item], None] = field(default_factory=dict[tuple[World, Item], None])

    def ask(self, item: Item, world: World) -> Array:
        """Note the item and answer with zeros of the right shape."""
        self.asked[world, item] = None
        if item.kind in ("choice", "cost"):
            assert item.party is not None
            return np.zeros((len(self.moves[item.party]), self.width))
        return np.zeros(self.width)


def judge_claim(says: ClaimExpression, known: Known, world: World = AS_IS) -> Margin:
    """Margin of a claim over the batch."""
    match says:
        case Comparison(left=MoveChoice(), right=MoveChoice()):
            return _compare_choices(says, known, world)
        case Comparison():
            return _compare(says, known, world)
        case Trend():
            return _trend(says, known, world)
        case ClaimLogic(operator="not", operands=(operand,)):
            inner = judge_claim(operand, known, world)
            return Margin(-inner.size, ~inner.holds & ~np.isnan(inner.size), inner.unit)
        case ClaimLogic(operator=operator, operands=operands):
            parts = [judge_claim(operand, known, world) for operand in operands]
            sizes = np.stack([part.size for part in parts])
            holds: Bools = np.stack([part.holds for part in parts])
            units = {part.unit for part in parts}
            unit = units.pop() if len(units) == 1 else "mixed units"
            if operator == "and":
                least: Array = np.fmin.reduce(sizes)
                size = np.where((sizes < 0).any(0), least, np.min(sizes, 0))
                return Margin(size, np.all(holds, 0), unit)
            most: Array = np.fmax.reduce(sizes)
            size = np.where((sizes > 0).any(0), most, np.max(sizes, 0))
            return Margin(size, np.any(holds, 0), unit)
        case _:
            raise TypeError(f"not a claim: {says!r}")


# ---------------------------------------------------------------- numbers
def quantity(node: Quantity, known: Known, world: World, extra: tuple[Condition | Step, ...] = ()) -> Array:
    """A quantity's value [b]; `extra` conditions are added to every question in it."""
    match node:
        case Number() | Name():
            at = Setting(known.scenario, {}, world.draws(known.scenario, known.draws), known.width)
            return numbers(node, at)[0]
        case Question():
            steps, inner = supposed(node.conditions, extra, world)
            item = Item(node.kind, steps, node.event, None if node.kind == "P" else node.party, node.types)
            return known.ask(item, inner)
        case Arithmetic(operator=operator, operands=operands):
            values = [quantity(operand, known, world, extra) for operand in operands]
            with np.errstate(all="ignore"):
                if operator in FUNCTIONS:
                    return np.asarray(FUNCTIONS[operator].run(np, *values), float)
                return _ARITHMETIC[operator](*values)
        case _:
            raise TypeError(f"not a quantity: {node!r}")


_ARITHMETIC = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "**": np.power,
    "neg": np.negative,
}


def supposed(
    conditions: tuple[Condition, ...], extra: tuple[Condition | Step, ...], world: World
) -> tuple[Steps, World]:
    """Where a question with these conditions starts, and in which world it is asked."""
    given = (*conditions, *(c for c in extra if not isinstance(c, Step)))
    steps = [Step(c.party, c.move) for c in given if isinstance(c, (After, Do))]
    steps += [c for c in extra if isinstance(c, Step)]
    return tuple(dict.fromkeys(steps)), world.changed(given)


def unit_of(node: Quantity | MoveChoice) -> str | None:
    """`probability`, `utility`, `number` for what mixes them, or None for a plain number."""
    match node:
        case Question(kind="value"):
            return "utility"
        case Question():
            return "probability"
        case Arithmetic(operator=operator, operands=operands):
            units = {unit for operand in operands if (unit := unit_of(operand)) is not None}
            plain = operator in ("+", "-", "neg", "min", "max", "abs")
            return units.pop() if plain and len(units) == 1 else ("number" if units else None)
        case _:
            return None


def _compare(says: Comparison, known: Known, world: World) -> Margin:
    size, holds = _numbers(says, known, world)
    units = {unit for side in (says.left, says.right) if (unit := unit_of(side)) is not None}
    return Margin(size, holds, units.pop() if len(units) == 1 else "number")


def _numbers(says: Comparison, known: Known, world: World, extra: Steps = ()) -> tuple[Array, Bools]:
    """Margin [b] of a comparison of numbers, and whether it holds."""
    assert not isinstance(says.left, MoveChoice)
    assert not isinstance(says.right, MoveChoice)
    left, right = (quantity(side, known, world, extra) for side in (says.left, says.right))
    scale = np.maximum(1.0, np.maximum(np.abs(left), np.abs(right)))
    difference = np.where(np.abs(left - right) <= SAME * scale, 0.0, left - right)
    match says.operator:
        case "<" | "<=":
            size = -difference - says.by
        case ">" | ">=":
            size = difference - says.by
        case "==":
            size = says.by - np.abs(difference)
        case _:
            size = np.abs(difference) - says.by
    # `!=` and strict order need a difference; `==`, `<=` and `by` hold on the border.
    return size, size > 0 if says.operator in ("<", ">", "!=") and not says.by else size >= 0


def _trend(says: Trend, known: Known, world: World) -> Margin:
    parameter = next(p for p in known.scenario.parameters if p.name == says.parameter)
    low, high = neighbours(parameter, known.draws[says.parameter])
    sides = [
        quantity(says.quantity, known, World(world.do, world.without, world.set, (says.parameter, sign)))
        for sign in (-1, 1)
    ]
    with np.errstate(all="ignore"):
        slope = (sides[1] - sides[0]) / (high - low) * spread(parameter)
    size = slope if says.direction == "rises" else -slope
    size = np.where(np.abs(size) <= FLAT, 0.0, size)
    return Margin(
        size, size > 0, f"{unit_of(says.quantity) or 'number'} per interquartile range of {says.parameter}"
    )


# ---------------------------------------------------------------- choices of move
@dataclass(frozen=True, eq=False)
class _Choice:
    move: NDArray[np.int64]
    """[b] row of the move chosen, -1 where there is no answer."""
    likelihood: Array | None
    """[move, b] for `modal`."""


def _compare_choices(says: Comparison, known: Known, world: World) -> Margin:
    assert isinstance(says.left, MoveChoice)
    assert isinstance(says.right, MoveChoice)
    left, right = _choose(says.left, known, world), _choose(says.right, known, world)
    if says.left.party != says.right.party:
        names = [
            np.array([*known.moves[side.party], ""])[c.move]
            for side, c in ((says.left, left), (says.right, right))
        ]
        same = names[0] == names[1]
        size: Array = np.where(same, 1.0, -1.0)
        unit = "agreement"
    else:
        same = left.move == right.move
        leads = [
            _lead(a.likelihood, b.move) for a, b in ((left, right), (right, left)) if a.likelihood is not None
        ]
        unit = "probability" if leads else "agreement"
        size = np.where(same, 1.0, -1.0)
        if leads:
            least, most = cast("Array", np.min(leads, 0)), cast("Array", np.max(leads, 0))
            size = np.where(same, least, most)
    size = np.where((left.move < 0) | (right.move < 0), np.nan, size)
    agrees = Margin(size, same & ~np.isnan(size), unit)
    if says.operator == "==":
        return agrees
    return Margin(-size, ~same & ~np.isnan(size), unit)


def _lead(likelihood: Array, move: NDArray[np.int64]) -> Array:
    """[b] likelihood of the move less the greatest of the others."""
    rows = np.arange(len(likelihood))[:, None] == move[None, :]
    others = np.where(rows, -np.inf, likelihood).max(0)
    own = np.where(rows, likelihood, 0.0).sum(0)
    return own - np.where(np.isfinite(others), others, 0.0)


def _choose(choice: MoveChoice, known: Known, world: World) -> _Choice:
    names = known.moves[choice.party]
    if choice.kind == "named":
        assert choice.move is not None
        return _Choice(np.full(known.width, names.index(choice.move)), None)
    steps, inner = supposed(choice.conditions, (), world)
    likelihood = known.ask(Item("choice", steps, None, choice.party, choice.types), inner)
    unknown = np.isnan(likelihood).any(0)
    if choice.kind == "modal":
        return _Choice(np.where(unknown, -1, np.argmax(np.where(unknown, 0.0, likelihood), 0)), likelihood)
    return _Choice(np.where(unknown, -1, _least_cost(choice, known, inner, steps, likelihood)), None)


def _least_cost(
    choice: MoveChoice, known: Known, world: World, steps: Steps, likelihood: Array
) -> NDArray[np.int64]:
    """Row of the cheapest move after which the comparison holds; of equally cheap ones the likeliest."""
    assert choice.keeping is not None
    names = known.moves[choice.party]
    cost = known.ask(Item("cost", steps, None, choice.party, choice.types), world)
    kept = np.zeros(cost.shape, dtype=bool)
    for m, name in enumerate(names):
        condition = Step(choice.party, name, next=bool(steps))
        kept[m] = _numbers(choice.keeping, known, world, (*steps, condition))[1]
    possible = kept & ~np.isnan(cost) & (likelihood > 0)
    price = np.where(possible, cost, np.inf)
    cheapest = possible & (price <= price.min(0) + 1e-12)
    best = np.argmax(np.where(cheapest, likelihood, -1.0), 0)
    return np.where(possible.any(0), best, _default(known.scenario, choice.party, names))


def _default(scenario: Scenario, party: str, names: tuple[str, ...]) -> int:
    default = next(m.default for turn in scenario.turns for m in turn.movers if m.party == party)
    return names.index(default)
