"""Mixtures of normal distributions to draw points from, fitted to weighted points however few they are.

Receives points [n, d] of a space with a unit normal prior, with logarithms of weights; returns a `Proposal`. It has the points'
mean and covariance and, in part, their shape: its components stand at points that were drawn towards the mean, which
leaves mean and covariance as they were (West 1993). What few points cannot tell is taken from the prior: its mean, its
unit variances, its independence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from goodoffices.inference.weights import Floats, effective_size, systematic

LEAST, A_COORDINATE = 32, 3
"""Draws that a fit should rest on: the first number, or the second for each coordinate, whichever is more."""
HEAVIEST = 5.0
"""No point has more than this many times its fair share in a fit."""
STEPS = 50
AT_ONCE = 4096
"""Points whose density is computed together: memory grows with them times the components."""
COMPONENTS = 256
"""Of the mixture, at the most."""
SHAPE = 0.3
"""How far from the mean to a point its component stands: zero is one normal distribution, near one a cloud of spikes."""


@dataclass(frozen=True, eq=False)
class Proposal:
    """A mixture of equally likely normal distributions, alike but for where they stand, and in part of the prior."""

    centres: Floats
    """[j, d]"""
    covariance: Floats
    """[d, d] of each."""
    defensive: float = 0.0
    """Share of the prior."""

    @classmethod
    def prior(cls, size: int) -> Proposal:
        """The unit normal distribution."""
        return cls(np.zeros((1, size)), np.eye(size))

    def draw(self, count: int, rng: np.random.Generator) -> Floats:
        """[count, d]"""
        which = rng.integers(len(self.centres), size=count)
        noise = rng.standard_normal((count, self.centres.shape[1]))
        fitted = self.centres[which] + noise @ np.linalg.cholesky(self.covariance).T
        if not self.defensive:
            return fitted
        return np.where(rng.random((count, 1)) < self.defensive, noise, fitted)

    def whole_covariance(self) -> Floats:
        """[d, d] of the mixture without the prior's share."""
        away = self.centres - self.centres.mean(0)
        return self.covariance + away.T @ away / len(away)

    def log_density(self, points: Floats) -> Floats:
        """[n] at points [n, d]."""
        fitted = np.concatenate(
            [self._fitted(points[low : low + AT_ONCE]) for low in range(0, len(points), AT_ONCE)]
        )
        if not self.defensive:
            return fitted
        prior = -0.5 * (points**2).sum(1) - 0.5 * points.shape[1] * np.log(2 * np.pi)
        return np.logaddexp(np.log1p(-self.defensive) + fitted, np.log(self.defensive) + prior)

    def _fitted(self, points: Floats) -> Floats:
        root, size = np.linalg.cholesky(self.covariance), self.centres.shape[1]
        own, theirs = (np.linalg.solve(root, array.T).T for array in (points, self.centres))
        squares = (own**2).sum(1)[:, None] + (theirs**2).sum(1) - 2 * own @ theirs.T
        mixed = np.logaddexp.reduce(-0.5 * squares, axis=1) - np.log(len(self.centres))
        return mixed - np.log(np.diag(root)).sum() - 0.5 * size * np.log(2 * np.pi)


def fit_proposal(
    points: Floats,
    log_base: Floats,
    log_likelihood: Floats,
    rng: np.random.Generator,
    *,
    defensive: float = 0.0,
) -> Proposal:
    """Fit to points whose weights are the base times the likelihood.

    Where these rest on too few points, the likelihood is flattened until they do. Means are shrunk towards the prior's by
    what they are uncertain (James and Stein 1961), variances and correlations by the share of draws to coordinates.
    """
    count, size = points.shape
    wanted = min(max(LEAST, A_COORDINATE * size), count / 4)
    weights = flattened(log_base, log_likelihood, wanted)
    known = 1 / float((weights**2).sum())
    weights = np.minimum(weights, HEAVIEST / known)
    weights /= weights.sum()
    return fit_weighted(points, weights, 1 / float((weights**2).sum()), rng, defensive=defensive)


def fit_weighted(
    points: Floats, weights: Floats, known: float, rng: np.random.Generator, *, defensive: float = 0.0
) -> Proposal:
    """Fit to points with weights that sum to one and are worth so many independent draws; part of it remains the prior."""
    size = points.shape[1]
    mean = weights @ points
    away = points - mean
    found = (away * weights[:, None]).T @ away / max(0.5, 1 - 1 / known)
    together, alone = known / (known + 10 * size), known / (known + 10)
    own = alone * np.diag(np.diag(found)) + (1 - alone) * np.eye(size)
    with np.errstate(divide="ignore"):
        centre = mean * np.maximum(0.0, 1 - np.diag(own) / (known * mean**2))
    covariance = together * found + (1 - together) * own
    chosen = systematic(weights, min(COMPONENTS, max(1, int(known))), rng)
    return Proposal(centre + SHAPE * (points[chosen] - mean), (1 - SHAPE**2) * covariance, defensive)


def flattened(log_base: Floats, log_likelihood: Floats, wanted: float) -> Floats:
    """[n] normalised weights by the highest power of the likelihood, up to one, at which so many points are effective."""
    possible = np.isfinite(log_likelihood)

    def logs(power: float) -> Floats:
        return np.where(possible, log_base + power * np.where(possible, log_likelihood, 0.0), -np.inf)

    low, high = 0.0, 1.0
    if effective_size(logs(1.0)) >= wanted:
        low = 1.0
    else:
        for _ in range(STEPS):
            middle = (low + high) / 2
            low, high = (middle, high) if effective_size(logs(middle)) >= wanted else (low, middle)
    found = logs(low)
    weights = np.exp(found - found.max())
    return weights / weights.sum()
