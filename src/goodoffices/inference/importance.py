"""Draws from a posterior by adaptive importance sampling over batches of likelihoods.

Receives functions from points [n, d] of a space with a unit normal prior to the terms [n, i] of their log-likelihood, from
coarse to fine; adds batch after batch to a `Run`: every point that was tried, with its weight, and the logarithm of the
evidence with its Monte Carlo error. Points at which the likelihood is not a number have none, and are counted.

The first batch is drawn from the prior. Each batch after it comes from a mixture of normal distributions fitted to everything
before it, by weight, and in part from the prior again, so that no weight is without bound (population Monte Carlo: Cappé and others
2004; defensive mixtures: Hesterberg 1995). Weights have in their denominator what their own batch was drawn from, and
nothing that came after: a proposal that was fitted to points is too high at them, so that a mixture over all batches
would take evidence away (in thirty coordinates, half of it). Batches count by the square root of their number, since
later ones are better (Owen and Zhou 2019). So the evidence has no bias, whatever was fitted, and a poor fit costs draws.
Coarse likelihoods only show where to look.

Every batch has a random stream of its own, so that a run that is taken up again is the run that was not stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from goodoffices.inference.prior_space import Floats
from goodoffices.inference.proposals import Proposal, fit_proposal
from goodoffices.inference.tempering import Terms, evaluate
from goodoffices.inference.weights import (
    effective_for_means,
    effective_size,
    log_mean,
    normalised,
    systematic,
    tail_index,
)


@dataclass(frozen=True)
class Importance:
    """How a posterior is drawn from."""

    effective: float = 500.0
    """Draws that the weighted ones should be worth (Kish); the run ends when they are."""
    batch: int = 256
    """Points that are tried together."""
    most: int = 20_000
    """Points of the last likelihood after which a run ends in any case."""
    defensive: float = 0.1
    """Share of each batch that is drawn from the prior."""
    seed: int = 1

    def __post_init__(self) -> None:
        if self.batch < 2 or self.effective <= 0 or self.most < 1 or not 0 < self.defensive <= 1:
            raise ValueError(f"cannot draw so: {self}")


@dataclass(frozen=True, eq=False)
class Batch:
    """Points that were tried together. Index letters n point, d coordinate, i term of the likelihood."""

    level: int
    """Which likelihood, from zero."""
    centres: Floats
    """[j, d] of the mixture that the first points were drawn from."""
    covariance: Floats
    """[d, d] of each of its components."""
    fitted: int
    """Number of these points; those after them were drawn from the prior."""
    points: Floats
    """[n, d]"""
    terms: Floats
    """[n, i]; minus infinity in the first term where the likelihood is not a number."""
    unsolved: int
    """Points where it is not."""

    @cached_property
    def log_base(self) -> Floats:
        """[n] logarithm of the prior's density over that of the mixture that the points were drawn from."""
        share, prior = self.fitted / len(self.points), Proposal.prior(self.points.shape[1])
        if not self.fitted:
            return np.zeros(len(self.points))
        here = prior.log_density(self.points)
        own = Proposal(self.centres, self.covariance).log_density(self.points)
        return here - np.logaddexp(np.log(share) + own, np.log1p(-share) + here)


