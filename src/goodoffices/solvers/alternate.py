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
from typing import NamedTuple, Protocol

import numpy as np

from goodoffices.solvers.engine import Floats

FIRST_STEP = 0.8
SMALLEST_STEP = 0.05
"""In log(1 + rationality); where only shorter steps would do, Newton's method is cheaper."""
LARGEST_MISS = 0.25
"""Largest first change of log beliefs of a step that is believed."""
LARGEST_RATIO = 0.6
"""Largest average ratio of successive changes."""
SLACK = 4.0
"""By how much a change may exceed that: a pass that overshoots does no harm, for acceleration takes it back."""
ON_THE_WAY = 1e-2
"""Change of log beliefs, times (1 + rationality), at which a point on the way is good enough."""
POLISHED = 1e-12
"""Change of log beliefs at which the end is reached."""
DEPTH = 3
"""Earlier passes that acceleration looks back to."""


class Alternation(Protocol):
    """Evaluates draws, named by their numbers."""

    def alternate(self, draws: np.ndarray, z: Floats, rationality: Floats) -> tuple[Floats, Floats]:
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
    evaluated: int
    """Draws evaluated, over all passes."""


def follow(
    kernel: Alternation,
    start: Floats,
    slope: Floats,
    target: Floats,
    *,
    max_passes: int = 120,
    should_stop: Callable[[], bool] | None = None,
) -> Followed:
    """Follow every draw from `start` [k, b] at rationality zero towards `target` [p, b].

    `slope` [k, b] is the branch's derivative in t = log(1 + rationality) at the start.
    """
    b = start.shape[1]
    top = target.max(axis=0, initial=0.0)
    end = np.log1p(top)
    unit = np.divide(target, top, out=np.zeros_like(target), where=top > 0)
    # The last three points of each branch; before its start it is continued along its tangent.
    z, t = [start - 2 * slope, start - slope, start.copy()], [np.full(b, -2.0), np.full(b, -1.0), np.zeros(b)]
    step = np.minimum(FIRST_STEP, end)
    trial, trial_t = np.empty_like(start), np.zeros(b)
    past = np.zeros((DEPTH, 2, *start.shape))
    passes, first, previous = np.zeros(b, dtype=np.int64), np.zeros(b), np.zeros(b)
    done, plain = np.zeros(b, dtype=bool), np.ones(b, dtype=bool)
    going = np.arange(b)
    _predict(going, trial, trial_t, z, t, step, end)
    evaluated = 0
    for _ in range(max_passes):
        if not going.size or (should_stop is not None and should_stop()):
            break
        now = trial_t[going]
        last = now == end[going]
        rationality = np.where(last, target[:, going], unit[:, going] * np.expm1(now))
        here, change = kernel.alternate(going, trial[:, going], rationality)
        evaluated += going.size
        size = (np.abs(change) * _weight(here, change)).max(axis=0, initial=0.0)
        whole = np.abs(change).max(axis=0, initial=0.0)
        fresh = passes[going] == 0
        first[going] = np.where(fresh, size, first[going])
        enough = np.where(last, POLISHED, ON_THE_WAY / (1.0 + rationality.max(axis=0, initial=0.0)))
        with np.errstate(invalid="ignore"):
            bound = first[going] * LARGEST_RATIO ** passes[going]
            believed = np.where(fresh, size <= LARGEST_MISS, size <= SLACK * bound)
            close = np.where(last, whole, size) <= enough
            believed |= close
        # At the end rounding may stop the changes from shrinking before they are as small as asked for.
        stalled = last & ~fresh & (whole <= 20 * POLISHED) & ~believed
        arrived = close | stalled

        on = believed & ~arrived
        mine = going[on]
        moved = here[:, on] + change[:, on]
        if (passes[mine] > 0).any():
            moved = moved - _mixing(here[:, on], change[:, on], past[..., mine], passes[mine])
        past[1:, :, :, mine] = past[:-1, :, :, mine]
        past[0, 0][:, mine], past[0, 1][:, mine] = here[:, on], change[:, on]
        trial[:, mine] = moved
        previous[mine], passes[mine] = size[on], passes[mine] + 1

        plain[going[on]] &= (size <= bound)[on]
        there = going[arrived]
        for k in range(2):
            z[k][:, there], t[k][there] = z[k + 1][:, there], t[k + 1][there]
        z[2][:, there], t[2][there] = (here + change)[:, arrived], trial_t[there]
        done[going[arrived & last]] = True
        grow = np.clip((0.5 * LARGEST_MISS / np.maximum(first[there], 1e-12)) ** (1 / 3), 0.5, 2.0)
        step[there] *= grow

        lost = going[~(believed | stalled)]
        # A pass that does not contract near the branch will not do so after a shorter step either.
        stuck = (passes[lost] > 0) & (first[lost] < 0.1)
        step[lost] = np.where(stuck, 0.0, np.minimum(step[lost], end[lost] - t[2][lost]) * 0.4)
        on_again = np.concatenate([going[arrived & ~last], lost[step[lost] >= SMALLEST_STEP]])
        _predict(on_again, trial, trial_t, z, t, step, end)
        passes[on_again] = 0

        gone = done.copy()
        gone[lost[step[lost] < SMALLEST_STEP]] = True
        going = going[~gone[going]]
    return Followed(z[2], t[2], done, plain, evaluated)


