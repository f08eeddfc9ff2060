"""One chunk of draws taken backward over rounds.

Receives a plan and the numbers of some draws; returns arrays of every round, or only those of the first.

Which answers are believed: those of cells whose fixed point is proven to be the only one, and those that were followed
along their branch, in every round. Compiled turns of several movers, or of more types, take answers near those of the round
after, except in the rounds 0, 1, 2, 4, 8, ... from the end, where all of them are followed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from goodoffices.games.recursive import FailedCell, Floats, Ints, RecursiveData
from goodoffices.solvers.belief.curves import Curves, curves
from goodoffices.solvers.belief.payoffs import expect, of_actions
from goodoffices.solvers.belief.plan import GENERAL, SIGNAL, STILL, Group, Plan, Tables, all_tables
from goodoffices.solvers.belief.proofs import Steepness
from goodoffices.solvers.belief.signalling import Signalling
from goodoffices.solvers.belief.signals import probability


def is_audit(n: int) -> bool:
    """Whether compiled turns are followed along their branches in the n-th round from the end: 0, 1, 2, 4, 8, ..."""
    return n & (n - 1) == 0


@dataclass
class Run:
    """What a chunk came to: the values of slot 0 in the first round, and every round's arrays where kept."""

    first: Floats
    values: list[tuple[Floats, ...]] = field(default_factory=list[tuple[Floats, ...]])
    log_choice: list[tuple[Floats, ...]] = field(default_factory=list[tuple[Floats, ...]])
    posterior: list[tuple[Floats, ...]] = field(default_factory=list[tuple[Floats, ...]])
    status: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int8))
    failed: list[FailedCell] = field(default_factory=list[FailedCell])
    cells: int = 0
    traced: int = 0
    climbed: int = 0
    proven: int = 0

    def keep(self, slots: list[tuple[Floats, Floats, Floats]]) -> None:
        """Add a round's arrays, slot by slot."""
        self.values.append(tuple(s[0] for s in slots))
        self.log_choice.append(tuple(s[1] for s in slots))
        self.posterior.append(tuple(s[2] for s in slots))


class Chunk:
    """The draws of one chunk, ready to be taken backward."""

    def __init__(self, plan: Plan, data: RecursiveData, valid: np.ndarray) -> None:
        self.plan, self.data, self.valid = plan, data, valid
        self.draws = data.discount.shape[-1]
        self.payoff = of_actions(plan.game, data)
        self.tables = all_tables(plan, data)
        self.slots = [_Slot(self, slot) for slot in range(len(plan.game.slots))]

    def end(self) -> Floats:
        """[place, v, g..., b] of slot 0 after the last round."""
        game, grid = self.plan.game, self.plan.grid
        places = np.flatnonzero(game.place_slot == 0)
        shape = (len(places), *grid.shape, self.draws)
        columns = [
            np.broadcast_to(expect(game, grid, self.data.end[places, :, p], {p: k}), shape)
            for p, k in self.plan.parts
        ]
        return np.stack(columns, 1)

    def backward(self, rounds: int, *, keep: bool, from_outset: bool, tick: Any = None) -> Run:
        """Take the chunk from the last round to the first."""
        run = Run(self.end(), status=np.zeros(self.draws, np.int8))
        if keep:
            run.values.append((run.first,))
        for n, r in enumerate(reversed(range(rounds))):
            precision = self.data.rationality * (self.data.discount**r if from_outset else 1.0)
            found = self.round(run, n, r, run.first, precision, keep)
            run.first = found[0][0]
            if keep:
                run.keep(found)
            if tick is not None:
                tick()
        for arrays in (run.values, run.log_choice, run.posterior):
            arrays.reverse()
        return run

    def stationary(self, *, tolerance: float, most: int, keep: bool, tick: Any = None) -> Run:
        """Repeat the same round, from nothing after it, until values change by less than `tolerance * (1 - discount)`.

        Draws that are done wait for the others of the chunk. Status 2 where `most` rounds were not enough.
        """
        run = Run(np.zeros_like(self.end()), status=np.zeros(self.draws, np.int8))
        limit = tolerance * (1.0 - self.data.discount)
        done, slots = ~self.valid, []
        for n in range(most):
            before = run.first
            run.failed.clear()  # only the last round counts
            run.status[:] = 0
            slots = self.round(run, n, 0, before, self.data.rationality, keep)
            run.first = slots[0][0]
            change = np.abs(run.first - before).max(tuple(range(before.ndim - 1)))
            done = ~self.valid | (change <= limit)
            if tick is not None:
                tick()
            if done.all():
                break
        run.status[~done] = 2
        if keep:
            run.keep(slots)
        return run

    def round(
        self, run: Run, n: int, r: int, following: Floats, precision: Floats, keep: bool
    ) -> list[tuple[Floats, Floats, Floats]]:
        """Values, log choices and posteriors of each slot (the latter two empty unless kept)."""
        out = []
        for slot in reversed(self.slots):
            out.append(slot.solve(run, n, r, following, precision, keep))
            following = out[-1][0]
        return out[::-1]

    def fail(self, run: Run, r: int, group: Group, cell: np.ndarray, gap: float) -> None:
        """Write a cell down that could not be solved."""
        place, *node, draw = cell.tolist()
        belief = tuple(float(x[i]) for x, i in zip(self.plan.grid.nodes, node, strict=True))
        first = int(np.searchsorted(self.plan.game.place_slot, group.slot))
        run.status[draw] = 1
        run.failed.append(FailedCell(draw, r, first + int(group.places[place]), belief, gap))


