"""Derivatives of a solution of the recursive form: `differentiate`.

Receives a solution that kept its values, and directions in which the game's numbers change; returns how values and
strategies change with them. Fixed points are differentiated by the implicit function theorem, cell by cell and backward
over rounds, and the values of talks without end as the fixed point of that linear map: nothing is solved again.

The interpolation has kinks (where neighbouring values cease to rise and begin to fall); there the derivative is the one
to the side that the direction points to.

Index letters as in `games.recursive`, and d direction, always the first axis.
"""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from goodoffices.games.recursive import Floats, RecursiveData, RecursiveSolution
from goodoffices.solvers.belief.affine import fixed_point
from goodoffices.solvers.belief.grid import BeliefGrid, coordinates_of
from goodoffices.solvers.belief.interpolation import interpolate, slopes
from goodoffices.solvers.belief.payoffs import expect, of_actions
from goodoffices.solvers.belief.plan import GENERAL, SIGNAL, Group, Plan, make_plan
from goodoffices.solvers.belief.tangents_curves import slope_tangents
from goodoffices.solvers.belief.tangents_turns import Changes, Here, plain_turns, signal_turns

BLOCK = 40
"""Directions taken together: enough for the work that they share to be little, few enough not to fill the memory."""
MOST_ROUNDS = 20_000
"""Passes over a round without end after which derivatives that still change are given up (nan)."""


@dataclass(frozen=True, eq=False)
class Tangents:
    """Derivatives of a `RecursiveSolution` in some directions; its arrays with an axis d in front."""

    root: Floats
    """[d, v, b] of the values at the start and the prior; utility per unit of the direction."""
    values: tuple[tuple[Floats, ...], ...]
    """[round][slot][d, place of the slot, v, g..., b]; after the last of finitely many rounds one entry of slot 0.
    Of the first round only, unless all were kept; so are those below."""
    log_choice: tuple[tuple[Floats, ...], ...]
    """[round][slot][d, choice of the slot, type, g..., b]"""
    posterior: tuple[tuple[Floats, ...], ...]
    """[round][slot][d, choice of the slot, coordinate, g..., b]"""


def differentiate(
    solution: RecursiveSolution,
    directions: RecursiveData,
    *,
    keep: bool = False,
    tolerance: float = 1e-10,
    threads: int | None = None,
) -> Tangents:
    """How a solution changes with the numbers of its game.

    Args:
        solution: What to differentiate; solved with `keep=True`. Draws that were not solved give nan.
        directions: The change of every number of `solution.data` in each direction: arrays as there, with an axis d in
            front and the axis of draws at the end. Of odds and priors the changes should sum to zero.
        keep: Whether the changes of all rounds are kept, or of the first only.
        tolerance: Of the derivatives of values without end, relative to the largest of each direction.
        threads: Blocks of directions worked on at the same time; None for the number of processors.

    Raises:
        ValueError: The solution kept no values, or directions do not fit its numbers.

    The implicit function theorem for logit equilibria: McKelvey and Palfrey (1995); for parametric Markov games see
    Eibelshäuser, Klockmann, Poensgen and von Schenk (2023).
    """
    if not solution.log_choice or not solution.values:
        raise ValueError("derivatives need a solution that kept its values")
    _check(solution.data, directions)
    lost = ~np.isin(solution.status, (0, 4))
    count = len(directions.discount)
    ends = np.linspace(0, count, math.ceil(count / BLOCK) + 1).round().astype(int).tolist()

    def work(block: tuple[int, int]) -> Tangents:
        # What NumPy is told about errors holds in this thread only.
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            return _Linear(solution, _some(directions, slice(*block))).run(keep, tolerance)

    blocks = list(pairwise(ends))
    workers = min(threads or os.cpu_count() or 1, len(blocks))
    if workers == 1:
        parts = [work(block) for block in blocks]
    else:
        with ThreadPoolExecutor(workers) as pool:
            parts = list(pool.map(work, blocks))
    found = _joined(parts)
    for array in (found.root, *(a for part in _levels(found) for level in part for a in level)):
        array[..., lost] = np.nan
    return found


def _some(directions: RecursiveData, which: slice) -> RecursiveData:
    return RecursiveData(
        directions.payoff[which],
        directions.odds[which],
        directions.end[which],
        tuple(p[which] for p in directions.prior),
        directions.rationality[which],
        directions.discount[which],
    )


