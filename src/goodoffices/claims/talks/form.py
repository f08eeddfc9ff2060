"""Talks: a scenario to be solved in its recursive form, round after round over public beliefs.

Receives a scenario with a number of rounds (or none: talks without end) and the size of the grid; compiles the round of
every what-if once and keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from goodoffices.claims.running import choice_of
from goodoffices.claims.talks.reader import TalksReader
from goodoffices.claims.worlds import World
from goodoffices.compiler.recursive import Choice, ScenarioRound, compile_round
from goodoffices.games.recursive import RecursiveData, RecursiveGame, RecursiveSolution
from goodoffices.language.scenario import Scenario
from goodoffices.records.event import Record

NODES = 9
"""Nodes on each axis of belief unless another number is asked for."""

Rules = tuple[tuple[Choice, ...], tuple[Choice, ...]]
"""Moves that are imposed, and moves that do not exist: what of a what-if changes the round and not only its numbers."""


class SolveTalks(Protocol):
    """Solves a batch of talks, draws on the last axis."""

    def __call__(
        self,
        game: RecursiveGame,
        data: RecursiveData,
        /,
        *,
        rounds: int | None,
        nodes: int,
        from_outset: bool,
    ) -> RecursiveSolution:
        """The solution must have kept its values and choices.

        `from_outset`: what is at stake in a choice is discounted to the outset, and not to the turn.
        """
        ...


@dataclass(frozen=True, eq=False)
class Talks:
    """A scenario's recursive form."""

    scenario: Scenario
    rounds: int | None
    """None for talks without end."""
    nodes: int = NODES
    """Nodes on each axis of belief."""
    accuracy: float | None = None
    """Bellman residual between the nodes that the grid was chosen for, in utility."""
    record: Record | None = None
    """What questions that start on a day (`see`) go by."""
    _readers: dict[Rules, TalksReader] = field(default_factory=dict[Rules, TalksReader], repr=False)

    @property
    def round(self) -> ScenarioRound:
        """The round of the scenario itself."""
        return self.reader(World()).of

    def rules(self, world: World) -> Rules:
        """What of a what-if changes the round itself."""
        imposed = {choice_of(name) for name in self.scenario.imposed}
        return tuple(sorted(world.do | imposed)), tuple(sorted(world.without))

    def reader(self, world: World) -> TalksReader:
        """The compiled round of a what-if, with what reads questions off its solutions."""
        rules = self.rules(world)
        if rules not in self._readers:
            do, without = rules
            self._readers[rules] = TalksReader(compile_round(self.scenario, do=do, without=without))
        return self._readers[rules]
