"""`forecast`, `verify`, `score` and `backtest` as a person types them: exit codes, and what is printed where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from forecast_records import TALKS, WORDS, history, write_csv
from held import follows_schema

from goodoffices.cli.app import run

FORECAST = [
    "forecast", "talks.yaml", "--as-of", "2025-01-07", "--horizon", "2 weeks", "--question", "us.warn within 2 weeks",
    "--question", "fighting == truce by 2025-02-09", "--draws", "8", "--paths", "2", "--nodes", "2",
]  # fmt: skip


REPLACED = {"--as-of": ("--as-of", "2025-01-07"), "--horizon": ("--horizon", "2 weeks")}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "talks.yaml").write_text(TALKS, encoding="utf-8")
    write_csv(history(*WORDS), tmp_path / "events.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def made(folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert run(FORECAST) == 0
    capsys.readouterr()
    return folder / "forecast.json"


def test_a_forecast_says_its_answers_then_its_moves_then_its_seal(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(FORECAST) == 0
    out, err = capsys.readouterr()
    data = json.loads((folder / "forecast.json").read_text("utf-8"))
    lines = out.splitlines()
    assert lines[0].startswith("us.warn within 2 weeks: ")
    assert "from 8 draws; 90% of the draws" in lines[0]
    assert lines[0].endswith("decided by 2025-01-19")
    assert lines[-1] == f"Seal: {data['seal']}"
    assert err == ""
    made_from = data["made_from"]
    assert {len(made_from[k]) for k in ("scenario_sha256", "record_sha256")} == {64}
    assert (made_from["record_rows"], made_from["settings"]["days"], bool(made_from["version"])) == (
        2,
        14,
        True,
    )


def test_json_is_the_file_and_the_same_words_make_the_same_seal(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    assert run([*FORECAST, "--json"]) == 0
    one = capsys.readouterr().out
    follows_schema("forecast", json.loads(one))
    assert one == (folder / "forecast.json").read_text("utf-8")
    assert run([*FORECAST, "--json", "--out", "again.json"]) == 0
    assert capsys.readouterr().out == one


@pytest.mark.parametrize(
    ("extra", "code", "says"),
    [
        (["--out", "events.csv"], 2, "never overwritten"),
        (["--horizon", "soon"], 2, "--horizon takes a span such as 12 weeks"),
        (["--as-of", "2024-12-31"], 1, "round 1 begins on 2025-01-06"),
        (["--question", "russia.aim == soft"], 1, "question-without-answer"),
        (["--question", "us.wrn within 2 weeks"], 1, "us.warn"),
        (["--question", "us.warn before 2025-01-31-"], 1, "error"),
    ],
)
def test_what_cannot_be_forecast_is_refused_and_leaves_no_file(
    folder: Path, capsys: pytest.CaptureFixture[str], extra: list[str], code: int, says: str
):
    words = [
        word for word in FORECAST if not (extra[0] in ("--as-of", "--horizon") and word in REPLACED[extra[0]])
    ]
    assert run([*words, *extra]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert not (folder / "forecast.json").exists()


# ---------------------------------------------------------------- verify
def test_a_whole_forecast_is_verified_with_what_made_it(made: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["verify", str(made), "--sources"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("The seal is right: this is the forecast of 2025-01-07")
    assert "Scenario and record are those that it was made from." in out
    assert err == ""
    assert run(["verify", str(made), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["sources_checked"] is False
    assert data["seal"] == json.loads(made.read_text("utf-8"))["seal"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"draws": 8', '"draws": 9'),
        ('"as_of": "2025-01-07"', '"as_of": "2025-01-06"'),
        ('"record_rows": 2', '"record_rows": 3'),
        ("us.warn within 2 weeks", "us.stay within 2 weeks"),
        ('"seal": "', '"seal": "0'),
    ],
)
def test_any_change_breaks_the_seal(made: Path, capsys: pytest.CaptureFixture[str], old: str, new: str):
    text = made.read_text("utf-8")
    assert old in text
    made.write_text(text.replace(old, new), encoding="utf-8")
    for command in ("verify", "score"):
        assert run([command, str(made)]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert "broken-seal" in err


def test_other_layout_of_the_same_content_keeps_the_seal(made: Path, capsys: pytest.CaptureFixture[str]):
    data = json.loads(made.read_text("utf-8"))
    made.write_text(json.dumps(dict(reversed(data.items()))), encoding="utf-8")
    assert run(["verify", str(made)]) == 0
    assert "The seal is right" in capsys.readouterr().out


def test_changed_sources_are_told_apart(made: Path, folder: Path, capsys: pytest.CaptureFixture[str]):
    write_csv(history(*WORDS[:1], "stay fight"), folder / "newer.csv")  # only later events are others
    assert run(["verify", str(made), "--record", "newer.csv"]) == 0
    write_csv(history("warn fight"), folder / "other.csv")
    assert run(["verify", str(made), "--record", "other.csv"]) == 1
    assert "record-changed" in capsys.readouterr().err
    (folder / "talks.yaml").write_text(TALKS.replace("discount: 0.9", "discount: 0.8"), encoding="utf-8")
    assert run(["verify", str(made)]) == 0
    assert run(["verify", str(made), "--sources"]) == 1
    assert "scenario-changed" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nowhere.json", "talks.yaml", "list.json"])
def test_what_is_no_forecast_is_said_to_be_none(folder: Path, capsys: pytest.CaptureFixture[str], name: str):
    (folder / "list.json").write_text("[1]", encoding="utf-8")
    assert run(["verify", name]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "file-not-found" in err if name == "nowhere.json" else "not-a-forecast" in err


# ---------------------------------------------------------------- score
def test_a_score_has_skill_calibration_and_the_worst_first(made: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["score", str(made)]) == 0
    out, err = capsys.readouterr()
    assert "Worst misses:" in out
    assert err == ""
    assert run(["score", str(made), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    follows_schema("score", data)
    assert set(data["skill"]) == {"base rates", "Markov chain", "persistence"}
    bits = [row["bits"]["model"] for row in data["worst"]]
    assert bits == sorted(bits, reverse=True)
    assert data["n"] == 6 + 2
    assert sum(b["n"] for b in data["calibration"]) == 2 * 8
    assert [row["forecast"] for row in data["pending"]] == []


def test_what_is_not_decided_yet_is_listed_as_open(
    made: Path, folder: Path, capsys: pytest.CaptureFixture[str]
):
    write_csv(history(*WORDS[:2], "stay"), folder / "newer.csv")
    assert run(["score", str(made), "--record", "newer.csv", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert {row["forecast"] for row in data["pending"]} == {
        "us in round 3 (from 2025-01-20)",
        "russia in round 3 (from 2025-01-20)",
        "fighting == truce by 2025-02-09",
    }
    assert data["n"] == 5
    assert run(["score", str(made), "--record", "newer.csv"]) == 0
    assert "2025-02-09" in capsys.readouterr().out


# ---------------------------------------------------------------- backtest
BACKTEST = [
    "backtest",
    "talks.yaml",
    "--ahead",
    "1",
    "--chains",
    "4",
    "--nodes",
    "2",
    "--paths",
    "1",
]


def test_a_backtest_tells_its_progress_apart_from_its_result(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    assert run([*BACKTEST, "--first", "4"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("Over 2 forecasts the model ")
    assert err == "1 of 1 days of forecast\n"
    assert run([*BACKTEST, "--first", "4", "--json"]) == 0
    out, err = capsys.readouterr()
    data = json.loads(out)
    follows_schema("backtest", data)
    assert (data["n"], err) == (2, "")
    assert set(data["by_party"]) == {"us", "russia"}


def test_a_backtest_of_too_short_a_record_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert run([*BACKTEST, "--first", "9"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "too-short-record" in err
