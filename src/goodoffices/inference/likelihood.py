"""The likelihood of a record: how probable the model makes what happened, for many draws of its parameters.

Receives a scenario with a record and draws; returns log-likelihoods [b] by solving the game for each draw and following
the record through it. Draws go in chunks, so that memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from goodoffices.compiler.expressions import Array
from goodoffices.compiler.recursive import ScenarioRound, compile_round
from goodoffices.games.recursive import RecursiveData, RecursiveGame, RecursiveSolution
from goodoffices.inference.coding import CodedRecord, code_record
from goodoffices.inference.filtering import Filtered, follow
from goodoffices.language.scenario import Scenario
from goodoffices.records.event import Record

NODES = 5
"""Nodes on each axis of belief unless another number is asked for."""
CHUNK = 64
"""Draws solved and followed together."""

SolveTalks = Callable[[RecursiveGame, RecursiveData, int | None, int], RecursiveSolution]
"""(game, data, rounds, nodes) -> a solution that kept its values."""


def solve_by_grid(
    game: RecursiveGame, data: RecursiveData, rounds: int | None, nodes: int
) -> RecursiveSolution:
    """Solve on a grid of public beliefs."""
    from goodoffices.solvers.belief import solve_recursive

    return solve_recursive(game, data, rounds=rounds, nodes=nodes, keep=True)


@dataclass(frozen=True, eq=False)
class RecordLikelihood:
    """A function from draws to log-likelihoods; compiled once, called often."""

    scenario: Scenario
    coded: CodedRecord
    compiled: ScenarioRound
    nodes: int = NODES
    chunk: int = CHUNK
    solve: SolveTalks = field(default=solve_by_grid, repr=False)

    def __call__(self, draws: Mapping[str, Array]) -> Array:
        """[b] natural logarithm of the weighted probability of the record's complete rounds; minus infinity where it is
        impossible, not a number where a turn was not solved.

        Args:
            draws: Parameter -> [b], every parameter of the scenario.
        """
        return np.concatenate([found.log_likelihood for found in self.follow(draws)])

    def follow(self, draws: Mapping[str, Array]) -> Iterator[Filtered]:
        """The record followed for one chunk of draws after another."""
        width = max((len(np.atleast_1d(v)) for v in draws.values()), default=1)
        for low in range(0, width, self.chunk):
            part = {name: np.atleast_1d(v)[low : low + self.chunk] for name, v in draws.items()}
            numbers = self.compiled.data(part)
            solution = self.solve(self.compiled.game, numbers, self.coded.timetable.rounds, self.nodes)
            yield follow(self.coded, self.compiled, solution)


def record_likelihood(
    scenario: Scenario,
    record: Record,
    *,
    nodes: int = NODES,
    chunk: int = CHUNK,
    solve: SolveTalks = solve_by_grid,
) -> RecordLikelihood:
    """Make the likelihood of a record under a scenario.

    Args:
        scenario: With a `record:` section.
        nodes: Nodes on each axis of belief; more are slower and nearer to the exact game.
        chunk: Draws solved together.
        solve: Another solver.

    Raises:
        Refusal: as `code_record` and `CodedRecord.require`, and as `compile_round`.
    """
    coded = code_record(scenario, record).require()
    return RecordLikelihood(scenario, coded, compile_round(scenario), nodes, chunk, solve)