def _weight(here: Floats, change: Floats) -> Floats:
    """How much a change of a log belief matters to play: the root of the greater of the beliefs before and after."""
    return np.exp(0.5 * np.maximum(here, np.minimum(here + change, 0.0)))


def _mixing(here: Floats, change: Floats, past: Floats, passes: np.ndarray) -> Floats:
    """What Anderson's acceleration takes off the plain pass: the part of recent differences that explains the change.

    `past` [m, 2, k, b] holds earlier beliefs and changes, the latest first, of which `passes` [b] are of this step.
    """
    newer = np.concatenate([np.stack([here, change])[None], past[:-1]])
    turns = newer - past
    turns *= np.arange(len(past))[:, None, None, None] < passes
    steps, bends = turns[:, 0], turns[:, 1]
    m = len(past)
    table = np.empty((here.shape[1], m, m))
    right = np.empty((here.shape[1], m, 1))
    for i in range(m):
        for j in range(i + 1):
            table[:, i, j] = table[:, j, i] = (bends[i] * bends[j]).sum(axis=0)
        right[:, i, 0] = (bends[i] * change).sum(axis=0)
    # A trace of the identity keeps the system solvable where differences repeat each other or are only rounding.
    table += (1e-14 * np.trace(table, axis1=1, axis2=2) + 1e-300)[:, None, None] * np.eye(m)
    share = np.linalg.solve(table, right)[:, :, 0]
    return ((steps + bends) * share.T[:, None, :]).sum(axis=0)


def _predict(
    who: np.ndarray,
    trial: Floats,
    trial_t: Floats,
    z: list[Floats],
    t: list[Floats],
    step: Floats,
    end: Floats,
) -> None:
    """Write the next trial of the draws `who`: the quadratic through their last three points."""
    if not who.size:
        return
    rest = end[who] - t[2][who]
    # A rest that is a sliver of the step is taken with it.
    ahead = np.where(rest < 1.2 * step[who], rest, step[who])
    at = np.where(ahead == rest, end[who], t[2][who] + ahead)
    t0, t1, t2 = (x[who] for x in t)
    trial[:, who] = (
        z[0][:, who] * ((at - t1) * (at - t2) / ((t0 - t1) * (t0 - t2)))
        + z[1][:, who] * ((at - t0) * (at - t2) / ((t1 - t0) * (t1 - t2)))
        + z[2][:, who] * ((at - t0) * (at - t1) / ((t2 - t0) * (t2 - t1)))
    )
    trial_t[who] = at
