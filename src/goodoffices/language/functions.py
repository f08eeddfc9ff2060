"""The table of built-ins: functions of expressions, questions and event forms, each with its sentence and example.

The parser's arity check, the evaluator, the language reference and the tests all read this one table. It holds no
arrays: an implementation takes the array namespace (`numpy` or `jax.numpy`) first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any


@dataclass(frozen=True)
class Function:
    """A function that may stand in an expression."""

    name: str
    signature: str
    doc: str
    example: str
    value: float
    """What the example evaluates to; a test reads it."""
    least: int
    most: int | None
    """Numbers of arguments; None is any number."""
    units: str
    """`same`: arguments and result share a unit; `pure`: all without unit; `root`: the result has the root unit."""
    run: Callable[..., Any]
    """`run(xp, *arguments)`."""


def _min(xp: Any, *arguments: Any) -> Any:
    return reduce(xp.minimum, arguments)


def _max(xp: Any, *arguments: Any) -> Any:
    return reduce(xp.maximum, arguments)


def _elementwise(name: str) -> Callable[[Any, Any], Any]:
    def run(xp: Any, x: Any) -> Any:
        return getattr(xp, name)(x)

    return run


FUNCTIONS: dict[str, Function] = {
    f.name: f
    for f in (
        Function(
            "min", "min(x, y, ...)", "The least of its arguments.", "min(3, 1, 2)", 1.0, 2, None, "same",
            _min,
        ),
        Function(
            "max", "max(x, y, ...)", "The greatest of its arguments.", "max(3, 1, 2)", 3.0, 2, None, "same",
            _max,
        ),
        Function(
            "exp", "exp(x)", "The exponential of a number without unit.", "exp(0)", 1.0, 1, 1, "pure",
            _elementwise("exp"),
        ),
        Function(
            "log", "log(x)", "The natural logarithm of a positive number without unit.", "log(exp(2))", 2.0, 1, 1,
            "pure", _elementwise("log"),
        ),
        Function(
            "sqrt", "sqrt(x)", "The square root of a number that is not negative.", "sqrt(9)", 3.0, 1, 1, "root",
            _elementwise("sqrt"),
        ),
        Function(
            "abs", "abs(x)", "The size of a number without its sign.", "abs(-2)", 2.0, 1, 1, "same",
            _elementwise("abs"),
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Form:
    """A form of a question, event, condition or claim, for the reference and for completion."""

    name: str
    signature: str
    kind: str
    """`question`, `choice`, `event`, `condition` or `claim`."""
    doc: str
    example: str


FORMS: dict[str, Form] = {
    f.signature: f
    for f in (
        Form("P", "P(EVENT | CONDITIONS)", "question", "Probability that the event happens.",
             "P(fighting == truce within 8 rounds)"),
        Form("value", "value(PARTY, TYPE == LEVEL | CONDITIONS)", "question",
             "The party's expected total discounted payoff from the point of the question on; with a type test, that type's.",
             "value(russia, aim == settler | after us.withdraw)"),
        Form("belief", "belief(PARTY.TYPE == LEVEL | CONDITIONS)", "question",
             "Probability that the others give to the type; `=` is read as `==` here.",
             "belief(russia.aim = settler | after russia.short_truce)"),
        Form("modal", "modal(PARTY | CONDITIONS)", "choice", "The party's likeliest move at its first decision.",
             "modal(russia | after us.withdraw)"),
        Form("least_cost", "least_cost(PARTY, keeping COMPARISON | CONDITIONS)", "choice",
             "The cheapest of the party's moves after which the comparison holds; the default move where none does.",
             "least_cost(russia, keeping P(engagement != withdrawn within 4 rounds) >= 0.8)"),
        Form("move", "PARTY.MOVE", "event", "The party plays the move (at some time, unless a time word says when).",
             "us.withdraw"),
        Form("state", "CONDITION", "event",
             "A condition on factors and types; without a time word it means at some moment. A condition without any time "
             "word or move is one condition, to hold all at one moment.",
             "engagement == engaged and fighting == truce"),
        Form("within", "EVENT within N rounds", "event", "At some moment in the first N rounds.",
             "us.withdraw within 4 rounds"),
        Form("by", "EVENT by DATE", "event",
             "At some moment in the rounds that have ended by that date; the scenario's `time` needs `from`.",
             "fighting == truce by 2025-12-31"),
        Form("at round", "CONDITION at round N", "event", "At the end of round N.", "fighting == war at round 4"),
        Form("at end", "CONDITION at end", "event", "At the end of the horizon.", "fighting == settled at end"),
        Form("ever", "ever EVENT", "event", "At some moment up to the horizon.", "ever us.withdraw"),
        Form("always", "always CONDITION [within N rounds]", "event", "At every moment.",
             "always engagement != withdrawn within 4 rounds"),
        Form("until", "CONDITION until EVENT [within N rounds]", "event",
             "The event happens, and the condition holds at every moment before it.",
             "engagement == engaged until fighting == truce"),
        Form("before", "EVENT before EVENT [within N rounds]", "event",
             "The first happens, and the second has not happened earlier.", "russia.settle before us.withdraw"),
        Form("after", "after PARTY.MOVE", "condition",
             "The party chose the move at its first decision where it was available; everyone learns from it.",
             "after us.withdraw"),
        Form("do", "do(PARTY.MOVE)", "condition",
             "The move is imposed at that decision on every type of the party; nobody learns from it.", "do(us.withdraw)"),
        Form("set", "set(PARAMETER = EXPRESSION)", "condition", "The same scenario with another value of the parameter.",
             "set(recognition = 2 * recognition)"),
        Form("without", "without(PARTY.MOVE)", "condition", "The same scenario in which the move does not exist.",
             "without(us.warn)"),
        Form("see", "see DATE", "condition",
             "From the state and beliefs that the record had produced when that day ended; the round that is not over "
             "then is the first, and the scenario needs a `record`.",
             "see 2025-04-19"),
        Form("comparison", "QUANTITY < QUANTITY [by MARGIN]", "claim",
             "`<`, `<=`, `>`, `>=` between questions and numbers; with `by`, at least by that much.",
             "P(us.withdraw) < 0.5 by 0.1"),
        Form("choice", "CHOICE == CHOICE", "claim", "Two choices of move are the same (`==`) or differ (`!=`).",
             "modal(russia) == russia.short_truce"),
        Form("trend", "QUANTITY rises with PARAMETER", "claim",
             "The quantity grows with the parameter (`falls with`: shrinks), everything else as it is.",
             "P(fighting == truce) rises with recognition"),
    )
}  # fmt: skip
