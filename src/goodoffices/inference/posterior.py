"""What a record teaches about a scenario's parameters: draws from the posterior, and how far to believe them.

Receives the finished runs of independent repeats; returns a `Posterior`, a plain frozen result with the evidence, its Monte
Carlo error, effective sizes, agreement between repeats and overlap with the prior.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from goodoffices.inference.posterior_terms import Observed
from goodoffices.inference.prior_space import Floats, PriorSpace
from goodoffices.inference.tempering import Run
from goodoffices.language.scenario import Scenario

BINS = 10
"""Equal shares of the prior in which its overlap with the posterior is counted."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws of a scenario's parameters given a record. Index letters n draw, d parameter, i term, r repeat.

    Draws are ordered by repeat, then by chain, then along the chain.
    """

    scenario: Scenario
    space: PriorSpace
    observed: tuple[Observed, ...]
    """[i]"""
    runs: tuple[Run, ...] = field(repr=False)
    """[r]"""
    draws: Mapping[str, Floats] = field(repr=False)
    """Parameter -> [n]."""
    key: str
    """SHA-256 of everything that made it but the settings that only say how to go on."""
    settings: Mapping[str, Any]
    seconds: float
    """Processor time of the part that was computed now."""

    @property
    def points(self) -> Floats:
        """[n, d] coordinates in which the prior is a unit normal."""
        return np.concatenate([run.last.points for run in self.runs])

    @property
    def terms(self) -> Floats:
        """[n, i] of the log-likelihood."""
        return np.concatenate([run.last.terms for run in self.runs])

    @property
    def log_likelihood(self) -> Floats:
        """[n]"""
        return self.terms.sum(1)

    @property
    def log_evidences(self) -> Floats:
        """[r] of each repeat."""
        return np.array([run.log_evidence for run in self.runs])

    @property
    def log_evidence(self) -> float:
        """Natural logarithm of the record's probability under the scenario and its priors: of the repeats' mean."""
        return log_mean(self.log_evidences)

    @property
    def log_evidence_error(self) -> float:
        """Its Monte Carlo standard error; not a number with a single repeat."""
        return log_mean_error(self.log_evidences)

    @property
    def size(self) -> int:
        """Number of draws."""
        return sum(len(run.last.points) for run in self.runs)

    def effective(self) -> Floats:
        """[d] effective number of draws for each parameter's mean."""
        return effective_size([_by_chain(run) for run in self.runs])

    def r_hat(self) -> Floats:
        """[d] potential scale reduction between repeats; not a number with a single one. One is agreement."""
        return agreement([run.last.points for run in self.runs])

    def overlap(self) -> Floats:
        """[d] share that the marginal posterior has in common with the prior: one where nothing was learned."""
        return prior_overlap(self.points)

    @property
    def evaluations(self) -> tuple[int, ...]:
        """Likelihoods computed, from the coarse to the fine."""
        return tuple(int(v) for v in np.sum([run.last.evaluations for run in self.runs], axis=0))

    @property
    def unsolved(self) -> tuple[int, ...]:
        """Of them, those that were not solved; they count as impossible."""
        return tuple(int(v) for v in np.sum([run.last.unsolved for run in self.runs], axis=0))


def log_mean(values: Floats) -> float:
    """Logarithm of the mean of numbers given by their logarithms."""
    return float(np.logaddexp.reduce(values) - np.log(len(values)))


def log_mean_error(values: Floats) -> float:
    """Standard error of `log_mean`, to first order."""
    if len(values) < 2:
        return float("nan")
    shares = np.exp(values - values.max())
    return float(shares.std(ddof=1) / np.sqrt(len(values)) / shares.mean())


def effective_size(chains: Sequence[Floats]) -> Floats:
    """[d] from the spread of the chains' means: [m, l, d] of each repeat, chains independent given the cloud before.

    Dau and Chopin (2022), section 4: the variance of a waste-free average is that of chains' means over their number.
    """
    joined = np.concatenate(list(chains))
    m, length, _ = joined.shape
    spread = joined.reshape(m * length, -1).var(0)
    between = joined.mean(1).var(0, ddof=1) / m
    with np.errstate(divide="ignore", invalid="ignore"):
        found = spread / between
    return np.clip(np.where(np.isfinite(found), found, 1.0), 1.0, m * length)


def agreement(repeats: Sequence[Floats]) -> Floats:
    """[d] Gelman and Rubin's statistic of [n, d] from independent repeats."""
    if len(repeats) < 2:
        return np.full(repeats[0].shape[1], np.nan)
    n = min(len(points) for points in repeats)
    within = np.mean([points[:n].var(0, ddof=1) for points in repeats], axis=0)
    between = np.var([points[:n].mean(0) for points in repeats], axis=0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt((n - 1) / n + between / within)


def prior_overlap(points: Floats) -> Floats:
    """[d] overlap of [n, d] with a unit normal: the smaller of two shares, summed over equal shares of the prior."""
    from goodoffices.inference.prior_space import special

    shares = special().ndtr(points)
    out = np.empty(points.shape[1])
    for d in range(points.shape[1]):
        counts = np.histogram(shares[:, d], bins=BINS, range=(0.0, 1.0))[0] / len(points)
        out[d] = np.minimum(counts, 1 / BINS).sum()
    return out


def _by_chain(run: Run) -> Floats:
    """[m, l, d]"""
    points = run.last.points
    return points.reshape(run.settings.chains, -1, points.shape[1])
