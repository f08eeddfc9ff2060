"""Claims become questions whose names are checked; precedence is what the reference says."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from goodoffices.core.diagnostics import Span
from goodoffices.language import events, questions, resolve, syntax
from goodoffices.language.functions import FORMS
from goodoffices.language.tree import (
    After,
    Arithmetic,
    Before,
    ClaimLogic,
    Comparison,
    Do,
    EventLogic,
    LevelTest,
    MoveChoice,
    MoveMade,
    Number,
    Question,
    See,
    SetParameter,
    StateIs,
    Timed,
    Trend,
    Until,
    Without,
)

ENGAGED = LevelTest("engagement", ("engaged",))
TRUCE = LevelTest("fighting", ("truce",))
WAR = LevelTest("fighting", ("war",))
LEAVE, SETTLE = MoveMade("us", "withdraw"), MoveMade("russia", "settle")


def scope() -> resolve.Scope:
    return resolve.Scope(
        parameters={"recognition"},
        levels={
            "engagement": ("engaged", "warned", "withdrawn"),
            "fighting": ("war", "truce", "settled"),
            "russia.aim": ("maximalist", "settler"),
        },
        parties=("us", "russia"),
        moves={"us": ("continue", "warn", "withdraw"), "russia": ("refuse", "short_truce", "settle")},
    )


CALENDAR = events.Calendar(
    7.0,
    datetime.date(2025, 1, 20),
    60,
    {"engagement": "engaged", "fighting": "war"},
    datetime.date(2025, 1, 6),
)


def read(text: str, calendar: events.Calendar = CALENDAR) -> Any:
    where = scope()
    found = questions.claim(
        syntax.parse(text, lambda a, b: Span("text", 1, a + 1, 1, b + 1)), where, calendar
    )
    assert [d.message for d in where.diagnostics if d.severity == "error"] == []
    return found


def event(text: str) -> Any:
    return read(f"P({text}) > 0.5").left.event


def failure(text: str, calendar: events.Calendar = CALENDAR) -> str:
    where = scope()
    try:
        found = questions.claim(
            syntax.parse(text, lambda a, b: Span("text", 1, a + 1, 1, b + 1)), where, calendar
        )
    except Exception as refused:  # a refusal by the grammar
        return refused.diagnostics[0].code  # type: ignore[attr-defined]
    assert found is None
    return next(d.code for d in where.diagnostics if d.severity == "error")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("us.withdraw", Timed("ever", LEAVE)),
        ("ever us.withdraw", Timed("ever", LEAVE)),
        ("us.withdraw within 4 rounds", Timed("ever", LEAVE, 4)),
        ("ever us.withdraw within 4 rounds", Timed("ever", LEAVE, 4)),
        ("fighting == truce", Timed("ever", StateIs(TRUCE))),
        ("fighting == truce at round 4", Timed("at", StateIs(TRUCE), 4)),
        ("fighting == truce at end", Timed("at", StateIs(TRUCE))),
        ("always engagement == engaged", Timed("always", StateIs(ENGAGED))),
        ("always engagement == engaged within 3 rounds", Timed("always", StateIs(ENGAGED), 3)),
        ("(always engagement == engaged) within 3 rounds", Timed("always", StateIs(ENGAGED), 3)),
        ("engagement == engaged until russia.settle", Until(StateIs(ENGAGED), SETTLE)),
        ("(engagement == engaged until russia.settle) within 2 rounds", Until(StateIs(ENGAGED), SETTLE, 2)),
        ("russia.settle before us.withdraw", Before(SETTLE, LEAVE)),
        ("russia.settle before us.withdraw within 9 rounds", Before(SETTLE, LEAVE, 9)),
        ("fighting == truce by 2025-02-02", Timed("ever", StateIs(TRUCE), 2)),
        ("fighting == truce by 2025-02-01", Timed("ever", StateIs(TRUCE), 1)),
        ("not us.withdraw", EventLogic("not", (Timed("ever", LEAVE),))),
        ("not fighting == truce at end", EventLogic("not", (Timed("at", StateIs(TRUCE)),))),
        ("us.withdraw and russia.settle within 2 rounds", EventLogic("and", (Timed("ever", LEAVE), Timed("ever", SETTLE, 2)))),
    ],
)  # fmt: skip
def test_an_event_is_read_as_the_reference_says(text: str, expected: object):
    assert event(text) == expected


def test_a_condition_without_time_word_or_move_is_one_condition():
    found = event("fighting == truce and engagement == engaged")
    assert isinstance(found, Timed)
    assert isinstance(found.event, StateIs)
    apart = event("fighting == truce within 2 rounds and engagement == engaged at end")
    assert isinstance(apart, EventLogic)
    assert [e.last_round for e in apart.operands] == [2, None]


def test_questions_carry_their_conditions():
    found = read("value(russia, aim == settler | after us.withdraw, set(recognition = 2 * recognition)) < 1")
    assert found.left.types == (LevelTest("russia.aim", ("settler",)),)
    assert found.left.conditions[0] == After("us", "withdraw")
    assert isinstance(found.left.conditions[1], SetParameter)
    other = read("value(us | do(russia.settle), without(us.warn)) > 0 by 0.25")
    assert other.left.conditions == (Do("russia", "settle"), Without("us", "warn"))
    assert other.by == 0.25
    belief = read("belief(russia.aim = settler | after russia.short_truce) > belief(russia.aim == settler)")
    assert belief.left.types == belief.right.types


def test_choices_of_moves_are_compared_with_choices_and_moves():
    found = read(
        "least_cost(russia, keeping P(engagement == warned within 4 rounds) >= 0.8) == modal(russia)"
    )
    assert isinstance(found.left, MoveChoice)
    assert isinstance(found.left.keeping, Comparison)
    named = read("modal(russia | after us.withdraw) != russia.refuse")
    assert named.right == MoveChoice("named", "russia", "refuse")


def test_claims_combine_and_trends_name_a_parameter():
    assert read("P(russia.settle) rises with recognition") == Trend(
        Question("P", event=Timed("ever", SETTLE)), "rises", "recognition"
    )
    chain = read("0.1 < P(us.withdraw) < 0.5")
    assert isinstance(chain, ClaimLogic)
    assert chain.operator == "and"
    three = read("P(us.warn) < 0.5 and not P(us.withdraw) > 0.5 and value(us) > 0")
    assert [type(o).__name__ for o in three.operands] == ["Comparison", "ClaimLogic", "Comparison"]
    ratio = read("value(us) / max(value(russia), 1) > 2 * recognition - 1").left
    assert isinstance(ratio, Arithmetic)
    assert isinstance(ratio.operands[1].operands[1], Number)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("P(us.wthdraw) > 0", "unknown-move"), ("P(uss.withdraw) > 0", "unknown-party"), ("value(rusia) > 0", "unknown-party"),
        ("P(fighting == peace) > 0", "unknown-level"), ("P(figting == war) > 0", "unknown-name"), ("P(us.warn)", "not-a-claim"),
        ("P() > 0", "wrong-arguments"), ("value() > 0", "wrong-arguments"), ("belief() > 0", "wrong-arguments"),
        ("belief(engagement == engaged) > 0", "not-a-type"), ("value(us, russia.aim == settler) > 0", "type-of-another"),
        ("modal(russia) > 0.5", "choice-and-number"), ("modal(russia) < modal(us)", "moves-have-no-order"),
        ("us.warn == us.withdraw", "nothing-to-find-out"), ("least_cost(russia) == modal(russia)", "keeping-missing"),
        ("P(us.warn) rises with nothing", "unknown-parameter"), ("P(us.warn) > 0 by 0.5 by 0.1", "margin-without-comparison"),
        ("P(us.warn) > 0 by recognition", "bad-margin"), ("P(us.warn | before us.warn) > 0", "syntax"),
        ("P(us.warn | us.withdraw) > 0", "unknown-condition"), ("P(us.warn | do(us.leave)) > 0", "unknown-move"),
        ("P(us.warn | set(x = 1)) > 0", "unknown-parameter"), ("P(us.warn by 2025-01-21) > 0", "date-too-early"),
        ("P(us.warn by 2025-02-30) > 0", "bad-date"), ("P(us.warn within 0 rounds) > 0", "syntax"),
        ("P(us.warn within 2.5 rounds) > 0", "syntax"), ("P(always us.warn) > 0", "move-as-state"),
        ("P(0.5) > 0", "not-an-event"), ("recogniton > 0", "unknown-name"), ("us.warn > 0", "choice-and-number"),
        ("P((us.warn within 2 rounds) before us.withdraw) > 0", "nested-event"), ("foo(us) > 0", "unknown-function"),
        ("P(us.warn | after us.warn, after us.warn) > 0", "repeated-condition"),
    ],
)  # fmt: skip
def test_a_claim_that_cannot_be_meant_is_refused(text: str, code: str):
    assert failure(text) == code


def test_a_date_needs_the_first_day():
    calendar = events.Calendar(7.0, None, None, {})
    assert failure("P(us.warn by 2025-02-02) > 0", calendar) == "date-without-start"


@pytest.mark.parametrize("signature", FORMS)
def test_the_example_of_each_form_reads(signature: str):
    form = FORMS[signature]
    claim = {
        "question": f"{form.example} > 0",
        "choice": f"{form.example} == modal(russia)",
        "event": f"P({form.example}) > 0",
        "condition": f"value(us | {form.example}) > 0",
        "claim": form.example,
    }[form.kind]
    assert read(claim) is not None


def test_a_question_may_start_on_a_day_of_the_record():
    found = read("P(fighting == truce by 2025-05-04 | see 2025-04-19) > 0.5").left
    assert found.conditions == (See(datetime.date(2025, 4, 19)),)
    # That day is in the week from 14 April, which is round one; three weeks are over on 4 May.
    assert found.event == Timed("ever", StateIs(TRUCE), 3)
    assert read("P(fighting == truce by 2025-05-04 | see 2025-04-20) > 0.5").left.event.last_round == 2
    assert read("P(fighting == truce by 2025-05-04) > 0.5").left.event.last_round == 15


def test_a_name_may_be_see():
    where = scope()
    where.parameters.add("see")
    found = questions.claim(
        syntax.parse("P(us.warn) > see", lambda a, b: Span("t", 1, a, 1, b)), where, CALENDAR
    )
    assert isinstance(found, Comparison)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("P(us.warn | see 2025-02-30) > 0", "bad-date"), ("P(us.warn | see 2025-01-05) > 0", "date-too-early"),
        ("P(us.warn by 2025-04-19 | see 2025-04-19) > 0", "date-too-early"),
        ("P(us.warn | see 2025-04-19, see 2025-04-20) > 0", "repeated-condition"),
        ("P(us.warn | see us.warn) > 0", "syntax"),
    ],
)  # fmt: skip
def test_a_day_that_cannot_be_seen_is_refused(text: str, code: str):
    assert failure(text) == code


def test_a_day_needs_a_record():
    calendar = events.Calendar(7.0, datetime.date(2025, 1, 20), 60, {})
    assert failure("P(us.warn | see 2025-04-19) > 0", calendar) == "see-without-record"
