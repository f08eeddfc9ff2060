"""The likelihood of a record as a sampler wants it: points to terms, one term for each choice and draw of the record.

Receives a `RecordLikelihood` and a scenario's prior space; returns a function from points [n, d] to terms [n, i] and what
each term is about. The terms sum to the log-likelihood. What could not have gone otherwise has no term.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from goodoffices.inference.filtering import Filtered
from goodoffices.inference.likelihood import RecordLikelihood
from goodoffices.inference.prior_space import Floats, PriorSpace
from goodoffices.inference.tempering import Terms


@dataclass(frozen=True)
class Observed:
    """What one term of the likelihood is about."""

    round: int
    """From one."""
    turn: int
    """From one."""
    begins: datetime.date
    """First day of the round."""
    party: str | None
    """None for chance."""
    happened: str
    names: tuple[str, ...]
    """What could have happened."""
    events: tuple[str, ...]
    """Ids; none for silence."""
    weight: float

    @property
    def name(self) -> str:
        """Such as `us.press in round 3`."""
        return f"{self.party + '.' if self.party else ''}{self.happened} in round {self.round}"


def observed(likelihood: RecordLikelihood) -> tuple[Observed, ...]:
    """[i] what the terms are about, found by following the record at the prior medians."""
    from goodoffices.language.sampling import medians

    middle = {name: np.array([value]) for name, value in medians(likelihood.scenario).items()}
    return described(next(iter(likelihood.follow(middle))))


def described(found: Filtered) -> tuple[Observed, ...]:
    """[i] what the terms of a followed record are about."""
    return tuple(
        Observed(
            o.round + 1,
            o.turn + 1,
            o.begins,
            o.party,
            o.names[o.happened],
            o.names,
            o.events,
            o.weight,
        )
        for o in found.observations
        if len(o.names) > 1 and not o.provisional
    )


def terms_of(found: Filtered) -> Floats:
    """[b, i] terms of the log-likelihood of a followed record."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rows = [
            o.weight * np.log(o.probability[o.happened]) if o.weight else np.zeros_like(o.probability[0])
            for o in found.observations
            if len(o.names) > 1 and not o.provisional
        ]
    if not rows:
        return np.zeros((len(found.log_likelihood), 1))
    # A likelihood that is not a number spoils all of its terms.
    return np.where(np.isnan(found.log_likelihood), np.nan, np.stack(rows)).T


def record_terms(likelihood: RecordLikelihood, space: PriorSpace) -> Terms:
    """The function from points to terms."""

    def terms(points: Floats) -> Floats:
        return np.concatenate(list(_rows(likelihood.follow(space.draws(points)))))

    return terms


def _rows(found: Iterable[Filtered]) -> Iterable[Floats]:
    return (terms_of(part) for part in found)
