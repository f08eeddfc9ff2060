"""Runs of talks: answers are kept, by world and points; the numbers do not depend on what was kept, or on who solved."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

import goodoffices
from goodoffices.reports.data import study_data
from goodoffices.workflow import engines_local, shards

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


def test_rounds_and_record_are_part_of_the_address(scenario):
    from goodoffices.workflow.addresses import card_of
    from goodoffices.workflow.forms import OPEN_ENDED, choose_form

    cards = {
        card_of(choose_form(scenario, method=method, rounds=rounds).form, seed=1, draws=8, tolerance=1e-9).id
        for method, rounds in (("belief", 2), ("belief", 3), ("belief", OPEN_ENDED), ("tree", 2))
    }
    assert len(cards) == 4
