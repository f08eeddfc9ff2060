"""Many draws at once: the same answers as draw by draw along the branch, whatever the chunks and the company."""

from __future__ import annotations

import numpy as np
import pytest
from recursive_games import one_draw, random_recursive

from goodoffices.certificates.recursive import certify_recursive
from goodoffices.core.diagnostics import Refusal
from goodoffices.solvers.belief.grid import make_grid
from goodoffices.solvers.belief.reference import solve_reference
from goodoffices.solvers.belief.solving import solve_recursive

SHAPE = {"types": (2, 2), "slots": ((0,), (1,), ()), "edges": 2, "others": True, "moves": (3, 3)}
SMALL = {"types": (2, 1), "moves": (2, 2)}


@pytest.mark.parametrize(("rationality", "scale"), [(1.0, 1.0), (3.0, 1.5)])
def test_thousands_of_cells_are_on_the_principal_branch(rationality, scale):
    game, data = random_recursive(7, **SHAPE, draws=8, rationality=rationality, scale=scale)
    slow = solve_reference(game, data, make_grid(game.types, 7), rounds=3)
    fast = solve_recursive(game, data, rounds=3, nodes=7, keep=True)
    assert fast.survey.cells > 4000
    solved = (fast.status == 0) & (slow.status == 0)
    assert (
        solved.sum() >= 7
    )  # a branch may come to a fold at a node, where the interpolant has no second derivative
    for ours, theirs in zip(fast.values, slow.values, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            # Branches differ by tenths; near a fold the tolerance of a cell is magnified, but not so far.
            np.testing.assert_allclose(a[..., solved], b[..., solved], rtol=0, atol=1e-5)


def test_talks_stay_on_the_principal_branch_where_it_jumps_from_one_round_to_the_next():
    """An answer continued from the round after would stay where it is: here it ends 0.4 away."""
    game, data = random_recursive(6, types=(2, 1), moves=(2, 3), draws=8, rationality=6.0)
    slow = solve_reference(game, data, make_grid(game.types, 5), rounds=24)
    fast = solve_recursive(game, data, rounds=24, nodes=5)
    assert not (fast.status | slow.status).any()
    np.testing.assert_allclose(fast.root, slow.root, rtol=0, atol=1e-9)


def test_kept_arrays_are_certified():
    game, data = random_recursive(2, **SHAPE, draws=3)
    found = certify_recursive(solve_recursive(game, data, rounds=4, nodes=9, keep=True), samples=16)
    assert found.logit_residual.max() < 1e-7
    assert found.belief_error.max() < 1e-8
    assert found.value_error.max() < 1e-7
    assert found.off_grid.max() < 1e-2


def test_results_do_not_depend_on_chunks_or_company():
    game, data = random_recursive(5, **SMALL, draws=7, rationality=3.0)
    whole = solve_recursive(game, data, rounds=4)
    assert not whole.status.any()
    parts = solve_recursive(game, data, rounds=4, chunk=4, threads=2)
    np.testing.assert_allclose(parts.root, whole.root, rtol=0, atol=1e-10)
    alone = solve_recursive(game, one_draw(data, 4), rounds=4, chunk=4)
    np.testing.assert_allclose(alone.root[:, 0], whole.root[:, 4], rtol=0, atol=1e-10)


def test_a_number_that_is_not_finite_marks_its_draw_only():
    game, data = random_recursive(5, **SMALL, draws=4)
    whole = solve_recursive(game, data, rounds=2)
    data.payoff[0, 0, 0, 2] = np.nan
    broken = solve_recursive(game, data, rounds=2)
    assert broken.status.tolist() == [0, 0, 3, 0]
    assert np.isnan(broken.root[:, 2]).all()
    np.testing.assert_array_equal(broken.root[:, [0, 1, 3]], whole.root[:, [0, 1, 3]])


def test_an_interruption_keeps_the_chunks_that_are_done():
    game, data = random_recursive(5, **SMALL, draws=4)
    told: list[float] = []
    found = solve_recursive(
        game, data, rounds=2, chunk=2, threads=1, progress=told.append, should_stop=lambda: len(told) >= 3
    )
    assert found.status.tolist() == [0, 0, 5, 5]
    assert np.isfinite(found.root[:, :2]).all()
    assert np.isnan(found.root[:, 2:]).all()


def test_a_grid_that_does_not_fit_is_refused_with_its_size():
    game, data = random_recursive(5, types=(2, 2), slots=((0,), (1,)))
    with pytest.raises(Refusal, match="GB are allowed") as caught:
        solve_recursive(game, data, rounds=2, nodes=2001, memory=2**30)
    assert caught.value.diagnostics[0].code == "grid-too-large"
