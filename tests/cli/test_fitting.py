"""`learn` and `rivals` as a person types them: exit codes, what is printed where, and what is left in the folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from held import follows_schema

from goodoffices.cli.app import run

TALKS = """\
goodoffices: 1
title: A warning and its answer
time: {round: 1 week, from: 2025-01-06, rounds: 2, discount: 0.9}
parties: {us: United States, russia: Russia}
types:
  russia.aim: {hard: 1 - p, soft: p}
factors:
  engagement: [engaged, warned]
  fighting: [war, truce]
parameters:
  p: {prior: "beta(2, 2)", unit: probability}
  fee: {prior: "uniform(0.1, 1)", unit: utility}
turns:
  - party: us
    moves:
      stay: {then: {engagement: engaged}}
      warn: {then: {engagement: warned}, costs: fee}
  - party: russia
    moves:
      fight: {then: {fighting: war}}
      pause: {then: {fighting: truce}, costs: {hard: 2, soft: 0.5}}
values:
  us: (fighting == truce) * 2 - 0.1 * (engagement == warned)
  russia: (engagement != warned) - 0.5 * (engagement == warned)
record:
  file: events.csv
  moves:
    us.warn: {actor: US, lever: warning}
    us.stay: {actor: US, lever: visit}
    russia.pause: {actor: RUS, lever: truce}
    russia.fight: {actor: RUS, lever: strike}
"""
EVENTS = """\
id,date,actor,target,event_type,lever,description,confidence
a,2025-01-06,US,,,warning,,high
b,2025-01-07,RUS,,,strike,,high
c,2025-01-13,US,,,visit,,high
d,2025-01-19,RUS,,,strike,,high
"""
FAST = ["--effective", "60", "--batch", "32", "--nodes", "2"]


@pytest.fixture
def talks(tmp_path: Path) -> Path:
    (tmp_path / "events.csv").write_text(EVENTS, encoding="utf-8")
    path = tmp_path / "talks.yaml"
    path.write_text(TALKS, encoding="utf-8")
    return path


@pytest.fixture
def dear(talks: Path) -> Path:
    """A rival in which fighting costs Russia a fortune, so that it cannot explain the strikes."""
    path = talks.with_name("dear.yaml")
    changed = TALKS.replace("costs: {hard: 2, soft: 0.5}", "costs: -4")
    assert changed != TALKS
    path.write_text(changed, encoding="utf-8")
    return path


def test_learn_prints_what_was_learned_and_leaves_page_numbers_and_draws(talks, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(["learn", str(talks), "--out", str(out), *FAST]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("The record teaches most about `")
    assert "independent draws" in shown.out
    assert f"Page: {out / 'learned.html'}" in shown.out
    told = shown.err.splitlines()
    assert len(told) > 1
    assert all(line.startswith("repeat ") for line in told)
    assert "games solved, worth" in told[0]
    assert "log evidence" in told[0]
    assert "Traceback" not in shown.err
    data = json.loads((out / "learned.json").read_text("utf-8"))
    assert data["effective"]["together"] >= 60
    assert (out / "learned.html").stat().st_size > 1000
    assert (out / "fit.state").exists()


def test_learn_prints_nothing_but_its_numbers_as_json(talks, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(["learn", str(talks), "--out", str(out), "--json", *FAST]) == 0
    shown = capsys.readouterr()
    data = json.loads(shown.out)
    follows_schema("learn", data)
    assert shown.err == ""
    assert {p["name"] for p in data["parameters"]} == {"p", "fee"}
    assert sum(e["log_predictive"] for e in data["events"]) == pytest.approx(data["log_evidence"], abs=0.05)
    assert 0 < data["log_evidence_error"] < 0.3
    assert len(data["log_evidence_of_repeats"]) == 2
    assert data["games_solved"][0] >= 64
    assert not (out / "learned.html").exists()


def test_learn_ends_alike_when_it_is_taken_up_again(talks, tmp_path, capsys):
    arguments = ["learn", str(talks), "--out", str(tmp_path / "out"), "--json", *FAST]
    numbers = []
    for more in ([], ["--resume"]):
        assert run([*arguments, *more]) == 0
        data = json.loads(capsys.readouterr().out)
        data.pop("seconds")
        numbers.append(data)
    assert numbers[0] == numbers[1]


def test_rivals_says_which_argument_the_record_supports_and_what_decides(talks, dear, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(["rivals", str(talks), str(dear), "--out", str(out), "--quiet", *FAST]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert shown.out.startswith("The record plainly prefers `talks` to `dear`, by ")
    assert "russia.fight in round 1 (b)" in shown.out
    assert f"Numbers: {out / 'rivals.json'}" in shown.out
    data = json.loads((out / "rivals.json").read_text("utf-8"))
    assert [r["name"] for r in data["rivals"]] == ["talks", "dear"]
    assert all(r["effective"] >= 60 for r in data["rivals"])
    # Sixty draws are few, and it is said.
    assert "to believe the error of `" in shown.out
    assert (out / "talks" / "fit.state").exists()


def test_rivals_that_say_the_same_are_not_told_apart(talks, tmp_path, capsys):
    same = talks.with_name("same.yaml")
    same.write_text(TALKS, encoding="utf-8")
    few, enough = ["--effective", "40"], ["--effective", "200"]
    for effective, told in ((few, "Too few draws to tell `"), (enough, "The record does not tell `")):
        arguments = ["rivals", str(talks), str(same), "--out", str(tmp_path / effective[1]), "--quiet"]
        assert run([*arguments, "--batch", "32", "--nodes", "2", *effective]) == 0
        assert capsys.readouterr().out.startswith(told)


def test_rivals_prints_nothing_but_its_numbers_as_json(talks, dear, tmp_path, capsys):
    assert run(["rivals", str(talks), str(dear), "--out", str(tmp_path / "out"), "--json", *FAST]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    data = json.loads(shown.out)
    follows_schema("rivals", data)
    best, second = data["rivals"]
    assert second["log_bayes_factor"] == pytest.approx(best["log_evidence"] - second["log_evidence"])
    assert second["log_bayes_factor_error"] == pytest.approx(both(best["error"], second["error"]))


def both(one: float, other: float) -> float:
    return (one**2 + other**2) ** 0.5


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["learn", "TALKS", "--effective", "1"], 2, "--effective takes a whole number from 2"),
        (["learn", "TALKS", "--batch", "1"], 2, "--batch takes a whole number from 2"),
        (["learn", "TALKS", "--nodes", "5,3"], 2, "--nodes takes ever finer grids"),
        (["learn", "TALKS", "--nodes", "one"], 2, "--nodes takes whole numbers"),
        (["learn", "TALKS", "--as-of", "2025-01-08"], 1, "no round of the record is complete"),
        (["learn", "no-such-scenario"], 1, "no-such-scenario"),
        (["rivals", "TALKS"], 2, "a comparison needs two scenarios at least"),
    ],
)
def test_mistakes_are_told_without_a_traceback(arguments, code, told, talks, tmp_path, capsys):
    named = [str(talks) if a == "TALKS" else a for a in arguments]
    assert run([*named, "--out", str(tmp_path / "out")]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert told in shown.err
    assert "Traceback" not in shown.err
