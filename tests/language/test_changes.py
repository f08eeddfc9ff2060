"""A what-if is a new scenario with the change recorded; the old one stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from goodoffices.core.diagnostics import Refusal
from goodoffices.language import load, medians, render

TALKS = Path(__file__).parent / "data" / "talks.yaml"


def test_a_parameter_is_set_and_the_change_recorded():
    scenario = load(TALKS)
    changed = scenario.set(recognition=2.5, exit_cost=0.25)
    assert medians(changed)["recognition"] == 2.5
    assert changed.changes == ("set recognition = 2.5", "set exit_cost = 0.25")
    assert medians(scenario)["recognition"] == 1.0
    assert load(TALKS, text=render(changed)) == changed


def test_a_move_is_taken_away_and_the_default_moves_on():
    changed = load(TALKS).without("us.continue")
    mover = changed.turns[0].movers[0]
    assert [m.name for m in mover.moves] == ["warn", "withdraw", "supply_long_range"]
    assert mover.default == "warn"
    assert changed.without("us.warn").changes == ("without us.continue", "without us.warn")


def test_a_move_is_imposed():
    changed = load(TALKS).do("us.withdraw")
    assert changed.imposed == ("us.withdraw",)
    assert load(TALKS, text=render(changed)) == changed


def test_what_is_not_there_cannot_be_changed():
    scenario = load(TALKS)
    with pytest.raises(Refusal) as refused:
        scenario.set(recogniton=1.0)
    assert refused.value.diagnostics[0].hint == "did you mean `recognition`?"
    with pytest.raises(Refusal):
        scenario.set(recognition=float("nan"))
    with pytest.raises(Refusal):
        scenario.do("us.leave")
    with pytest.raises(Refusal, match="no move at one of its turns"):
        scenario.without("russia.refuse", "russia.short_truce", "russia.settle")
