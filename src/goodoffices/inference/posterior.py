"""What a record teaches about a scenario's parameters: draws from the posterior, and how far to believe them.

Receives the finished runs of independent repeats; returns a `Posterior`, a plain frozen result with the evidence, its Monte
Carlo error, effective sizes, the tail of the weights, agreement between repeats and overlap with the prior.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from goodoffices.inference.posterior_terms import Observed
from goodoffices.inference.prior_space import Floats, PriorSpace
from goodoffices.inference.sampling import Sampled
from goodoffices.inference.weights import log_mean, normalised
from goodoffices.language.scenario import Scenario

BINS = 10
"""Equal shares of the prior in which its overlap with the posterior is counted."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws of a scenario's parameters given a record. Index letters n draw, d parameter, i term, r repeat.

    Draws have no weights: they were chosen by weight from the points of each repeat, as many from each, ordered by repeat.
    """

    scenario: Scenario
    space: PriorSpace
    observed: tuple[Observed, ...]
    """[i]"""
    runs: tuple[Sampled, ...] = field(repr=False)
    """[r] with all points that were tried and their weights."""
    points: Floats = field(repr=False)
    """[n, d] coordinates of the draws, in which the prior is a unit normal."""
    terms: Floats = field(repr=False)
    """[n, i] of their log-likelihood."""
    draws: Mapping[str, Floats] = field(repr=False)
    """Parameter -> [n]."""
    key: str
    """SHA-256 of everything that made it but the settings that only say how to go on."""
    settings: Mapping[str, Any]
    seconds: float
    """Time that passed while the part was computed that is new."""

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        space: PriorSpace,
        observed: tuple[Observed, ...],
        runs: Sequence[Sampled],
        *,
        key: str = "",
        settings: Mapping[str, Any] | None = None,
        seconds: float = 0.0,
    ) -> Posterior:
        """From the runs: as many draws of each as the least of them is worth, two at the least."""
        count = max(2, int(min(run.effective for run in runs)))
        chosen = [run.draw(count) for run in runs]
        points = np.concatenate([run.points[i] for run, i in zip(runs, chosen, strict=True)])
        terms = np.concatenate([run.terms[i] for run, i in zip(runs, chosen, strict=True)])
        return cls(
            scenario,
            space,
            observed,
            tuple(runs),
            points,
            terms,
            space.draws(points),
            key,
            settings or {},
            seconds,
        )

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
        """Its Monte Carlo standard error, from the spread of the weights in each repeat."""
        shares = np.exp(self.log_evidences - self.log_evidences.max())
        errors = np.array([run.log_evidence_error for run in self.runs])
        return float(np.sqrt(((shares * errors) ** 2).sum()) / shares.sum())

    @property
    def size(self) -> int:
        """Number of draws."""
        return len(self.points)

    @property
    def worth(self) -> float:
        """Independent draws that all weighted points are worth: Kish's, of chains from the spread between them."""
        return sum(run.effective for run in self.runs)

    @property
    def coarse_worth(self) -> float:
        """The same before chains' states are weighed by the fine likelihood."""
        return sum(run.coarse_worth for run in self.runs)

    @property
    def tail(self) -> float:
        """Shape of the weights' tail in the worst repeat; from 0.7 errors are not to be believed."""
        return float(np.max([run.tail for run in self.runs]))

    @property
    def drift(self) -> float:
        """In the worst repeat; above two chains are still finding their way, and the evidence is too low."""
        return float(np.max([run.drift for run in self.runs]))

    def effective(self) -> Floats:
        """[d] effective number of draws for each parameter's mean, of all weighted points."""
        return np.sum([run.effective_each for run in self.runs], axis=0)

    def r_hat(self) -> Floats:
        """[d] potential scale reduction between repeats; not a number with a single one. One is agreement."""
        return agreement(self.runs)

    def overlap(self) -> Floats:
        """[d] share that the marginal posterior has in common with the prior: one where nothing was learned."""
        return prior_overlap(self.points)

    @property
    def evaluations(self) -> tuple[int, ...]:
        """Likelihoods computed, from the coarse to the fine."""
        levels = 1 + max(run.level for run in self.runs)
        return tuple(int(v) for v in np.sum([run.evaluations(levels) for run in self.runs], axis=0))

    @property
    def unsolved(self) -> tuple[int, ...]:
        """Of them, those that were not solved; they count as impossible."""
        levels = 1 + max(run.level for run in self.runs)
        return tuple(int(v) for v in np.sum([run.unsolved(levels) for run in self.runs], axis=0))


def agreement(runs: Sequence[Sampled]) -> Floats:
    """[d] Gelman and Rubin's statistic (1992) of independent repeats, each as long as its draws are worth."""
    if len(runs) < 2:
        return np.full(runs[0].points.shape[1], np.nan)
    weights = [normalised(run.log_weights) for run in runs]
    means = np.array([w @ run.points for w, run in zip(weights, runs, strict=True)])
    n = min(run.effective for run in runs)
    spreads = [w @ (run.points - mean) ** 2 for w, run, mean in zip(weights, runs, means, strict=True)]
    within = np.mean(spreads, axis=0) * n / max(1.0, n - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt((n - 1) / n + means.var(0, ddof=1) / within)


def prior_overlap(points: Floats) -> Floats:
    """[d] overlap of [n, d] with a unit normal: the smaller of two shares, summed over equal shares of the prior."""
    from goodoffices.inference.prior_space import special

    shares = special().ndtr(points)
    out = np.empty(points.shape[1])
    for d in range(points.shape[1]):
        counts = np.histogram(shares[:, d], bins=BINS, range=(0.0, 1.0))[0] / len(points)
        out[d] = np.minimum(counts, 1 / BINS).sum()
    return out
