"""One chunk of draws taken backward over rounds.

Receives a plan and the numbers of some draws; returns arrays of every round, or only those of the first. Control is here,
in Python; the work of each slot is compiled. The horizon is not part of what is compiled.

Which answers are believed: a cell is *sure* where its fixed point is proven to be the only one. Others are *trusted* once
they were followed from zero rationality, and as long as each round's answer is near the guess made from the rounds after
it and far from a fold; every `AUDIT` rounds they are followed from zero anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from goodoffices.games.recursive import FailedCell, Floats, Ints, RecursiveData
from goodoffices.solvers.belief.cells import PASSES, SOLVED, WIDTHS, Climbed, climb_cells, settle_cells, trace
from goodoffices.solvers.belief.kernels import Numbers, Signal, Turns, compute, line_of, slopes_for
from goodoffices.solvers.belief.payoffs import expect, of_actions
from goodoffices.solvers.belief.plan import GENERAL, SIGNAL, STILL, Group, Plan, Tables, all_tables
from goodoffices.solvers.belief.signals import probability

Array = Any
WARM, COLD = 6, 12
"""Newton steps for all cells from guesses made of earlier rounds, and from the prior; the rest is done one by one."""


def is_audit(n: int) -> bool:
    """Whether all doubtful cells are followed from zero rationality in the n-th round from the end: 0, 1, 2, 4, 8, ..."""
    return n & (n - 1) == 0


@dataclass
class Run:
    """What a chunk came to: the values of slot 0 in the first round, and every round's arrays where kept."""

    first: Array
    values: list[tuple[Floats, ...]] = field(default_factory=list[tuple[Floats, ...]])
    log_choice: list[tuple[Floats, ...]] = field(default_factory=list[tuple[Floats, ...]])
    posterior: list[tuple[Floats, ...]] = field(default_factory=list[tuple[Floats, ...]])
    status: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int8))
    failed: list[FailedCell] = field(default_factory=list[FailedCell])
    cells: int = 0
    traced: int = 0
    climbed: int = 0
    proven: int = 0


@partial(jax.jit, static_argnums=(0, 1, 2, 3))
def slot_step(
    plan: Plan,
    slot: int,
    iterations: int,
    keep: bool,
    following: Array,
    numbers: tuple[Numbers, ...],
    guesses: tuple[Array, ...],
    trusted: tuple[Array, ...],
    valid: Array,
    rationality: Array,
    discount: Array,
) -> tuple[Array, tuple[Turns, ...], tuple[Array, ...], Array]:
    """All groups of a slot: values [place, v, g..., b], turns, cells in need of more [n, g..., b], and their number."""
    slope = slopes_for(plan, slot, following)
    out = jnp.zeros((plan.slot_places[slot], *following.shape[1:]))
    turns, needs = [], []
    for group, table, guess, trust in zip(plan.groups[slot], numbers, guesses, trusted, strict=True):
        if group.kind == GENERAL:  # done one place after another, in `general`
            blank = jnp.zeros((len(group.places), 0))
            turns.append(Turns(blank, blank, blank, blank, blank, blank))
            needs.append(jnp.zeros(0, bool))
            continue
        factor = discount if group.last else jnp.ones_like(discount)
        turn = compute(
            plan, group, following, slope, table, guess, rationality, factor, iterations=iterations, keep=keep
        )
        out = out.at[group.places].set(turn.values)
        turns.append(turn._replace(values=jnp.zeros(0)))
        if group.kind == SIGNAL:
            needs.append(valid & ~((turn.gap <= SOLVED) & (turn.sure | (trust & turn.followed))))
        else:
            needs.append(jnp.zeros(0, bool))
    counts = jnp.stack(
        [jnp.stack([n.sum() for n in needs]), jnp.stack([t.sure.sum() for t in turns]).astype(int)]
    )
    return out, tuple(turns), tuple(needs), counts


