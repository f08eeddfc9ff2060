"""Every answer that a set of claims needs, over a batch of parameter points, from as few solutions as can be.

Receives a tree, the wanted items by world, parameter points and a `Solve`; returns `Survey`. All worlds of a chunk of
points are solved in one batch. A point is solved where the solver converged and the independent certificate's
residual confirms it; others are marked, never dropped. An interruption keeps the chunks that were finished.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from goodoffices.claims.answers import Item, Reader, party_moves
from goodoffices.claims.flow import Flow
from goodoffices.claims.judging import Known, Wanted, judge_claim
from goodoffices.claims.worlds import AS_IS, World
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.scenario_tree import ScenarioTree
from goodoffices.games.extensive import STATUS, ExtensiveGame, GameData, Solution
from goodoffices.language.scenario import Claim


class Solve(Protocol):
    """Solves a batch, draws on the last axis."""

    def __call__(self, game: ExtensiveGame, data: GameData, /, *, neighbour: NDArray[np.int64]) -> Solution:
        """`neighbour` [b]: a draw that differs but a little, from whose solution to start; -1 for none."""
        ...


Progress = Callable[[int, int], None]
Look = Callable[[Flow, slice], None]
"""Called with the flow of the scenario itself and the points it covers."""

RESIDUAL = 1e-6
"""Largest logit residual (in logarithms of probability ratios) of a point that counts as solved."""
CHUNK_BYTES = 150_000_000
"""Bound on the payoff array of one batch."""
MOST_LANES = 2048


@dataclass(frozen=True, eq=False)
class Survey:
    """Answers over points; index letter b point."""

    known: Known
    """Answers at the points that were finished."""
    solved: Mapping[World, NDArray[np.bool_]]
    """World -> [b]"""
    status: Mapping[World, NDArray[np.int8]]
    """World -> [b] a key of `games.extensive.STATUS`; -1 where the certificate contradicts the solver."""
    worst: Mapping[str, float]
    """Largest logit_residual, max_regret, max_response_regret and belief_error over the solved games."""
    games: int
    """Games solved."""
    interrupted: bool
    """Whether points are missing because the user stopped."""
    seconds: Mapping[str, float]
    """Time by kind of work."""


def wanted(tree: ScenarioTree, claims: Iterable[Claim]) -> dict[tuple[World, Item], None]:
    """Which items in which worlds the claims need."""
    scenario = tree.scenario
    asked: dict[tuple[World, Item], None] = {}
    draws = {p.name: np.zeros(1) for p in scenario.parameters}
    with np.errstate(all="ignore"):
        for claim in claims:
            judge_claim(claim.says, Wanted(scenario, draws, {}, moves_of(tree), asked))
    return asked


def moves_of(tree: ScenarioTree) -> dict[str, tuple[str, ...]]:
    """Party -> its moves."""
    return {party.name: party_moves(tree, party.name) for party in tree.scenario.parties}


def survey(
    tree: ScenarioTree,
    items: Iterable[tuple[World, Item]],
    points: Mapping[str, Array],
    *,
    solve: Solve,
    reader: Reader | None = None,
    progress: Progress | None = None,
    look: Look | None = None,
) -> Survey:
    """Solve the game of every world at every point and read the items off.

    Args:
        tree: the unrolled scenario.
        items: what to read in which world; the scenario itself is always solved.
        points: parameter -> [b], every parameter of the scenario.
        solve: makes a `Solution` of a batch, draws on the last axis.
        reader: shared between surveys of one tree.
        progress: called with the number of points finished and their total.
        look: sees the flow of the scenario itself, chunk by chunk.
    """
    by_world: dict[World, list[Item]] = {AS_IS: []}
    for world, item in items:
        by_world.setdefault(world, []).append(item)
    run = _Run(tree, by_world, reader or Reader(tree), solve)
    width = max((len(values) for values in points.values()), default=1)
    step = run.chunk_size()
    interrupted = False
    for low in range(0, width, step):
        part = slice(low, min(low + step, width))
        try:
            run.chunk({name: values[part] for name, values in points.items()}, part, look)
        except KeyboardInterrupt:
            interrupted = True
            break
        if progress is not None:
            progress(part.stop, width)
    return run.finish(points, interrupted)


class _Run:
    def __init__(
        self, tree: ScenarioTree, by_world: Mapping[World, Sequence[Item]], reader: Reader, solve: Solve
    ) -> None:
        self.tree, self.by_world, self.reader, self.solve = tree, by_world, reader, solve
        imposed = frozenset(_choice(name) for name in tree.scenario.imposed)
        self.allowed = {
            world: tree.allowed(do=sorted(world.do | imposed), without=sorted(world.without))
            for world in by_world
        }
        self.done = 0
        self.answers: dict[tuple[World, Item], list[Array]] = {}
        self.status: dict[World, list[NDArray[np.int8]]] = {world: [] for world in by_world}
        self.worst: dict[str, float] = dict.fromkeys(
            ("logit_residual", "max_regret", "max_response_regret", "belief_error"), 0.0
        )
        self.seconds = {"solving": 0.0, "answering": 0.0}

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
            neighbour=self._neighbours(width),
        )
        solved = time.perf_counter()
        status = self._checked(solution)
        whole = Flow(tree, figures, solution.log_strategy)
        answers: dict[tuple[World, Item], Array] = {}
        for world, items in self.by_world.items():
            flow = whole.part(lanes[world])
            for item in items:
                answers[world, item] = self.reader.read(item, flow)
            if world == AS_IS and look is not None:
                look(flow, part)
        # Nothing was kept before this line, so that an interruption leaves whole chunks only.
        for world in self.by_world:
            self.status[world].append(status[lanes[world]])
        for key, value in answers.items():
            self.answers.setdefault(key, []).append(value)
        self._note_worst(solution, status == 0)
        self.done = part.stop
        self.seconds["solving"] += solved - prepared
        self.seconds["answering"] += time.perf_counter() - solved + prepared - begun

    def _neighbours(self, width: int) -> NDArray[np.int64]:
        """[lane] the same draw in the world without its shift, where that is solved too; else -1."""
        place = {world: w for w, world in enumerate(self.by_world)}
        bases = [place.get(replace(w, shift=None), -1) if w.shift else -1 for w in self.by_world]
        base = np.repeat(np.array(bases, dtype=np.int64), width)
        return np.where(base < 0, -1, base * width + np.tile(np.arange(width), len(bases)))

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

    def _note_worst(self, solution: Solution, good: NDArray[np.bool_]) -> None:
        for name in self.worst:
            values = np.atleast_1d(np.asarray(getattr(solution.certificate, name), float))[good]
            if len(values):
                self.worst[name] = max(self.worst[name], float(np.max(values)))

    def finish(self, points: Mapping[str, Array], interrupted: bool) -> Survey:
        draws = {name: values[: self.done] for name, values in points.items()}
        answers = {key: np.concatenate(parts, axis=-1) for key, parts in self.answers.items()}
        empty = np.zeros(0, np.int8)
        status = {world: np.concatenate([empty, *parts]) for world, parts in self.status.items()}
        return Survey(
            Known(self.tree.scenario, draws, answers, moves_of(self.tree)),
            {world: s == 0 for world, s in status.items()},
            status,
            self.worst,
            self.done * len(self.by_world),
            interrupted,
            self.seconds,
        )


def _choice(name: str) -> tuple[str, str]:
    party, _, move = name.partition(".")
    return party, move


def status_text(code: int) -> str:
    """What a status means, as a sentence fragment."""
    return STATUS.get(code, "the certificate contradicts the solver")
