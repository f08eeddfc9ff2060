"""Spans of weeks mean days of the calendar, whatever the rounds of a scenario are."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest

from goodoffices.core.diagnostics import Refusal
from goodoffices.forecasting.spans import span_days, with_dates
from goodoffices.language import tree
from goodoffices.language.scenario import Scenario
from goodoffices.workflow.forecasting import forecast, read_question

Make = Callable[..., Scenario]
TUESDAY, SUNDAY = datetime.date(2025, 1, 7), datetime.date(2025, 1, 19)


@pytest.mark.parametrize(
    ("length", "begun", "ends"),
    [("1 week", 13, "2025-04-06"), ("4 weeks", 4, "2025-04-27")],
)
def test_twelve_weeks_hold_the_rounds_that_begin_in_them(make: Make, length: str, begun: int, ends: str):
    scenario = make(("round: 1 week", f"round: {length}"), ("rounds: 6", "rounds: 20"))
    found = forecast(scenario, as_of=TUESDAY, days=span_days("12 weeks"), nodes=2, draws=3, paths=1)
    moves = [m for m in found["moves"] if m["party"] == "russia"]
    assert [m["round"] for m in moves] == list(range(1, begun + 1))
    assert all(m["begins"] <= "2025-04-01" for m in moves)
    assert moves[-1]["ends"] == ends
    assert not found["horizon_cut_by_the_game"]


def test_a_horizon_after_the_last_round_is_said_to_be_cut(make: Make):
    found = forecast(make(), as_of=TUESDAY, days=84, questions=["us.warn"], nodes=2, draws=3, paths=1)
    assert found["horizon_cut_by_the_game"]
    assert found["questions"][0]["rounds"] == 6
    assert found["questions"][0]["resolves"] == "2025-02-16"


@pytest.mark.parametrize(
    ("text", "rounds"),
    [
        ("us.warn within 3 rounds", 3),
        ("us.warn within 3 weeks", 3),
        ("us.warn within 20 days", 2),
        ("us.warn before 2025-02-10", 3),
        ("us.warn before 2025-02-09", 2),
        ("us.warn by 2025-02-09", 3),
        ("us.warn before russia.pause within 3 weeks", 3),
    ],
)
def test_limits_count_the_rounds_that_have_ended_by_then(make: Make, text: str, rounds: int):
    asked = read_question(text, make(), SUNDAY)
    assert asked.text == text
    assert isinstance(asked.event, tree.Timed | tree.Before)
    assert asked.event.last_round == rounds


def test_limits_before_any_round_ends_and_days_that_do_not_exist_are_refused(make: Make):
    with pytest.raises(Refusal, match="no round has ended"):
        read_question("us.warn within 2 days", make(), SUNDAY)
    with pytest.raises(Refusal, match="not in the calendar"):
        with_dates("us.warn before 2025-02-30", SUNDAY)
    for text in ("soon", "0 weeks", "3 blinks"):
        with pytest.raises(Refusal, match="no span of time"):
            span_days(text)


@pytest.mark.parametrize(
    ("text", "days"), [("12 weeks", 84), ("1 month", 30), ("1 year", 365), ("2 fortnights", 28), ("1 day", 1)]
)
def test_spans_are_those_of_a_scenarios_rounds(text: str, days: int):
    assert span_days(text) == days
