"""The typed tree of the expression language: numbers, conditions, events, questions and claims.

Every node carries the span of the text it was read from. The tree holds names, never arrays.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Literal

from goodoffices.core.diagnostics import Span


@dataclass(frozen=True)
class Number:
    """A literal number; its unit is whatever its neighbours need."""

    value: float
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Name:
    """A parameter or a named sub-expression (`let`)."""

    name: str
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Lookup:
    """`table[dimension]`: the entry of a table (`let` by level) at the present level of a factor or type."""

    table: str
    key: str
    """A factor (`engagement`) or a type dimension (`russia.aim`), resolved to its full name."""
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Unary:
    """`-x` or `not x`."""

    operator: Literal["-", "not"]
    operand: Expression
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Binary:
    """Arithmetic, a comparison of numbers, or a connective."""

    operator: Literal["+", "-", "*", "/", "**", "<", "<=", ">", ">=", "==", "!=", "and", "or"]
    left: Expression
    right: Expression
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class LevelTest:
    """`engagement == engaged`, `russia.aim != settler`, or `fighting in (truce, settled)`: true at those levels."""

    subject: str
    """Factor name, or `party.dimension` of a type."""
    levels: tuple[str, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Conditional:
    """`x if condition else y`."""

    condition: Expression
    then: Expression
    otherwise: Expression
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Call:
    """A built-in function: min, max, exp, log, sqrt, abs."""

    function: str
    arguments: tuple[Expression, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


Expression = Number | Name | Lookup | Unary | Binary | LevelTest | Conditional | Call


# ---------------------------------------------------------------- events
@dataclass(frozen=True)
class MoveMade:
    """`us.withdraw`: the party plays the move."""

    party: str
    move: str
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class StateIs:
    """A condition on factors (and types) at one moment."""

    condition: Expression
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Timed:
    """`EVENT ever|always|at round N|within N rounds|by DATE|at end`; `last_round` is resolved, None is the horizon.

    ever: at some moment after the start up to and including `last_round`; always: at every such moment;
    at: at the end of round `last_round`. A moment is the state just after each turn. Rounds count from one,
    starting where the question starts (the present round is round one).
    """

    mode: Literal["ever", "always", "at"]
    event: MoveMade | StateIs
    last_round: int | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Before:
    """`A before B`: A happens, and B has not happened earlier (or at the same moment)."""

    first: MoveMade | StateIs
    second: MoveMade | StateIs
    last_round: int | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Until:
    """`A until B`: B happens, and A holds at every moment before it."""

    holds: StateIs
    release: MoveMade | StateIs
    last_round: int | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class EventLogic:
    """`not E`, `E and F`, `E or F` over events."""

    operator: Literal["not", "and", "or"]
    operands: tuple[Event, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


Event = Timed | Before | Until | EventLogic


# ---------------------------------------------------------------- questions
@dataclass(frozen=True)
class After:
    """`after us.withdraw`: at its first decision where the move is available the party CHOSE it; beliefs move."""

    party: str
    move: str
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Do:
    """`do(us.withdraw)`: at that decision the move is IMPOSED on every type; nobody learns from it."""

    party: str
    move: str
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class SetParameter:
    """`set(parameter=expression)`: the same scenario with another value."""

    parameter: str
    value: Expression
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Without:
    """`without(us.supply)`: the same scenario in which the move does not exist."""

    party: str
    move: str
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class See:
    """`see 2025-04-19`: from the state and beliefs that the record had produced when that day ended."""

    day: datetime.date
    span: Span | None = field(default=None, compare=False, repr=False)


Condition = After | Do | SetParameter | Without | See


@dataclass(frozen=True)
class Question:
    """P(...), value(...), belief(...): a number for each draw.

    kind 'P': `event`. kind 'value': `party` (and `level`s of its own types, as LevelTest, in `types`) expected total
    discounted payoff from the conditioning point on, including it. kind 'belief': probability that others give to
    `types` at the conditioning point (after the move in `after`, if any).
    """

    kind: Literal["P", "value", "belief"]
    event: Event | None = None
    party: str | None = None
    types: tuple[LevelTest, ...] = ()
    conditions: tuple[Condition, ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class MoveChoice:
    """A question whose answer is a move. modal: the likeliest at the party's first decision (given conditions).

    least_cost: the move with the least expected cost (of the party's types, at that decision) among those after
    which the `keeping` comparison holds; the default move when none does.
    named: a literal move.
    """

    kind: Literal["modal", "least_cost", "named"]
    party: str
    move: str | None = None
    keeping: Comparison | None = None
    types: tuple[LevelTest, ...] = ()
    conditions: tuple[Condition, ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Arithmetic:
    """Sums, products and built-ins of questions and expressions; leaves are Question or Expression."""

    operator: str
    """One of + - * / ** neg, or the name of a built-in function."""
    operands: tuple[Quantity, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


Quantity = Question | Arithmetic | Number | Name


# ---------------------------------------------------------------- claims
@dataclass(frozen=True)
class Comparison:
    """`left < right` or `left < right by margin`; also `==` between two move choices."""

    operator: Literal["<", "<=", ">", ">=", "==", "!="]
    left: Quantity | MoveChoice
    right: Quantity | MoveChoice
    by: float = 0.0
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Trend:
    """`QUANTITY rises with parameter` or `falls with`."""

    quantity: Quantity
    direction: Literal["rises", "falls"]
    parameter: str
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class ClaimLogic:
    """`not C`, `C and D`, `C or D`."""

    operator: Literal["not", "and", "or"]
    operands: tuple[ClaimExpression, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


ClaimExpression = Comparison | Trend | ClaimLogic
