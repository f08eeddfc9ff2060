"""The `record:` section: read, checked against the scenario's names, and written back."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from goodoffices.language import check, load, render
from goodoffices.language.record_section import EventPattern

TALKS = Path(__file__).parent / "data" / "talks.yaml"
TEXT = TALKS.read_text(encoding="utf-8")


def test_the_section_is_read_as_it_is_written():
    record = load(TALKS).record
    assert record is not None
    assert (record.file, record.start) == ("events.csv", datetime.date(2025, 1, 6))
    assert [rule.what for rule in record.moves] == ["us.continue", "us.warn", "russia.short_truce"]
    assert record.moves[1].patterns == (
        EventPattern(("US",), ("RUS",), (), ("threaten_withdrawal",), why="The warning of April."),
        EventPattern(("US",), type=("THREATEN",), code=("13",)),
    )
    assert record.moves[2].patterns[0].id == ("E031", "NO")
    assert record.precedence["us"] == ("withdraw", "warn", "continue")
    assert (record.unseen, record.impossible) == (("engagement.engaged",), "next")
    assert record.confidence == {"low": 0.0, "medium": 0.5}


def test_a_scenario_without_a_record_has_none():
    assert load(TALKS, text=TEXT[: TEXT.index("record:")]).record is None


def test_rules_for_a_move_go_when_the_move_goes():
    changed = load(TALKS).without("us.warn")
    assert changed.record is not None
    assert [rule.what for rule in changed.record.moves] == ["us.continue", "russia.short_truce"]
    assert changed.record.precedence["us"] == ("withdraw", "continue")
    assert changed.record.precedence["chance"] == ("engagement.warned",)
    assert "us.warn" not in render(changed).partition("record:")[2].partition("changes:")[0]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("us.warn:", "us.warm:", "unknown-move"),
        ("us: [withdraw, warn, continue]", "us: [withdraw, worn]", "unknown-move"),
        ("us: [withdraw, warn, continue]", "us: [warn, warn]", "repeated-name"),
        ("us: [withdraw, warn, continue]", "uk: [warn]", "unknown-party"),
        ("{engagement.warned: {actor", "{engagement.withdrawn: {actor", "unknown-outcome"),
        ("unseen: [engagement.engaged]", "unseen: engaged", "unknown-outcome"),
        ("{low: 0, medium: 0.5}", "{low: 2}", "bad-weight"),
        ("{low: 0, medium: 0.5}", "{low: little}", "bad-weight"),
        ("impossible: next", "impossible: ignore", "unknown-choice"),
        ("until: 2025-02-10", "until: soon", "bad-date"),
        ("until: 2025-02-10", "until: 2024-02-10", "bad-date"),
        ("from: 2025-01-06", "from: 2025-01-08", "record-off-beat"),
        ("from: 2025-01-06", "from: 2025-01-27", "record-after-start"),
        ('{id: [E031, "NO"]}', "{}", "empty-pattern"),
        ('{id: [E031, "NO"]}', "{ids: E031}", "unknown-key"),
        ("  file: events.csv\n", "", "missing-key"),
    ],
)
def test_a_mistake_is_said_at_its_place(old: str, new: str, code: str):
    begin = TEXT.index("record:")
    assert old in TEXT[begin:]
    text = TEXT[:begin] + TEXT[begin:].replace(old, new, 1)
    found = [d for d in check(TALKS, text=text) if d.severity == "error"]
    assert code in [d.code for d in found]
    line = TEXT[:begin].count("\n") + 1
    assert all(d.span is not None and d.span.line >= line for d in found)


def test_a_record_needs_a_first_day_from_somewhere():
    text = TEXT.replace("from: 2025-01-20, ", "").replace(" by 2025-02-09", "")
    assert not [d for d in check(TALKS, text=text) if d.severity == "error"]
    text = text.replace("  from: 2025-01-06   # two rounds before the first\n", "")
    assert [d.code for d in check(TALKS, text=text) if d.severity == "error"] == ["record-without-start"]
