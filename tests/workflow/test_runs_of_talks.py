"""Runs of talks: answers are kept, by world and points; the numbers do not depend on what was kept, or on who solved."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import goodoffices
from goodoffices.reports.data import study_data
from goodoffices.workflow import engines_local, runs, shards

DRAWS = 10


def numbers(study) -> str:
    data = study_data(study)
    del data["statistics"]
    return json.dumps(data)


def quiet(sentence: str) -> None:
    raise AssertionError(f"an unexpected remark: {sentence}")


def study(scenario, store, *, notice=quiet, **settings):
    settings = {"draws": DRAWS, "seed": 3, "workers": 1, "method": "belief", "rounds": 3} | settings
    return goodoffices.study(scenario, store=store, notice=notice, **settings)


@pytest.fixture(scope="module")
def scenario():
    return goodoffices.load("beer-quiche")


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(shards, "SHARD_OF_TALKS", 4)


@pytest.fixture(scope="module")
def plain(scenario):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "SHARD_OF_TALKS", 4)
        return numbers(study(scenario, None))


@pytest.fixture
def solves(monkeypatch):
    """[] of how many draws each call of the solver had."""
    from goodoffices.solvers.belief import solving

    calls = []
    own = solving.solve_recursive

    def counted(game, data, **settings):
        calls.append(np.shape(data.discount)[-1])
        return own(game, data, **settings)

    monkeypatch.setattr(solving, "solve_recursive", counted)
    return calls


def test_a_study_again_solves_the_medians_alone_and_finds_the_same(scenario, plain, tmp_path, solves):
    assert numbers(study(scenario, tmp_path)) == plain
    assert len(solves) > 3
    solves.clear()
    assert numbers(study(scenario, tmp_path, resume=True)) == plain
    assert solves == [1]


def test_shards_do_not_change_what_a_study_in_one_piece_finds(scenario, plain):
    from goodoffices.workflow.forms import choose_form, solver_for

    form = choose_form(scenario, method="belief", rounds=3).form
    whole = goodoffices.study(
        scenario, draws=DRAWS, seed=3, method="belief", rounds=3, solve=solver_for(form, tolerance=1e-9)
    )
    shares = {verdict.claim.name: verdict.share for verdict in whole.verdicts}
    assert {claim["id"]: claim["share"] for claim in json.loads(plain)["claims"]} == shares


def test_worker_processes_find_the_same_bits(scenario, plain, monkeypatch, tmp_path):
    monkeypatch.setattr(engines_local, "WORTH", 0.0)
    assert numbers(study(scenario, tmp_path, workers=2)) == plain


def test_a_new_question_solves_its_world_anew_and_keeps_the_old_answers(scenario, tmp_path, solves):
    one = dataclasses.replace(scenario, claims=scenario.claims[:1])
    study(one, tmp_path)
    study(scenario, tmp_path)
    solves.clear()
    study(one, tmp_path)
    study(scenario, tmp_path)
    assert solves == [1, 1]


def test_a_damaged_shard_is_noticed_and_solved_again(scenario, plain, tmp_path, solves):
    study(scenario, tmp_path)
    solves.clear()
    shard = sorted(tmp_path.rglob("*.nc"))[0]
    shard.write_bytes(shard.read_bytes()[:-9] + b"123456789")
    said = []
    assert numbers(study(scenario, tmp_path, notice=said.append)) == plain
    assert len(said) == 1
    assert "damaged" in said[0]
    assert len(solves) == 3  # the medians twice, by the study and where it is drawn


def test_a_study_that_is_stopped_goes_on_with_what_was_kept(scenario, plain, tmp_path, monkeypatch, solves):
    own, written = runs.Run.write, []

    def write(run, key, shard):
        if len(written) == 2:
            raise RuntimeError("the machine went down")
        written.append(key)
        return own(run, key, shard)

    monkeypatch.setattr(runs.Run, "write", write)
    with pytest.raises(RuntimeError):
        study(scenario, tmp_path)
    stopped = len(solves)
    monkeypatch.setattr(runs.Run, "write", own)
    assert numbers(study(scenario, tmp_path, resume=True)) == plain
    whole = len(solves) - stopped
    solves.clear()
    study(scenario, None)
    # The medians are solved by the study and where play is drawn; two shards were there, and the third was lost.
    assert whole == len(solves) - 2


PROGRAM = """
import sys
from goodoffices.cli import main
from goodoffices.workflow import shards
shards.SHARD_OF_TALKS = 2
sys.exit(main())
"""


def long_study(folder, *more, out="out"):
    options = ["--method", "belief", "--rounds", "3", "--draws", "24", "--workers", "1", "--quiet"]
    places = ["--store", str(folder / "store"), "--out", str(folder / out)]
    return [sys.executable, "-c", PROGRAM, "study", "beer-quiche", *options, *places, *more]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_study_that_is_killed_loses_what_it_was_solving_and_goes_on_with_the_same_numbers(tmp_path):
    def kept():
        return {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("store/*/*.nc")}

    process = subprocess.Popen(long_study(tmp_path))
    deadline = time.monotonic() + 120
    while len(kept()) < 4:
        assert process.poll() is None, "the study was over before it could be stopped"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    before = kept()
    both = [subprocess.Popen(long_study(tmp_path, "--resume", out=o)) for o in "ab"]
    assert [process.wait(timeout=300) for process in both] == [0, 0]
    assert before.items() <= kept().items()
    assert subprocess.run(long_study(tmp_path / "fresh"), check=False).returncode == 0
    found = [json.loads((tmp_path / o / "study.json").read_text()) for o in ("a", "b", "fresh/out")]
    for data in found:
        del data["statistics"]
    assert found[0] == found[1] == found[2]


def test_rounds_and_record_are_part_of_the_address(scenario):
    from goodoffices.workflow.addresses import card_of
    from goodoffices.workflow.forms import OPEN_ENDED, choose_form

    cards = {
        card_of(choose_form(scenario, method=method, rounds=rounds).form, seed=1, draws=8, tolerance=1e-9).id
        for method, rounds in (("belief", 2), ("belief", 3), ("belief", OPEN_ENDED), ("tree", 2))
    }
    assert len(cards) == 4
