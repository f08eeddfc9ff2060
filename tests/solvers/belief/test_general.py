"""More than two types, and several movers at once: the same answers as the tree, and as the special case."""

from __future__ import annotations

import numpy as np
import pytest
from recursive_games import random_recursive, unroll

from goodoffices.certificates.recursive import certify_recursive
from goodoffices.solvers import solve_game
from goodoffices.solvers.belief import plan
from goodoffices.solvers.belief.solving import solve_recursive

CASES = {
    "three types": ({"types": (3, 1), "moves": (2, 2)}, (4, 8)),
    "two movers at once, one with types": (
        {"types": (2, 1), "slots": ((0, 1), ()), "moves": (2, 2)},
        (5, 13),
    ),
    "two movers at once, both with types": (
        {"types": (2, 2), "slots": ((0, 1),), "moves": (2, 2), "others": True},
        (5, 13),
    ),
}


def average(root: np.ndarray, prior: tuple[np.ndarray, ...]) -> np.ndarray:
    """[p] values averaged over each party's own types."""
    weights = np.concatenate([np.ravel(p) for p in prior])
    owner = np.repeat(np.arange(len(prior)), [np.size(p) for p in prior])
    return np.bincount(owner, weights * root[:, 0])


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_the_tree_as_the_grid_refines(case):
    shape, sizes = CASES[case]
    game, data = random_recursive(4, **shape)
    tree, numbers = unroll(game, data, 2)
    exact = solve_game(tree, data=numbers).values
    errors = []
    for size in sizes:
        solution = solve_recursive(game, data, rounds=2, nodes=size, keep=True, from_outset=True)
        assert solution.status[0] == 0
        errors.append(np.abs(average(solution.root, data.prior) - exact).max())
    assert errors[1] < errors[0] / 3
    assert errors[1] < 1e-3
    found = certify_recursive(solution, samples=8)
    assert found.logit_residual.max() < 1e-8
    assert found.belief_error.max() < 1e-9
    assert found.value_error.max() < 1e-9


def test_places_with_as_many_joint_moves_of_other_movers_are_kept_apart():
    game, data = random_recursive(2, types=(1, 1), slots=((0, 1),), places=4, edges=2, draws=2)
    moves = {
        tuple(len(set(column)) for column in game.action_moves[game.action_place == s].T.tolist())
        for s in range(4)
    }
    assert {(2, 3), (3, 2)} <= moves
    found = certify_recursive(solve_recursive(game, data, rounds=3, keep=True))
    assert found.logit_residual.max() < 1e-8
    assert found.value_error.max() < 1e-9


def test_two_types_in_the_general_form_are_solved_as_in_the_special_form(monkeypatch):
    game, data = random_recursive(6, types=(2, 1), moves=(3, 3), edges=2, others=True, draws=2)
    special = solve_recursive(game, data, rounds=3, nodes=7)
    kind = plan._kind
    monkeypatch.setattr(plan, "_kind", lambda *a: "general" if kind(*a) == "signal" else kind(*a))
    general = solve_recursive(game, data, rounds=3, nodes=7)
    np.testing.assert_allclose(general.root, special.root, rtol=0, atol=1e-8)
