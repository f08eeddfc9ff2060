"""Scoring rules: how good a probability was, once it is known what happened.

Receives probabilities and what happened; returns numbers of which smaller is better. All three rules are proper: nobody
who is scored by them gains by saying anything but what they think (Gneiting and Raftery 2007).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
SLACK = 1e-6
"""Probabilities sum to one up to this."""


def log_score(probability: ArrayLike, happened: int) -> float:
    """Surprise in bits: minus the binary logarithm of what happened; infinite where it was thought impossible.

    Args:
        probability: [k], summing to one.
        happened: Which of them did.
    """
    p = _checked(probability, happened)
    with np.errstate(divide="ignore"):
        return float(-np.log2(p[happened])) + 0.0


def brier_score(probability: ArrayLike, happened: int) -> float:
    """Sum of squared differences to certainty of what happened, from 0 to 2 (Brier 1950)."""
    p = _checked(probability, happened)
    p[happened] -= 1
    return float((p**2).sum())


def ranked_probability_score(probability: ArrayLike, happened: int) -> float:
    """Sum of squared differences of cumulated probabilities, over the number of categories less one (Epstein 1969).

    For outcomes that have an order, so that a near miss costs less than a far one. From 0 to 1.
    """
    p = _checked(probability, happened)
    if len(p) < 2:
        return 0.0
    steps = np.cumsum(p)[:-1] - (np.arange(len(p) - 1) >= happened)
    return float((steps**2).mean())


@dataclass(frozen=True)
class Bin:
    """Forecasts of about the same probability, beside how often they came true."""

    low: float
    high: float
    n: int
    forecast: float
    """Mean probability; not a number where there are none."""
    observed: float
    """Share that came true."""
    error: float
    """Standard error of that share if the forecasts were right: the binomial one at their probabilities."""


def calibration(probability: ArrayLike, came_true: ArrayLike, *, bins: int = 5) -> tuple[Bin, ...]:
    """Count forecasts by their probability.

    Args:
        probability: [n] of any outcomes, each counted by itself.
        came_true: [n] whether each did.
    """
    p, y = np.asarray(probability, float), np.asarray(came_true, float)
    edges = np.linspace(0, 1, bins + 1)
    where = np.clip(np.searchsorted(edges, p, side="right") - 1, 0, bins - 1)
    found: list[Bin] = []
    for b in range(bins):
        mine = where == b
        n = int(mine.sum())
        mean = float(p[mine].mean()) if n else float("nan")
        share = float(y[mine].mean()) if n else float("nan")
        error = float(np.sqrt((p[mine] * (1 - p[mine])).sum()) / n) if n else float("nan")
        found.append(Bin(float(edges[b]), float(edges[b + 1]), n, mean, share, error))
    return tuple(found)


def skill(score: float, baseline: float) -> float:
    """Share of the baseline's score that was saved: one is perfect, zero no better, below zero worse."""
    if baseline == 0:
        return 0.0 if score == 0 else float("-inf")
    return 1 - score / baseline


def _checked(probability: ArrayLike, happened: int) -> Floats:
    p = np.array(probability, dtype=float)
    if p.ndim != 1 or not (p >= 0).all() or abs(p.sum() - 1) > SLACK:
        raise ValueError("probabilities are not negative and sum to one")
    if not 0 <= happened < len(p):
        raise ValueError(f"there is no outcome {happened} among {len(p)}")
    return p
