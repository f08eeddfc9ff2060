"""On short games the belief recursion comes to what the tree's solver finds, as the grid refines."""

from __future__ import annotations

import numpy as np
import pytest
from recursive_games import one_draw, random_recursive, unroll

from goodoffices.solvers import solve_game
from goodoffices.solvers.belief.grid import make_grid
from goodoffices.solvers.belief.reference import solve_reference

CASES = {
    "one private party": {},
    "two private parties": {"types": (2, 2)},
    "lotteries, values that depend on others' types": {"types": (2, 2), "others": True, "edges": 2},
    "a turn of chance": {"types": (2, 1), "slots": ((0,), (1,), ()), "rationality": 3.0},
}


def average(root: np.ndarray, prior: tuple[np.ndarray, ...]) -> np.ndarray:
    """[p] values averaged over each party's own types."""
    weights = np.concatenate([np.ravel(p) for p in prior])
    owner = np.repeat(np.arange(len(prior)), [np.size(p) for p in prior])
    return np.bincount(owner, weights * root[:, 0])


@pytest.mark.parametrize("case", CASES)
def test_values_at_the_root_agree_with_the_tree_as_the_grid_refines(case):
    game, data = random_recursive(0, **CASES[case])
    tree, numbers = unroll(game, data, 2)
    exact = solve_game(tree, data=numbers).values
    errors = []
    for size in (5, 17):
        solution = solve_reference(game, data, make_grid(game.types, size), rounds=2, from_outset=True)
        assert solution.status[0] == 0
        errors.append(np.abs(average(solution.root, data.prior) - exact).max())
    # The interpolant is of third order where it is smooth: four times finer is 64 times closer, with room for luck.
    assert errors[1] < errors[0] / 5
    assert errors[1] < 1e-4


def test_draws_solved_together_are_solved_as_alone():
    game, data = random_recursive(3, types=(2, 2), edges=2, draws=3)
    grid = make_grid(game.types, 5)
    together = solve_reference(game, data, grid, rounds=2)
    for b in range(3):
        alone = solve_reference(game, one_draw(data, b), grid, rounds=2)
        np.testing.assert_allclose(together.root[:, b], alone.root[:, 0], rtol=0, atol=1e-12)
