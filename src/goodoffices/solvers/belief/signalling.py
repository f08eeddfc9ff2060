"""All turns of one group whose mover has two types: their arrays, their answers so far, and one round of work.

Receives a group, its tables and the chunk's numbers; each round takes the values of the next slot and gives those of this
one. Cells lie in the order [place, g..., draw] and are worked on in blocks that fit in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from goodoffices.games.recursive import Floats, Ints
from goodoffices.solvers.belief.climbing import climb, trace
from goodoffices.solvers.belief.curves import Curves
from goodoffices.solvers.belief.plan import Group, Plan, Tables
from goodoffices.solvers.belief.proofs import Steepness, is_certain
from goodoffices.solvers.belief.turns import Outcome, Turn, newton, settle

BLOCK = 4096
"""Cells worked on at a time."""
WARM, COLD = 6, 12
"""Newton steps from guesses made of earlier rounds, and from the prior; what is left is followed along its branch."""
SOLVED = 1e-9
"""Largest gap in log-odds, relative to 1 + |log-odds|, that counts as solved."""


class Counts(NamedTuple):
    """How many cells were solved, and how."""

    cells: int
    proven: int
    climbed: int
    traced: int


class Round(NamedTuple):
    """One round of a group."""

    values: Floats
    """[v, n, g..., b]"""
    log_choice: Floats | None
    """[m, k, n, g..., b]; None unless asked for."""
    z: Floats
    """[m, n, g..., b] log-odds after each move."""
    counts: Counts
    failed: Ints
    """[cell, index] place of the group, nodes and draw of the cells that were not solved."""
    gap: Floats
    """[cell] what is left of their equation."""


class Signalling:
    """A group of turns of a party with two types; index letter c runs over [n, g..., b]."""

    def __init__(self, plan: Plan, group: Group, table: Tables, sources: Ints, draws: int) -> None:
        """`sources` [n, m] number the rows of what follows."""
        self.table = table
        (mover,) = group.movers
        (axis,) = plan.grid.axes(mover)
        self.mover, self.first, self.parts = mover, plan.part(mover, 0), len(plan.parts)
        grid = plan.grid.shape
        count, moves = group.actions.shape
        self.shape = (count, *grid, draws)
        self.size = int(np.prod(self.shape))
        rest = [*grid[:axis], *grid[axis + 1 :], draws]
        stride = int(np.prod(rest))
        column = np.expand_dims(np.arange(stride).reshape(rest), axis)
        column = np.broadcast_to(column, (*grid, draws)).ravel()
        steps = (self.parts * (grid[axis] - 1) * stride, stride)
        self.base, self.source = (
            ((sources.T * step)[:, :, None] + column).reshape(moves, self.size) for step in steps
        )
        own = np.broadcast_to(table.own, (count, moves, 2, *grid, draws))
        self.own = np.ascontiguousarray(np.swapaxes(own, 0, 2)).reshape(2, moves, self.size)
        logs = plan.grid.log_beliefs(mover)
        self.prior = np.tile(np.repeat(logs[0] - logs[1], draws), count)
        self.certain = is_certain(self.prior)
        self.now = self.before = np.repeat(self.prior[None], moves, 0)
        self.seen = 0

    def solve(
        self, curves: Curves, steep: Steepness, precision: Floats, valid: np.ndarray, *, keep: bool
    ) -> Round:
        """One round: all cells proven to have one answer, then those that are followed. `precision` and `valid` are [b]."""
        copies = self.size // len(valid)
        turn = Turn(curves, self.first, self.prior, np.tile(precision, copies), self.base, self.own)
        guess = 2.0 * self.now - self.before if self.seen > 1 else self.now
        moves = len(self.base)
        z = np.empty_like(self.now)
        done = Outcome(
            np.empty((self.parts, self.size)),
            np.empty((moves, self.size)),
            np.empty((moves, self.size)),
            np.empty((moves, 2, self.size)) if keep else None,
            np.empty(self.size),
        )
        sure, share = self._proofs(steep, precision)
        # What is not proven is followed, whatever Newton's method would find; draws without valid numbers are not.
        meant = np.tile(valid, copies)
        quick = sure | ~meant
        for cells in _blocks(np.flatnonzero(quick)):
            part = turn.some(cells)
            z[:, cells] = newton(part, guess[:, cells], WARM if self.seen else COLD)
            _write(done, cells, settle(part, z[:, cells]))
        doubtful = np.flatnonzero(meant & ~(sure & (done.gap <= SOLVED)))
        failed, traced = doubtful[:0], 0
        if len(doubtful):
            z[:, doubtful], lost, traced = _follow(turn.some(doubtful), guess[:, doubtful], share[doubtful])
            for cells in _blocks(doubtful):
                _write(done, cells, settle(turn.some(cells), z[:, cells]))
            failed = doubtful[lost | ~(done.gap[doubtful] <= SOLVED)]
        self.before, self.now = self.now, z
        self.seen += 1
        logs = done.log_choice
        return Round(
            self._values(done),
            None if logs is None else logs.reshape(moves, 2, *self.shape),
            z.reshape(moves, *self.shape),
            Counts(self.size, int(sure.sum()), len(doubtful), traced),
            np.stack(np.unravel_index(failed, self.shape), 1),
            done.gap[failed],
        )

    def _proofs(self, steep: Steepness, precision: Floats) -> tuple[np.ndarray, Floats]:
        """Which cells have one answer only [c], and the share of the precision up to which there is one only [c]."""
        sure, share = np.empty(self.size, bool), np.empty(self.size)
        cells = np.tile(precision, self.size // len(precision))
        for begin in range(0, self.size, BLOCK):
            some = slice(begin, begin + BLOCK)
            strength = steep.strength(self.source[:, some], self.own[:, :, some])
            sure[some] = self.certain[some] | strength.is_proven(cells[some])
            share[some] = strength.share(cells[some])
        return sure, share

    def _values(self, done: Outcome) -> Floats:
        """Values with the payoffs of others than the mover, which depend on no more than who it turns out to be."""
        values = done.values.reshape(self.parts, *self.shape)
        total, x = (a.reshape(len(a), *self.shape) for a in (done.total, done.x))
        for m in range(len(total)):
            first = total[m] * x[m]
            for v in range(self.parts):
                if self.first <= v < self.first + 2:
                    continue
                values[v] += total[m] * self.table.others[:, m, v]
                if self.table.by_type is not None:
                    values[v] += first * self.table.by_type[:, m, v]
        return values


def _follow(turn: Turn, guess: Floats, share: Floats) -> tuple[Floats, np.ndarray, int]:
    """Cells along their branches: log-odds [m, c], which were lost [c], and how many had to be traced."""
    z, good = climb(turn, guess, share)
    bad = np.flatnonzero(~good)
    if len(bad):
        traced, arrived = trace(turn.some(bad))
        z[:, bad[arrived]] = traced[:, arrived]
        good[bad[arrived]] = True
        left = bad[~arrived]
        if len(left):  # reported as failed, with the best that there is
            z[:, left] = newton(turn.some(left), guess[:, left], COLD)
    return z, ~good, len(bad)


def _blocks(cells: Ints) -> Iterator[Ints]:
    """Numbers of cells, so many at a time as are worked on at once."""
    for begin in range(0, len(cells), BLOCK):
        yield cells[begin : begin + BLOCK]


def _write(done: Outcome, cells: Ints | slice, found: Outcome) -> None:
    """Put the outcome of some cells where it belongs."""
    for to, array in zip(done, found, strict=True):
        if to is not None and array is not None:
            to[..., cells] = array
