"""Talks without end in which nobody has a private type: the whole stationary equilibrium followed at once.

Receives a game of which every party has one type, with its numbers; returns a solution without a certificate, or None
where a draw could not be followed. Instead of ever longer talks, whose values settle only as fast as the discount lets them, values
and strategies of all places are unknowns of one system, followed from zero rationality (Eibelshäuser, Klockmann,
Poensgen and von Schenk 2023 do so, too). Strategies are eliminated place by place, so that what is solved as a whole is as
large as there are values.

Index letters: b draw (first here), n place of a kind, j mover, m own move, a joint move, p party, s any place, d all own
moves of a place's movers one after another.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goodoffices.games.recursive import (
    Choices,
    Floats,
    Ints,
    RecursiveData,
    RecursiveGame,
    RecursiveSolution,
    Survey,
    list_choices,
)
from goodoffices.solvers.belief.payoffs import finite, of_actions, take

MOST_VALUES = 2_000
"""Number of unknown values beyond which ever longer talks are the better way."""
FIRST, LARGEST, SHORTEST = 0.5, 4.0, 1e-4
"""Lengths of steps in t = log(1 + rationality)."""
WISHED = 0.1
"""First Newton step, in log probability, that the length of steps aims at."""
LARGEST_CORRECTION = 1.0
"""A longer first Newton step could lead to another branch."""
ON_THE_WAY, ARRIVED = 1e-2, 1e-7
"""A Newton step this small leaves an error of its square."""
MOST = 500
MOST_TOGETHER = 64
"""Draws followed together: the last of them keep the others' company short."""


class Endless(NamedTuple):
    """A stationary equilibrium."""

    values: Floats
    """[s, p, b]"""
    log_choice: Floats
    """[c, b], c as in `games.recursive.list_choices`."""
    solved: NDArray[np.bool_]
    """[b]"""


class _Kind(NamedTuple):
    """Places whose movers are the same parties with as many moves each."""

    movers: tuple[int, ...]
    counts: tuple[int, ...]
    places: Ints
    """[n]"""
    rows: Ints
    """[n, d] choices."""
    payoff: Floats
    """[b, n, a, p]"""
    goes: Floats
    """[b, n, a, s] chance of each place next, discounted."""


class _Point(NamedTuple):
    """Unknowns of some draws."""

    values: Floats
    """[b, s, p]"""
    logs: Floats
    """[b, c]"""

    def plus(self, other: _Point, share: Floats) -> _Point:
        """This and a share [b] of another."""
        return _Point(
            self.values + share[:, None, None] * other.values, self.logs + share[:, None] * other.logs
        )

    def some(self, which: Ints) -> _Point:
        """Some of the draws."""
        return _Point(self.values[which], self.logs[which])

    def put(self, which: Ints, other: _Point) -> None:
        """Write over some of the draws."""
        self.values[which], self.logs[which] = other.values, other.logs


