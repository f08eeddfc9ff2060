"""Solutions found by derivatives differ from solved ones by the square of the distance."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from recursive_games import random_recursive

from goodoffices.games.recursive import RecursiveData, select_draws
from goodoffices.solvers.belief import certify_tangents, near, solve_near, solve_recursive
from goodoffices.solvers.belief.near import NearSolver
from goodoffices.solvers.belief.payoffs import with_draws


def paid_more(data: RecursiveData, by: list[float]) -> RecursiveData:
    """The numbers of one draw, once for each change of payoffs and rationality."""
    payoff, rationality = (
        np.concatenate([array * (1 + step) for step in by], -1) for array in (data.payoff, data.rationality)
    )
    odds, end, discount = (np.repeat(a, len(by), -1) for a in (data.odds, data.end, data.discount))
    return RecursiveData(
        payoff, odds, end, tuple(np.repeat(p, len(by), -1) for p in data.prior), rationality, discount
    )


@pytest.fixture(scope="module")
def solved():
    game, data = random_recursive(11, types=(2, 1), others=True, edges=2, draws=1)
    data = with_draws(game, data)
    return solve_recursive(game, data, rounds=3, nodes=5, keep=True, tolerance=1e-12)


def test_half_the_distance_leaves_a_quarter_of_the_error(solved):
    data = paid_more(solved.data, [0.0, 1e-3, 2e-3])
    found = solve_near(solved, data)
    wanted = solve_recursive(solved.game, data, rounds=3, nodes=5, keep=True, tolerance=1e-12)
    for name in ("values", "log_choice", "posterior"):
        for level, other in zip(getattr(found, name), getattr(wanted, name), strict=True):
            for a, b in zip(level, other, strict=True):
                error = np.abs(a - b).reshape(-1, 3).max(0, initial=0.0)
                assert error[0] < 1e-9
                assert error[2] < 1e-4
    error = np.linalg.norm(found.root - wanted.root, axis=0)
    assert 3.5 < error[2] / error[1] < 4.5


def test_what_is_near_is_not_solved_and_keeps_its_place(solved):
    calls: list[int] = []

    def solve(game, data, /, *, rounds, nodes, from_outset):
        calls.append(data.discount.shape[-1])
        return solve_recursive(game, data, rounds=rounds, nodes=nodes, keep=True, from_outset=from_outset)

    solver = NearSolver(solve)
    data = paid_more(solved.data, [0.0, 0.3, 1e-4, 0.3001, -1e-4])
    found = solver(solved.game, data, rounds=3, nodes=5, from_outset=False)
    assert (calls, solver.solved, solver.near) == ([2], 2, 3)
    wanted = solve_recursive(solved.game, data, rounds=3, nodes=5, keep=True)
    np.testing.assert_allclose(found.root, wanted.root, atol=1e-6)
    np.testing.assert_array_equal(found.data.payoff, data.payoff)
    solver(solved.game, paid_more(solved.data, [2e-4]), rounds=3, nodes=5, from_outset=False)
    assert calls == [2], "what was solved in an earlier batch is near as well"


def test_numbers_that_are_not_finite_have_no_solution_near(solved):
    data = paid_more(solved.data, [1e-4, np.nan])
    found = solve_near(solved, data)
    assert found.status.tolist() == [0, 3]
    assert np.isfinite(found.root[:, 0]).all()


@pytest.mark.parametrize("rounds", [3, None])
def test_an_independent_check_confirms_derivatives_and_contradicts_wrong_ones(rounds, monkeypatch):
    game, data = random_recursive(11, types=(2, 1), others=True, edges=2, draws=1, discount=0.6)
    solution = solve_recursive(
        game, with_draws(game, data), rounds=rounds, nodes=5, keep=True, tolerance=1e-12
    )
    up = paid_more(solution.data, [0.1])
    change = RecursiveData(
        (up.payoff - solution.data.payoff)[None],
        np.zeros((1, *solution.data.odds.shape)),
        np.zeros((1, *solution.data.end.shape)),
        tuple(np.zeros((1, *p.shape)) for p in solution.data.prior),
        (up.rationality - solution.data.rationality)[None],
        np.zeros((1, 1)),
    )
    assert certify_tangents(solution, change).max() < 1e-3
    exact = near.differentiate

    def wrong(*args, **settings):
        found = exact(*args, **settings)
        logs = tuple(tuple(1.05 * a for a in level) for level in found.log_choice)
        return dataclasses.replace(found, log_choice=logs)

    monkeypatch.setattr(near, "differentiate", wrong)
    assert certify_tangents(solution, change).max() > 1e-2


def test_only_one_draw_has_a_neighbourhood(solved):
    data = paid_more(solved.data, [0.0, 0.3])
    two = solve_recursive(solved.game, data, rounds=3, nodes=5, keep=True)
    with pytest.raises(ValueError, match="one draw"):
        solve_near(two, data)
    assert solve_near(select_draws(two, slice(1, 2)), data).root.shape == two.root.shape
