"""Effects of levers in talks on a grid of beliefs: those of the same talks as a tree, and branches thinned without bias."""

from __future__ import annotations

import numpy as np
import pytest

from goodoffices import load
from goodoffices.analyses import levers_front
from goodoffices.analyses.levers import KINDS, find_levers
from goodoffices.analyses.levers_front import thin
from goodoffices.claims.talks.form import Talks
from goodoffices.compiler import compile_scenario
from goodoffices.language.sampling import sample
from goodoffices.workflow.explaining import levers
from goodoffices.workflow.forms import solver_for

MOVES = ["us.supply_long_range", "russia.call"]
OUTCOMES = ["fighting == settled at end", "ever engagement == withdrawn within 1 rounds"]


def found_by(form, draws, moves=MOVES):
    solve = solver_for(form, tolerance=1e-9)
    return find_levers(form, draws, solve=solve, moves=moves, outcomes=OUTCOMES)


@pytest.mark.parametrize(
    ("rounds", "moves"), [(1, MOVES[:1]), pytest.param(2, MOVES, marks=pytest.mark.slow)]
)
def test_every_effect_approaches_that_of_the_tree_as_the_grid_refines(rounds, moves):
    scenario = load("budapest-2025")
    draws = sample(scenario, 2, seed=1)
    tree = found_by(compile_scenario(scenario, rounds=rounds), draws, moves)
    worst = {}
    for nodes in (5, 13):
        talks = found_by(Talks(scenario, rounds, nodes), draws, moves)
        # Only what a value would be on the paths without the move is not told.
        assert {key for key in tree.effects if key not in talks.effects} == {
            key for key in tree.effects if key[2] == "unused" and key[1].startswith("value")
        }
        for kind in KINDS:
            gaps = [
                np.abs(effect.values - tree.effects[key].values).max()
                for key, effect in talks.effects.items()
                if key[2] == kind
            ]
            worst[kind, nodes] = max(gaps)
    for kind in KINDS:
        assert worst[kind, 13] < max(0.5 * worst[kind, 5], 1e-6), kind
        assert worst[kind, 13] < 0.002, kind


def test_thinning_changes_no_expected_weight_and_keeps_what_is_likely():
    weight = np.random.default_rng(2).dirichlet(np.full(60, 0.3))
    total = np.zeros(60)
    lucks = (np.arange(400) + 0.5) / 400
    for luck in lucks:
        after, kept = thin(weight, 20, luck)
        assert kept[weight > 0.05].all()
        np.testing.assert_array_equal(after[weight > 0.05], weight[weight > 0.05])
        assert 19 <= kept.sum() <= 21
        total += np.where(kept, after, 0.0)
    np.testing.assert_allclose(total / len(lucks), weight, atol=2e-3)


@pytest.mark.slow
def test_thinned_play_stays_near_the_whole(monkeypatch):
    scenario = load("budapest-2025")
    form, draws = Talks(scenario, 3, 5), sample(scenario, 3, seed=4)
    few, all_ = [], []
    for most, kept in ((60, few), (100_000, all_)):
        monkeypatch.setattr(levers_front, "MOST_STATES", most)
        found = found_by(form, draws, moves=["us.supply_long_range"])
        kept += [
            e.values for (_, m, kind), e in found.effects.items() if kind == "shadow" and m == OUTCOMES[0]
        ]
    assert np.abs(few[0] - all_[0]).max() > 0
    np.testing.assert_allclose(few[0], all_[0], atol=0.02)


@pytest.mark.slow
def test_long_talks_have_shadows_with_an_error():
    found = levers("budapest-2025", rounds=8, draws=2, moves=["us.withdraw"], outcomes=OUTCOMES[:1])
    assert found.settings["method"] == "belief"
    assert {kind for _, _, kind in found.effects} == set(KINDS)
    shadow = found.effect("us.withdraw", "value(russia)", "shadow")
    assert shadow.n == 2
    assert np.isfinite(shadow.error)
    again = levers("budapest-2025", rounds=8, draws=2, moves=["us.withdraw"], outcomes=OUTCOMES[:1])
    for key, effect in found.effects.items():
        np.testing.assert_array_equal(effect.values, again.effects[key].values)
