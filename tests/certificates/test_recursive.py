"""The certificate of the belief form: it passes what is solved, and notices what is not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from recursive_games import random_recursive

from goodoffices.certificates.recursive import certify_recursive
from goodoffices.solvers.belief.grid import make_grid
from goodoffices.solvers.belief.reference import solve_reference


def solved(size: int = 9, *, from_outset: bool = False):
    game, data = random_recursive(1, types=(2, 2), slots=((0,), (1,), ()), edges=2, others=True, draws=2)
    return solve_reference(game, data, make_grid(game.types, size), rounds=2, from_outset=from_outset)


@pytest.mark.parametrize("from_outset", [False, True])
def test_a_solution_is_certified(from_outset):
    found = certify_recursive(solved(from_outset=from_outset), samples=16)
    assert found.logit_residual.max() < 1e-9
    assert found.belief_error.max() < 1e-9
    assert found.value_error.max() < 1e-9
    assert np.isfinite(found.off_grid).all()


def test_the_off_grid_residual_falls_as_the_grid_refines():
    coarse, fine = (certify_recursive(solved(size), samples=32).off_grid.max() for size in (5, 17))
    assert fine < coarse / 8


@pytest.mark.parametrize(
    ("what", "field"),
    [("log_choice", "logit_residual"), ("posterior", "belief_error"), ("values", "value_error")],
)
def test_a_change_of_any_stored_array_is_noticed(what, field):
    solution = solved(5)
    rounds = [list(slots) for slots in getattr(solution, what)]
    changed = rounds[0][0].copy()
    changed[0, 0, 1, 1, 1] += 1e-3
    rounds[0][0] = changed
    broken = dataclasses.replace(solution, **{what: tuple(tuple(slots) for slots in rounds)})
    found = getattr(certify_recursive(broken, samples=0), field)
    assert found[1] > 5e-4
    assert found[0] < 1e-9
