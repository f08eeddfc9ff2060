"""Branches of many small systems of equations followed in step, by pseudo-arclength: the robust path.

Receives a function that evaluates F(x, r), its Jacobian and its derivative in r for some of the systems; follows the
solution that is known at r = 0 to r = 1 in t = log(1 + r * scale), passing folds. Every system has its own step and its
own verdicts, so that its result does not depend on the company. Keller (1977); rules of acceptance as in Allgower and
Georg (1990), chapter 6: the first Newton step must be small and the next ones contract.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from goodoffices.games.recursive import Floats, Ints

FIRST_STEP, LARGEST_STEP, SMALLEST_STEP = 0.3, 2.0, 1e-9
LARGEST_CORRECTION = 0.5
"""Of the first Newton step after a prediction, in log-odds: a larger one could jump to another branch."""
CONTRACTION = 0.5
ON_THE_WAY = 1e-6
ARRIVED = 1e-12
LARGEST_TURN = 0.6
"""Least cosine between two tangents that follow each other."""


class Equations(NamedTuple):
    """Some systems evaluated: gap [n, d], jacobian [n, d, d], by_rationality [n, d] (derivative in r)."""

    gap: Floats
    jacobian: Floats
    by_rationality: Floats


Evaluate = Callable[[Ints, Floats, Floats], Equations]
"""(which systems [n], x [n, d], r [n] in [0, 1]) -> equations."""


class Traced(NamedTuple):
    """Where the systems ended."""

    x: Floats
    """[n, d]"""
    arrived: np.ndarray
    """[n] whether r = 1 was reached."""
    steps: Ints
    """[n] steps along the branch."""
    folds: Ints
    """[n] how often the branch turned back in r."""


def follow(evaluate: Evaluate, start: Floats, scale: Floats, *, max_steps: int = 2000) -> Traced:
    """Follow every system from its solution `start` [n, d] at r = 0; `scale` [n] is the precision of choice at r = 1."""
    n, d = start.shape
    scale = np.maximum(scale, 1e-12)
    end = np.log1p(scale)
    x, t = start.copy(), np.zeros(n)
    step = np.minimum(FIRST_STEP, end)
    steps, folds = np.zeros(n, np.int64), np.zeros(n, np.int64)
    arrived = np.zeros(n, bool)
    going = np.arange(n)
    tangent = np.zeros((n, d + 1))
    tangent[:, -1] = 1.0
    tangent[going], _ = _tangent(evaluate, going, x, t, scale, tangent)
    while going.size:
        trial = np.concatenate([x[going], t[going, None]], 1) + step[going, None] * tangent[going]
        close = trial[:, -1] >= end[going]
        # The last step ends exactly at r = 1: shorten it, then hold t fixed.
        share = np.where(close, (end[going] - t[going]) / np.where(close, trial[:, -1] - t[going], 1.0), 1.0)
        trial = (
            np.concatenate([x[going], t[going, None]], 1) + (share * step[going])[:, None] * tangent[going]
        )
        trial[close, -1] = end[going][close]
        fine, trial = _correct(evaluate, going, trial, scale, end, tangent, close)
        good = going[fine]
        new, ahead = _tangent(evaluate, good, trial[fine, :-1], trial[fine, -1], scale, tangent)
        turn = (new * tangent[good]).sum(1)
        # A last step holds t fixed; a branch that turned back underneath is caught by the direction of the tangent.
        keep = (turn >= LARGEST_TURN) & ~(close[fine] & (new[:, -1] <= 0)) & ahead
        fine[np.flatnonzero(fine)[~keep]] = False
        mine = going[fine]
        folds[mine] += (new[keep][:, -1] > 0) != (tangent[mine, -1] > 0)
        x[mine], t[mine] = trial[fine, :-1], trial[fine, -1]
        tangent[mine] = new[keep]
        steps[going] += 1
        done = fine & close
        arrived[going[done]] = True
        grow = np.clip(1.0 + (turn[keep] - 0.95) * 20, 0.7, 2.0)
        step[mine] = np.minimum(step[mine] * grow, LARGEST_STEP)
        step[going[~fine]] *= 0.4
        lost = (step[going] < SMALLEST_STEP) | (steps[going] >= max_steps) | (t[going] < -1e-6)
        going = going[~done & ~lost]
    return Traced(x, arrived, steps, folds)


def _correct(
    evaluate: Evaluate,
    who: Ints,
    trial: Floats,
    scale: Floats,
    end: Floats,
    tangent: Floats,
    fixed: np.ndarray,
) -> tuple[np.ndarray, Floats]:
    """Newton's method on the system bordered by the tangent (by t itself where `fixed`)."""
    n, d = len(who), trial.shape[1] - 1
    fine, active = np.zeros(n, bool), np.arange(n)
    border = np.where(fixed[:, None], np.eye(d + 1)[-1], tangent[who])
    previous = np.full(n, np.inf)
    for _ in range(12):
        if not active.size:
            break
        found = _at(evaluate, who[active], trial[active], scale)
        matrix = np.concatenate([found[1], border[active][:, None]], 1)
        right = np.concatenate([found[0], np.zeros((active.size, 1))], 1)
        change = _solve(matrix, right)
        size = np.abs(change).max(1)
        # Late steps at rounding level contract no more, which is no reason to reject them.
        limit = np.where(np.isinf(previous[active]), LARGEST_CORRECTION, CONTRACTION * previous[active])
        fair = np.isfinite(size) & ((size <= limit) | (size <= 1e-9))
        trial[active[fair]] -= change[fair]
        previous[active] = size
        last = np.where(fixed[active], ARRIVED * (1 + np.abs(trial[active]).max(1)), ON_THE_WAY)
        ok = fair & (size <= last)
        fine[active[ok]] = True
        active = active[fair & ~ok]
    # Rounding may keep the last correction above the strictest wish; a good one is good enough.
    fine[active[previous[active] <= 1e-9]] = True
    return fine, trial