class _Slot:
    """The groups of one slot, and what of the next slot its signalling turns look up."""

    def __init__(self, chunk: Chunk, slot: int) -> None:
        plan = chunk.plan
        self.chunk, self.slot, self.groups = chunk, slot, plan.groups[slot]
        self.tables = chunk.tables[slot]
        self.unknowns: dict[int, Floats] = {}
        """Answers of the groups in their general form."""
        signals = [group for group in self.groups if group.kind == SIGNAL]
        reached = [group.to[group.edges >= 0] for group in signals]
        self.wanted = np.unique(np.concatenate(reached)) if reached else np.zeros(0, np.int64)
        """Places of the next slot that signalling turns look up; averages over them come after."""
        self.averages: list[tuple[Ints, Floats]] = []
        """Which of them [row, e], with odds [row, e, b]."""
        self.signals: list[Signalling | None] = []
        rows = len(self.wanted)
        for group, table in zip(self.groups, self.tables, strict=True):
            if group.kind != SIGNAL:
                self.signals.append(None)
                continue
            sources = np.searchsorted(self.wanted, np.where(group.edges >= 0, group.to, self.wanted[0]))
            count, moves, edges = sources.shape
            if table.odds is None:
                sources = sources[:, :, 0]
            else:
                odds = table.odds.reshape(count * moves, edges, -1)
                self.averages.append((sources.reshape(count * moves, edges), odds))
                sources = rows + np.arange(count * moves).reshape(count, moves)
                rows += count * moves
            self.signals.append(Signalling(plan, group, table, sources, chunk.draws))

    def solve(
        self, run: Run, n: int, r: int, following: Floats, precision: Floats, keep: bool
    ) -> tuple[Floats, Floats, Floats]:
        chunk, plan = self.chunk, self.chunk.plan
        movers, grid = plan.game.slots[self.slot], plan.grid.shape
        values = np.empty((plan.slot_places[self.slot], *following.shape[1:]))
        types = max((plan.game.types[p] for p in movers), default=1)
        logs = posterior = np.zeros(0)
        if keep:
            shape = (plan.slot_choices[self.slot], types, *grid, chunk.draws)
            logs, posterior = np.zeros(shape), np.zeros((shape[0], types - 1, *shape[2:]))
        discounted = following * chunk.data.discount if self.groups[0].last else following
        lines = self._lines(discounted)
        for i, (group, table, signal) in enumerate(zip(self.groups, self.tables, self.signals, strict=True)):
            if signal is not None:
                assert lines is not None
                found = signal.solve(*lines, precision[signal.mover], chunk.valid, keep=keep)
                values[group.places] = np.moveaxis(found.values, 0, 1)
                run.cells += found.counts.cells
                run.proven += found.counts.proven
                run.climbed += found.counts.climbed
                run.traced += found.counts.traced
                for cell, gap in zip(found.failed, found.gap.tolist(), strict=True):
                    chunk.fail(run, r, group, cell, gap)
                if found.log_choice is not None:
                    logs[group.rows] = np.moveaxis(found.log_choice, 2, 0)
                    posterior[group.rows, 0] = np.moveaxis(probability(found.z), 1, 0)
            elif group.kind == GENERAL:
                guess = None if is_audit(n) else self.unknowns.get(i)
                values[group.places], some, after = self._general(
                    run, r, group, i, following, precision, guess
                )
                if keep:
                    logs[group.rows], posterior[group.rows] = some, after
            else:
                ahead = _mixed(discounted, group, table)
                values[group.places], choice = _plain(plan, group, table, ahead, precision)
                if keep and movers:
                    if choice is not None:
                        logs[group.rows, 0] = choice
                    else:
                        _still(plan, group, posterior)
        return values, logs, posterior

    def _lines(self, following: Floats) -> tuple[Curves, Steepness] | None:
        """The curves of what follows along the belief in the mover, and how steep they are."""
        signal = next((s for s in self.signals if s is not None), None)
        if signal is None:
            return None
        grid = self.chunk.plan.grid
        (axis,) = grid.axes(signal.mover)
        lines = curves(following[self.wanted], grid.nodes[axis], axis)
        for rows, odds in self.averages:
            lines = lines.mixed(rows, odds)
        return lines, Steepness(lines, signal.first)

    def _general(
        self,
        run: Run,
        r: int,
        group: Group,
        i: int,
        following: Floats,
        precision: Floats,
        guess: Floats | None,
    ) -> tuple[Floats, Floats, Floats]:
        """Places where several move at once, or parties of more than two types."""
        from goodoffices.solvers.belief.general import solve_general

        chunk = self.chunk
        discount = chunk.data.discount if group.last else np.ones(chunk.draws)
        values, logs, posterior, self.unknowns[i], solved = solve_general(
            chunk.plan, group, following, chunk.payoff, chunk.data, precision, discount, guess
        )
        run.cells += solved.size
        shape = (*chunk.plan.grid.shape, chunk.draws)
        for place, cell in np.argwhere(~solved).tolist():
            where = np.array([place, *np.unravel_index(cell, shape)])
            if chunk.valid[where[-1]]:
                chunk.fail(run, r, group, where, float("nan"))
        return values, logs, posterior


