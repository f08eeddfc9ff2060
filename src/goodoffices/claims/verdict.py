"""What a study finds: verdicts on claims and the play of the game, as frozen values for reports and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from goodoffices.language.scenario import Claim, Scenario


@dataclass(frozen=True, eq=False)
class Decider:
    """How much one parameter decides a claim."""

    parameter: str
    strength: float
    """Largest distance between the parameter's distribution where the claim holds and where it fails
    (two-sample Kolmogorov-Smirnov, 0 to 1); for a claim that always or never holds, |Spearman correlation| with the margin."""
    error: float
    """Bootstrap standard error of the strength."""
    holds_when: str
    """`high`, `low` or `unclear`: which values favour the claim."""
    tipping: float | None
    """Value of the parameter at which the claim flips, the others at their prior medians; None where it never does."""
    tipping_holds: str | None
    """`above` or `below` the tipping value."""


@dataclass(frozen=True, eq=False)
class Verdict:
    """Whether a claim follows from the model: over which share of the prior."""

    claim: Claim
    n: int
    """Draws made."""
    failed: int
    """Draws whose game was not solved to tolerance; counted as unknown, never dropped: see `low` and `high`."""
    share: float
    """Share of solved draws in which the claim holds."""
    error: float
    """Monte Carlo standard error of the share."""
    low: float
    """Share if every unsolved draw failed the claim."""
    high: float
    """Share if every unsolved draw held it."""
    holds: NDArray[np.bool_]
    """[b] solved draws first decided here; False where not solved."""
    solved: NDArray[np.bool_]
    """[b]"""
    margins: NDArray[np.float64]
    """[b] how far the claim is from flipping, positive where it holds; nan where not solved."""
    margin_unit: str
    """Unit of the margin, such as `utility` or `probability`."""
    at_median: bool | None
    """Whether it holds with every parameter at its prior median."""
    deciders: tuple[Decider, ...]
    """All sampled parameters, strongest first."""

    @property
    def sentence(self) -> str:
        """The verdict in one sentence: `holds in 91% ± 2% of 512 prior draws; flips when ...`."""
        from goodoffices.claims.wording import verdict_sentence

        return verdict_sentence(self)


@dataclass(frozen=True)
class PlayMove:
    """One branch at one point of play."""

    move: str
    label: str
    lever: str | None
    probability: float
    """At the prior medians, over the mover's types."""
    low: float
    """5th percentile over prior draws."""
    high: float
    """95th percentile over prior draws."""
    by_type: Mapping[str, float]
    """Probability by the mover's type, at the prior medians."""
    beliefs_after: Mapping[str, Mapping[str, float]]
    """`party.dimension` -> level -> public probability after the move: what it tells the others."""
    state_after: Mapping[str, str]
    """Factor levels after the move (the likeliest where it is a lottery)."""
    then: PlayPoint | None = None


@dataclass(frozen=True)
class PlayPoint:
    """A point of play: whose turn it is, what is believed, and the moves."""

    party: str
    """Party name, or `chance`."""
    round: int
    state: Mapping[str, str]
    reach: float
    """Probability that play comes here, at the prior medians."""
    beliefs: Mapping[str, Mapping[str, float]]
    moves: tuple[PlayMove, ...]


@dataclass(frozen=True, eq=False)
class CertificateSummary:
    """Certificates over all draws."""

    n: int
    converged: int
    worst: Mapping[str, float]
    """Part of the certificate -> its largest value over the games that were certified. Of trees: `logit_residual`,
    `max_regret`, `max_response_regret`, `belief_error`; of talks: `logit_residual`, `belief_error`, `value_error`,
    `off_grid`."""
    failures: Mapping[str, int]
    """Reason -> number of draws."""


@dataclass(frozen=True, eq=False)
class Study:
    """Everything that one run of `study` found."""

    scenario: Scenario
    settings: Mapping[str, object]
    """method, rounds, draws, seed, tolerance, version."""
    draws: Mapping[str, NDArray[np.float64]]
    """Parameter -> [b]."""
    verdicts: tuple[Verdict, ...]
    play: PlayPoint
    """The play of the game from the first turn, to a depth fit for drawing."""
    certificate: CertificateSummary
    size: Mapping[str, int]
    """nodes, information_sets, histories, unknowns."""
    statistics: Mapping[str, float] = field(default_factory=dict[str, float])
    """Seconds by stage."""
