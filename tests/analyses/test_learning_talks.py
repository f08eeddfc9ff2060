"""Who learns what in talks on a grid of beliefs: as in the same talks as a tree, and no more than there is to learn."""

from __future__ import annotations

import numpy as np
import pytest

from goodoffices import load
from goodoffices.analyses.learning import find_learning
from goodoffices.claims.talks.form import Talks
from goodoffices.compiler import compile_scenario
from goodoffices.language.sampling import sample
from goodoffices.workflow.explaining import learning
from goodoffices.workflow.forms import solver_for


def found_by(form, draws):
    return find_learning(form, draws, solve=solver_for(form, tolerance=1e-9))


def bits_of(found):
    return {(m.mover, m.move, m.about): m for m in found.moves}


@pytest.fixture(scope="module")
def signalling():
    scenario = load("crisis-signalling")
    draws = sample(scenario, 3, seed=1)
    return found_by(compile_scenario(scenario), draws), {
        nodes: found_by(Talks(scenario, 1, nodes), draws) for nodes in (9, 33)
    }


def test_bits_and_uses_approach_those_of_the_tree_as_the_grid_refines(signalling):
    tree, talks = signalling
    expected = bits_of(tree)
    worst = {}
    for nodes, found in talks.items():
        here = bits_of(found)
        assert here.keys() == expected.keys()
        worst[nodes] = max(
            np.abs(getattr(here[k], what).values - getattr(m, what).values).max()
            for k, m in expected.items()
            for what in ("bits", "uses")
        )
    assert worst[33] < 0.25 * worst[9]
    assert worst[33] < 0.01


def test_knowing_a_type_is_worth_what_it_is_worth_on_the_tree(signalling):
    tree, talks = signalling
    worst = {
        nodes: max(
            np.abs(a.values - b.values).max()
            for one, two in zip(tree.knowing, found.knowing, strict=True)
            for a, b in ((one.known, two.known), (one.secret, two.secret))
        )
        for nodes, found in talks.items()
    }
    assert [(k.party, k.about) for k in tree.knowing] == [(k.party, k.about) for k in talks[9].knowing]
    assert worst[33] < 0.25 * worst[9]
    assert worst[33] < 0.005


def test_budapest_tells_the_same_bits_in_one_round_as_the_tree():
    scenario = load("budapest-2025")
    draws = sample(scenario, 2, seed=1)
    tree, talks = (
        found_by(compile_scenario(scenario, rounds=1), draws),
        found_by(Talks(scenario, 1, 5), draws),
    )
    expected, here = bits_of(tree), bits_of(talks)
    # Before anything is learned both stand at the prior, and one round has one decision of each informed party.
    for key in expected.keys() & here.keys():
        np.testing.assert_allclose(here[key].bits.values, expected[key].bits.values, atol=1e-3)


@pytest.mark.slow
def test_no_more_is_learned_in_long_talks_than_there_is_to_learn():
    found = learning("budapest-2025", draws=3, rounds=10)
    assert found.settings["method"] == "belief"
    for one in found.types:
        assert 0 < one.learned.mean < one.prior.mean + 1e-3
    for one in found.knowing:
        # In secret it is an optimum with more to go by; logit choices err a little.
        assert one.secret.mean > -0.05
