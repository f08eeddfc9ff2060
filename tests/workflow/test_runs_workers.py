"""Worker processes: the same bits as here with any number of them, whichever of them is killed, and none left behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import goodoffices
from goodoffices.core.diagnostics import Refusal
from goodoffices.reports.data import study_data
from goodoffices.workflow import engines_local, shards

PROC = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")


def numbers(study) -> str:
    data = study_data(study)
    del data["statistics"]
    return json.dumps(data)


def study(scenario, **settings):
    return goodoffices.study(scenario, **({"draws": 70, "seed": 3} | settings))


@pytest.fixture(scope="module")
def scenario():
    return goodoffices.load("crisis-signalling")


@pytest.fixture(autouse=True)
def many_small_shards(monkeypatch):
    monkeypatch.setattr(shards, "SHARD", 16)
    monkeypatch.setattr(engines_local, "WORTH", 0.0)


@pytest.fixture
def plain(scenario):
    return numbers(study(scenario, workers=1))


@pytest.fixture
def started(monkeypatch):
    """[] of the process numbers of workers."""
    found = []
    own = subprocess.Popen

    def popen(command, **settings):
        process = own(command, **settings)
        found.append(process.pid)
        return process

    monkeypatch.setattr(engines_local.subprocess, "Popen", popen)
    return found


def children(pid: int) -> list[int]:
    """Processes that this one has started."""
    out = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            out.append(int(stat.parent.name))
    return out


def runs_still(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(true, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("workers", [2, 3])
def test_the_number_of_workers_does_not_change_a_bit(scenario, plain, started, workers):
    assert numbers(study(scenario, workers=workers)) == plain
    assert len(started) == workers


def test_small_work_starts_no_worker(scenario, plain, started, monkeypatch):
    monkeypatch.setattr(engines_local, "WORTH", 1e9)
    assert numbers(study(scenario, workers=2)) == plain
    assert not started


def test_what_workers_solve_is_kept(scenario, plain, started, tmp_path):
    assert numbers(study(scenario, workers=2, store=tmp_path)) == plain
    begun = len(started)
    assert numbers(study(scenario, workers=2, store=tmp_path, resume=True)) == plain
    assert len(started) == begun


@PROC
def test_no_worker_is_left_after_a_study(scenario, started):
    study(scenario, workers=2)
    assert started
    assert not any(map(runs_still, started))


def test_a_shard_whose_worker_is_killed_is_solved_by_another(scenario, plain, started, monkeypatch, tmp_path):
    program = (
        "import os, signal\nfrom pathlib import Path\nfrom goodoffices.workflow import engines\n"
        "own = engines.TreeWork.solve\n"
        "def solve(self, task):\n"
        f"    mark = Path({str(tmp_path)!r}) / str(task.number)\n"
        "    if task.number in (2, 5) and not mark.exists():\n"
        "        mark.touch()\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "    return own(self, task)\n"
        "engines.TreeWork.solve = solve\n"
    )
    monkeypatch.setattr(engines_local, "PROGRAM", program + engines_local.PROGRAM)
    assert numbers(study(scenario, workers=2)) == plain
    assert sorted(p.name for p in tmp_path.iterdir()) == ["2", "5"]
    assert len(started) == 4


def test_workers_that_end_again_and_again_are_refused_with_what_to_do(scenario, monkeypatch):
    monkeypatch.setattr(engines_local, "PROGRAM", "import os; os._exit(3)")
    with pytest.raises(Refusal) as raised:
        study(scenario, workers=2)
    assert raised.value.diagnostics[0].code == "worker-lost"
    assert "--workers" in raised.value.diagnostics[0].hint


def test_a_bug_in_a_worker_is_shown_with_its_own_traceback(scenario, monkeypatch):
    program = (
        "from goodoffices.workflow import engines\n"
        "def bug(self, task): raise ZeroDivisionError('ours')\n"
        "engines.TreeWork.solve = bug\n" + engines_local.PROGRAM
    )
    monkeypatch.setattr(engines_local, "PROGRAM", program)
    with pytest.raises(RuntimeError, match="ZeroDivisionError: ours"):
        study(scenario, workers=2)


BUDAPEST = """
import goodoffices
from goodoffices.workflow import engines_local
engines_local.WORTH = 0.0
goodoffices.study(goodoffices.load("budapest-2025"), rounds=2, draws=2000, workers=2, store={store!r})
"""


@PROC
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_the_process_that_started_them(tmp_path, how):
    program = BUDAPEST.format(store=str(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
    wait_until(lambda: len(children(process.pid)) == 2)
    workers = children(process.pid)
    wait_until(lambda: len(list(tmp_path.glob("*/*.nc"))) > 1)
    process.send_signal(how)
    process.wait(timeout=60)
    wait_until(lambda: not any(map(runs_still, workers)))
    assert len(list(tmp_path.glob("*/*.nc"))) > 1


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"engine": "fog"}, "unknown-engine"),
        ({"workers": 0}, "bad-workers"),
        ({"address": "auto"}, "unknown-engine"),
    ],
)
def test_settings_that_make_no_sense_are_refused(scenario, settings, code):
    with pytest.raises(Refusal) as raised:
        study(scenario, **settings)
    assert raised.value.diagnostics[0].code == code


def test_without_ray_the_extra_is_named(scenario, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(Refusal) as raised:
        study(scenario, engine="ray")
    assert raised.value.diagnostics[0].code == "missing-package"
    assert "goodoffices[cluster]" in raised.value.diagnostics[0].hint