class Chunk:
    """The draws of one chunk, ready to be taken backward."""

    def __init__(self, plan: Plan, data: RecursiveData, valid: np.ndarray) -> None:
        self.plan, self.data = plan, data
        self.draws = data.discount.shape[-1]
        self.valid = jnp.asarray(valid)
        self.rationality, self.discount = jnp.asarray(data.rationality), jnp.asarray(data.discount)
        self.payoff = of_actions(plan.game, data)
        self.numbers = [tuple(_numbers(t) for t in slot) for slot in all_tables(plan, data)]
        self.prior = {p: _prior(plan, p) for p, k in enumerate(plan.game.types) if k == 2}

    def end(self) -> Array:
        """[place, v, g..., b] of slot 0 after the last round."""
        game, grid = self.plan.game, self.plan.grid
        places = np.flatnonzero(game.place_slot == 0)
        shape = (len(places), *grid.shape, self.draws)
        columns = [
            np.broadcast_to(expect(game, grid, self.data.end[places, :, p], {p: k}), shape)
            for p, k in self.plan.parts
        ]
        return jnp.asarray(np.stack(columns, 1))

    def backward(self, rounds: int, *, keep: bool, from_outset: bool, tick: Any = None) -> Run:
        """Take the chunk from the last round to the first."""
        plan = self.plan
        run = Run(self.end(), status=np.zeros(self.draws, np.int8))
        if keep:
            run.values.append((np.asarray(run.first),))
        history = _History(plan, self.prior, self.draws)
        following = run.first
        for n, r in enumerate(reversed(range(rounds))):
            precision = self.rationality * (self.discount**r if from_outset else 1.0)
            kept: list[tuple[Any, ...]] = []
            for slot in reversed(range(len(plan.game.slots))):
                if is_audit(n):
                    history.forget(slot)
                following, turns = self.slot(run, history, n, r, slot, following, precision, keep)
                if keep:
                    kept.append((np.asarray(following), *_kept(plan, slot, turns, self.draws)))
            if keep:
                kept.reverse()
                run.values.append(tuple(k[0] for k in kept))
                run.log_choice.append(tuple(k[1] for k in kept))
                run.posterior.append(tuple(k[2] for k in kept))
            if tick is not None:
                tick()
        run.first = following
        for arrays in (run.values, run.log_choice, run.posterior):
            arrays.reverse()
        return run

    def stationary(self, *, tolerance: float, most: int, keep: bool, tick: Any = None) -> Run:
        """Repeat the same round, from nothing after it, until values change by less than `tolerance * (1 - discount)`.

        Draws that are done wait for the others of the chunk. Status 2 where `most` rounds were not enough.
        """
        plan = self.plan
        run = Run(jnp.zeros_like(self.end()), status=np.zeros(self.draws, np.int8))
        history = _History(plan, self.prior, self.draws)
        following, valid = run.first, np.asarray(self.valid)
        limit = tolerance * (1.0 - self.data.discount)
        done = ~valid
        kept: list[tuple[Array, list[Turns]]] = []
        for n in range(most):
            before, kept = following, []
            run.failed.clear()  # only the last round counts
            run.status[:] = 0
            for slot in reversed(range(len(plan.game.slots))):
                if is_audit(n):
                    history.forget(slot)
                following, turns = self.slot(run, history, n, 0, slot, following, self.rationality, keep)
                kept.append((following, turns))
            change = np.asarray(jnp.abs(following - before).max(tuple(range(following.ndim - 1))))
            done = ~valid | (change <= limit)
            if tick is not None:
                tick()
            if done.all():
                break
        run.status[~done] = 2
        run.first = following
        if keep:
            tables = [
                (np.asarray(v), *_kept(plan, slot, t, self.draws)) for slot, (v, t) in enumerate(kept[::-1])
            ]
            run.values.append(tuple(t[0] for t in tables))
            run.log_choice.append(tuple(t[1] for t in tables))
            run.posterior.append(tuple(t[2] for t in tables))
        return run

    def slot(
        self,
        run: Run,
        history: _History,
        n: int,
        r: int,
        slot: int,
        following: Array,
        precision: Array,
        keep: bool,
    ) -> tuple[Array, list[Turns]]:
        """One slot of one round: all cells at once, then those that need more."""
        plan = self.plan
        iterations = COLD if n == 0 else WARM
        values, found, needs, counts = slot_step(
            plan,
            slot,
            iterations,
            keep,
            following,
            self.numbers[slot],
            history.guesses(slot),
            history.trusted[slot],
            self.valid,
            precision,
            self.discount,
        )
        turns = list(found)
        count, proven = np.asarray(counts)
        run.proven += int(proven.sum())
        for i, group in enumerate(plan.groups[slot]):
            if group.kind == GENERAL:
                values, turns[i] = self.general(
                    run, history, n, r, group, (slot, i), following, values, precision
                )
            if group.kind != SIGNAL:
                continue
            run.cells += turns[i].gap.size
            if count[i]:
                values, turns[i] = self.more(
                    run, r, group, slot, i, following, values, turns[i], needs[i], precision
                )
        history.remember(slot, turns)
        return values, turns

    def general(
        self,
        run: Run,
        history: _History,
        n: int,
        r: int,
        group: Group,
        key: tuple[int, int],
        following: Array,
        values: Array,
        precision: Array,
    ) -> tuple[Array, Turns]:
        """Places where several move at once, or parties of more than two types."""
        from goodoffices.solvers.belief.general import solve_general

        discount = self.data.discount if group.last else np.ones(self.draws)
        found, logs, posterior, unknowns, solved = solve_general(
            self.plan,
            group,
            np.asarray(following),
            self.payoff,
            self.data,
            np.asarray(precision),
            discount,
            None if is_audit(n) else history.unknowns[key],
        )
        history.unknowns[key] = unknowns
        run.cells += solved.size
        shape = (*self.plan.grid.shape, self.draws)
        for place, cell in np.argwhere(~solved).tolist():
            where = np.array([place, *np.unravel_index(cell, shape)])
            if bool(np.asarray(self.valid)[where[-1]]):
                self.fail(run, r, group, where, float("nan"))
        blank = jnp.zeros((len(group.places), 0))
        turn = Turns(blank, posterior, logs, blank, blank, blank)
        return values.at[group.places].set(jnp.asarray(found)), turn

    def more(
        self,
        run: Run,
        r: int,
        group: Group,
        slot: int,
        i: int,
        following: Array,
        values: Array,
        turn: Turns,
        need: Array,
        precision: Array,
    ) -> tuple[Array, Turns]:
        """Solve the cells in need of more along their branches, and put the answers where they belong."""
        plan = self.plan
        cells = np.argwhere(np.asarray(need))
        run.climbed += len(cells)
        slope = slopes_for(plan, slot, following)
        factor = self.discount if group.last else jnp.ones_like(self.discount)
        for most in PASSES:
            left: list[Ints] = []
            for mine, where in _batches(cells):
                found, signal = climb_cells(
                    plan, group, following, slope, self.numbers[slot][i], precision, factor, where, most
                )
                bad = np.flatnonzero(~np.asarray(found.good[: len(mine)]))
                if len(bad) and most == PASSES[-1]:
                    found = self.trace(run, r, group, mine, signal, found, bad)
                elif len(bad):
                    left.append(mine[bad])
                values, turn = _put(group, where, values, turn, *found[:4])
            cells = np.concatenate(left) if left else cells[:0]
        return values, turn

    def trace(
        self, run: Run, r: int, group: Group, cells: Ints, signal: Signal, found: Climbed, bad: Ints
    ) -> Climbed:
        """The last resort for a few cells; those that are still not solved are written down."""
        plan = self.plan
        run.traced += len(bad)
        line = line_of(plan, group.movers[0])._replace(axis=-2)
        traced, arrived = trace(line, signal, bad)
        z = np.array(found.z)
        z[:, bad[arrived]] = traced[:, arrived]
        values, logs, gap = settle_cells(plan, group, signal, jnp.asarray(z))
        left = np.asarray(gap)[bad]
        for c in np.flatnonzero(~arrived | ~(left <= SOLVED)).tolist():
            self.fail(run, r, group, cells[bad[c]], float(left[c]))
        return Climbed(jnp.asarray(z), values, logs, gap, found.good)

    def fail(self, run: Run, r: int, group: Group, cell: np.ndarray, gap: float) -> None:
        """Write a cell down that could not be solved."""
        place, *node, draw = cell.tolist()
        belief = tuple(float(x[i]) for x, i in zip(self.plan.grid.nodes, node, strict=True))
        first = int(np.searchsorted(self.plan.game.place_slot, group.slot))
        run.status[draw] = 1
        run.failed.append(FailedCell(draw, r, first + int(group.places[place]), belief, gap))


