"""Single cells solved along their branch, for those that Newton's method alone cannot be trusted with.

Receives cells of one group; follows each by pseudo-arclength from a rationality at which its fixed point is proven to be
the only one (or from zero) to the one asked for. The few that take very short or very many steps go to the
tracer of `arclength`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from goodoffices.games.recursive import Floats, Ints
from goodoffices.solvers.belief.arclength import Equations, follow
from goodoffices.solvers.belief.signals import newton_step
from goodoffices.solvers.belief.turns import CLOSE, Turn, newton, stage

Array = Any
FIRST, SHORTEST = 0.3, 1e-5
"""Lengths of steps along the branch."""
LARGEST_FOLLOWED = 0.5
"""Longest first Newton step after a step along the branch."""
LEAST_COSINE = 0.6
ON_THE_WAY = 1e-4
MOST = 200
"""Evaluations of a cell."""
MOST_STEPS = 600
"""Steps of the tracer; who needs more is at a place where the interpolant bends too sharply to be followed."""
STARTS = 12
"""Newton steps for a start that is not at zero."""


def climb(turn: Turn, guess: Array, share: Array) -> tuple[Floats, np.ndarray]:
    """Log-odds [m, c] on the principal branch, and which cells [c] came there by small, regular steps.

    Followed in (z, t), t = log(1 + rationality), from a share [c] of the rationality below which fixed points are the
    only ones. A step is believed if the first Newton step is small, the next ones contract and the tangent does not turn
    much, and is shortened otherwise; folds are passed.
    """
    z, begin = _starts(turn, guess, share)
    scale = np.maximum(turn.precision, 1e-9)
    end = np.log1p(scale)
    count = len(end)
    t = np.log1p(begin * scale)
    dz, dt = np.zeros_like(z), np.ones(count)
    trial, trial_t = z.copy(), t.copy()
    last = np.zeros(count, bool)
    length, first, previous = np.full(count, FIRST), np.zeros(count), np.full(count, np.inf)
    arrived_at, good = z.copy(), np.zeros(count, bool)
    who = np.arange(count)
    new = np.ones(count, bool)
    for _ in range(MOST):
        part_share = np.where(last, 1.0, np.expm1(trial_t) / scale)
        at = stage(turn, trial, part_share)
        back = -newton_step(at, at.gap)
        drift = newton_step(at, at.by_rationality * turn.precision * np.exp(trial_t) / scale)
        bottom = dt - (dz * drift).sum(0)
        by_t = -(dz * back).sum(0) / np.where(np.abs(bottom) < 1e-12, 1e-12, bottom)
        by_t[last] = 0.0
        step = back - drift * by_t
        size = np.maximum(np.abs(step).max(0), np.abs(by_t))
        fresh = np.isinf(previous)
        first = np.where(fresh, size, first)
        believed = (size <= np.where(fresh, LARGEST_FOLLOWED, 0.5 * previous)) | (size <= 1e-7)
        # The tangent of the branch here, pointing the way of the last one.
        norm = 1.0 / np.sqrt(1.0 + (drift * drift).sum(0))
        cosine = bottom * norm
        sign = np.where(cosine < 0, -1.0, 1.0)
        new_dz, new_dt = -drift * norm * sign, norm * sign
        near = size <= np.where(last, CLOSE, ON_THE_WAY)
        turned = ~new & near & ((np.abs(cosine) < LEAST_COSINE) | (last & (new_dt < 0)))
        there = believed & near & ~turned
        lost = ~believed | turned
        new &= ~there
        trial, trial_t = trial + step, trial_t + by_t
        z, t = np.where(there, trial, z), np.where(there, trial_t, t)
        dz, dt = np.where(there, new_dz, dz), np.where(there, new_dt, dt)
        grow = np.clip(np.sqrt(0.1 / np.maximum(first, 1e-9)), 0.5, 2.5)
        length = np.where(there, length * grow, np.where(lost, 0.4 * length, length))
        done = there & last
        arrived_at[:, who[done]] = z[:, done]
        good[who[done]] = True
        anew = there | lost
        over = (dt > 0) & (t + dt * length >= end)
        ahead = np.where(over, (end - t) / np.where(over, dt, 1.0), length)
        trial = np.where(anew, z + dz * ahead, trial)
        trial_t = np.where(anew, np.where(over, end, t + dt * ahead), trial_t)
        last = np.where(anew, over, last)
        previous = np.where(anew, np.inf, size)
        going = np.flatnonzero(~done & (length >= SHORTEST) & (t >= -1e-6) & np.isfinite(size))
        if not going.size:
            break
        if going.size < len(who):
            who, turn, scale, end = who[going], turn.some(going), scale[going], end[going]
            z, dz, trial = z[:, going], dz[:, going], trial[:, going]
            t, dt, trial_t, last, length = t[going], dt[going], trial_t[going], last[going], length[going]
            first, previous, new = first[going], previous[going], new[going]
    return arrived_at, good


def _starts(turn: Turn, guess: Array, share: Array) -> tuple[Array, Array]:
    """Points on the branch to start from: where fixed points are the only ones any that Newton's method finds will do."""
    prior = np.broadcast_to(turn.prior, guess.shape)
    found = newton(turn, prior + share * (guess - prior), STARTS, share)
    at = stage(turn, found.z, share)
    fine = (np.abs(newton_step(at, at.gap)).max(0) <= ON_THE_WAY) & np.isfinite(found.z).all(0)
    return np.where(fine, found.z, prior), np.where(fine, share, 0.0)


def trace(turn: Turn) -> tuple[Floats, np.ndarray]:
    """Follow cells from zero with a full bordered system; their log-odds [m, c] and whether they arrived [c]."""
    moves = len(turn.base)

    def equations(who: Ints, z: Floats, share: Floats) -> Equations:
        part = turn.some(who)
        at = stage(part, z.T, share)
        jacobian = np.zeros((len(who), moves, moves)) + at.row.T[:, None, :]
        jacobian[:, np.arange(moves), np.arange(moves)] += at.diagonal.T
        return Equations(at.gap.T, jacobian, at.by_rationality.T * part.precision[:, None])

    found = follow(equations, np.repeat(turn.prior[:, None], moves, 1), turn.precision, max_steps=MOST_STEPS)
    return found.x.T, found.arrived