@dataclass(frozen=True, eq=False)
class Run:
    """What was tried; the points of the last likelihood are distributed as the posterior, by their weights.

    Index letters n point of the last likelihood, d coordinate, i term.
    """

    settings: Importance
    batches: tuple[Batch, ...] = field(repr=False)

    @property
    def level(self) -> int:
        """The likelihood that was reached, from zero."""
        return self.batches[-1].level

    @cached_property
    def points(self) -> Floats:
        """[n, d]"""
        return np.concatenate([b.points for b in self._last])

    @cached_property
    def terms(self) -> Floats:
        """[n, i] of the log-likelihood."""
        return np.concatenate([b.terms for b in self._last])

    @cached_property
    def log_base(self) -> Floats:
        """[n] logarithm of the prior's density over that which the points were drawn from, and of what their batch counts."""
        return np.concatenate(
            [b.log_base + share for b, share in zip(self._last, np.log(self.shares), strict=True)]
        )

    @property
    def shares(self) -> Floats:
        """[k] by how much more than the average each batch of the last likelihood counts."""
        shares = np.sqrt(1.0 + np.arange(len(self._last)))
        return shares / shares.mean()

    def error_of_mean(self, values: Floats) -> Floats:
        """[...] standard error of the mean of [n, ...], from the spread within batches."""
        parts = np.split(values, np.cumsum([len(b.points) for b in self._last])[:-1])
        variance = np.sum([part.var(0, ddof=1) * len(part) for part in parts], axis=0)
        return np.sqrt(variance) / len(values)

    @cached_property
    def log_weights(self) -> Floats:
        """[n] their mean is the evidence."""
        return self.log_base + self.terms.sum(1)

    @property
    def log_evidence(self) -> float:
        """Natural logarithm of the likelihood's mean over the prior."""
        return log_mean(self.log_weights)

    @property
    def log_evidence_error(self) -> float:
        """Its Monte Carlo standard error, from the spread of the weights."""
        return float(self.error_of_mean(np.exp(self.log_weights - self.log_evidence)))

    @property
    def effective(self) -> float:
        """Independent draws that the weighted ones are worth (Kish 1965)."""
        return effective_size(self.log_weights)

    @property
    def coarse_worth(self) -> float:
        """The same: no other likelihood's draws are weighed."""
        return self.effective

    @property
    def effective_each(self) -> Floats:
        """[d] the same for the mean of each coordinate."""
        return effective_for_means(self.points, normalised(self.log_weights))

    @property
    def independence(self) -> float:
        """Independent draws that a point is worth: all points are independent."""
        return 1.0

    @property
    def method(self) -> str:
        """What it is called."""
        return "importance sampling"

    @property
    def drift(self) -> float:
        """As `ChainRun.drift`: independent points have none."""
        return 0.0

    @property
    def pool(self) -> Run:
        """Points with weights that stand for the prior."""
        return self

    @property
    def pool_level(self) -> int:
        """The likelihood of the pool, from zero."""
        return self.level

    def worth(self, logs: Floats) -> float:
        """Independent draws that points with such logarithms of weights are worth."""
        return effective_size(logs)

    @property
    def tail(self) -> float:
        """Shape of the upper tail of the weights of the later half: from 0.7 errors are not to be believed (Vehtari and
        others 2024). Earlier batches were drawn from elsewhere, and would look like a tail. Minus infinity where most draws
        are effective, since weights that are nearly even have none."""
        later = self._last[len(self._last) // 2 :]
        logs = np.concatenate([b.log_base + b.terms.sum(1) for b in later])
        return tail_index(logs) if effective_size(logs) < len(logs) / 2 else -np.inf

    def evaluations(self, levels: int) -> tuple[int, ...]:
        """Likelihoods computed, from the coarse to the fine."""
        return tuple(sum(len(b.points) for b in self.batches if b.level == k) for k in range(levels))

    def unsolved(self, levels: int) -> tuple[int, ...]:
        """Of them, those that were not a number."""
        return tuple(sum(b.unsolved for b in self.batches if b.level == k) for k in range(levels))

    def draw(self, count: int) -> np.ndarray:
        """[count] indices of points chosen by weight, evenly: these are draws without weights."""
        rng = np.random.default_rng([self.settings.seed, 7, len(self.batches)])
        shares = np.exp(self.log_weights - self.log_weights.max())
        return systematic(shares / shares.sum(), count, rng)

    @property
    def _last(self) -> tuple[Batch, ...]:
        return tuple(b for b in self.batches if b.level == self.level)


def add_batch(levels: Sequence[Terms], size: int, settings: Importance, run: Run | None) -> Run | None:
    """Try one more batch; none where the draws are worth what was asked for, or no more may be tried.

    Args:
        levels: Likelihoods from coarse to fine; the last is the one that is meant.
        size: Number of coordinates d.
        run: So far; none at the beginning.

    Raises:
        ValueError: The likelihood is nothing at every point of the first batch.
    """
    level = _next_level(run, len(levels), size)
    if level is None:
        return None
    before = () if run is None else run.batches
    found = _try(levels[level], level, before, size, settings)
    if not before and not np.isfinite(found.terms.sum(1)).any():
        raise ValueError("the record has no likelihood at any point of the first batch")
    return Run(settings, (*before, found))


def _next_level(run: Run | None, levels: int, size: int) -> int | None:
    """The likelihood of the next batch; none where nothing is left to do."""
    if run is None:
        return 0
    settings, last = run.settings, run.level == levels - 1
    # A coarse likelihood has done its work when a normal distribution in so many coordinates can be fitted.
    wanted = settings.effective if last else min(settings.effective, 5.0 * size)
    most = settings.most if last else settings.most // 4
    if run.effective < wanted and len(run.points) < most:
        return run.level
    return None if last else run.level + 1


def _propose(batches: Sequence[Batch], rng: np.random.Generator) -> Proposal | None:
    """Fitted to the points of the likelihood that knows most; none at the beginning."""
    if not batches:
        return None
    runs = [Run(Importance(), tuple(b for b in batches if b.level == k)) for k in {b.level for b in batches}]
    best = max(runs, key=lambda run: (run.effective, run.level))
    return fit_proposal(best.points, best.log_base, best.terms.sum(1), rng)


def _try(terms: Terms, level: int, before: Sequence[Batch], size: int, settings: Importance) -> Batch:
    rng = np.random.default_rng([settings.seed, len(before)])
    proposal = _propose(before, rng)
    fitted = 0 if proposal is None else settings.batch - max(1, round(settings.defensive * settings.batch))
    used = proposal or Proposal.prior(size)
    points = np.concatenate([used.draw(fitted, rng), rng.standard_normal((settings.batch - fitted, size))])
    values, bad = evaluate(terms, points)
    return Batch(level, used.centres, used.covariance, fitted, points, values, bad)