class _History:
    """Log-odds of the last two rounds, and which cells are trusted, by slot and group."""

    def __init__(self, plan: Plan, prior: dict[int, Array], draws: int) -> None:
        self.plan = plan
        self.now: list[tuple[Array, ...]] = []
        self.trusted: list[tuple[Array, ...]] = []
        for slot in plan.groups:
            z, trust = [], []
            for group in slot:
                if group.kind == SIGNAL:
                    shape = (*plan.grid.shape, draws)
                    z.append(jnp.broadcast_to(prior[group.movers[0]], (*group.actions.shape, *shape)))
                    trust.append(jnp.zeros((len(group.places), *shape), bool))
                else:
                    z.append(jnp.zeros((len(group.places), 0)))
                    trust.append(jnp.zeros(0, bool))
            self.now.append(tuple(z))
            self.trusted.append(tuple(trust))
        self.before = list(self.now)
        self.unknowns: dict[tuple[int, int], Floats] = {}
        """Answers of the groups in their general form."""
        self.seen = [0] * len(plan.groups)

    def guesses(self, slot: int) -> tuple[Array, ...]:
        """First guesses: the line through the last two rounds, where there are two."""
        return _ahead(self.now[slot], self.before[slot]) if self.seen[slot] > 1 else self.now[slot]

    def forget(self, slot: int) -> None:
        """Trust nothing until it is followed from zero rationality again."""
        self.trusted[slot] = tuple(jnp.zeros_like(t) for t in self.trusted[slot])

    def remember(self, slot: int, turns: list[Turns]) -> None:
        """Take over a round's answers; all of them are sure, trusted or have just been followed from zero."""
        signals = [g.kind == SIGNAL for g in self.plan.groups[slot]]
        old = self.now[slot]
        self.before[slot] = old
        self.now[slot] = tuple(t.z if s else o for t, s, o in zip(turns, signals, old, strict=True))
        self.trusted[slot] = tuple(jnp.ones_like(t) for t in self.trusted[slot])
        self.seen[slot] += 1


