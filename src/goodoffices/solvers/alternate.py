"""Many draws followed along their branches by alternation: beliefs to play, play to beliefs, and again.

Receives an `Alternation`, which makes one backward and one forward pass for the draws it is given; returns beliefs and
how far each draw got. Where rationality is moderate the two passes contract, and a pass costs a fraction of a Newton
step. Every draw has its own place on its own branch: rationality grows in steps, each predicted by the quadratic
through the last points and corrected by alternation with Anderson's acceleration (Anderson 1965). Where the passes contract by themselves, the
linearised map has no eigenvalue near one, and the branch does not fold there; a draw for which only acceleration made
them contract is marked, and one for which nothing did stops where it is, for Newton's method to go on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import NamedTuple, Protocol

import numpy as np

from goodoffices.solvers.engine import Floats

FIRST_STEP = 0.8
SMALLEST_STEP = 0.05
"""In log(1 + rationality); where only shorter steps would do, Newton's method is cheaper."""
LARGEST_MISS = 0.2
"""Largest first change of log beliefs of a step that is believed."""
LARGEST_RATIO = 0.6
"""Largest average ratio of successive changes."""
SLACK = 4.0
"""By how much a change may exceed that: a pass that overshoots does no harm, for acceleration takes it back."""
NEAR = 0.1
"""First change of log beliefs of a step that began close to the branch."""
ON_THE_WAY = 0.01
"""Weighted change of log beliefs at which a point on the way is good enough: only predictions start from it."""
POLISHED = 1e-11
"""Change of log beliefs at which the end is reached."""
DEPTH = 2
"""Earlier passes that acceleration looks back to: with more, hardly a draw more is solved."""
RIDGE, TINY = 1e-14, 1e-150


PACKED = 0.7
"""Least share of draws still on the way; below it they are packed together."""


class Alternation(Protocol):
    """Makes passes for the draws that it has kept."""

    def keep(self, draws: np.ndarray) -> None:
        """Keep only these of the present draws, by position."""
        ...

    def alternate(self, z: Floats, rationality: Floats) -> tuple[Floats, Floats]:
        """Beliefs [k, b] as normalised, and how Bayes' rule changes them after the play that they imply."""
        ...


class Followed(NamedTuple):
    """Where the draws are."""

    z: Floats
    """[k, b] a point on the branch."""
    t: Floats
    """[b] log(1 + rationality) there."""
    done: np.ndarray
    """[b] whether it is the point asked for."""
    plain: np.ndarray
    """[b] whether every pass on the way contracted by itself; else a change of branch is not ruled out."""
    passes: int
    """Passes over all draws."""


@dataclass
class _Front:
    """The draws on the way; every array has them on its last axis."""

    name: np.ndarray
    target: Floats
    unit: Floats
    """[p, b] rationality as shares of the largest."""
    end: Floats
    z: list[Floats]
    """The last three points of each branch, the latest last."""
    t: list[Floats]
    step: Floats
    trial: Floats
    trial_t: Floats
    past: list[tuple[Floats, Floats]]
    """Beliefs and changes of the latest passes of this step, the latest first."""
    passes: np.ndarray
    first: Floats
    plain: np.ndarray
    going: np.ndarray

    def keep(self, draws: np.ndarray) -> None:
        """Drop the other draws."""
        take = lambda a: np.ascontiguousarray(a[..., draws])  # noqa: E731
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "past":
                self.past = [(take(a), take(b)) for a, b in value]
            else:
                setattr(
                    self, field.name, [take(a) for a in value] if isinstance(value, list) else take(value)
                )


def follow(
    kernel: Alternation,
    start: Floats,
    slope: Floats,
    target: Floats,
    *,
    guess: Floats | None = None,
    max_passes: int = 150,
    should_stop: Callable[[], bool] | None = None,
) -> Followed:
    """Follow every draw from `start` [k, b] at rationality zero towards `target` [p, b].

    `slope` [k, b] is the branch's derivative in t = log(1 + rationality) at the start; `guess` [k, b], where it is a
    number, a point believed to be close to the end, from which the first attempt is made.
    """
    b = start.shape[1]
    top = target.max(axis=0, initial=0.0)
    front = _Front(
        name=np.arange(b),
        target=target,
        unit=np.divide(target, top, out=np.zeros_like(target), where=top > 0),
        end=np.log1p(top),
        # Before its start a branch is continued along its tangent.
        z=[start - 2 * slope, start - slope, start.copy()],
        t=[np.full(b, -2.0), np.full(b, -1.0), np.zeros(b)],
        step=np.minimum(FIRST_STEP, np.log1p(top)),
        trial=np.empty_like(start),
        trial_t=np.zeros(b),
        past=[],
        passes=np.zeros(b, dtype=np.int64),
        first=np.zeros(b),
        plain=np.ones(b, dtype=bool),
        going=np.ones(b, dtype=bool),
    )
    _predict(front, np.arange(b))
    if guess is not None:
        known = np.isfinite(guess).all(axis=0)
        front.trial[:, known], front.trial_t[known] = guess[:, known], front.end[known]
    z, t = start.copy(), np.zeros(b)
    done, plain = np.zeros(b, dtype=bool), np.zeros(b, dtype=bool)
    total = 0
    for _ in range(max_passes):
        if not front.going.any() or (should_stop is not None and should_stop()):
            break
        if front.going.mean() < PACKED:
            kept = np.flatnonzero(front.going)
            front.keep(kept)
            kernel.keep(kept)
        total += front.name.size
        finished = _advance(front, kernel)
        done[front.name[finished]] = True
        stopped = finished | (front.step < SMALLEST_STEP)
        leaving = np.flatnonzero(front.going & stopped)
        z[:, front.name[leaving]], t[front.name[leaving]] = front.z[2][:, leaving], front.t[2][leaving]
        plain[front.name[leaving]] = front.plain[leaving]
        front.going &= ~stopped
    left = np.flatnonzero(front.going)
    z[:, front.name[left]], t[front.name[left]] = front.z[2][:, left], front.t[2][left]
    return Followed(z, t, done, plain, total)


