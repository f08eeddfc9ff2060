"""What is to be expected from a day of the record on: exact probabilities of events, no simulation.

Receives the round that a record was followed with, what is left of its solution on the day, and events whose rounds count
from there; returns one probability for each event and draw, by the same backward expectation as claims have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from goodoffices.claims.answers import Item
from goodoffices.claims.talks.reader import TalksReader
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.recursive import ScenarioRound
from goodoffices.games.recursive import RecursiveSolution
from goodoffices.language import tree as ask


def expect_events(
    compiled: ScenarioRound,
    rest: RecursiveSolution,
    events: Sequence[ask.Event],
    draws: Mapping[str, Array],
) -> Array:
    """[event, b] probability that each event happens.

    Args:
        compiled: The round that the record was followed with.
        rest: What is left of the solution, as `Standing.rest` gives it.
        events: Round one is the round that stands; the earliest part of it that is still to be played comes first.
        draws: The parameters that it was solved for, parameter -> [b].

    Raises:
        Refusal: `no-end`.
    """
    reader = TalksReader(replace(compiled, game=rest.game))
    items = [Item("P", event=event) for event in events]
    found = reader.read(items, rest, draws)
    return np.array([found[item] for item in items]).reshape(len(items), rest.data.discount.shape[-1])
