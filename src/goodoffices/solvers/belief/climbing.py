"""Single cells solved along their branch, for those that Newton's method alone cannot be trusted with.

Receives cells of one group; follows each by pseudo-arclength from a rationality at which its fixed point is proven to be
the only one (or from zero) to the one asked for. The few that take very short or very many steps are followed again from
zero with smaller errors, and what is left after that goes to the tracer of `arclength`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from goodoffices.games.recursive import Floats, Ints
from goodoffices.solvers.belief.arclength import Equations, follow
from goodoffices.solvers.belief.turns import CLOSE, Turn, is_positive, newton, stage, step_of

Flags = NDArray[np.bool_]
FIRST, SHORTEST = 0.3, 1e-5
"""Lengths of steps along the branch."""
LARGEST_FOLLOWED = 0.25
"""Longest first Newton step after a step along the branch."""
LEAST_COSINE = 0.6
ON_THE_WAY, PRECISELY = 2e-3, 1e-5
"""A Newton step this small ends a step along the branch: the next point is off by its square. Where branches bend within
such a distance, it takes the smaller one."""
MOST = 600
"""Evaluations of a cell."""
MOST_STEPS = 600
"""Steps of the tracer; who needs more is at a place where the interpolant bends too sharply to be followed."""
STARTS = 12
"""Newton steps for a start that is not at zero."""


class _Walk(NamedTuple):
    """Where cells are on their branches, [m, c] or [c]. A trial starts at the last point that was accepted."""

    who: Ints
    scale: Floats
    """Precision of choice at the end."""
    end: Floats
    """Where t ends."""
    z: Floats
    t: Floats
    dz: Floats
    dt: Floats
    """Tangent there, of length one."""
    trial: Floats
    trial_t: Floats
    last: Flags
    """Whether the trial is at the rationality asked for, and t is held fixed."""
    length: Floats
    first: Floats
    """Size of the first Newton step of this trial."""
    previous: Floats
    """Size of the one before; infinite where there is none."""
    fresh: Flags
    """Whether no point has been accepted yet."""

    def some(self, which: Ints) -> _Walk:
        """Some of the cells."""
        fields: list[Any] = [array[..., which] for array in self]
        return _Walk(*fields)


def climb(
    turn: Turn, guess: Floats, share: Floats, *, on_the_way: float = ON_THE_WAY
) -> tuple[Floats, Flags]:
    """Log-odds [m, c] on the principal branch, and which cells [c] came there by small, regular steps.

    Followed in (z, t), t = log(1 + rationality), from a share [c] of the rationality below which fixed points are the
    only ones. A step is believed if the first Newton step is small, the next ones contract and the tangent does not turn
    much, and is shortened otherwise; folds are passed. `on_the_way` is the size of a Newton step that ends one.
    """
    z, begin = _starts(turn, guess, share)
    count = z.shape[1]
    scale = np.maximum(turn.precision, 1e-9)
    t = np.log1p(begin * scale)
    flag, blank = np.zeros(count, bool), np.zeros(count)
    walk = _Walk(
        np.arange(count),
        scale,
        np.log1p(scale),
        z,
        t,
        np.zeros_like(z),
        blank + 1.0,
        z,
        t,
        flag,
        blank + FIRST,
        blank,
        blank + np.inf,
        ~flag,
    )
    arrived_at, good = z.copy(), flag.copy()
    for _ in range(MOST):
        walk, done, lost = _onward(turn, walk, on_the_way)
        if done.any():
            good[walk.who[done]] = True
            arrived_at[:, walk.who[done]] = walk.z[:, done]
        going = np.flatnonzero(~done & ~lost)
        if not going.size:
            break
        if going.size < len(done):
            walk, turn = walk.some(going), turn.some(going)
    return arrived_at, good


def _onward(turn: Turn, s: _Walk, on_the_way: float) -> tuple[_Walk, Flags, Flags]:
    """One Newton step of every cell; which have arrived, and which are given up."""
    at = stage(turn, s.trial, np.where(s.last, 1.0, np.expm1(s.trial_t) / s.scale))
    back = -step_of(at, at.gap)
    drift = step_of(at, at.by_rationality() * (turn.precision * np.exp(s.trial_t) / s.scale))
    bottom = s.dt - (s.dz * drift).sum(0)
    by_t = -(s.dz * back).sum(0) / np.where(np.abs(bottom) < 1e-12, 1e-12, bottom)
    by_t[s.last] = 0.0
    step = back - drift * by_t
    size = np.maximum(np.abs(step).max(0), np.abs(by_t))
    begun = np.isinf(s.previous)
    first = np.where(begun, size, s.first)
    believed = (size <= np.where(begun, LARGEST_FOLLOWED, 0.5 * s.previous)) | (size <= 1e-7)
    # The tangent of the branch here. Along one branch t rises where the determinant is positive and falls where it is
    # negative, so that on the far side of a hairpin the tangent points back and the step is not believed.
    norm = 1.0 / np.sqrt(1.0 + (drift * drift).sum(0))
    sign = np.where(is_positive(at), norm, -norm)
    near = size <= np.where(s.last, CLOSE, on_the_way)
    turned = ~s.fresh & near & ((sign * bottom < LEAST_COSINE) | (s.last & (sign < 0)))
    there = believed & near & ~turned
    back_off = ~believed | turned
    trial, trial_t = s.trial + step, s.trial_t + by_t
    z, t = np.where(there, trial, s.z), np.where(there, trial_t, s.t)
    dz, dt = np.where(there, -drift * sign, s.dz), np.where(there, sign, s.dt)
    grow = np.clip(np.sqrt(0.1 / np.maximum(first, 1e-9)), 0.5, 2.5)
    length = np.where(there, s.length * grow, np.where(back_off, 0.4 * s.length, s.length))
    anew = there | back_off
    over = (dt > 0) & (t + dt * length >= s.end)
    ahead = np.where(over, (s.end - t) / np.where(over, dt, 1.0), length)
    walk = s._replace(
        z=z,
        t=t,
        dz=dz,
        dt=dt,
        trial=np.where(anew, z + dz * ahead, trial),
        trial_t=np.where(anew, np.where(over, s.end, t + dt * ahead), trial_t),
        last=np.where(anew, over, s.last),
        length=length,
        first=first,
        previous=np.where(anew, np.inf, size),
        fresh=s.fresh & ~there,
    )
    return walk, there & s.last, ~((length >= SHORTEST) & (t >= -1e-6) & np.isfinite(size))


def _starts(turn: Turn, guess: Floats, share: Floats) -> tuple[Floats, Floats]:
    """Points on the branch to start from: where fixed points are the only ones any that Newton's method finds will do."""
    prior = np.broadcast_to(turn.prior, guess.shape)
    found = newton(turn, prior + share * (guess - prior), STARTS, share)
    at = stage(turn, found.z, share)
    fine = (np.abs(step_of(at, at.gap)).max(0) <= ON_THE_WAY) & np.isfinite(found.z).all(0)
    return np.where(fine, found.z, prior), np.where(fine, share, 0.0)


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
