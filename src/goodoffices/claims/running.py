"""What a survey keeps while it goes over its points, whatever form the game is solved in.

Receives answers chunk by chunk; hands out `Survey`. Nothing of a chunk is kept before all of it is there, so that an
interruption leaves whole chunks only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodoffices.claims.answers import Item, party_moves
from goodoffices.claims.judging import Known
from goodoffices.claims.worlds import World
from goodoffices.compiler.expressions import Array
from goodoffices.language.scenario import Scenario

Look = Callable[[Any, slice], None]
"""Called with the solved scenario itself (a `Flow` or a `TalksView`) and the points that it covers."""

Watch = Callable[[Mapping[World, Any], slice], None]
"""Called with the points covered and the flows of every world together; of talks with one `SolvedTalks` after another, in
which case the scenario itself comes first."""

RESIDUAL = 1e-6
"""Largest logit residual (in logarithms of probability ratios) of a point that counts as solved."""


@dataclass(frozen=True, eq=False)
class Survey:
    """Answers over points; index letter b point."""

    known: Known
    """Answers at the points that were finished."""
    solved: Mapping[World, NDArray[np.bool_]]
    """World -> [b]"""
    status: Mapping[World, NDArray[np.int8]]
    """World -> [b] a key of `reasons`; -1 where the certificate contradicts the solver."""
    reasons: Mapping[int, str]
    """What each status means, as a sentence fragment."""
    worst: Mapping[str, float]
    """Largest value of each part of the certificate over the games that were certified, such as `logit_residual`."""
    games: int
    """Games solved."""
    interrupted: bool
    """Whether points are missing because the user stopped."""
    seconds: Mapping[str, float]
    """Time by kind of work."""


class Running(ABC):
    """A survey under way; subclasses know a form of the game."""

    reasons: Mapping[int, str]
    parts: tuple[str, ...]
    """Names of the parts of the certificate."""
    watch: Watch | None = None
    """Sees every world of a chunk."""

    def __init__(self, scenario: Scenario, by_world: Mapping[World, Sequence[Item]]) -> None:
        self.scenario, self.by_world = scenario, by_world
        self.done = 0
        self.answers: dict[tuple[World, Item], list[Array]] = {}
        self.status: dict[World, list[NDArray[np.int8]]] = {world: [] for world in by_world}
        self.worst: dict[str, float] = dict.fromkeys(self.parts, 0.0)
        self.seconds = {"solving": 0.0, "answering": 0.0}

    @abstractmethod
    def chunk_size(self) -> int:
        """Points at a time."""

    @abstractmethod
    def chunk(self, points: Mapping[str, Array], part: slice, look: Look | None) -> None:
        """Solve all worlds at some points, read the items off, and keep them."""

    def keep(
        self,
        part: slice,
        answers: Mapping[tuple[World, Item], Array],
        status: Mapping[World, NDArray[np.int8]],
    ) -> None:
        """Take what a chunk came to."""
        for world, codes in status.items():
            self.status[world].append(codes)
        for key, value in answers.items():
            self.answers.setdefault(key, []).append(value)
        self.done = part.stop

    def note_worst(self, certificate: object, good: NDArray[np.bool_]) -> None:
        """Remember the largest values of a certificate over the games that count as solved."""
        for name in self.parts:
            values = np.atleast_1d(np.asarray(getattr(certificate, name), float))[good]
            values = values[~np.isnan(values)]
            if len(values):
                self.worst[name] = max(self.worst[name], float(np.max(values)))

    def finish(self, points: Mapping[str, Array], *, interrupted: bool) -> Survey:
        """Everything that was kept."""
        draws = {name: values[: self.done] for name, values in points.items()}
        answers = {key: np.concatenate(parts, axis=-1) for key, parts in self.answers.items()}
        empty = np.zeros(0, np.int8)
        status = {world: np.concatenate([empty, *parts]) for world, parts in self.status.items()}
        return Survey(
            Known(self.scenario, draws, answers, all_moves(self.scenario)),
            {world: s == 0 for world, s in status.items()},
            status,
            self.reasons,
            self.worst,
            self.done * len(self.by_world),
            interrupted,
            self.seconds,
        )


def all_moves(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """Party -> its moves."""
    return {party.name: party_moves(scenario, party.name) for party in scenario.parties}


def choice_of(name: str) -> tuple[str, str]:
    """Party and move of `party.move`."""
    party, _, move = name.partition(".")
    return party, move


def neighbours_of(worlds: Sequence[World], width: int) -> NDArray[np.int64]:
    """[lane] the same draw in the world without its shift, where that is solved too; else -1."""
    from dataclasses import replace

    place = {world: w for w, world in enumerate(worlds)}
    bases = [place.get(replace(w, shift=None), -1) if w.shift else -1 for w in worlds]
    base = np.repeat(np.array(bases, dtype=np.int64), width)
    return np.where(base < 0, -1, base * width + np.tile(np.arange(width), len(bases)))
