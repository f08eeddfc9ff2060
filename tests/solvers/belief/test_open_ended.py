"""Talks without end, and grids refined until they are fine enough."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from recursive_games import every_profile, random_recursive

from goodoffices.certificates.recursive import certify_recursive
from goodoffices.core.diagnostics import Refusal
from goodoffices.games.recursive import RecursiveData, RecursiveGame
from goodoffices.solvers.belief import solve_accurately, solve_recursive, solving

SMALL = {"types": (2, 1), "moves": (2, 2)}


def test_talks_without_end_are_stationary_and_certified():
    game, data = random_recursive(5, **SMALL, draws=2, discount=0.6)
    solution = solve_recursive(game, data, rounds=None, keep=True, tolerance=1e-9)
    assert not solution.status.any()
    found = certify_recursive(solution, samples=8)
    assert found.logit_residual.max() < 1e-7
    assert found.value_error.max() < 1e-8


def test_long_talks_come_to_those_without_end():
    game, data = random_recursive(5, **SMALL, discount=0.6)
    endless = solve_recursive(game, data, rounds=None, tolerance=1e-9)
    long = solve_recursive(game, dataclasses.replace(data, end=0 * data.end), rounds=50)
    # What the last rounds are worth fades with 0.6 ** 50, about 1e-11.
    np.testing.assert_allclose(long.root, endless.root, rtol=0, atol=1e-7)


def test_no_discount_without_end_is_refused():
    game, data = random_recursive(5, **SMALL, discount=1.0)
    with pytest.raises(Refusal) as caught:
        solve_recursive(game, data, rounds=None)
    assert caught.value.diagnostics[0].code == "no-discount"


def test_values_that_still_change_are_marked():
    game, data = random_recursive(5, **SMALL, discount=0.9)
    assert solve_recursive(game, data, rounds=None, most_rounds=3).status.tolist() == [2]


def test_the_grid_is_refined_until_it_is_accurate():
    game, data = random_recursive(5, **SMALL, draws=2)
    coarse = solve_accurately(game, data, rounds=3, accuracy=1.0, samples=16)
    fine = solve_accurately(game, data, rounds=3, accuracy=1e-4, samples=16)
    assert len(coarse.axes[0]) == 5
    assert len(fine.axes[0]) > 5
    assert not fine.status.any()
    assert fine.certificate is not None
    assert fine.certificate.off_grid.max() <= 1e-4
    hopeless = solve_accurately(game, data, rounds=3, accuracy=1e-14, samples=16, most_nodes=5)
    assert hopeless.status.tolist() == [4, 4]


def test_a_party_that_repeats_one_choice_has_the_closed_form_of_a_discounted_sum():
    profile = every_profile((2,))
    game = RecursiveGame(
        "one party",
        ("party",),
        (2,),
        profile,
        ((0,),),
        np.array([0]),
        np.array([0, 0]),
        np.array([[0], [1]]),
        np.array([0, 1]),
        np.array([0, 0]),
    )
    payoff = np.array([[[1.0], [0.0]], [[0.0], [3.0]]])  # move, type, party
    data = RecursiveData(
        payoff,
        np.ones(2),
        np.zeros((1, 2, 1)),
        (np.array([0.4, 0.6]),),
        np.array([2.0]),
        np.array(0.8),
    )
    solution = solve_recursive(game, data, rounds=None, tolerance=1e-10)
    for own, (a, b) in enumerate([(1.0, 0.0), (0.0, 3.0)]):
        p = 1 / (1 + np.exp(-2.0 * (a - b)))
        assert solution.root[own, 0] == pytest.approx((p * a + (1 - p) * b) / (1 - 0.8), abs=1e-8)


WITHOUT_TYPES = {"in turn": ((0,), (1,), ()), "at once": ((0, 1),), "both": ((0, 1, 2), (1,))}


@pytest.mark.parametrize("slots", WITHOUT_TYPES.values(), ids=WITHOUT_TYPES)
def test_without_types_all_places_are_solved_as_one_system(slots):
    parties = 1 + max(p for movers in slots for p in movers)
    game, data = random_recursive(2, types=(1,) * parties, slots=slots, places=4, edges=2, draws=3)
    solution = solve_recursive(game, data, rounds=None, keep=True)
    assert not solution.status.any()
    found = certify_recursive(solution)
    assert found.logit_residual.max() < 1e-9
    assert found.value_error.max() < 1e-9


def test_one_system_comes_to_what_ever_longer_talks_come_to(monkeypatch):
    game, data = random_recursive(2, types=(1, 1), slots=((0,), (1,), ()), places=4, edges=2, draws=3)
    at_once = solve_recursive(game, data, rounds=None)
    monkeypatch.setattr(solving, "is_endless_case", lambda _: False)
    longer = solve_recursive(game, data, rounds=None, tolerance=1e-9)
    np.testing.assert_allclose(at_once.root, longer.root, rtol=0, atol=1e-7)
