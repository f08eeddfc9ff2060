"""The real command: what it prints, where, and how it ends when the command line or the input is wrong."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMANDS = ("study", "solve", "check", "format", "show", "schema", "catalog")

SIGNALLING_EFG = """\
EFG 2 R "A game of trust" { "Truster" "Trustee" }
""
p "" 1 1 "" { "keep" "trust" } 0
t "" 1 "kept" { 1, 0 }
p "" 2 1 "" { "return" "betray" } 0
t "" 2 "returned" { 2, 1 }
t "" 3 "betrayed" { 0, 2 }
"""


@pytest.fixture
def efg(tmp_path: Path) -> Path:
    path = tmp_path / "trust.efg"
    path.write_text(SIGNALLING_EFG)
    return path


def no_traceback(done: subprocess.CompletedProcess[str]) -> bool:
    return "Traceback" not in done.stdout + done.stderr


def test_help_names_every_command(goodoffices):
    done = goodoffices("--help")
    assert done.returncode == 0
    assert done.stderr == ""
    for command in COMMANDS:
        assert re.search(rf"│ {command} ", done.stdout)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(goodoffices, command):
    done = goodoffices(command, "--help")
    assert done.returncode == 0
    assert f"goodoffices {command}" in done.stdout
    assert done.stderr == ""


def test_help_is_fast(goodoffices, record_property):
    """Measured, not asserted: a shared machine may be slow for reasons that are not ours."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        goodoffices("--help")
        times.append(time.perf_counter() - start)
    record_property("help_seconds", min(times))
    print(f"goodoffices --help: {min(times):.3f} s (wanted: under 0.3)")


