"""Which parameters decide a claim: how differently each is distributed where the claim holds and where it fails.

Receives margins and truth over solved draws and the parameters' values; returns strengths with bootstrap errors. The
strength is the two-sample Kolmogorov-Smirnov distance; for a claim that always or never holds (fewer than
`LEAST` draws on one side) it is the absolute rank correlation (Spearman) of the parameter with the margin.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    """Strength of one parameter for one claim; all arrays [b], solved draws only. `seed` is that of the resampling."""
    return strengths(values, [(holds, margins)], seed=seed)[0]


def strengths(
    values: Array, claims: Sequence[tuple[NDArray[np.bool_], Array]], *, seed: int
) -> list[Strength]:
    """Strength of one parameter for several claims, whose truth and margins are given at the same draws.

    Args:
        values: [b] of the parameter at solved draws.
        claims: for each claim whether it holds [b], and its margins [b].
        seed: of the resampling.
    """
    n = len(values)
    if n < 2 * LEAST or np.ptp(values) == 0:
        return [Strength(0.0, float("nan") if n < 2 * LEAST else 0.0, "unclear") for _ in claims]
    counts = _resamples(n, seed)
    ordered: _Ordered | None = None
    out: list[Strength] = []
    for holds, margins in claims:
        if min(holds.sum(), (~holds).sum()) < LEAST:
            out.append(_by_rank(values, margins, counts))
            continue
        # Sorted once for all claims: that, and not the distances, is most of the work.
        ordered = ordered or _Ordered.of(values, counts)
        out.append(_by_distance(ordered, holds))
    return out


@lru_cache(maxsize=4)
def _resamples(n: int, seed: int) -> NDArray[np.int64]:
    """[r, n] how often each draw is in each resample; the same for every parameter and claim with as many draws."""
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=RESAMPLES)


@dataclass(frozen=True, eq=False)
class _Ordered:
    """Resamples in the order of a parameter's values; index letters r resample (the draws themselves first), b draw."""

    order: NDArray[np.int64]
    last: NDArray[np.bool_] | None
    """[b] whether a value is the last of equal ones, where both distributions have jumped; None where all differ."""
    counts: NDArray[np.signedinteger]
    """[r, b]"""
    below: NDArray[np.signedinteger]
    """[r, b] draws up to each."""
    room: tuple[NDArray[np.signedinteger], NDArray[np.signedinteger]]
    """Two arrays [r, b] to work in: making them anew for each claim takes longer than the arithmetic."""

    @classmethod
    def of(cls, values: Array, counts: NDArray[np.int64]) -> _Ordered:
        """Sort once."""
        order = np.argsort(values, kind="stable")
        last = np.append(np.diff(values[order]) > 0, True)
        # Products of two counts must fit.
        whole = np.int32 if len(values) < 40_000 else np.int64
        own = np.ones((1 + len(counts), len(values)), whole)
        own[1:] = counts[:, order]
        room = np.empty_like(own), np.empty_like(own)
        return cls(order, None if last.all() else last, own, np.cumsum(own, axis=1, dtype=whole), room)


def _by_distance(of: _Ordered, holds: NDArray[np.bool_]) -> Strength:
    above, below = _distances(of, holds[of.order])
    high, low = float(above[0]), float(below[0])
    n, m = int(holds.sum()), int((~holds).sum())
    size = max(high, low)
    clear = size > KS_FIVE_PERCENT * np.sqrt((n + m) / (n * m)) and size > 2 * min(high, low)
    when = ("high" if high > low else "low") if clear else "unclear"
    return Strength(size, float(np.std(np.maximum(above, below)[1:])), when)


def _distances(of: _Ordered, holds: NDArray[np.bool_]) -> tuple[Array, Array]:
    """[r] by how much the values where the claim holds lie above, and below, those where it fails.

    With `yes` of the `below` first draws where the claim holds, of `Y` such in all `n`, distances of the two
    distributions are (below Y - yes n) / (Y (n - Y)): whole numbers until the last division.
    """
    other, gap = of.room
    np.multiply(of.counts, holds.astype(gap.dtype), out=other)
    np.cumsum(other, axis=1, dtype=gap.dtype, out=gap)
    whole, every = of.below[:, -1:], gap[:, -1:].copy()
    np.multiply(gap, -whole, out=gap)
    np.multiply(of.below, every, out=other)
    np.add(gap, other, out=gap)
    if of.last is not None:
        gap = gap[:, of.last]
    scale = (every * (whole - every))[:, 0].astype(float)
    scale[scale == 0] = np.inf  # a resample in which the claim always or never holds has no distance
    return gap.max(1) / scale, -gap.min(1) / scale


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
