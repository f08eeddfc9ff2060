"""The real command given what it should not be given: every problem has a place, none is a bug of ours, nothing runs away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCENARIO = """\
goodoffices: 1
title: A test
time: {round: 1 week, from: 2025-01-20, rounds: 2}
documents:
  brief: {file: brief.md}
parties: {us: United States, russia: Russia}
types:
  russia.aim: {hard: 1 - p, soft: p}
factors:
  engagement: [engaged, withdrawn]
  fighting: [war, truce]
parameters:
  p: {prior: "beta(2, 6)", unit: probability, source: brief#s1}
  gain: {prior: "lognormal(0, 0.5)", unit: utility/round}
let:
  here: engagement != withdrawn
turns:
  - party: us
    moves:
      stay: {}
      leave: {when: here, then: {engagement: withdrawn}}
  - party: russia
    moves:
      fight: {then: {fighting: war}}
      pause: {then: {fighting: {truce: p, war: 1 - p}}, costs: {hard: 2, soft: 1}}
values:
  us: gain * (fighting == truce)
  russia: gain * here
claims:
  first: {says: P(us.leave within 2 rounds) < 0.5}
"""
BRIEF = "They may settle. They may settle. Nobody knows what the other side wants.\n"
LINUX = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    (tmp_path / "brief.md").write_text(BRIEF)
    return tmp_path


def changed(folder: Path, *changes: tuple[str, str]) -> Path:
    text = SCENARIO
    for old, new in changes:
        assert text.count(old) >= 1
        text = text.replace(old, new, 1)
    path = folder / "changed.yaml"
    path.write_text(text)
    return path


def test_the_scenario_itself_has_no_problem(goodoffices, folder):
    done = goodoffices("check", "scenario.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    assert "no problems" in done.stdout


@pytest.mark.parametrize("command", [["check"], ["show"], ["study", "--draws", "8"], ["solve"]])
def test_every_command_shows_every_problem_with_its_line_caret_and_hint(goodoffices, folder, command):
    changed(
        folder,
        ("us: gain *", "us: gian *"),
        ("[war, truce]", "[war, truce, peace]"),
        ("beta(2, 6)", "beta(2, -6)"),
    )
    done = goodoffices(command[0], "changed.yaml", *command[1:])
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert (
        "changed.yaml:27:7: error[unknown-name]: nothing is called `gian`\n"
        "      us: gian * (fighting == truce)\n"
        "          ^^^^\n"
        "    hint: did you mean `gain`?"
    ) in done.stderr
    for place in ("11:3: error[level-never-reached]", "13:15: error[prior-outside-domain]"):
        assert f"changed.yaml:{place}" in done.stderr


SOURCES = {
    "a sentence that is not there": ("brief#s9", "sentence-missing", "no sentence 9"),
    "an ambiguous quote": ("{document: brief, quote: They may settle.}", "quote-ambiguous", "sentence 1 and sentence 2"),
    "a changed quote": ("{document: brief, quote: Nobody knows what the other side needs.}", "quote-changed", "Nobody knows what the other side wants."),
    "a quote that is missing": ("{document: brief, quote: The moon is made of cheese and honey.}", "quote-missing", "does not occur"),
    "a document that is not declared": ("brif#s1", "unknown-document", "did you mean `brief`"),
}  # fmt: skip


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_must_be_in_its_document(goodoffices, folder, name):
    source, code, words = SOURCES[name]
    changed(folder, ("source: brief#s1", f"source: {source}"))
    done = goodoffices("check", "changed.yaml")
    assert done.returncode == 1
    assert "changed.yaml:13:" in done.stderr
    assert f"error[{code}]" in done.stderr
    assert words in done.stderr


@pytest.mark.parametrize("gone", ["missing", "folder", "latin", "large"])
def test_a_document_that_cannot_be_read_is_named(goodoffices, folder, gone):
    brief = folder / "brief.md"
    brief.unlink()
    if gone == "folder":
        brief.mkdir()
    elif gone == "latin":
        brief.write_bytes("Größe.".encode("latin-1"))
    elif gone == "large":
        brief.write_bytes(b"Settle. " * 700_000)
    done = goodoffices("check", "scenario.yaml")
    assert done.returncode == 1
    assert "scenario.yaml:5:" in done.stderr
    assert "brief.md" in done.stderr
    assert done.stderr.count("error[") == 1


BAD_FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty-file"),
    "only a comment": (b"# nothing\n", "empty-file"),
    "five megabytes": (b"# " + b"x" * 5_000_000, "too-large"),
    "latin-1": ("title: Größe\n".encode("latin-1"), "not-utf8"),
    "utf-16": ("title: x\n".encode("utf-16"), "not-utf8"),
    "binary": (bytes(range(256)) * 20, "not-utf8"),
    "a zero byte": (b"title: a\0b\n", "forbidden-character"),
    "deep": (b"[" * 5000, "too-deep"),
    "a list": (b"- a\n", "not-a-scenario"),
    "two documents": (b"a: 1\n---\nb: 2\n", "several-documents"),
    "an alias bomb": (
        b"a0: &a0 [x, x]\n"
        + b"".join(b"a%d: &a%d [%s]\n" % (i, i, b", ".join([b"*a%d" % (i - 1)] * 9)) for i in range(1, 30)),
        "alias-expansion",
    ),
    "a game of another kind": (b"EFG 2 R\n", "not-a-scenario"),
}


@pytest.mark.parametrize("command", ["check", "format"])
@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_is_no_scenario_is_refused_quickly(goodoffices, tmp_path, name, command):
    content, code = BAD_FILES[name]
    (tmp_path / "bad.yaml").write_bytes(content)
    began = time.perf_counter()
    done = goodoffices(command, "bad.yaml")
    assert time.perf_counter() - began < 10
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"error[{code}]" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr) < 2000
    assert (tmp_path / "bad.yaml").read_bytes() == content


def test_one_bad_file_among_several_leaves_the_others_answered(goodoffices, folder):
    (folder / "bad.yaml").write_text("title: x\n")
    done = goodoffices("check", "scenario.yaml", "bad.yaml", "nowhere.yaml", "scenario.yaml")
    assert done.returncode == 1
    assert done.stdout.count("no problems") == 2
    assert "bad.yaml:1:1: error[missing-key]" in done.stderr
    assert "nowhere.yaml" in done.stderr


def test_open_ended_talks_have_no_tree(goodoffices, folder):
    changed(folder, ("rounds: 2", "rounds: open-ended, discount: 0.9"))
    assert goodoffices("check", "changed.yaml").returncode == 0
    done = goodoffices("solve", "changed.yaml", "--method", "tree")
    assert done.returncode == 1
    assert "error[open-ended]" in done.stderr
    assert "--rounds" in done.stderr
    assert goodoffices("solve", "changed.yaml", "--rounds", "1", "--method", "tree").returncode == 0


def test_open_ended_talks_without_discount_are_refused_with_what_to_do(goodoffices, folder):
    for options in (("--rounds", "open-ended"), ("--rounds", "open-ended", "--method", "belief")):
        done = goodoffices("solve", "scenario.yaml", *options)
        assert done.returncode == 1
        assert "error[no-discount]" in done.stderr
        assert "0.97 per week" in done.stderr


@pytest.mark.parametrize("rounds", ["60", "999999"])
def test_too_many_rounds_for_a_tree_are_refused_with_how_many_fit(goodoffices, folder, rounds):
    done = goodoffices("solve", "scenario.yaml", "--method", "tree", "--rounds", rounds)
    assert done.returncode == 1
    assert "error[tree-too-large]" in done.stderr
    assert "fewer rounds: `--rounds " in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--set", "p=2"], 1, "error[odds-negative]"),
        (["--set", "q=0.2"], 1, "no parameter `q`"),
        (["--set", "scenario=0.2"], 1, "no parameter `scenario`"),
        (["--set", "p=1/3"], 2, "--set takes a number"),
        (["--set", "p=1e400"], 2, "--set takes a number"),
        (["--set", "=0.3"], 2, "--set takes name=number"),
        (["--rounds", "2.5"], 2, "or open-ended, not '2.5'"),
        (["--rounds", "-1"], 2, "from 1"),
        (["--tolerance", "inf"], 2, "--tolerance takes a number above 0"),
        (["--rationality", "1e300"], 2, "or inf"),
        (["--method", "belief-free"], 2, "belief-free"),
    ],
)
def test_a_bad_option_of_solve_is_refused(goodoffices, folder, arguments, code, says):
    done = goodoffices("solve", "scenario.yaml", "--json", *arguments)
    assert done.returncode == code
    assert says in done.stdout + " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


def test_a_problem_found_after_reading_is_shown_with_its_line(goodoffices, folder):
    done = goodoffices("solve", "scenario.yaml", "--set", "p=2")
    assert "russia.aim: {hard: 1 - p, soft: p}\n" in done.stderr
    assert "^^^^^" in done.stderr


@pytest.mark.parametrize("option", ["--draws", "--seed", "--rounds"])
def test_a_fraction_is_not_cut_to_a_whole_number(goodoffices, folder, option):
    done = goodoffices("study", "scenario.yaml", option, "8.7")
    assert done.returncode == 2
    assert "whole number" in done.stderr


def test_json_is_all_that_stands_on_standard_output(goodoffices, folder):
    done = goodoffices("solve", "scenario.yaml", "nowhere.yaml", "scenario.yaml", "--json")
    assert done.returncode == 1
    one, two, three = map(json.loads, done.stdout.splitlines())
    assert one == three | {"statistics": one["statistics"]}
    assert set(two) == {"file", "error"}
    assert one["method"] == "tree"
    assert done.stderr == ""


def test_the_limit_of_the_branch_is_described(goodoffices):
    done = goodoffices("solve", "beer-quiche", "--rationality", "inf", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["certificate"]["max_response_regret"] < 1e-6
    limit = answer["limit"]
    assert limit["pure"] is True
    assert limit["distance"] < 1e-3
    # The guests of both types have beer; the bully leaves a beer drinker alone and fights whoever eats quiche.
    assert [s["moves"] for s in limit["strategies"]] == [
        {"beer": 1.0, "quiche": 0.0}, {"beer": 1.0, "quiche": 0.0},
        {"walk_away": 1.0, "fight": 0.0}, {"walk_away": 0.0, "fight": 1.0},
    ]  # fmt: skip
    assert len(limit["sentences"]) == 4
    table = goodoffices("solve", "beer-quiche", "--rationality", "inf")
    assert "approaches the sequential equilibrium in pure strategies" in table.stdout
    assert "limit" not in json.loads(goodoffices("solve", "beer-quiche", "--json").stdout)


def test_a_game_where_a_scenario_is_needed_is_said_to_be_one(goodoffices, tmp_path):
    (tmp_path / "game.efg").write_text('EFG 2 R "x" { "a" }\n""\nt "" 1 "" { 0 }\n')
    for command in ("study", "show"):
        done = goodoffices(command, "game.efg")
        assert done.returncode == 1
        assert "`goodoffices solve` reads games" in done.stderr


def test_a_study_that_cannot_be_written_says_so(goodoffices, folder):
    (folder / "study" / "report.html").mkdir(parents=True)
    done = goodoffices("study", "scenario.yaml", "--draws", "8")
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_study_runs_from_any_folder_by_its_name(goodoffices, tmp_path):
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    done = goodoffices("study", "beer-quiche", "--draws", "8", "--quiet", cwd=elsewhere)
    assert done.returncode == 0
    assert sorted(p.name for p in (elsewhere / "study").iterdir()) == ["report.html", "study.json"]


def _shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True
    )


@LINUX
@pytest.mark.parametrize(
    "command", ["check scenario.yaml", "show scenario.yaml", "solve scenario.yaml --json"]
)
def test_output_that_cannot_be_written_ends_with_1_and_without_a_traceback(folder, command):
    done = _shell(f"goodoffices {command} > /dev/full", folder)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "No space left" in done.stderr


@LINUX
@pytest.mark.parametrize("command", ["check scenario.yaml", "solve scenario.yaml --json"])
def test_closed_output_is_no_bug_of_ours(folder, command):
    done = _shell(f"goodoffices {command} >&-", folder)
    assert "Traceback" not in done.stderr


@LINUX
def test_a_scenario_may_come_through_a_pipe_and_never_without_end(folder):
    (folder / "brief.md").unlink()
    plain = SCENARIO.replace("documents:\n  brief: {file: brief.md}\n", "").replace(", source: brief#s1", "")
    (folder / "plain.yaml").write_text(plain)
    assert _shell("goodoffices check <(cat plain.yaml)", folder).returncode == 0
    endless = _shell("ulimit -v 4000000; goodoffices check /dev/zero", folder)
    assert endless.returncode == 1
    assert "error[too-large]" in endless.stderr
