"""`goodoffices record check` lists every event, and ends with 1 where the history cannot be followed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from goodoffices.cli.app import run
from goodoffices.language.scenario import Scenario
from goodoffices.workflow.recording import check_record

Make = Callable[..., Scenario]
EVENTS = """\
id,date,actor,target,event_type,lever
a,2025-01-07,US,RUS,THREATEN,warning
b,2025-01-08,RUS,US,AGREE,truce
c,2025-01-09,UKR,RUS,ACCUSE,complaint
d,2025-01-15,US,RUS,CONSULT,exit
"""


def lay(make: Make, folder: Path, events: str = EVENTS, *changes: tuple[str, str]) -> str:
    """The scenario with its record beside it; the path of its file."""
    scenario = make(*changes)
    (folder / "events.csv").write_text(events, encoding="utf-8")
    return scenario.source


def test_every_event_is_listed_with_its_reason(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(["record", "check", lay(make, tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "a  2025-01-07  US -> RUS  warning: `us.warn` in round 1" in out
    assert "c  2025-01-09  UKR -> RUS  complaint: no rule counts it" in out
    assert "4 events until 2025-01-15: 3 used, 0 superseded, 0 conflict, 1 outside" in out


def test_json_says_the_same(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    source = lay(make, tmp_path)
    assert run(["record", "check", source, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads(json.dumps(check_record(source).data()))
    assert [e["fate"] for e in found["events"]] == ["used", "used", "outside", "used"]
    assert found["rounds"][0]["moves"] == [{"party": "us", "move": "warn", "events": ["a"], "weight": 1.0}]


def test_a_history_that_the_model_forbids_ends_with_one(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    source = lay(make, tmp_path, EVENTS.replace("CONSULT,exit", "THREATEN,warning"))
    assert run(["record", "check", source]) == 1
    assert "event d of 2025-01-15 says `us.warn`, which is not possible in round 2" in capsys.readouterr().err


def test_other_files_stand_for_the_scenarios_own_and_duplicates_are_shown(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    source = lay(make, tmp_path)
    other = tmp_path / "other.csv"
    other.write_text(
        "id,date,actor,target,event_type,lever\nx,2025-01-08,US,RUS,THREATEN,threat\n", encoding="utf-8"
    )
    assert (
        run(["record", "check", source, "--record", str(tmp_path / "events.csv"), "--record", str(other)])
        == 0
    )
    out = capsys.readouterr().out
    assert "a and x: two sources, 1 day apart" in out
    assert "5 events" in out


def test_nothing_after_the_day_is_looked_at(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["record", "check", lay(make, tmp_path), "--as-of", "2025-01-08"]) == 0
    assert "2 events until 2025-01-08: 2 used" in capsys.readouterr().out
    assert run(["record", "check", "budapest-2025", "--as-of", "soon"]) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("file: events.csv", "file: ../events.csv"), "outside-folder"),
        (("file: events.csv", "file: none.csv"), "file-not-found"),
    ],
)
def test_a_record_that_is_not_there_is_refused(
    make: Make, tmp_path: Path, change: tuple[str, str], code: str, capsys: pytest.CaptureFixture[str]
):
    assert run(["record", "check", lay(make, tmp_path, EVENTS, change)]) == 1
    assert code in capsys.readouterr().err


def test_a_scenario_without_a_record_says_so(capsys: pytest.CaptureFixture[str]):
    assert run(["record", "check", "beer-quiche"]) == 1
    assert "no-record" in capsys.readouterr().err