def _advance(front: _Front, kernel: Alternation) -> np.ndarray:
    """One pass for every draw of the front; returns [b] which arrived at the end."""
    last = front.trial_t == front.end
    rationality = np.where(last, front.target, front.unit * np.expm1(front.trial_t))
    here, change = kernel.alternate(front.trial, rationality)
    away = np.abs(change)
    whole = away.max(axis=0, initial=0.0)
    size = (away * _weight(here, change)).max(axis=0, initial=0.0)
    fresh = front.passes == 0
    front.first = np.where(fresh, size, front.first)
    bound = front.first * LARGEST_RATIO**front.passes
    with np.errstate(invalid="ignore"):
        close = np.where(last, whole <= POLISHED, size <= ON_THE_WAY)
        believed = np.where(fresh, size <= LARGEST_MISS, size <= SLACK * bound) | close
        # At the end rounding may stop the changes from shrinking before they are as small as asked for.
        arrived = front.going & (close | (last & ~fresh & (whole <= 3 * POLISHED) & ~believed))
    front.plain &= ~believed | close | fresh | (size <= bound)

    on = front.going & believed & ~arrived
    moved = here + change
    if front.past and (on & ~fresh).any():
        moved -= _mixing(here, change, front.past, front.passes)
    lost = np.flatnonzero(front.going & ~believed & ~arrived)
    there = np.flatnonzero(arrived)
    for k in range(2):
        front.z[k][:, there], front.t[k][there] = front.z[k + 1][:, there], front.t[k + 1][there]
    front.z[2][:, there], front.t[2][there] = (here[:, there] + change[:, there]), front.trial_t[there]
    grow = np.clip((0.5 * LARGEST_MISS / np.maximum(front.first[there], 1e-12)) ** (1 / 3), 0.5, 2.0)
    front.step[there] *= grow
    # A pass that does not contract near the branch will not do so after a shorter step either.
    stuck = (front.passes[lost] > 0) & (front.first[lost] < NEAR)
    shorter = np.minimum(front.step[lost], front.end[lost] - front.t[2][lost]) * 0.4
    front.step[lost] = np.where(stuck, 0.0, shorter)

    front.past = [(here, change), *front.past[: DEPTH - 1]]
    front.passes = np.where(on, front.passes + 1, 0)
    front.trial = moved
    _predict(front, np.concatenate([np.flatnonzero(arrived & ~last), lost]))
    return arrived & last


def _weight(here: Floats, change: Floats) -> Floats:
    """How much a change of a log belief matters to play: the root of the greater of the beliefs before and after."""
    return np.exp(0.5 * np.maximum(here, np.minimum(here + change, 0.0)))


def _mixing(here: Floats, change: Floats, past: list[tuple[Floats, Floats]], passes: np.ndarray) -> Floats:
    """What Anderson's acceleration takes off the plain pass: the part of recent differences that explains the change.

    `past` holds earlier beliefs and changes, the latest first, of which `passes` [b] are of this step.
    """
    newer = [(here, change), *past[:-1]]
    bends: list[Floats] = []
    steps: list[Floats] = []
    for k, ((z1, c1), (z0, c0)) in enumerate(zip(newer, past, strict=True)):
        bend, step = c1 - c0, z1 - z0
        absent = passes <= k
        if absent.any():
            bend[:, absent] = step[:, absent] = 0.0
        bends.append(bend)
        steps.append(step)
    # Least squares over one or two differences. A trace of the identity keeps the system solvable where differences repeat
    # each other or are only rounding.
    a = (bends[0] * bends[0]).sum(axis=0)
    right = (bends[0] * change).sum(axis=0)
    if len(past) == 1:
        return (steps[0] + bends[0]) * (right / (a * (1 + RIDGE) + TINY))
    b = (bends[0] * bends[1]).sum(axis=0)
    c = (bends[1] * bends[1]).sum(axis=0)
    right_2 = (bends[1] * change).sum(axis=0)
    ridge = RIDGE * (a + c) + TINY
    a, c = a + ridge, c + ridge
    scale = 1.0 / (a * c - b * b)
    return (steps[0] + bends[0]) * ((c * right - b * right_2) * scale) + (steps[1] + bends[1]) * (
        (a * right_2 - b * right) * scale
    )


def _predict(front: _Front, who: np.ndarray) -> None:
    """Write the next trial of the draws `who`: the quadratic through their last three points."""
    if not who.size:
        return
    rest = front.end[who] - front.t[2][who]
    # A rest that is a sliver of the step is taken with it.
    ahead = np.where(rest < 1.2 * front.step[who], rest, front.step[who])
    at = np.where(ahead == rest, front.end[who], front.t[2][who] + ahead)
    t0, t1, t2 = (x[who] for x in front.t)
    front.trial[:, who] = (
        front.z[0][:, who] * ((at - t1) * (at - t2) / ((t0 - t1) * (t0 - t2)))
        + front.z[1][:, who] * ((at - t0) * (at - t2) / ((t1 - t0) * (t1 - t2)))
        + front.z[2][:, who] * ((at - t0) * (at - t1) / ((t2 - t0) * (t2 - t1)))
    )
    front.trial_t[who] = at