@jax.jit
def _ahead(now: tuple[Array, ...], before: tuple[Array, ...]) -> tuple[Array, ...]:
    return tuple(2.0 * a - b for a, b in zip(now, before, strict=True))


@partial(jax.jit, static_argnums=0)
def _put(
    group: Group,
    where: tuple[Array, ...],
    values: Array,
    turn: Turns,
    z: Array,
    new: Array,
    logs: Array,
    gap: Array,
) -> tuple[Array, Turns]:
    """Write single cells into the arrays of a slot and of its group."""
    place, *rest = where
    there = jnp.asarray(group.places)[place]
    values = values.at[(there, slice(None), *rest)].set(new.T)
    turn = turn._replace(
        z=turn.z.at[(place, slice(None), *rest)].set(z.T), gap=turn.gap.at[(place, *rest)].set(gap)
    )
    if turn.log_choice.size:
        table = turn.log_choice.at[(place, slice(None), slice(None), *rest)].set(jnp.moveaxis(logs, -1, 0))
        turn = turn._replace(log_choice=table)
    return values, turn


def _numbers(table: Tables) -> Numbers:
    """A group's tables for the compiled code; what does not apply has no entries."""
    nothing = jnp.zeros((len(table.own), 0))
    return Numbers(
        nothing if table.odds is None else jnp.asarray(table.odds),
        jnp.asarray(table.own),
        jnp.asarray(table.others),
        nothing if table.by_type is None else jnp.asarray(table.by_type),
    )


def _prior(plan: Plan, party: int) -> Array:
    """[g..., 1] log-odds of a party's first type against its second at every cell."""
    logs = plan.grid.log_beliefs(party)
    return jnp.asarray((logs[0] - logs[1]).reshape(*plan.grid.shape, 1))


def _batches(cells: Ints) -> Iterator[tuple[Ints, tuple[Array, ...]]]:
    """Cells [c, index] in batches of few sizes, each with its indices, filled up with its last cell."""
    width = WIDTHS[0] if len(cells) <= WIDTHS[0] else WIDTHS[1]
    for begin in range(0, len(cells), width):
        mine = cells[begin : begin + width]
        padded = np.concatenate([mine, np.repeat(mine[-1:], width - len(mine), 0)])
        yield mine, tuple(jnp.asarray(c) for c in padded.T)


def _kept(plan: Plan, slot: int, turns: list[Turns], draws: int) -> tuple[Floats, Floats]:
    """Log choices [choice, k, g..., b] and posterior coordinates [choice, coordinate, g..., b] of a slot."""
    movers = plan.game.slots[slot]
    types = max((plan.game.types[p] for p in movers), default=1)
    shape = (*plan.grid.shape, draws)
    logs = np.zeros((plan.slot_choices[slot], types, *shape))
    posterior = np.zeros((plan.slot_choices[slot], types - 1, *shape))
    for group, turn in zip(plan.groups[slot], turns, strict=True):
        if not movers:
            continue
        logs[group.rows] = np.asarray(turn.log_choice)
        if group.kind == SIGNAL:
            posterior[group.rows, 0] = probability(np.asarray(turn.z))
        elif group.kind == GENERAL:
            posterior[group.rows] = np.asarray(turn.z)
        else:
            for c, p in enumerate(movers):  # one move each, which tells nothing
                axes = plan.grid.axes(p)
                here = plan.grid.coordinates()[list(axes)].reshape(len(axes), *plan.grid.shape, 1)
                if group.kind == STILL and len(axes):
                    posterior[group.rows[:, c], : len(axes)] = here
    return logs, posterior