def test_the_version_is_the_package_s(goodoffices):
    import goodoffices as package

    done = goodoffices("--version")
    assert (done.returncode, done.stdout) == (0, package.__version__ + "\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["studdy", "x"], 'Did you mean "study"'),
        (["study"], "SCENARIO"),
        (["solve"], "FILES"),
        (["study", "beer-quiche", "--drawz", "3"], "--draws"),
        (["study", "beer-quiche", "--draws", "many"], "many"),
        (["study", "beer-quiche", "--draws", "1"], "--draws takes a whole number from 2"),
        (["study", "beer-quiche", "--rounds", "0"], "--rounds takes a whole number from 1"),
        (["solve", "x.efg", "--rationality", "high"], "--rationality takes a number, not 'high'"),
        (["solve", "x.efg", "--rationality", "-1"], "-1"),
        (["solve", "x.efg", "--rationality", "nan"], "--rationality takes a number, not 'nan'"),
        (["solve", "x.efg", "--rationality", "1", "--tolerance", "0"], "--tolerance takes a number above 0"),
        (["solve", "x.efg", "--set", "p", "--rationality", "1"], "--set takes name=number"),
        (["solve", "x.efg", "--set", "p=high", "--rationality", "1"], "--set takes a number, not 'high'"),
        (["solve", "x.efg", "--method", "magic"], "magic"),
        (["show", "beer-quiche", "--stage", "leaf"], "leaf"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_why(goodoffices, arguments, says):
    done = goodoffices(*arguments)
    assert done.returncode == 2
    assert says in " ".join(done.stderr.replace("│", " ").split())
    assert done.stdout == ""
    assert no_traceback(done)


@pytest.mark.parametrize("command", ["study", "check", "show", "solve"])
def test_a_missing_file_is_refused_by_name(goodoffices, command):
    done = goodoffices(command, "nowhere.yaml")
    assert done.returncode == 1
    assert "nowhere.yaml" in done.stderr
    assert no_traceback(done)


@pytest.mark.parametrize("command", ["study", "check", "show", "solve"])
def test_a_folder_is_refused_by_name(goodoffices, command, tmp_path):
    (tmp_path / "folder.yaml").mkdir()
    done = goodoffices(command, "folder.yaml")
    assert done.returncode == 1
    assert "folder" in done.stderr
    assert no_traceback(done)


@pytest.mark.parametrize("command", ["study", "check", "show", "solve"])
def test_an_unknown_scenario_is_answered_with_the_nearest_name(goodoffices, command):
    done = goodoffices(command, "budapest-2024")
    assert done.returncode == 1
    assert "did you mean `budapest-2025`?" in done.stderr
    assert no_traceback(done)


def test_the_catalogue_lists_the_first_argument(goodoffices):
    done = goodoffices("catalog")
    assert done.returncode == 0
    assert "budapest-2025" in done.stdout
    assert "beer-quiche" in done.stdout


@pytest.mark.parametrize("of", ["scenario", "study"])
def test_a_schema_is_printed_as_json(goodoffices, of):
    done = goodoffices("schema", "--of", of)
    assert done.returncode == 0
    schema = json.loads(done.stdout)
    assert schema["type"] == "object"
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schema)


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    program = Path(sys.executable).with_name("goodoffices")
    script = f'set -o pipefail; "{program}" schema | head -c 10 >/dev/null'
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("stage", ["scenario", "game", "tree"])
def test_each_form_of_a_scenario_can_be_shown(goodoffices, stage):
    done = goodoffices("show", "beer-quiche", "--stage", stage)
    assert done.returncode == 0, done.stderr
    assert "beer" in done.stdout
    assert done.stderr == ""


def test_colours_stay_off_where_there_is_no_terminal(goodoffices):
    for arguments in (["--help"], ["catalog"], ["show", "beer-quiche"]):
        assert "\x1b[" not in goodoffices(*arguments).stdout


class TestSolve:
    def test_the_answer_names_strategies_values_and_certificate(self, goodoffices, efg):
        done = goodoffices("solve", efg, "--rationality", "1", "--json")
        assert done.returncode == 0, done.stderr
        (line,) = done.stdout.splitlines()
        answer = json.loads(line)
        assert answer["rationality"] == 1
        assert set(answer["certificate"]) >= {"logit_residual", "max_regret", "belief_error"}
        assert answer["certificate"]["logit_residual"] < 1e-8
        first, second = answer["strategies"]
        assert list(first["moves"]) == ["keep", "trust"]
        assert list(second["moves"]) == ["return", "betray"]
        # One move each, so the choice rule can be written down: e/(e + e^2) and then its expectation.
        returns = 1 / (1 + 2.718281828459045)
        assert second["moves"]["return"] == pytest.approx(returns, abs=1e-9)
        trust = 2.718281828459045 ** (2 * returns - 1)
        assert first["moves"]["trust"] == pytest.approx(trust / (1 + trust), abs=1e-9)

    def test_without_json_it_is_a_table(self, goodoffices, efg):
        done = goodoffices("solve", efg, "--rationality", "1")
        assert done.returncode == 0, done.stderr
        for word in ("Truster", "keep", "0.2689", "logit residual"):
            assert word in done.stdout

    def test_a_bad_file_among_good_ones_keeps_its_line_and_ends_with_1(self, goodoffices, efg, tmp_path):
        (tmp_path / "bad.efg").write_text('EFG 2 R "cut short" { "A" }\np "" 1 1')
        done = goodoffices("solve", efg, "bad.efg", "missing.efg", efg, "--rationality", "1", "--json")
        assert done.returncode == 1
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert ["error" in line for line in lines] == [False, True, True, False]
        assert lines[1]["file"] == "bad.efg"
        assert lines[2]["file"] == "missing.efg"
        assert no_traceback(done)

    def test_a_scenario_is_solved_by_its_catalogue_name(self, goodoffices):
        done = goodoffices("solve", "beer-quiche", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["status"] == "converged"

    def test_an_unknown_parameter_is_refused(self, goodoffices):
        done = goodoffices("solve", "beer-quiche", "--set", "nonsense=1")
        assert done.returncode == 1
        assert "nonsense" in done.stderr
        assert no_traceback(done)


class TestCheck:
    def test_a_good_file_ends_with_0(self, goodoffices):
        done = goodoffices("check", "beer-quiche")
        assert done.returncode == 0, done.stderr
        assert "no problems" in done.stdout

    def test_a_good_game_file_ends_with_0(self, goodoffices, efg):
        done = goodoffices("check", efg)
        assert done.returncode == 0, done.stderr
        assert "2 players, 2 information sets" in done.stdout

    def test_every_problem_of_a_file_is_shown_at_once(self, goodoffices, tmp_path):
        text = _beer_quiche()
        bad = text.replace("prior:", "prio:", 1) + "\nextra_key: 1\n"
        (tmp_path / "bad.yaml").write_text(bad)
        done = goodoffices("check", "bad.yaml")
        assert done.returncode == 1
        assert done.stdout == ""
        problems = re.findall(r"^bad\.yaml:\d+:\d+: error\[", done.stderr, flags=re.MULTILINE)
        assert len(problems) >= 2
        assert "^" in done.stderr
        assert "hint:" in done.stderr
        assert no_traceback(done)

    def test_a_good_file_beside_a_bad_one_is_still_checked(self, goodoffices):
        done = goodoffices("check", "missing.yaml", "beer-quiche")
        assert done.returncode == 1
        assert "missing.yaml" in done.stderr
        assert "beer-quiche: no problems" in done.stdout


class TestFormat:
    def test_formatting_keeps_comments_and_settles_after_once(self, goodoffices, tmp_path):
        path = tmp_path / "mine.yaml"
        path.write_text("# a remark of mine\n" + _beer_quiche().replace(": {", ":   {"))
        assert goodoffices("format", path, "--check").returncode in (0, 1)
        assert goodoffices("format", path).returncode == 0
        once = path.read_text()
        assert "# a remark of mine" in once
        assert goodoffices("format", path, "--check").returncode == 0
        assert path.read_text() == once

    def test_a_check_changes_nothing(self, goodoffices, tmp_path):
        path = tmp_path / "mine.yaml"
        text = _beer_quiche().replace("\ntitle: ", "\ntitle:     ")
        path.write_text(text)
        done = goodoffices("format", path, "--check")
        assert done.returncode == 1
        assert path.read_text() == text

    def test_the_file_keeps_its_permissions(self, goodoffices, tmp_path):
        path = tmp_path / "mine.yaml"
        path.write_text(_beer_quiche().replace("\ntitle: ", "\ntitle:     "))
        path.chmod(0o640)
        assert goodoffices("format", path).returncode == 0
        assert path.stat().st_mode & 0o777 == 0o640

    def test_a_file_that_is_not_yaml_is_left_alone(self, goodoffices, tmp_path):
        path = tmp_path / "mine.yaml"
        path.write_text("a: [1, 2\n")
        done = goodoffices("format", path)
        assert done.returncode == 1
        assert path.read_text() == "a: [1, 2\n"
        assert no_traceback(done)


class TestStudy:
    def test_it_prints_verdicts_and_writes_the_report(self, goodoffices, tmp_path):
        done = goodoffices("study", "beer-quiche", "--draws", "16", "--out", "found")
        assert done.returncode == 0, done.stderr
        numbers = json.loads((tmp_path / "found" / "study.json").read_text())
        assert (tmp_path / "found" / "report.html").exists()
        assert numbers["settings"]["draws"] == 16
        for claim in numbers["claims"]:
            assert claim["text"] in " ".join(done.stdout.split())
        assert str(Path("found") / "report.html") in done.stdout

    def test_the_same_seed_gives_the_same_numbers(self, goodoffices, tmp_path):
        for out in ("one", "two"):
            assert (
                goodoffices("study", "beer-quiche", "--draws", "16", "--out", out, "--quiet").returncode == 0
            )
        one, two = (json.loads((tmp_path / out / "study.json").read_text()) for out in ("one", "two"))
        assert one["claims"] == two["claims"]
        assert one["draws"] == two["draws"]

    def test_quiet_prints_nothing(self, goodoffices):
        done = goodoffices("study", "beer-quiche", "--draws", "8", "--quiet")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def test_a_file_in_the_folder_s_place_is_named(self, goodoffices, tmp_path):
        (tmp_path / "taken").write_text("mine")
        done = goodoffices("study", "beer-quiche", "--out", "taken")
        assert done.returncode == 2
        assert "taken" in done.stderr
        assert (tmp_path / "taken").read_text() == "mine"

    @pytest.mark.skipif(os.name == "nt", reason="no interrupt signal of this kind")
    def test_an_interruption_ends_with_130_and_says_what_was_kept(self, tmp_path):
        program = Path(sys.executable).with_name("goodoffices")
        arguments = [program, "study", "budapest-2025", "--draws", "200000", "--out", "cut"]
        with subprocess.Popen(arguments, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as running:
            deadline = time.monotonic() + 60
            while not (tmp_path / "cut").exists() and time.monotonic() < deadline:
                time.sleep(0.05)
            time.sleep(1)
            running.send_signal(signal.SIGINT)
            try:
                _, said = running.communicate(timeout=120)
            finally:
                running.kill()
        assert running.returncode == 130
        assert "Interrupted." in said
        assert "Traceback" not in said


def _beer_quiche() -> str:
    from goodoffices import workflow

    return workflow.find("beer-quiche").read_text(encoding="utf-8")