def _wide(odds: Floats, axes: int) -> Floats:
    """Odds [..., b] with room for components and the grid."""
    return odds.reshape(*odds.shape[:-1], *(1,) * axes, odds.shape[-1])


def _mixed(following: Floats, group: Group, table: Tables) -> Floats:
    """[n, m, v, g..., b] what follows each action, averaged over its edges."""
    if table.odds is None:
        return following[group.to[:, :, 0]]
    return (_wide(table.odds, following.ndim - 2) * following[group.to]).sum(2)


def _plain(
    plan: Plan, group: Group, table: Tables, ahead: Floats, precision: Floats
) -> tuple[Floats, Floats | None]:
    """Values [n, v, g..., b] and log choices [n, m, g..., b] where a party without private types chooses, if any does."""
    worth = ahead + table.others
    if group.kind == STILL:
        return worth[:, 0], None
    (mover,) = group.movers
    u = precision[mover] * worth[:, :, plan.part(mover, 0)]
    top = u.max(1, keepdims=True)
    logs = u - (top + np.log(np.exp(u - top).sum(1, keepdims=True)))
    return (np.exp(logs)[:, :, None] * worth).sum(1), logs


def _still(plan: Plan, group: Group, posterior: Floats) -> None:
    """Where there is one thing to do, nothing is learned: write the belief that was held before."""
    for c, p in enumerate(group.movers):
        axes = plan.grid.axes(p)
        if axes:
            here = plan.grid.coordinates()[list(axes)].reshape(len(axes), *plan.grid.shape, 1)
            posterior[group.rows[:, c], : len(axes)] = here
