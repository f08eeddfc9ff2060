"""Many draws of one game followed along their branches in step: the control, free of the game's arrays.

Receives a `Kernel`, which makes one Newton evaluation for as many draws as it is given; returns beliefs for each draw
with a status. Every draw has its own place on its own branch, its own step and its own verdict on each Newton step, so
that a draw's result does not depend on the company it was solved in. The draws that are still on the way are packed
together before each evaluation. Folds are not passed here: such draws end with status 1 and are left to the single-game
tracer, whose rules of belief (first Newton step, contraction) are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

from goodoffices.solvers.engine import Floats
from goodoffices.solvers.tracer import (
    LARGEST_BEND,
    LARGEST_CONTRACTION,
    LARGEST_CORRECTION,
    ON_THE_WAY,
    POLISHED,
)

FIRST_STEP = 0.8
SMALLEST_STEP = 1e-4
"""In log(1 + rationality); a draw that needs shorter steps is near a fold and goes to the tracer."""


class Step(NamedTuple):
    """One Newton evaluation of some draws."""

    z: Floats
    """[k, b] the beliefs evaluated, normalised."""
    newton: Floats
    """[k, b] Newton's step at fixed rationality."""
    slope: Floats
    """[k, b] derivative of the branch in t = log(1 + rationality)."""


class Kernel(Protocol):
    """Evaluates draws, named by their numbers, at beliefs z and rationality with its derivative in t."""

    def step(self, draws: np.ndarray, z: Floats, rationality: Floats, slope: Floats) -> Step:
        """One Newton evaluation."""
        ...


class Walked(NamedTuple):
    """Where the draws ended."""

    z: Floats
    """[k, b]"""
    status: np.ndarray
    """[b] 0, or 1 for a draw left to the tracer."""
    evaluations: int
    """Calls of the kernel."""
    evaluated: int
    """Draws evaluated, over all calls."""


def walk(
    kernel: Kernel,
    start: Floats,
    target: Floats,
    *,
    since: Floats | None = None,
    max_evaluations: int = 400,
    should_stop: Callable[[], bool] | None = None,
) -> Walked:
    """Follow every draw from `start` [k, b] to `target` [p, b].

    `since` [b] is t = log(1 + rationality) at the start, which must be on the branch; None for zero.
    """
    b = start.shape[1]
    top = target.max(axis=0, initial=0.0)
    end = np.log1p(top)
    unit = np.divide(target, top, out=np.zeros_like(target), where=top > 0)
    z, slope = start.copy(), np.zeros_like(start)
    t = np.zeros(b) if since is None else np.minimum(since, end)
    z0, t0, slope0 = start.copy(), np.full(b, -1.0), np.zeros_like(start)
    step = np.minimum(FIRST_STEP, end)
    trial, trial_t = start.copy(), t.copy()
    first, previous = np.full(b, np.inf), np.full(b, np.inf)
    status = np.full(b, 1, dtype=np.int8)
    going = np.arange(b)
    evaluations = evaluated = 0
    while going.size and evaluations < max_evaluations:
        if should_stop is not None and should_stop():
            break
        now = trial_t[going]
        rationality = np.where(now == end[going], target[:, going], unit[:, going] * np.expm1(now))
        found = kernel.step(going, trial[:, going], rationality, unit[:, going] * np.exp(now))
        evaluations += 1
        evaluated += going.size
        size = np.abs(found.newton).max(axis=0, initial=0.0)
        fine = np.isfinite(size) & np.isfinite(found.slope).all(axis=0)
        fresh = np.isinf(previous[going])
        first[going] = np.where(fresh, size, first[going])
        at_start = t0[going] < 0
        last = now == end[going]
        enough = np.where(last, POLISHED, ON_THE_WAY / (1.0 + rationality.max(axis=0, initial=0.0)))
        with np.errstate(invalid="ignore"):
            believed = np.where(
                fresh, size <= LARGEST_CORRECTION, size <= LARGEST_CONTRACTION * previous[going]
            )
        believed |= size <= enough
        believed &= fine
        arrived = believed & (size <= enough)

        good = going[believed]
        trial[:, good] = (found.z + found.newton)[:, believed]
        previous[good] = size[believed]

        done = going[arrived & last]
        z[:, done], t[done], status[done] = trial[:, done], trial_t[done], 0

        on = arrived & ~last
        mine = going[on]
        # The first arrival is the start itself, which has no point before it.
        z0[:, mine], slope0[:, mine] = z[:, mine], slope[:, mine]
        t0[mine] = np.where(at_start[on], 0.0, t[mine])
        z[:, mine], t[mine], slope[:, mine] = trial[:, mine], trial_t[mine], found.slope[:, on]
        grow = np.clip((0.5 * LARGEST_CORRECTION / np.maximum(first[mine], 1e-12)) ** (1 / 3), 0.5, 2.0)
        step[mine] = np.where(at_start[on], step[mine], step[mine] * grow)

        lost = going[~believed]
        step[lost] = np.minimum(step[lost], end[lost] - t[lost]) * 0.4
        moved = np.concatenate([mine, lost[step[lost] >= SMALLEST_STEP]])
        _predict(moved, trial, trial_t, z, t, slope, z0, t0, slope0, step, end)
        first[moved] = previous[moved] = np.inf

        gone = np.zeros(b, dtype=bool)
        gone[done] = True
        gone[lost[step[lost] < SMALLEST_STEP]] = True
        going = going[~gone[going]]
    return Walked(z, status, evaluations, evaluated)


def _predict(
    who: np.ndarray,
    trial: Floats,
    trial_t: Floats,
    z: Floats,
    t: Floats,
    slope: Floats,
    z0: Floats,
    t0: Floats,
    slope0: Floats,
    step: Floats,
    end: Floats,
) -> None:
    """Write the next trial of the draws `who`: the cubic through two points, or the tangent where they disagree."""
    if not who.size:
        return
    ahead = np.minimum(step[who], end[who] - t[who])
    # A rest that is a sliver of the step is taken with it.
    ahead = np.where(end[who] - t[who] < 1.2 * ahead, end[who] - t[who], ahead)
    h = t[who] - t0[who]
    straight = slope[:, who] * ahead
    has_past = h > 0
    h = np.where(has_past, h, 1.0)
    x = 1.0 + ahead / h
    a, b, c, d = (
        (1 + 2 * x) * (1 - x) ** 2,
        x * (1 - x) ** 2 * h,
        x * x * (3 - 2 * x) - 1,
        x * x * (x - 1) * h,
    )
    curve = a * z0[:, who] + b * slope0[:, who] + c * z[:, who] + d * slope[:, who]
    bend = np.sqrt(((curve - straight) ** 2).mean(axis=0)) if len(curve) else np.zeros(who.size)
    length = np.sqrt((straight**2).mean(axis=0) + ahead**2) if len(curve) else np.ones(who.size)
    use = has_past & (bend <= LARGEST_BEND * length)
    trial[:, who] = z[:, who] + np.where(use, curve, straight)
    trial_t[who] = np.where(ahead == end[who] - t[who], end[who], t[who] + ahead)
