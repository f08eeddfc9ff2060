"""The branch followed in log strategies: it is the same branch, and it can be followed farther."""

from __future__ import annotations

import numpy as np
import pytest

from goodoffices.solvers.answers import structure, with_draws
from goodoffices.solvers.engine import Engine
from goodoffices.solvers.lifted import Lifted, lift
from goodoffices.solvers.tracer import trace
from goodoffices.workflow.solving import solve


def _engine(rounds: int) -> Engine:
    solution = solve("crisis-signalling", rounds=rounds, rationality=0.0, method="tree")
    return Engine(structure(solution.game, "sweep"), with_draws(solution.game, solution.data))


def _lifted(rounds: int) -> Lifted:
    found = lift(_engine(rounds))
    assert found is not None
    return found


def test_the_tangent_of_the_branch_in_log_strategies_is_that_of_differences():
    engine = _lifted(2)
    rationality = np.full((engine.structure.players, 1), 3.0)
    point = trace(engine, rationality).point
    tangent = engine.solve(point, engine.drift(point, np.ones_like(rationality))[:, None])[:, 0]
    # Central differences of a smooth function: the error is of the order of h squared, and rounding over h.
    h = 1e-5
    after, before = (engine.at(point.z + s * tangent, rationality + s).residual for s in (h, -h))
    np.testing.assert_allclose((after - before) / (2 * h), 0.0, atol=1e-6)
    assert np.abs(tangent).max() > 0.1


@pytest.mark.parametrize("rounds", [1, 2])
def test_the_branch_in_log_strategies_is_the_branch_in_beliefs(rounds):
    target = np.full((_lifted(rounds).structure.players, 1), 8.0)
    engine = _engine(rounds)
    plain, other = trace(engine, target), trace(_lifted(rounds), target)
    assert plain.status == other.status == 0
    for a, b in zip(plain.point.plays, other.point.plays, strict=True):
        np.testing.assert_allclose(np.exp(a.log_choice), np.exp(b.log_choice), atol=1e-8)
    assert engine.orientation(plain.point)[0] == _lifted(rounds).orientation(other.point)[0] == 1.0


def test_five_rounds_with_much_at_stake_are_followed_in_few_steps():
    target = np.full((_lifted(1).structure.players, 1), 12.0)
    found = trace(_lifted(5), target, max_steps=60)
    assert found.status == 0
    assert np.abs(found.point.residual).max() < 1e-11


@pytest.mark.slow
@pytest.mark.parametrize(("rounds", "rationality"), [(4, 40.0), (5, 20.0), (6, 12.0), (6, 20.0)])
def test_long_games_with_much_at_stake_are_solved_and_certified(rounds, rationality):
    solution = solve("crisis-signalling", rounds=rounds, rationality=rationality, method="tree")
    assert int(solution.status) == 0
    assert float(solution.certificate.logit_residual) < 1e-10
