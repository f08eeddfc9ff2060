"""Which parameters decide a claim: how differently each is distributed where the claim holds and where it fails.

Receives margins and truth over solved draws and the parameters' values; returns strengths with bootstrap errors. The
strength is the two-sample Kolmogorov-Smirnov distance; for a claim that always or never holds (fewer than
`LEAST` draws on one side) it is the absolute rank correlation (Spearman) of the parameter with the margin.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from goodoffices.compiler.expressions import Array

LEAST = 5
"""Fewer draws than this on one side say nothing about a distribution."""
RESAMPLES = 100
KS_FIVE_PERCENT = 1.358
"""Asymptotic 5% critical value of the Kolmogorov-Smirnov distance, times sqrt((n + m) / (n m))."""


@dataclass(frozen=True)
class Strength:
    """How much a parameter decides a claim."""

    size: float
    """0 to 1."""
    error: float
    """Bootstrap standard error."""
    holds_when: str
    """`high`, `low` or `unclear`."""


def strength(values: Array, holds: NDArray[np.bool_], margins: Array, *, seed: int) -> Strength:
    """Strength of one parameter; all arrays [b], solved draws only. `seed` is that of the resampling."""
    n = len(values)
    if n < 2 * LEAST or np.ptp(values) == 0:
        return Strength(0.0, float("nan") if n < 2 * LEAST else 0.0, "unclear")
    counts = _resamples(n, seed)
    if min(holds.sum(), (~holds).sum()) < LEAST:
        return _by_rank(values, margins, counts)
    return _by_distance(values, holds, counts)


@lru_cache(maxsize=4)
def _resamples(n: int, seed: int) -> NDArray[np.int64]:
    """[r, n] how often each draw is in each resample; the same for every parameter and claim with as many draws."""
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=RESAMPLES)


def _by_distance(values: Array, holds: NDArray[np.bool_], counts: NDArray[np.int64]) -> Strength:
    order = np.argsort(values, kind="stable")
    # Distances are taken at the last of equal values, where both distributions have jumped.
    last = np.append(np.diff(values[order]) > 0, True)
    above, below = _distances(holds[order], last, np.ones((1, len(values)), dtype=np.int64))
    high, low = float(above[0]), float(below[0])
    resampled = np.maximum(*_distances(holds[order], last, counts[:, order]))
    n, m = int(holds.sum()), int((~holds).sum())
    size = max(high, low)
    clear = size > KS_FIVE_PERCENT * np.sqrt((n + m) / (n * m)) and size > 2 * min(high, low)
    when = ("high" if high > low else "low") if clear else "unclear"
    return Strength(size, float(np.std(resampled)), when)


def _distances(
    holds: NDArray[np.bool_], last: NDArray[np.bool_], counts: NDArray[np.int64]
) -> tuple[Array, Array]:
    """[r] by how much the values where the claim holds lie above, and below, those where it fails."""
    yes, no = np.cumsum(counts * holds, axis=1), np.cumsum(counts * ~holds, axis=1)
    with np.errstate(all="ignore"):
        gap = (no / no[:, -1:] - yes / yes[:, -1:])[:, last]
    gap = np.nan_to_num(gap)
    return np.maximum(gap.max(1), 0.0), np.maximum((-gap).max(1), 0.0)


def _by_rank(values: Array, margins: Array, counts: NDArray[np.int64]) -> Strength:
    x, y = _ranks(values), _ranks(margins)
    if np.ptp(y) == 0:
        return Strength(0.0, 0.0, "unclear")
    rho = float(_correlation(x, y, np.ones((1, len(x))))[0])
    error = float(np.std(np.nan_to_num(_correlation(x, y, counts.astype(float)))))
    clear = abs(rho) > 2 / np.sqrt(len(x))
    return Strength(abs(rho), error, ("high" if rho > 0 else "low") if clear else "unclear")


def _ranks(values: Array) -> Array:
    """Ranks with ties at their mean."""
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[where.reshape(-1)]


def _correlation(x: Array, y: Array, weights: Array) -> Array:
    weights = weights / weights.sum(1, keepdims=True)
    dx = x - (weights @ x)[:, None]
    dy = y - (weights @ y)[:, None]
    with np.errstate(all="ignore"):
        spread = np.sqrt((weights * dx**2).sum(1) * (weights * dy**2).sum(1))
        return (weights * dx * dy).sum(1) / spread
