"""What weighted draws are worth: means and errors from logarithms of weights, effective sizes, the heaviness of their tail.

Receives logarithms of weights [n], minus infinity for none; returns numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def log_mean(logs: Floats) -> float:
    """Logarithm of the mean of numbers given by their logarithms."""
    return float(np.logaddexp.reduce(logs) - np.log(len(logs)))


def normalised(logs: Floats) -> Floats:
    """[n] weights that sum to one."""
    shares = np.exp(logs - logs.max())
    return shares / shares.sum()


def effective_size(logs: Floats) -> float:
    """Independent draws that weighted ones are worth (Kish 1965): the squared sum over the sum of squares."""
    highest = logs.max()
    if not np.isfinite(highest):
        return 0.0
    shares = np.exp(logs - highest)
    return float(shares.sum() ** 2 / (shares**2).sum())


def effective_for_means(points: Floats, weights: Floats) -> Floats:
    """[d] the same for the mean of each coordinate of points [n, d]: its variance over that of the weighted mean.

    Owen (2013), Monte Carlo theory, methods and examples, section 9.3.
    """
    away = (points - weights @ points) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (weights @ away) / (weights**2 @ away)
    return np.where(np.isfinite(found), found, 1.0)


def tail_index(logs: Floats) -> float:
    """Shape k of a generalised Pareto distribution fitted to the largest weights; not a number where there are too few.

    As for Pareto-smoothed importance sampling (Vehtari, Simpson, Gelman, Yao and Gabry 2024): the largest 3 sqrt(n), a fifth
    at the most; the fit is that of Zhang and Stephens (2009), with the weak prior that k is about 1/2.
    """
    ordered = np.sort(np.exp(logs - logs.max()))
    count = int(min(0.2 * len(ordered), 3 * np.sqrt(len(ordered))))
    if count < 5:
        return float("nan")
    excess = ordered[-count:] - ordered[-count - 1]
    excess = excess[excess > 0]
    if len(excess) < 5:
        return float("nan")
    return (len(excess) * _pareto_shape(excess) + 5.0) / (len(excess) + 10)


def _pareto_shape(excess: Floats) -> float:
    """Posterior mean of the shape of ordered excesses, by Zhang and Stephens' prior on a grid."""
    n = len(excess)
    quarter = excess[max(0, int(n / 4 + 0.5) - 1)]
    grid = np.arange(1, 31 + int(np.sqrt(n)))
    theta = 1 / excess[-1] + (1 - np.sqrt((len(grid) + 0.0) / (grid - 0.5))) / (3 * quarter)
    shape = np.log1p(-theta[:, None] * excess).mean(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        profile = n * (np.log(-theta / shape) - shape - 1)
    profile = np.where(np.isnan(profile), -np.inf, profile)
    weights = np.exp(profile - profile.max())
    mean = float((weights / weights.sum()) @ theta)
    return float(np.log1p(-mean * excess).mean())


def systematic(weights: Floats, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Indices chosen by weight, evenly."""
    places = (rng.random() + np.arange(count)) / count
    edges = np.cumsum(weights)
    return np.minimum(np.searchsorted(edges / edges[-1], places), len(weights) - 1).astype(np.int64)
