"""Derivatives of the recursion agree with differences of solutions solved anew."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from recursive_games import random_recursive

from goodoffices.games.recursive import RecursiveData
from goodoffices.solvers.belief import differentiate
from goodoffices.solvers.belief.interpolation import slopes
from goodoffices.solvers.belief.payoffs import with_draws
from goodoffices.solvers.belief.solving import solve_recursive
from goodoffices.solvers.belief.tangents_curves import slope_tangents

STEP = 1e-5


def random_directions(data: RecursiveData, count: int, seed: int) -> RecursiveData:
    """Changes of all numbers at once; odds and priors keep their sums, approximately as much as they change."""
    rng = np.random.default_rng(seed)

    def like(array: np.ndarray, size: float = 1.0) -> np.ndarray:
        return size * rng.normal(size=(count, *array.shape))

    def level(array: np.ndarray) -> np.ndarray:
        change = 0.1 * rng.normal(size=(count, *array.shape))
        return change - change.mean(1, keepdims=True)

    return RecursiveData(
        like(data.payoff),
        0.05 * like(data.odds) * (data.odds < 1),
        like(data.end),
        tuple(level(p) for p in data.prior),
        like(data.rationality, 0.3),
        like(data.discount, 0.02),
    )


def moved(data: RecursiveData, by: RecursiveData, d: int, h: float) -> RecursiveData:
    """The numbers after a step of length h in direction d."""
    return RecursiveData(
        data.payoff + h * by.payoff[d],
        data.odds + h * by.odds[d],
        data.end + h * by.end[d],
        tuple(p + h * t[d] for p, t in zip(data.prior, by.prior, strict=True)),
        data.rationality + h * by.rationality[d],
        data.discount + h * by.discount[d],
    )


CASES = {
    "one party with types": ({"types": (2, 1), "others": True, "edges": 2}, 3, True),
    "two parties with types": ({"types": (2, 2), "others": True, "edges": 2}, 2, False),
    "nobody with types": ({"types": (1, 1), "edges": 2}, 4, True),
    "without end": ({"types": (2, 1), "discount": 0.6}, None, False),
    "nobody with types, without end": ({"types": (1, 1), "discount": 0.6}, None, False),
    "at the same time": ({"types": (2, 1), "slots": ((0, 1), ()), "moves": (2, 2), "others": True}, 2, True),
    "three types": ({"types": (3, 1), "moves": (2, 2)}, 2, False),
}


COMPILED = ("at the same time", "three types")
"""Turns for which code is compiled, which takes most of their time."""


@pytest.mark.parametrize("case", [pytest.param(c, marks=[pytest.mark.slow] * (c in COMPILED)) for c in CASES])
def test_derivatives_are_limits_of_differences(case):
    shape, rounds, from_outset = CASES[case]
    game, data = random_recursive(11, draws=2, **shape)
    data = with_draws(game, data)
    directions = random_directions(data, 2, 5)

    def solve(numbers: RecursiveData):
        solution = solve_recursive(
            game, numbers, rounds=rounds, nodes=5, keep=True, from_outset=from_outset, tolerance=1e-12
        )
        assert (solution.status == 0).all()
        return solution

    found = differentiate(solve(data), directions, keep=True)
    for d in range(2):
        low, high = (solve(moved(data, directions, d, h)) for h in (-STEP, STEP))
        np.testing.assert_allclose(found.root[d], (high.root - low.root) / (2 * STEP), rtol=1e-5, atol=1e-6)
        for name in ("values", "log_choice", "posterior"):
            for level, up, down in zip(
                getattr(found, name), getattr(high, name), getattr(low, name), strict=True
            ):
                for change, more, less in zip(level, up, down, strict=True):
                    np.testing.assert_allclose(change[d], (more - less) / (2 * STEP), rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("size", [2, 3, 6])
def test_slopes_change_as_differences_say_at_smooth_places_and_kinks(size):
    rng = np.random.default_rng(size)
    nodes = np.sort(rng.uniform(size=size))
    values = np.cumsum(rng.normal(size=(size, 400)), 0)
    values[:, :50] = values[:1, :50]  # constant: every slope is at a kink
    change = rng.normal(size=(3, size, 400))
    found = slope_tangents(values, change, nodes, 0)
    step = 1e-7
    for d in range(3):
        wanted = (slopes(values + step * change[d], nodes, 0) - slopes(values, nodes, 0)) / step
        np.testing.assert_allclose(found[d], wanted, rtol=1e-3, atol=1e-3)


def test_an_unsolved_draw_has_no_derivative():
    game, data = random_recursive(3, draws=2)
    payoff = data.payoff.copy()
    payoff[..., 1] = np.nan
    broken = dataclasses.replace(data, payoff=payoff)
    solution = solve_recursive(game, broken, rounds=2, nodes=5, keep=True)
    found = differentiate(solution, random_directions(with_draws(game, data), 1, 0))
    assert np.isfinite(found.root[..., 0]).all()
    assert np.isnan(found.root[..., 1]).all()


def test_directions_of_other_shapes_are_a_mistake_of_the_caller():
    game, data = random_recursive(3, draws=2)
    solution = solve_recursive(game, data, rounds=2, nodes=5, keep=True)
    with pytest.raises(ValueError, match="one axis more"):
        differentiate(solution, with_draws(game, data))
