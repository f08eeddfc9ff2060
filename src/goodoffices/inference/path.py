"""The path of beliefs and surprises along a record, for a cloud of draws.

Receives a record's likelihood and draws; returns a `BeliefPath`, whose arrays hold one number for each draw, the first of
them (where asked) being the prior medians. Draws at which a turn could not be solved are counted and left out.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from goodoffices.compiler.expressions import Array
from goodoffices.core.diagnostics import refuse
from goodoffices.games.recursive import Floats
from goodoffices.inference.coding import CodedRecord
from goodoffices.inference.filtering import Filtered
from goodoffices.inference.likelihood import RecordLikelihood
from goodoffices.language.scenario import Scenario


@dataclass(frozen=True, eq=False)
class PathPoint:
    """One choice or draw of the record over all draws. Index letters m move, t type, b draw."""

    round: int
    """From one."""
    turn: int
    """From one."""
    begins: datetime.date
    """First day of the round."""
    days: tuple[datetime.date, ...]
    """Of the events that show it; none for silence."""
    events: tuple[str, ...]
    party: str | None
    """None for chance."""
    names: tuple[str, ...]
    """[m] what could have happened."""
    happened: str
    probability: Floats
    """[m, b] before it happened."""
    surprise: Floats
    """[b] bits"""
    before: Floats
    """[t, b] public belief about the mover's types before it; one row where it has none."""
    after: Floats
    """[t, b]"""
    by_type: Floats
    """[t, b] probability with which each type of the mover does what happened."""
    weight: float
    provisional: bool


@dataclass(frozen=True, eq=False)
class BeliefPath:
    """What everybody could believe along a record."""

    scenario: Scenario
    coded: CodedRecord
    types: Mapping[str, tuple[str, ...]]
    """Party -> names of its types; parties without any are not there."""
    prior: Mapping[str, Floats]
    """Party -> [t, b] beliefs at the outset."""
    points: tuple[PathPoint, ...]
    """Where more than one thing could have happened, in order."""
    last: Mapping[str, Floats]
    """Party -> [t, b] beliefs on the last day."""
    log_likelihood: Floats
    """[b] of the complete rounds."""
    unsolved: int
    """Draws that were left out."""
    rounds: int | None
    """Of the game that was solved: those of the record, and those after it."""
    nodes: int
    settings: Mapping[str, object]

    @property
    def draws(self) -> int:
        """Draws that are here."""
        return len(self.log_likelihood)

    def effective_draws(self) -> float:
        """How many of the draws carry the record's likelihood (Kish): small where few priors fit the record."""
        weight = np.exp(self.log_likelihood - self.log_likelihood.max())
        return float(weight.sum() ** 2 / (weight**2).sum())


def belief_path(
    likelihood: RecordLikelihood, draws: Mapping[str, Array], *, settings: Mapping[str, object] | None = None
) -> BeliefPath:
    """Follow the record for every draw.

    Raises:
        Refusal: `not-solved` where no draw could be followed to the end.
    """
    found = list(likelihood.follow(draws))
    logs = np.concatenate([f.log_likelihood for f in found])
    good = np.isfinite(logs)
    if not good.any():
        raise refuse(
            "not-solved",
            "the record could not be followed to its end at any draw",
            hint="a finer grid (`--nodes`) may help, or another coding: the record may be all but impossible",
        )
    compiled, coded = likelihood.compiled, likelihood.coded
    types = {
        party.name: compiled.profiles.own_labels[p]
        for p, party in enumerate(likelihood.scenario.parties)
        if len(compiled.profiles.own_labels[p]) > 1
    }
    days = {fate.event.id: fate.event.date for fate in coded.fates}

    def beliefs(of: str) -> dict[str, Floats]:
        numbers = {party.name: p for p, party in enumerate(likelihood.scenario.parties)}
        return {
            name: np.concatenate([_beliefs(f, of)[numbers[name]] for f in found], 1)[:, good]
            for name in types
        }

    points: list[PathPoint] = []
    for i, o in enumerate(found[0].observations):
        if len(o.names) < 2:
            continue
        parts = [f.observations[i] for f in found]
        points.append(
            PathPoint(
                o.round + 1,
                o.turn + 1,
                o.begins,
                tuple(days[e] for e in o.events),
                o.events,
                o.party,
                o.names,
                o.names[o.happened],
                np.concatenate([part.probability for part in parts], 1)[:, good],
                np.concatenate([part.surprise for part in parts])[good],
                np.concatenate([part.before for part in parts], 1)[:, good],
                np.concatenate([part.after for part in parts], 1)[:, good],
                np.concatenate([part.by_type for part in parts], 1)[:, good],
                o.weight,
                o.provisional,
            )
        )
    return BeliefPath(
        likelihood.scenario,
        coded,
        types,
        beliefs("prior"),
        tuple(points),
        beliefs("last"),
        logs[good],
        int((~good).sum()),
        coded.timetable.rounds,
        likelihood.nodes,
        dict(settings or {}),
    )


def _beliefs(found: Filtered, of: str) -> tuple[Floats, ...]:
    return found.prior if of == "prior" else found.standing.beliefs
