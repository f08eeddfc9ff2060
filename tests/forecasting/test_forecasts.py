"""Forecasts are sealed, resolve as they say, and know nothing of what came after their day."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from forecast_records import WORDS, history, write_csv

from goodoffices.core.diagnostics import Refusal
from goodoffices.forecasting.rolling import roll
from goodoffices.forecasting.scoring import MODEL, Score
from goodoffices.inference.posterior_fitting import FitSettings
from goodoffices.inference.tempering import Tempering
from goodoffices.language.scenario import Scenario
from goodoffices.workflow.forecasting import forecast, open_forecast, score

Make = Callable[..., Scenario]
DAY = datetime.date(2025, 1, 19)
SMALL = FitSettings(effective=30, batch=32, repeats=1)


def made(scenario: Scenario, folder: Path, **arguments: object) -> Path:
    found = forecast(
        scenario, as_of=DAY, days=14, settings=SMALL, nodes=2, draws=16, paths=4,
        **{"questions": ["fighting == truce within 2 rounds", "us.warn within 1 rounds"]} | arguments,
    )  # fmt: skip
    path = folder / "f.json"
    path.write_text(json.dumps(found), encoding="utf-8")
    return path


def test_a_forecast_resolves_to_what_the_record_says(make: Make, tmp_path: Path):
    path = made(make(), tmp_path)
    data = open_forecast(path)
    assert [(m["round"], m["party"]) for m in data["moves"]] == [
        (3, "us"),
        (3, "russia"),
        (4, "us"),
        (4, "russia"),
    ]
    for m in data["moves"]:
        for row in (m["probability"], *m["baselines"].values()):
            assert sum(row) == pytest.approx(1.0)
    found, remarks = score(path)
    assert remarks == ()
    happened = {r.what: r.happened for r in found.resolved}
    assert happened == {
        "us in round 3 (from 2025-01-20)": "warn",
        "russia in round 3 (from 2025-01-20)": "pause",
        "us in round 4 (from 2025-01-27)": "stay",
        "russia in round 4 (from 2025-01-27)": "pause",
        "fighting == truce within 2 rounds": "yes",
        "us.warn within 1 rounds": "yes",
    }
    surprise = [r.score(MODEL, "log") for r in found.resolved]
    assert surprise == sorted(surprise, reverse=True)
    assert set(found.data()["skill"]) == {"base rates", "Markov chain", "persistence"}
    assert sum(b["n"] for b in found.data()["calibration"]) == 4 * 2 + 2 * 2


def test_only_talks_that_can_stop_may_be_over(make: Make, tmp_path: Path):
    going = open_forecast(made(make(), tmp_path, questions=[]))
    assert {tuple(m["names"]) for m in going["moves"]} == {("stay", "warn"), ("fight", "pause")}
    stopping = make(("discount: 0.9}", "discount: 0.9, stops: fighting == truce}"))
    moves = open_forecast(made(stopping, tmp_path, questions=[]))["moves"]
    assert {m["names"][-1] for m in moves} == {"(the talks are over)"}
    assert all(m["probability"][-1] < 0.05 for m in moves if m["round"] == 3)
    assert all(m["probability"][-1] > 0.05 for m in moves if m["round"] == 4)


def test_what_the_record_does_not_cover_yet_is_pending(make: Make, tmp_path: Path):
    path = made(make(), tmp_path)
    newer = write_csv(history(*WORDS[:3]), tmp_path / "newer.csv")
    # The third round has not ended on the last day of this record.
    found, _ = score(path, record=[newer])
    assert found.resolved == ()
    assert len(found.pending) == 6
    assert np.isnan(found.mean(MODEL, "log"))


def test_what_happened_later_changes_no_forecast(make: Make, tmp_path: Path):
    scenario = make()
    one = made(scenario, tmp_path)
    before = open_forecast(one)
    other = write_csv(history(*WORDS[:2], "stay fight", "warn fight"), tmp_path / "other.csv")
    after = open_forecast(made(scenario, tmp_path, record=[other]))
    assert after == before  # the seal too


def test_an_earlier_event_changes_it(make: Make, tmp_path: Path):
    scenario = make()
    before = open_forecast(made(scenario, tmp_path))
    other = write_csv(history("warn pause", *WORDS[1:]), tmp_path / "other.csv")
    after = open_forecast(made(scenario, tmp_path, record=[other]))
    assert after["made_from"]["record_sha256"] != before["made_from"]["record_sha256"]
    assert after["moves"] != before["moves"]
    _, remarks = score(tmp_path / "f.json")
    assert "otherwise" in remarks[0]


def test_a_changed_forecast_and_a_changed_scenario_are_refused(make: Make, tmp_path: Path):
    path = made(make(), tmp_path)
    data = json.loads(path.read_text())
    data["moves"][0]["probability"][0] += 0.01
    (tmp_path / "better.json").write_text(json.dumps(data))
    with pytest.raises(Refusal, match="not what was sealed"):
        score(tmp_path / "better.json")
    make(("fighting == truce) * 2", "fighting == truce) * 3"))
    with pytest.raises(Refusal, match="its text was changed"):
        score(path)


def test_before_the_record_begins_nothing_can_be_forecast(make: Make):
    with pytest.raises(Refusal, match="round 1 begins on 2025-01-06"):
        forecast(make(), as_of=datetime.date(2025, 1, 1), days=7)


def test_before_a_round_is_complete_the_priors_speak(make: Make):
    found = forecast(make(), as_of=datetime.date(2025, 1, 7), days=7, nodes=2, draws=16, paths=2)
    assert found["learned"] is None
    assert found["moves"]


# ---------------------------------------------------------------- backtest
def rolled(scenario: Scenario, *words: str) -> Score:
    ends = history(*words, "stay fight", "stay")
    return roll(scenario, ends, Tempering(8, 4), ahead=2, first=2, nodes=2, paths=2)


def test_another_future_leaves_every_earlier_forecast_as_it_is(make: Make):
    scenario = make(("rounds: 6", "rounds: 12"))
    one = rolled(scenario, *WORDS[:4])
    other = rolled(scenario, *WORDS[:3], "warn fight")

    def given(found: Score, origin: str) -> dict[str, object]:
        return {r.what: dict(r.probability) for r in found.resolved if r.origin == origin}

    for origin in ("2025-01-19", "2025-01-26"):  # the fourth round begins on the 27th
        assert given(one, origin)
        assert given(one, origin) == given(other, origin)
    assert given(one, "2025-02-02") != given(other, "2025-02-02")


def test_a_backtest_forecasts_every_round_from_every_earlier_one(make: Make):
    found = rolled(make(("rounds: 6", "rounds: 12")), *WORDS[:4])
    ahead = sorted({(r.origin, r.ahead) for r in found.resolved})
    assert ahead == [
        ("2025-01-19", 0), ("2025-01-19", 1), ("2025-01-26", 0), ("2025-01-26", 1), ("2025-02-02", 0),
    ]  # fmt: skip
    assert len(found.resolved) == 2 * len(ahead)


def test_a_record_that_is_too_short_is_refused(make: Make):
    with pytest.raises(Refusal, match="needs more than 5"):
        roll(make(), history(*WORDS[:2]), Tempering(4, 4), first=5)
