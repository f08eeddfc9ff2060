"""The pieces of the fast path: the same equation as written plainly, and proofs that hold."""

from __future__ import annotations

import numpy as np
import pytest

from goodoffices.solvers.belief.climbing import PRECISELY, climb, trace
from goodoffices.solvers.belief.curves import curves
from goodoffices.solvers.belief.grid import axis_nodes
from goodoffices.solvers.belief.interpolation import interpolate, slopes
from goodoffices.solvers.belief.proofs import Steepness
from goodoffices.solvers.belief.signals import evaluate, probability
from goodoffices.solvers.belief.turns import Turn, newton, settle, stage

SOURCES, MOVES, CELLS = 6, 3, 400


def random_turn(seed: int, precision: float, nodes: int = 7) -> tuple[Turn, np.ndarray, np.ndarray]:
    """Cells with random cubics as values of two types to come, their sources [m, c], and the values on the nodes."""
    rng = np.random.default_rng(seed)
    powers = axis_nodes(nodes)[:, None] ** np.arange(4)
    values = np.einsum("sknc,in->skic", rng.normal(size=(SOURCES, 2, 4, CELLS)), powers)
    lines = curves(values, axis_nodes(nodes), 0)
    source = rng.integers(SOURCES, size=(MOVES, CELLS)) * CELLS + np.arange(CELLS)
    row, column = np.divmod(source, CELLS)
    turn = Turn(
        lines,
        0,
        rng.normal(size=CELLS),
        np.full(CELLS, precision),
        row * (2 * (nodes - 1) * CELLS) + column,
        rng.normal(size=(2, MOVES, CELLS)),
    )
    return turn, source, values


@pytest.mark.parametrize("nodes", [2, 7, 33])
def test_the_equation_is_the_one_written_plainly(nodes):
    turn, source, values = random_turn(1, 2.0, nodes)
    z = np.random.default_rng(2).normal(size=(MOVES, CELLS)) * 3
    row = source // CELLS
    at_nodes = np.stack([values[row[m], :, :, np.arange(CELLS)] for m in range(MOVES)])  # [m, c, k, node]
    table = np.moveaxis(at_nodes, 3, 0)
    x = np.broadcast_to(probability(z)[None, :, :, None], (1, *table.shape[1:]))
    q, change = interpolate(x, table, slopes(table, axis_nodes(nodes), 0), axis_nodes(nodes))
    plain = evaluate(
        z, turn.prior, turn.precision, np.moveaxis(q[0], 2, 0) + turn.own, np.moveaxis(change[0], 2, 0)
    )
    found = stage(turn, z)
    for ours, theirs in (
        (found.gap, plain.gap),
        (found.diagonal, plain.diagonal),
        (found.row, plain.row),
        (found.by_rationality(), plain.by_rationality),
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-10)


def test_a_proven_answer_is_found_from_anywhere():
    turn, source, _ = random_turn(3, 0.7)
    proven = Steepness(turn.curves, 0).strength(source, turn.own).is_proven(turn.precision)
    assert 0.05 < proven.mean() < 0.95
    rng = np.random.default_rng(4)
    some = turn.some(np.flatnonzero(proven))
    answer, good = climb(some, np.repeat(some.prior[None], MOVES, 0), np.zeros(proven.sum()))
    assert good.all()
    for _ in range(5):
        found = newton(some, rng.normal(size=answer.shape) * 3, 60)
        solved = settle(some, found).gap < 1e-9
        assert solved.mean() > 0.9
        np.testing.assert_allclose(found[:, solved], answer[:, solved], rtol=0, atol=1e-6)


@pytest.mark.parametrize("precision", [4.0, 16.0])
def test_both_followers_end_on_the_same_branch_from_wherever_they_start(precision):
    turn, source, _ = random_turn(5, precision)
    share = Steepness(turn.curves, 0).strength(source, turn.own).share(turn.precision)
    assert share.max() <= 1
    start = np.repeat(turn.prior[None], MOVES, 0)
    late, late_good = climb(turn, start, share)
    early, early_good = climb(turn, start, np.zeros(CELLS), on_the_way=PRECISELY)
    robust, arrived = trace(turn)
    assert late_good.all()
    assert early_good.all()
    assert arrived.all()
    # Branches have hairpins at these precisions: a follower that jumps across one ends elsewhere.
    np.testing.assert_allclose(late, robust, rtol=0, atol=1e-6)
    np.testing.assert_allclose(early, robust, rtol=0, atol=1e-6)
