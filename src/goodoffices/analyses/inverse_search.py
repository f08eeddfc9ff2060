"""The nearest points at which a margin turns: rays, bisection, and steps along the boundary.

Receives a function of points [b, d] to margins [b], many points at a time; returns `Found`s. Points without a margin count as
ones at which the goal is not reached. Slopes are one-sided differences, all of them in one batch: the solver's work for d
neighbouring games at once is less than that of differentiating the chain from the priors to the margin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goodoffices.analyses.inverse_points import Margins
from goodoffices.compiler.expressions import Array

TOLERANCE = 1e-3
"""Standard deviations to which the boundary is located."""
STEP = 0.5
"""Standard deviations between the points of a ray."""
RAYS = 48
"""Random rays beside those along each parameter."""
STARTS = 4
"""Points that are improved."""
ROUNDS = 10
"""Improvements of a point at most."""
SLOPE = 0.01
"""Standard deviations of a difference quotient."""
ALIKE = 0.8
"""Two answers whose directions have a cosine above this are one."""
FRACTIONS = np.array([1.0, 0.6, 0.3, 0.1, 0.03])
"""How far a direction is turned towards the slope: the radii of trust, all tried at once."""
FEW = 3
"""Parameters of an answer of kind `few`."""
NEAR_ENOUGH = 1.5
"""An answer by a few parameters is given where it is at most this many times as far as that by all."""


@dataclass(frozen=True, eq=False)
class Found:
    """A point on the side of the boundary on which the goal is reached."""

    kind: str
    point: Array
    """[d]"""
    values: Array
    """[d] in the parameters' own units."""
    margin: float


def search(margins: Margins, base: float, d: int, *, within: float, seed: int) -> list[Found]:
    """Answers by one parameter, by a few and by all, the nearest first; empty where none was found."""
    axes = np.concatenate([np.eye(d), -np.eye(d)])
    rays = axes
    if d > 1:
        random = np.random.default_rng(seed).normal(size=(RAYS, d))
        slope = _slopes(margins, np.zeros((1, d)), np.array([base]))
        rays = np.concatenate([axes, _unit(slope), _unit(random)])
    radius = _first_crossing(margins, rays, within)
    single = [("one", axes[k] * radius[k]) for k in range(2 * d) if np.isfinite(radius[k])]
    out = _nearer_side(single)
    if d > 1:
        best = _improve(margins, *_apart(rays, radius, STARTS), np.ones(d, dtype=bool))
        joint = [(u, r) for u, r in zip(*_apart(*best, STARTS), strict=True) if np.isfinite(r)]
        # One parameter alone may be the best of all: it is then not listed twice.
        out += [("all", u * r) for u, r in joint if np.max(np.abs(u)) < 1 - TOLERANCE]
        if joint and d > FEW:
            few = _few(margins, joint[0][0], joint[0][1], within)
            out += [] if few is None else [("few", few)]
    if not out:
        return []
    points = np.stack([p for _, p in out])
    sizes, values = margins(points), margins.values(points)
    found = [
        Found(kind, p, v, float(m)) for (kind, p), v, m in zip(out, values, sizes, strict=True) if m >= 0
    ]
    return sorted(found, key=lambda f: float(np.linalg.norm(f.point)))


def _nearer_side(single: list[tuple[str, Array]]) -> list[tuple[str, Array]]:
    """Of the two ways in which a parameter alone reaches the goal, the shorter."""
    best: dict[int, tuple[str, Array]] = {}
    for kind, point in single:
        axis = int(np.argmax(np.abs(point)))
        if axis not in best or np.abs(point).max() < np.abs(best[axis][1]).max():
            best[axis] = kind, point
    return list(best.values())


def _unit(vectors: Array) -> Array:
    size = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(size > 0, size, 1.0)


def _first_crossing(margins: Margins, rays: Array, within: float) -> Array:
    """[r] distance at which the goal is first reached along each ray; infinite where it is not, on the points tried."""
    steps = np.append(np.arange(STEP, within, STEP), within)
    tried = rays[:, None, :] * steps[None, :, None]
    reached = margins(tried.reshape(-1, rays.shape[1])).reshape(len(rays), len(steps)) >= 0
    first = np.argmax(reached, axis=1)
    some = reached.any(axis=1)
    low = np.where(first > 0, steps[np.maximum(first - 1, 0)], 0.0)
    high = np.where(some, steps[first], np.inf)
    return _bisect(margins, rays, low, high)


