"""A survey of games unrolled as trees: all worlds of a chunk of points are solved in one batch.

A point is solved where the solver converged and the independent certificate's residual confirms it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from goodoffices.claims.answers import Item, Reader
from goodoffices.claims.flow import Flow
from goodoffices.claims.running import RESIDUAL, Look, Running, choice_of, neighbours_of
from goodoffices.claims.worlds import AS_IS, World
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.scenario_tree import ScenarioTree
from goodoffices.core.diagnostics import refuse
from goodoffices.games.extensive import STATUS, ExtensiveGame, GameData, Solution

CHUNK_BYTES = 150_000_000
"""Bound on the payoff array of one batch."""
MOST_LANES = 2048


class Solve(Protocol):
    """Solves a batch, draws on the last axis."""

    def __call__(self, game: ExtensiveGame, data: GameData, /, *, neighbour: NDArray[np.int64]) -> Solution:
        """`neighbour` [b]: a draw that differs but a little, from whose solution to start; -1 for none."""
        ...


class TreeRunning(Running):
    """A survey of trees under way."""

    reasons = STATUS | {-1: "the certificate contradicts the solver"}
    parts = ("logit_residual", "max_regret", "max_response_regret", "belief_error")

    def __init__(
        self,
        tree: ScenarioTree,
        by_world: Mapping[World, Sequence[Item]],
        solve: Solve,
        reader: Reader | None = None,
    ) -> None:
        super().__init__(tree.scenario, by_world)
        day = next((world.see for world in by_world if world.see is not None), None)
        if day is not None:
            raise refuse(
                "see-needs-belief",
                f"a claim starts on {day}, and the tree does not begin with the record",
                hint="use `--method belief`, or leave `--method` out",
            )
        self.tree, self.reader, self.solve = tree, reader or Reader(tree), solve
        imposed = frozenset(choice_of(name) for name in tree.scenario.imposed)
        self.allowed = {
            world: tree.allowed(do=sorted(world.do | imposed), without=sorted(world.without))
            for world in by_world
        }

    def chunk_size(self) -> int:
        """Points at a time: all worlds of them fit into one batch of bounded size."""
        lanes = min(MOST_LANES, self.tree.chunk_size(most_bytes=CHUNK_BYTES))
        return max(1, lanes // len(self.by_world))

    def chunk(self, points: Mapping[str, Array], part: slice, look: Look | None) -> None:
        tree = self.tree
        begun = time.perf_counter()
        width = part.stop - part.start
        lanes = {world: slice(w * width, (w + 1) * width) for w, world in enumerate(self.by_world)}
        worlds = [world.draws(tree.scenario, points) for world in self.by_world]
        figures = tree.figures({name: np.concatenate([w[name] for w in worlds]) for name in points})
        batch = tree.data({}, at=figures)
        masks = [self.allowed[world] for world in self.by_world]
        prepared = time.perf_counter()
        solution = self.solve(
            tree.game,
            replace(batch, allowed=self._masks(masks, width)),
            neighbour=neighbours_of(list(self.by_world), width),
        )
        solved = time.perf_counter()
        status = self._checked(solution)
        whole = Flow(tree, figures, solution.log_strategy)
        flows = {world: whole.part(lanes[world]) for world in self.by_world}
        answers: dict[tuple[World, Item], Array] = {}
        for world, items in self.by_world.items():
            for item in items:
                answers[world, item] = self.reader.read(item, flows[world])
            if world == AS_IS and look is not None:
                look(flows[world], part)
        if self.watch is not None:
            self.watch(flows, part)
        self.note_worst(solution.certificate, status == 0)
        self.keep(part, answers, {world: status[lane] for world, lane in lanes.items()})
        self.seconds["solving"] += solved - prepared
        self.seconds["answering"] += time.perf_counter() - solved + prepared - begun

    def _masks(self, masks: Sequence[NDArray[np.bool_] | None], width: int) -> NDArray[np.bool_] | None:
        """[i, m, lane]; None where no world changes what may be played."""
        if all(mask is None for mask in masks):
            return None
        moves = self.tree.game.infoset_moves
        widest = max(map(len, moves), default=1)
        every = np.arange(widest)[None, :] < np.array([len(m) for m in moves])[:, None]
        return np.repeat(np.stack([every if mask is None else mask for mask in masks], -1), width, axis=-1)

    @staticmethod
    def _checked(solution: Solution) -> NDArray[np.int8]:
        """The solver's status, contradicted where the independent residual does not confirm it."""
        status = np.atleast_1d(np.asarray(solution.status, np.int8)).copy()
        residual = np.atleast_1d(np.asarray(solution.certificate.logit_residual))
        status[(status == 0) & ~(residual <= RESIDUAL)] = -1
        return status
