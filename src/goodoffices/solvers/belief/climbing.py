"""Single cells solved along their branch, for those that Newton's method alone cannot be trusted with.

Receives cells of one group; follows each by pseudo-arclength from a rationality at which its fixed point is proven to be
the only one (or from zero) to the one asked for. The few that take very short or very many steps are followed again from
zero with smaller errors, and what is left after that goes to the tracer of `arclength`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goodoffices.games.recursive import Floats, Ints
from goodoffices.solvers.belief.arclength import Equations, follow
from goodoffices.solvers.belief.turns import Turn, away, stage

Flags = NDArray[np.bool_]
FIRST = 0.3
"""Length of the first step along the branch."""
ON_THE_WAY, PRECISELY = 0.05, 1e-5
"""A Newton step this small ends a step along the branch: the next point is off by its square. Where branches bend within
such a distance, it takes the smaller one."""
ARRIVED = 3e-7
"""And this small ends the last one, where branches may bend a thousand times as sharply as beliefs move."""
SHORTEST = 0.05
"""Length of the shortest step, relative to the size of the Newton step that ends it."""
AIM, LARGEST_GROWTH = 0.05, 2.5
"""Size of first Newton steps that lengths of steps aim at, and how much longer the next step is at most."""
LARGEST_FOLLOWED = 0.25
"""Longest first Newton step after a step along the branch."""
LEAST_COSINE = 0.6
"""Of the angle between two tangents that follow each other."""
MOST = 600
"""Evaluations of a cell."""
ROOM = 6144
"""Moves times cells that are worked on at a time."""
WORTH_MOVING = 0.8
"""Share of cells that still go at which they are moved together."""
NUMBERS = ("scale", "end", "begin", "length", "first", "limit", "near", "seen")
"""Of each cell: precision of choice at a share of one; t at the end and the beginning; length of steps; size of the first
Newton step of this trial; largest size that would be believed next; size that ends a step on the way; evaluations so far."""
FLAGS = ("last", "fresh", "begun", "alive")
"""Whether the trial is at the end, and t held fixed; no point was accepted yet; the trial is new; the cell still goes."""
MOST_STEPS = 600
"""Steps of the tracer; who needs more is at a place where the interpolant bends too sharply to be followed."""


class _Walk:
    """Where some cells are on their branches, in columns of one array that is worked on in place.

    Rows are points (z, t) of length m + 1: the last that was accepted, its tangent, and the trial that starts there; then
    numbers. `who` says which cells they are; a cell is alive until it has arrived or is lost.
    """

    def __init__(self, who: Ints, table: Floats, flags: Flags) -> None:
        self.who, self.table, self.flags = who, table, flags
        height = (len(table) - len(NUMBERS)) // 3
        self.point, self.tangent, self.trial = table[: 3 * height].reshape(3, height, -1)
        rows = table[3 * height :]
        self.scale, self.end, self.begin, self.length, self.first, self.limit, self.near, self.seen = rows
        self.last, self.fresh, self.begun, self.alive = flags

    @staticmethod
    def at(who: Ints, z: Floats, begin: Floats, precision: Floats, near: float) -> _Walk:
        """Cells that start near log-odds [m, c], at a share [c] of their precision."""
        height, count = len(z) + 1, len(who)
        walk = _Walk(who, np.zeros((3 * height + len(NUMBERS), count)), np.zeros((len(FLAGS), count), bool))
        walk.scale[:] = np.maximum(precision, 1e-9)
        walk.point[:-1] = z
        walk.point[-1] = walk.begin[:] = np.log1p(begin * walk.scale)
        walk.end[:] = np.log1p(walk.scale)
        walk.tangent[-1] = 1.0
        walk.trial[:] = walk.point
        # Where fixed points are the only ones, any that Newton's method finds will do, however far it goes.
        walk.length[:], walk.limit[:], walk.near[:] = FIRST, np.inf, near
        walk.fresh[:] = walk.begun[:] = walk.alive[:] = True
        return walk

    def restart(self, which: Ints, prior: Floats) -> None:
        """Follow some cells again, from zero, where the answer is the prior, and with smaller errors."""
        self.point[:-1, which] = prior[which]
        self.tangent[:-1, which], self.tangent[-1, which] = 0.0, 1.0
        self.point[-1, which] = self.begin[which] = 0.0
        self.trial[:, which] = self.point[:, which]
        self.length[which], self.limit[which], self.near[which] = FIRST, np.inf, PRECISELY
        self.seen[which], self.last[which] = 0.0, False
        self.fresh[which] = self.begun[which] = True

    def some(self, which: Ints) -> _Walk:
        """Some of the cells."""
        return _Walk(self.who[which], self.table.take(which, 1), self.flags.take(which, 1))

    def and_also(self, other: _Walk) -> _Walk:
        """These cells and others."""
        return _Walk(
            np.concatenate([self.who, other.who]),
            np.concatenate([self.table, other.table], 1),
            np.concatenate([self.flags, other.flags], 1),
        )


def climb(
    turn: Turn, guess: Floats, share: Floats, *, on_the_way: float = ON_THE_WAY
) -> tuple[Floats, Flags]:
    """Log-odds [m, c] on the principal branch, and which cells [c] came there by small, regular steps.

    Followed in (z, t), t = log(1 + rationality), from a share [c] of the rationality below which fixed points are the
    only ones. A step is believed if the first Newton step is small, the next ones contract and the tangent does not turn
    much, and is shortened otherwise; folds are passed. `on_the_way` is the size of a Newton step that ends one.

    Cells are worked on some thousand at a time, which fit in the processor's cache; where some have arrived others take
    their places, so that only the last ones are few.
    """
    moves, count = guess.shape
    room = max(ROOM // moves, 1)
    z, good = np.empty_like(guess), np.zeros(count, bool)
    walk, part, begun = None, turn, 0
    while begun < count or walk is not None:
        if begun < count and (walk is None or len(walk.who) <= room // 2):
            who = np.arange(begun, min(begun + room, count))
            begun += len(who)
            start = turn.prior[who] + share[who] * (guess[:, who] - turn.prior[who])
            more = _Walk.at(who, start, share[who], turn.precision[who], on_the_way)
            walk = more if walk is None else walk.and_also(more)
            part = turn.some(walk.who)
        assert walk is not None
        done = _onward(part, walk)
        z[:, walk.who[done]] = walk.point[:-1, done]
        good[walk.who[done]] = True
        left = np.flatnonzero(walk.alive)
        if not left.size:
            walk = None
        elif left.size <= WORTH_MOVING * len(walk.who):
            walk = walk.some(left)
            part = turn.some(walk.who)
    lost = ~good
    z[:, lost] = guess[:, lost]
    return z, good


def _onward(turn: Turn, s: _Walk) -> Ints:
    """One Newton step of every cell, in place; which have arrived."""
    precision = np.expm1(s.trial[-1])
    at = stage(turn, s.trial[:-1], precision / s.scale)
    precision += 1.0
    w = 1.0 / away(at.diagonal)
    newton_and_drift = np.empty((2, *at.gap.shape))
    back, drift = newton_and_drift[0], newton_and_drift[1]
    np.multiply(at.gap, w, out=back)
    np.multiply(at.by_rationality(), precision, out=drift)
    drift *= w
    determinant = np.add((at.row * w).sum(0), 1.0)
    newton_and_drift -= w * ((at.row * newton_and_drift).sum(1) / away(determinant))[:, None]
    determinant *= at.diagonal.prod(0)
    dz, dt = s.tangent[:-1], s.tangent[-1]
    across = dt - (dz * drift).sum(0)
    step = np.empty_like(s.trial)
    np.divide((dz * back).sum(0), away(across), out=step[-1])
    step[-1, s.last] = 0.0
    np.multiply(drift, step[-1], out=step[:-1])
    step[:-1] += back
    np.negative(step[:-1], out=step[:-1])
    size = np.abs(step).max(0)
    np.copyto(s.first, size, where=s.begun)
    believed = size <= np.maximum(s.limit, 1e-7)
    # The tangent of the branch here. Along one branch t rises where the determinant is positive and falls where it is
    # negative, so that on the far side of a hairpin the tangent points back and the step is not believed.
    sign = np.copysign(1.0 / np.sqrt(1.0 + (drift * drift).sum(0)), determinant)
    near = believed & (size <= np.where(s.last, ARRIVED, s.near))
    straight = s.fresh | ((sign * across >= LEAST_COSINE) & (~s.last | (sign > 0)))
    there = near & straight
    anew = there | ~(believed & (straight | ~near))
    s.trial += step
    np.copyto(s.point, s.trial, where=there)
    np.multiply(drift, -sign, out=step[:-1])
    step[-1] = sign
    np.copyto(s.tangent, step, where=there)
    done = s.alive & there & s.last
    s.fresh &= ~there
    grow = np.clip(np.sqrt(AIM / np.maximum(s.first, 1e-9)), 0.5, LARGEST_GROWTH)
    s.length *= np.where(there, grow, np.where(anew, 0.4, 1.0))
    np.multiply(size, 0.5, out=s.limit)
    s.limit[anew] = LARGEST_FOLLOWED
    s.begun[:] = anew
    t, dt = s.point[-1], s.tangent[-1]
    rest = s.end - t
    over = (dt > 0) & (dt * s.length >= rest)
    np.multiply(s.tangent, np.where(over, rest / np.where(over, dt, 1.0), s.length), out=step)
    step += s.point
    step[-1, over] = s.end[over]
    np.copyto(s.trial, step, where=anew)
    np.copyto(s.last, over, where=anew)
    s.seen += 1.0
    fair = (
        (s.length >= SHORTEST * s.near)
        & (t >= s.begin - 1e-6)
        & (~s.fresh | ~anew)
        & np.isfinite(size)
        & (s.seen < MOST)
    )
    s.alive &= ~done
    again = s.alive & ~fair
    if again.any():
        s.alive &= fair | (s.near > PRECISELY)
        s.restart(np.flatnonzero(again), turn.prior)
    return np.flatnonzero(done)


def trace(turn: Turn) -> tuple[Floats, Flags]:
    """Follow cells from zero with a full bordered system; their log-odds [m, c] and whether they arrived [c]."""
    moves = len(turn.base)

    def equations(who: Ints, z: Floats, share: Floats) -> Equations:
        part = turn.some(who)
        at = stage(part, z.T, share)
        jacobian = np.zeros((len(who), moves, moves)) + at.row.T[:, None, :]
        jacobian[:, np.arange(moves), np.arange(moves)] += at.diagonal.T
        return Equations(at.gap.T, jacobian, at.by_rationality().T * part.precision[:, None])

    found = follow(equations, np.repeat(turn.prior[:, None], moves, 1), turn.precision, max_steps=MOST_STEPS)
    return found.x.T, found.arrived