def _at(evaluate: Evaluate, who: Ints, point: Floats, scale: Floats) -> tuple[Floats, Floats]:
    t = point[:, -1]
    found = evaluate(who, point[:, :-1], np.expm1(t) / scale[who])
    by_t = found.by_rationality * (np.exp(t) / scale[who])[:, None]
    return found.gap, np.concatenate([found.jacobian, by_t[:, :, None]], 2)


def _tangent(
    evaluate: Evaluate, who: Ints, x: Floats, t: Floats, scale: Floats, previous: Floats
) -> tuple[Floats, np.ndarray]:
    """[n, d + 1] unit tangents that point the way of the previous ones, and whether [n] that way is ahead.

    Along a branch t rises where the determinant of the Jacobian in x is positive (as it is at r = 0) and falls where it is
    negative; a point on the far side of a hairpin has a tangent of much the same line, and the other way is ahead.
    """
    if not who.size:
        return np.zeros((0, previous.shape[1])), np.zeros(0, bool)
    _, wide = _at(evaluate, who, np.concatenate([x, t[:, None]], 1), scale)
    matrix = np.concatenate([wide, previous[who][:, None]], 1)
    right = np.zeros((len(who), wide.shape[2]))
    right[:, -1] = 1.0
    tangent = _solve(matrix, right)
    sign, _ = np.linalg.slogdet(wide[:, :, :-1])
    ahead = (sign > 0) == (tangent[:, -1] > 0)
    return tangent / np.linalg.norm(tangent, axis=1, keepdims=True), ahead


def _solve(matrix: Floats, right: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.solve(matrix, right[..., None])[..., 0], np.float64)
    except np.linalg.LinAlgError:
        out = np.full_like(right, np.nan)
        for i in range(len(matrix)):
            if np.isfinite(matrix[i]).all() and np.linalg.matrix_rank(matrix[i]) == len(matrix[i]):
                out[i] = np.linalg.solve(matrix[i], right[i])
        return out
