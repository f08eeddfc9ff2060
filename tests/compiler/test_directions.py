"""How a round's numbers change with the parameters of its scenario, and the talks' values with them."""

from __future__ import annotations

import numpy as np
import pytest

import goodoffices
from goodoffices.compiler import compile_round, parameter_directions
from goodoffices.language import medians
from goodoffices.solvers.belief import differentiate, solve_recursive

STEP = 1e-5


@pytest.fixture(scope="module")
def crisis():
    scenario = goodoffices.load("crisis-signalling")
    compiled = compile_round(scenario)
    draws = {name: np.array([value]) for name, value in medians(scenario).items()}
    draws["p_resolute"] += 0.02  # off the nodes of the grid, where curvature jumps
    return compiled, draws


def test_values_of_long_talks_change_with_every_parameter_as_solving_anew_says(crisis):
    compiled, draws = crisis
    names = list(draws)

    def solve(at):
        return solve_recursive(compiled.game, compiled.data(at), rounds=4, nodes=7, keep=True)

    found = differentiate(solve(draws), parameter_directions(compiled, draws, names))
    # All neighbours in one batch: each parameter below its value, then each above.
    around = {name: np.repeat(value, 2 * len(names)) for name, value in draws.items()}
    for n, name in enumerate(names):
        around[name][[n, len(names) + n]] += -STEP, STEP
    low, high = np.split(solve(around).root, 2, axis=1)
    wanted = (high - low).T / (2 * STEP)
    np.testing.assert_allclose(found.root[..., 0], wanted, rtol=1e-4, atol=1e-6)
    assert np.abs(found.root).max() > 0.1


def test_a_probability_at_its_end_is_differenced_to_the_inside(crisis):
    compiled, draws = crisis
    at = {**draws, "p_resolute": np.array([1.0])}
    change = parameter_directions(compiled, at, ["p_resolute"])
    party = compiled.game.types.index(2)
    np.testing.assert_allclose(np.sort(change.prior[party][0, :, 0]), [-1, 1], atol=1e-6)