def _bisect(margins: Margins, rays: Array, low: Array, high: Array) -> Array:
    """[r] the upper ends of brackets (goal reached there, and not at the lower ends) narrowed to the tolerance."""
    low, high = low.copy(), high.copy()
    while True:
        wide = np.flatnonzero(np.isfinite(high) & (high - low > TOLERANCE / 2))
        if not len(wide):
            return high
        middle = (low[wide] + high[wide]) / 2
        reached = margins(rays[wide] * middle[:, None]) >= 0
        high[wide] = np.where(reached, middle, high[wide])
        low[wide] = np.where(reached, low[wide], middle)


def _slopes(margins: Margins, points: Array, sizes: Array, free: NDArray[np.bool_] | None = None) -> Array:
    """[s, d] one-sided difference quotients at points [s, d] with margins [s]; zero where they cannot be had."""
    count, d = points.shape
    axes = np.arange(d) if free is None else np.flatnonzero(free)
    moved = np.repeat(points[:, None, :], len(axes), axis=1)
    moved[:, np.arange(len(axes)), axes] += SLOPE
    ahead = margins(moved.reshape(-1, d)).reshape(count, len(axes))
    out = np.zeros((count, d))
    out[:, axes] = np.nan_to_num((ahead - sizes[:, None]) / SLOPE)
    return out


def _apart(rays: Array, radius: Array, most: int) -> tuple[Array, Array]:
    """The nearest few rays of which no two point the same way."""
    kept: list[int] = []
    for k in np.argsort(radius).tolist():
        if np.isfinite(radius[k]) and all(rays[k] @ rays[j] <= ALIKE for j in kept):
            kept.append(k)
        if len(kept) == most:
            break
    return rays[kept], radius[kept]


def _improve(margins: Margins, rays: Array, radius: Array, free: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Turn rays towards the slope of the margin on the boundary as long as that brings the boundary nearer."""
    rays, radius = rays.copy(), radius.copy()
    going = np.isfinite(radius)
    for _ in range(ROUNDS):
        here = np.flatnonzero(going)
        if not len(here):
            break
        points = rays[here] * radius[here, None]
        slopes = _unit(_slopes(margins, points, margins(points), free))
        f = FRACTIONS[:, None, None]
        turned = ((1 - f) * rays[here] + f * slopes).reshape(-1, rays.shape[1])
        turned = _unit(turned)
        # A direction is better where the goal is reached on it a little before the present radius.
        limit = np.tile(radius[here] - TOLERANCE, len(FRACTIONS))
        reached = (margins(turned * limit[:, None]) >= 0) & (limit > 0)
        nearer = _bisect(margins, turned, np.zeros(len(turned)), np.where(reached, limit, np.inf))
        nearer = nearer.reshape(len(FRACTIONS), len(here))
        best = np.argmin(nearer, axis=0)
        for k, h in enumerate(here.tolist()):
            found = float(nearer[best[k], k])
            if np.isfinite(found) and found < radius[h]:
                going[h] = found < radius[h] - 2 * TOLERANCE
                rays[h] = turned.reshape(len(FRACTIONS), len(here), -1)[best[k], k]
                radius[h] = found
            else:
                going[h] = False
    return rays, radius


def _few(margins: Margins, ray: Array, radius: float, within: float) -> Array | None:
    """The nearest answer with its largest few parts only, improved among these; None where that is too far."""
    free = np.zeros(len(ray), dtype=bool)
    free[np.argsort(-np.abs(ray))[:FEW]] = True
    start = _unit(np.where(free, ray, 0.0)[None])
    reach = _first_crossing(margins, start, within)
    if not np.isfinite(reach[0]):
        return None
    rays, distance = _improve(margins, start, reach, free)
    return rays[0] * distance[0] if distance[0] <= NEAR_ENOUGH * radius else None