def _joined(parts: list[Tangents]) -> Tangents:
    if len(parts) == 1:
        return parts[0]
    values, logs, posterior = (
        tuple(
            tuple(np.concatenate(arrays) for arrays in zip(*level, strict=True))
            for level in zip(*levels, strict=True)
        )
        for levels in zip(*(_levels(part) for part in parts), strict=True)
    )
    return Tangents(np.concatenate([part.root for part in parts]), values, logs, posterior)


def _levels(found: Tangents) -> tuple[tuple[tuple[Floats, ...], ...], ...]:
    return found.values, found.log_choice, found.posterior


def _check(data: RecursiveData, directions: RecursiveData) -> None:
    pairs = [
        (getattr(data, name), getattr(directions, name))
        for name in ("payoff", "odds", "end", "rationality", "discount")
    ]
    pairs += list(zip(data.prior, directions.prior, strict=True))
    counts = {change.shape[0] for _, change in pairs if change.ndim}
    if len(counts) != 1 or 0 in counts or any(change.shape[1:] != base.shape for base, change in pairs):
        raise ValueError("directions need the shapes of the numbers, with one axis more in front")


class _Linear:
    """The linear map from changes of the numbers to changes of the solution."""

    def __init__(self, solution: RecursiveSolution, directions: RecursiveData) -> None:
        self.solution, self.data, self.change = solution, solution.data, directions
        self.grid = BeliefGrid(solution.game.types, solution.axes)
        self.plan: Plan = make_plan(solution.game, self.grid)
        self.count = len(directions.discount)
        self.paid = of_actions(solution.game, self.data)
        self.paid_change = self._paid_change()
        here = Here(self.plan, self.data, directions, self.paid, self.paid_change)
        self.tables = [[here.of(group) for group in slot] for slot in self.plan.groups]

    def _paid_change(self) -> Floats:
        """[d, a, k, p, b]"""
        data, change = self.data, self.change
        odds, odds_change = data.odds[:, None, None], change.odds[:, :, None, None]
        worth = np.where(odds > 0, odds * change.payoff, 0.0) + odds_change * data.payoff
        game = self.plan.game
        begin = np.searchsorted(game.edge_action, np.arange(len(game.action_place)))
        return np.add.reduceat(worth, begin, axis=1)

    def run(self, keep: bool, tolerance: float) -> Tangents:
        solution = self.solution
        if solution.rounds is None:
            values, logs, posterior = self._endless(tolerance)
        else:
            values, logs, posterior = self._backward(solution.rounds, keep)
        return Tangents(self._root(values[0][0]), tuple(values), tuple(logs), tuple(posterior))

    def _backward(
        self, rounds: int, keep: bool
    ) -> tuple[list[tuple[Floats, ...]], list[tuple[Floats, ...]], list[tuple[Floats, ...]]]:
        ahead = self._end()
        values: list[tuple[Floats, ...]] = [(ahead,)] if keep else []
        logs: list[tuple[Floats, ...]] = []
        posterior: list[tuple[Floats, ...]] = []
        for r in reversed(range(rounds)):
            found = self.round(r, self.solution.values[r + 1][0], ahead)
            ahead = found[0][0]
            if r and not keep:
                continue
            for levels, part in zip((values, logs, posterior), zip(*found, strict=True), strict=True):
                levels.append(part)
        return values[::-1], logs[::-1], posterior[::-1]

    def _endless(
        self, tolerance: float
    ) -> tuple[list[tuple[Floats, ...]], list[tuple[Floats, ...]], list[tuple[Floats, ...]]]:
        """The change of values without end solves change = round(change); the map contracts, as the values did."""
        following = self.solution.values[0][0]
        usable = np.isin(self.solution.status, (0, 4))
        enough = np.where(usable, tolerance * (1.0 - self.data.discount), np.inf)
        ahead, done, _ = fixed_point(
            lambda change: self.round(0, following, change)[0][0],
            np.zeros((self.count, *following.shape)),
            enough=enough,
            most=MOST_ROUNDS,
        )
        found = self.round(0, following, ahead)
        for part in found:
            for array in part:
                np.moveaxis(array, -1, 1)[~done] = np.nan
        values, logs, posterior = zip(*found, strict=True)
        return [values], [logs], [posterior]

    def round(self, r: int, following: Floats, change: Floats) -> list[tuple[Floats, Floats, Floats]]:
        """Changes of values, log choices and posteriors of each slot, given what follows the round and its change."""
        out: list[tuple[Floats, Floats, Floats]] = []
        for slot in reversed(range(len(self.plan.groups))):
            out.append(self._slot(r, slot, following, change))
            following, change = self.solution.values[r][slot], out[-1][0]
        return out[::-1]

    def _slot(self, r: int, slot: int, following: Floats, change: Floats) -> tuple[Floats, Floats, Floats]:
        solution, data = self.solution, self.data
        precision, bend = data.rationality, self.change.rationality
        if solution.from_outset and r:
            faded = data.discount**r
            bend = bend * faded + precision * (r * data.discount ** (r - 1) * self.change.discount)[:, None]
            precision = precision * faded
        last = slot == len(self.plan.groups) - 1
        ahead = Changes(following, change)
        if last:
            ahead = Changes(
                following * data.discount,
                change * data.discount + following * _wide(self.change.discount, following.ndim),
            )
        d = (self.count,)
        values = np.zeros(d + solution.values[r][slot].shape)
        logs, posterior = (
            np.zeros(d + level[r][slot].shape) for level in (solution.log_choice, solution.posterior)
        )
        for group, numbers in zip(self.plan.groups[slot], self.tables[slot], strict=True):
            if group.kind == GENERAL:
                found = self._general(r, group, Changes(following, change), precision, bend)
                values[:, group.places], logs[:, group.rows], posterior[:, group.rows] = found
            elif group.kind == SIGNAL:
                old = solution.log_choice[r][slot][group.rows]
                found = signal_turns(self.plan, group, numbers, ahead, old, precision, bend)
                values[:, group.places], logs[:, group.rows] = found[:2]
                posterior[:, group.rows, 0] = found[2]
            else:
                values[:, group.places], choice = plain_turns(
                    self.plan, group, numbers, ahead, precision, bend
                )
                if choice is not None:
                    logs[:, group.rows, 0] = choice
        return values, logs, posterior

    def _general(
        self, r: int, group: Group, ahead: Changes, precision: Floats, bend: Floats
    ) -> tuple[Floats, Floats, Floats]:
        from goodoffices.solvers.belief.tangents_general import general_turns

        old = self.solution.log_choice[r][group.slot][group.rows]
        return general_turns(
            self.plan,
            group,
            (self.data, self.change),
            (self.paid, self.paid_change),
            ahead,
            old,
            precision,
            bend,
        )

    def _end(self) -> Floats:
        """[d, place, v, g..., b] of slot 0 after the last round."""
        game = self.plan.game
        places = np.flatnonzero(game.place_slot == 0)
        shape = (self.count, len(places), *self.grid.shape, self.data.discount.shape[-1])
        out = [
            np.broadcast_to(
                expect(game, self.grid, self.change.end[:, places][..., party, :], {party: own}), shape
            )
            for party, own in self.plan.parts
        ]
        return np.stack(out, 2)

    def _root(self, first_change: Floats) -> Floats:
        """[d, v, b] at the start and the prior, one axis of belief after another."""
        game = self.plan.game
        start = game.start - int(np.searchsorted(game.place_slot, 0))
        at, change = self.solution.values[0][0][start], first_change[:, start]
        for party, (p, by) in enumerate(zip(self.data.prior, self.change.prior, strict=True)):
            if len(p) == 1:
                continue
            points = coordinates_of(np.log(p))
            rest, rest_by = p[::-1].cumsum(0)[::-1], by[:, ::-1].cumsum(1)[:, ::-1]
            moved = (by * rest - p * rest_by)[:, :-1] / (rest**2)[:-1]
            for k, axis in enumerate(self.grid.axes(party)):
                nodes = self.grid.nodes[axis]
                lead, lead_change = np.moveaxis(at, 1, 0), np.moveaxis(change, 2, 1)
                query = np.broadcast_to(points[k], (1, *lead.shape[1:]))
                value, steep = interpolate(query, lead, slopes(lead, nodes, 0), nodes)
                bent = slope_tangents(lead, lead_change, nodes, 0)
                change = np.stack(
                    [interpolate(query, c, s, nodes)[0][0] for c, s in zip(lead_change, bent, strict=True)]
                )
                change = change + steep[0] * _wide(moved[:, k], steep.ndim - 1)
                at = value[0]
        return change


def _wide(by_draw: Floats, axes: int) -> Floats:
    """[d, b] with room for `axes` axes, the draws among them."""
    return by_draw.reshape(len(by_draw), *(1,) * (axes - 1), by_draw.shape[-1])