def solve_whole(
    game: RecursiveGame, data: RecursiveData, *, keep: bool, memory: int
) -> RecursiveSolution | None:
    """The stationary solution of all draws, some at a time; None where a draw could not be followed to its end.

    Draws whose numbers are not finite are not looked at (status 3).
    """
    begun = time.perf_counter()
    valid = finite(data)
    draws, places = len(valid), len(game.place_slot)
    choices = list_choices(game)
    values = np.full((places, len(game.players), draws), np.nan)
    logs = np.full((len(choices.place), draws), np.nan)
    each = 8 * (4 * len(game.action_place) * places + 3 * (places * len(game.players)) ** 2)
    count = max(1, min(MOST_TOGETHER, memory // (2 * each)))
    which = np.flatnonzero(valid)
    for first in range(0, len(which), count):
        some = which[first : first + count]
        found = solve_endless(game, choices, take(data, some))
        if not found.solved.all():
            return None
        values[..., some], logs[..., some] = found.values, found.log_choice
    slots = range(len(game.slots))
    first_place = int(np.searchsorted(game.place_slot, 0))
    of_slot = [np.flatnonzero(game.place_slot[choices.place] == slot) for slot in slots]
    blank = tuple(np.zeros((len(rows), 0, draws)) for rows in of_slot)
    return RecursiveSolution(
        game,
        data,
        (),
        None,
        values[game.start - first_place],
        (tuple(values[game.place_slot == slot] for slot in slots),) if keep else (),
        (tuple(logs[rows, None] for rows in of_slot),) if keep else (),
        (blank,) if keep else (),
        np.where(valid, 0, 3).astype(np.int8),
        None,
        Survey(places * len(which), 0, 0, time.perf_counter() - begun),
    )


def is_endless_case(game: RecursiveGame) -> bool:
    """Whether the talks can be solved so."""
    return max(game.types) == 1 and len(game.place_slot) * len(game.players) <= MOST_VALUES


def solve_endless(game: RecursiveGame, choices: Choices, data: RecursiveData) -> Endless:
    """Follow every draw from zero rationality to its own; `data` has an axis of draws everywhere."""
    kinds = _kinds(game, choices, data)
    draws, places, parties = data.discount.shape[-1], len(game.place_slot), len(game.players)
    precision = data.rationality.T  # [b, p]
    scale = np.maximum(precision.max(1), 1e-9)
    end = np.log1p(scale)
    point = _Point(np.zeros((draws, places, parties)), np.zeros((draws, len(choices.place))))
    for kind in kinds:
        begin = 0
        for count in kind.counts:
            point.logs[:, kind.rows[:, begin : begin + count]] = -np.log(count)
            begin += count
    # Without rationality everybody draws lots: one step finds the values, and the tangent.
    t = np.zeros(draws)
    step, tangent = _newton(kinds, precision, point, t, scale)
    point = point.plus(step, np.ones(draws))
    _, tangent = _newton(kinds, precision, point, t, scale)
    length, solved = np.full(draws, FIRST), np.zeros(draws, bool)
    who = np.arange(draws)
    ahead, trial_t = _ahead(t, length, end)
    trial = point.plus(tangent, ahead)
    previous, first = np.full(draws, np.inf), np.zeros(draws)
    part = kinds
    for _ in range(MOST):
        step, slope = _newton(part, precision[who], trial, trial_t[who], scale[who])
        size = np.abs(step.logs).max(1, initial=0.0)
        size = np.maximum(size, np.abs(step.values).max((1, 2)) * scale[who] * 1e-3)
        begun = np.isinf(previous[who])
        first[who] = np.where(begun, size, first[who])
        good = np.isfinite(size) & (
            (size <= np.where(begun, LARGEST_CORRECTION, 0.5 * previous[who])) | (size <= ARRIVED)
        )
        last = trial_t[who] >= end[who]
        there = good & (size <= np.where(last, ARRIVED, ON_THE_WAY))
        moved = trial.plus(step, np.where(good, 1.0, 0.0))
        trial = _Point(
            np.where(good[:, None, None], moved.values, 0.0), np.where(good[:, None], moved.logs, 0.0)
        )
        mine = np.flatnonzero(there)
        point.put(who[mine], trial.some(mine))
        tangent.put(who[mine], slope.some(mine))
        t[who[mine]] = trial_t[who[mine]]
        grow = np.clip(np.sqrt(WISHED / np.maximum(first[who], 1e-9)), 0.3, 3.0)
        length[who] *= np.where(there, grow, np.where(good, 1.0, 0.3))
        length[who] = np.minimum(length[who], LARGEST)
        solved[who[there & last]] = True
        anew = there | ~good
        previous[who] = np.where(anew, np.inf, size)
        again = who[anew]
        ahead, trial_t[again] = _ahead(t[again], length[again], end[again])
        trial.put(np.flatnonzero(anew), point.some(again).plus(tangent.some(again), ahead))
        going = np.flatnonzero(~solved[who] & (length[who] >= SHORTEST))
        if not going.size:
            break
        if going.size < len(who):
            who, trial = who[going], trial.some(going)
            part = [k._replace(payoff=k.payoff[going], goes=k.goes[going]) for k in part]
    return Endless(np.moveaxis(point.values, 0, 2), point.logs.T, solved)


def _ahead(t: Floats, length: Floats, end: Floats) -> tuple[Floats, Floats]:
    """Lengths of the next steps and where they lead; the last one ends where it should."""
    over = t + 1.2 * length >= end
    ahead = np.where(over, end - t, length)
    return ahead, np.where(over, end, t + ahead)


def _newton(
    kinds: list[_Kind], precision: Floats, point: _Point, t: Floats, scale: Floats
) -> tuple[_Point, _Point]:
    """Newton's step at rationality precision * (exp t - 1) / scale, and the tangent in t."""
    draws, places, parties = point.values.shape
    share, by_t = np.expm1(t) / scale, np.exp(t) / scale
    matrix = np.zeros((draws, places, parties, places, parties))
    right = np.zeros((draws, places, parties, 2))
    here = np.arange(places)
    for p in range(parties):
        matrix[:, here, p, here, p] = 1.0
    stages: list[_Stage] = []
    for kind in kinds:
        found = _stage(kind, precision, point, share, by_t)
        stages.append(found)
        count = len(kind.places)
        size = found.response.shape[-1]
        pull = found.response.reshape(draws, count, parties * parties, size) @ kind.goes
        pull = pull.reshape(draws, count, parties, parties, places)
        matrix[:, kind.places] -= pull.swapaxes(3, 4)
        right[:, kind.places] = found.right
    size = places * parties
    values = _solve(matrix.reshape(draws, size, size), right.reshape(draws, size, 2))
    values = values.reshape(draws, places, parties, 2)
    logs = np.zeros((draws, point.logs.shape[1], 2))
    for kind, found in zip(kinds, stages, strict=True):
        if not kind.movers:
            continue
        change = np.einsum("bnas,bspx->bnapx", kind.goes, values, optimize=True)
        logs[:, kind.rows] = _answer(kind, found, change)
    return _Point(values[..., 0], logs[..., 0]), _Point(values[..., 1], logs[..., 1])


class _Stage(NamedTuple):
    """The turns of a kind at some strategies and values."""

    response: Floats
    """[b, n, p, p', a] by how much the value to p changes with what a joint move is worth to p'."""
    right: Floats
    """[b, n, p, 2] what is left of the values' equations, and their derivative in t, strategies eliminated."""
    matrix: Floats
    """[b, n, d, d'] derivative of the strategies' equations."""
    left: Floats
    """[b, n, d, 2] right-hand sides of the strategies' equations."""
    choice: Floats
    """[b, n, d] the logit response."""
    without: list[Floats]
    """By mover: [b, n, joint moves...] chance of the others' moves."""
    precision: Floats
    """[b, j]"""


def _stage(kind: _Kind, precision: Floats, point: _Point, share: Floats, by_t: Floats) -> _Stage:
    counts, movers = kind.counts, kind.movers
    draws, count, _, parties = kind.payoff.shape
    ahead = point.values[:, kind.places]
    next_values = kind.goes @ point.values[:, None]
    q = (kind.payoff + next_values).reshape(draws, count, *counts, parties)
    logs = point.logs[:, kind.rows]
    odds = np.exp(logs)
    cuts = np.cumsum([0, *counts])
    mine = [
        odds[:, :, cuts[j] : cuts[j + 1]].reshape(
            draws, count, *(c if i == j else 1 for i, c in enumerate(counts))
        )
        for j in range(len(movers))
    ]
    together = np.ones((draws, count, *counts))
    for other in mine:
        together = together * other
    axes = tuple(range(2, 2 + len(counts)))
    value = (together[..., None] * q).sum(axes)
    size = int(cuts[-1])
    without: list[Floats] = []
    worth = np.zeros((draws, count, size, parties))
    for j in range(len(movers)):
        rest = np.ones((draws, count, *counts))
        for i, other in enumerate(mine):
            rest = rest if i == j else rest * other
        without.append(rest)
        worth[:, :, cuts[j] : cuts[j + 1]] = (rest[..., None] * q).sum(tuple(a for a in axes if a != 2 + j))
    matrix = np.zeros((draws, count, size, size)) + np.eye(size)
    left = np.zeros((draws, count, size, 2))
    choice = np.zeros((draws, count, size))
    strength = precision[:, list(movers)] * share[:, None] if movers else np.zeros((draws, 0))
    for j, p in enumerate(movers):
        own = slice(cuts[j], cuts[j + 1])
        u = strength[:, j, None, None] * worth[:, :, own, p]
        u = u - u.max(2, keepdims=True)
        log = u - np.log(np.exp(u).sum(2, keepdims=True))
        choice[:, :, own] = here = np.exp(log)
        by_share = worth[:, :, own, p] - (here * worth[:, :, own, p]).sum(2, keepdims=True)
        left[:, :, own, 0] = log - logs[:, :, own]
        left[:, :, own, 1] = (precision[:, p] * by_t)[:, None, None] * by_share
        for i in range(len(movers)):
            if i == j:
                continue
            rest = np.ones((draws, count, *counts))
            for k, other in enumerate(mine):
                rest = rest if k in (i, j) else rest * other
            pair = (rest * q[..., p]).sum(tuple(a for a in axes if a not in (2 + i, 2 + j)))
            pair = pair if j < i else pair.swapaxes(2, 3)
            pair = pair * odds[:, :, None, cuts[i] : cuts[i + 1]]
            pair = pair - (here[..., None] * pair).sum(2, keepdims=True)
            matrix[:, :, own, cuts[i] : cuts[i + 1]] -= strength[:, j, None, None, None] * pair
    # How values answer to strategies, carried back through the strategies' equations.
    by_logs = odds[..., None] * worth  # [b, n, d, p]
    back = _solve(matrix.swapaxes(2, 3), by_logs) if len(movers) > 1 else by_logs
    right = np.einsum("bndp,bndx->bnpx", back, left)
    right[..., 0] += value - ahead
    response = np.zeros((draws, count, parties, parties, *counts))
    for p in range(parties):
        response[:, :, p, p] = together
    for j, p in enumerate(movers):
        own = slice(cuts[j], cuts[j + 1])
        pull = back[:, :, own] - choice[:, :, own, None] * back[:, :, own].sum(2, keepdims=True)
        pull = pull * strength[:, j, None, None, None]  # [b, n, m, party]
        shape = [draws, count, parties, *(c if i == j else 1 for i, c in enumerate(counts))]
        response[:, :, :, p] += pull.swapaxes(2, 3).reshape(shape) * without[j][:, :, None]
    return _Stage(
        response.reshape(draws, count, parties, parties, -1), right, matrix, left, choice, without, strength
    )


def _answer(kind: _Kind, at: _Stage, change: Floats) -> Floats:
    """[b, n, d, 2] changes of log strategies, given those of what joint moves are worth [b, n, a, p, 2]."""
    counts = kind.counts
    draws, count = change.shape[:2]
    change = change.reshape(draws, count, *counts, *change.shape[3:])
    axes = tuple(range(2, 2 + len(counts)))
    right = at.left.copy()
    begin = 0
    for j, p in enumerate(kind.movers):
        own = slice(begin, begin + counts[j])
        begin += counts[j]
        rise = (at.without[j][..., None] * change[..., p, :]).sum(tuple(a for a in axes if a != 2 + j))
        rise = rise - (at.choice[:, :, own, None] * rise).sum(2, keepdims=True)
        right[:, :, own] += at.precision[:, j, None, None, None] * rise
    return _solve(at.matrix, right) if len(kind.movers) > 1 else right


def _solve(matrix: Floats, right: Floats) -> Floats:
    """Solve many systems; nan for all of them where one is singular, so that their steps are refused."""
    try:
        return np.asarray(np.linalg.solve(matrix, right), np.float64)
    except np.linalg.LinAlgError:
        return np.full_like(right, np.nan)


def _kinds(game: RecursiveGame, choices: Choices, data: RecursiveData) -> list[_Kind]:
    """The places by kind."""
    payoff = of_actions(game, data)[:, 0]  # [a, p, b]
    draws, places = data.discount.shape[-1], len(game.place_slot)
    first = np.searchsorted(choices.place, np.arange(places))
    begin = np.searchsorted(game.action_place, np.arange(places + 1))
    last = game.place_slot == len(game.slots) - 1
    goes = np.zeros((len(game.action_place) * places, draws))
    edge = game.edge_action * places + game.edge_to
    if (np.diff(edge) > 0).all():
        goes[edge] = data.odds
    else:
        np.add.at(goes, edge, data.odds)
    goes = goes.reshape(-1, places, draws)
    sorts: dict[tuple[tuple[int, ...], tuple[int, ...]], list[int]] = {}
    for s in range(places):
        movers = game.slots[game.place_slot[s]]
        moves = game.action_moves[begin[s] : begin[s + 1], : len(movers)]
        counts = tuple(len(np.unique(column)) for column in moves.T)
        sorts.setdefault((movers, counts), []).append(s)
    out: list[_Kind] = []
    for (movers, counts), found in sorts.items():
        at = np.array(found)
        actions = begin[at][:, None] + np.arange(int(np.prod(counts, dtype=np.int64)))
        chance = np.where(last[at][:, None, None, None], data.discount, 1.0) * goes[actions]
        out.append(
            _Kind(
                movers,
                counts,
                at,
                first[at][:, None] + np.arange(sum(counts)),
                np.ascontiguousarray(np.moveaxis(payoff[actions], -1, 0)),
                np.ascontiguousarray(np.moveaxis(chance, -1, 0)),
            )
        )
    return out
