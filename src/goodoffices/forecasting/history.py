"""The recorded past as paths of play, so that a question about it is answered as one about the future is.

Receives a coded record; returns instants of one path: from a round on, or one for each earlier span of rounds.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from goodoffices.forecasting.happening import Instant
from goodoffices.inference.coding import CodedRecord, Step


def recorded_path(
    coded: CodedRecord, first: int, rounds: int | None = None, *, begin: tuple[int, int] = (0, 0)
) -> list[Instant]:
    """What happened in complete rounds.

    Args:
        first: The round, from zero, that is round one of the question.
        rounds: How many rounds; None for all that are complete.
        begin: Round and turn, from zero, before which everything had happened already when the question was asked.
    """
    turns = len(coded.scenario.turns)
    return [
        _instant(step, first, turns)
        for step in coded.complete()
        if (step.round, step.turn) >= max((first, 0), begin)
        and (rounds is None or step.round < first + rounds)
    ]


def recorded_instants(coded: CodedRecord, rounds: int) -> Iterator[list[Instant]]:
    """Every span of so many complete rounds."""
    complete = 1 + max((step.round for step in coded.complete()), default=-1)
    for first in range(complete - rounds + 1):
        path = recorded_path(coded, first, rounds)
        if path:
            yield path


def _instant(step: Step, first: int, turns: int) -> Instant:
    moves = {m.party: np.array([m.name]) for m in step.moves}
    return Instant(step.round - first + 1, step.turn == turns - 1, np.array([step.to], dtype=np.int64), moves)
