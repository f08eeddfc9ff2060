"""Surveys of trees in shards: every what-if over a fixed part of the points is solved by itself, wherever that is done.

A shard is the unit of solving: its result depends on its world and its points alone, bit for bit, and not on how many
others there are, on who solves them, or on what was kept of an earlier run. Receives solved shards; reads the items off
them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from goodoffices.claims.answers import Item, Reader
from goodoffices.claims.flow import Flow
from goodoffices.claims.running import RESIDUAL, Look, choice_of
from goodoffices.claims.tree_running import TreeRunning
from goodoffices.claims.worlds import AS_IS, World
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.scenario_tree import ScenarioTree
from goodoffices.games.extensive import ExtensiveGame, GameData, Solution


@dataclass(frozen=True, eq=False)
class Solved:
    """One world over a part of the points; index letters c choice (a move of an information set), b point."""

    log_choice: Array
    """[c, b] logarithm of the probability of each move, information set after information set."""
    status: NDArray[np.int8]
    """[b] the solver's status: a key of `games.extensive.STATUS`."""
    certificate: Mapping[str, Array]
    """Part of the certificate -> [b]."""
    unknowns: int = 0
    """Unknowns of the game, as the solver counts them."""


@dataclass(frozen=True, eq=False)
class Remembered:
    """What a whole survey of a tree came to; index letter b point."""

    answers: Mapping[tuple[World, Item], Array]
    """[b], or [move, b] for choices and costs."""
    status: Mapping[World, NDArray[np.int8]]
    """World -> [b] a key of `TreeRunning.reasons`."""
    worst: Mapping[World, Mapping[str, float]]
    """Largest value of each part of the certificate over the world's games that count as solved."""
    notes: Mapping[str, Array]
    """What a `Notebook` wrote down."""


@runtime_checkable
class Notebook(Protocol):
    """A `Look` whose notes can be kept instead of what it saw."""

    def __call__(self, view: Any, part: slice, /) -> None:
        """Take notes of a part of the points."""
        ...

    def notes(self) -> Mapping[str, Array]:
        """Everything that was noted."""
        ...

    def recall(self, notes: Mapping[str, Array], /) -> None:
        """Be as if all of it had been seen."""
        ...


Step = Callable[[int, int], None]


@runtime_checkable
class Shards(Protocol):
    """Solves worlds over points, shard by shard."""

    def recall(
        self, wanted: Mapping[World, Sequence[Item]], points: Mapping[str, Array], *, notes: bool
    ) -> Remembered | None:
        """What a survey at these points came to before, if all that is wanted (and notes, where asked for) is there."""
        ...

    def remember(self, points: Mapping[str, Array], found: Remembered) -> None:
        """Keep what a survey came to, if anything is kept."""
        ...

    def over(
        self, wanted: Mapping[World, Sequence[Item]], points: Mapping[str, Array], progress: Step | None
    ) -> Iterator[tuple[slice, Mapping[World, Any]]]:
        """Parts of the points in their order, each with every world: `Solved` of trees, `Answered` of talks."""
        ...


class SolveNear(Protocol):
    """Solves a batch, draws on the last axis, from strategies nearby where there are any."""

    def __call__(self, game: ExtensiveGame, data: GameData, /, *, start: Array | None) -> Solution:
        """`start` [i, m, b] log strategies, not-a-number for draws that have none."""
        ...


def solve_family(
    tree: ScenarioTree,
    points: Mapping[str, Array],
    *,
    base: World,
    worlds: Sequence[World],
    known: Solved | None,
    solve: SolveNear,
) -> dict[World, Solved]:
    """Solve worlds that differ from a base by the shift of one parameter, each by itself, from the base's solution.

    Args:
        tree: the scenario.
        points: parameter -> [b].
        base: the world without shifts; solved first, unless it is known.
        worlds: which worlds to return.
        known: the base, where it has been solved before.
        solve: solves a batch in one thread, so that the machine does not matter.
    """
    out: dict[World, Solved] = {}
    if known is None:
        known = _solve(tree, points, base, None, solve)
        if base in worlds:
            out[base] = known
    start = expand(tree.game, np.where(known.status == 0, known.log_choice, np.nan))
    for world in worlds:
        if world != base:
            out[world] = _solve(tree, points, world, start, solve)
    return out


def base_of(world: World) -> World:
    """The world from whose solution a world is solved."""
    return replace(world, shift=None) if world.shift is not None else world


def _solve(
    tree: ScenarioTree, points: Mapping[str, Array], world: World, start: Array | None, solve: SolveNear
) -> Solved:
    data = tree.data({}, at=tree.figures(world.draws(tree.scenario, points)))
    imposed = {choice_of(name) for name in tree.scenario.imposed}
    allowed = tree.allowed(do=sorted(world.do | imposed), without=sorted(world.without))
    if allowed is not None:
        width = max((len(values) for values in points.values()), default=1)
        allowed = np.repeat(allowed[..., None], width, axis=-1)
    solution = solve(tree.game, replace(data, allowed=allowed), start=start)
    parts = {name: _row(getattr(solution.certificate, name)) for name in TreeRunning.parts}
    return Solved(
        np.ascontiguousarray(solution.log_strategy[moves_that_exist(tree.game)]),
        np.atleast_1d(np.asarray(solution.status, np.int8)),
        parts,
        int(solution.statistics.get("unknowns", 0)),
    )


def _row(values: object) -> Array:
    return np.atleast_1d(np.asarray(values, float))


def moves_that_exist(game: ExtensiveGame) -> NDArray[np.bool_]:
    """[i, m] False on padding."""
    widest = max(map(len, game.infoset_moves), default=1)
    return np.arange(widest)[None, :] < np.array([len(m) for m in game.infoset_moves], int)[:, None]


def expand(game: ExtensiveGame, log_choice: Array) -> Array:
    """[i, m, b] log strategies from those of each choice [c, b]; not-a-number throughout where a draw has none."""
    exists = moves_that_exist(game)
    out = np.full((*exists.shape, log_choice.shape[-1]), -np.inf)
    out[exists] = log_choice
    if log_choice.size:
        out[..., np.isnan(log_choice).any(axis=0)] = np.nan
    return out


class ShardedRunning(TreeRunning):
    """A survey under way that is handed its solutions."""

    def __init__(
        self, tree: ScenarioTree, by_world: Mapping[World, Sequence[Item]], reader: Reader | None
    ) -> None:
        super().__init__(tree, by_world, _never, reader)
        self.worst_of: dict[World, dict[str, float]] = {w: dict.fromkeys(self.parts, 0.0) for w in by_world}

    def remembered(self, look: Look | None) -> Remembered:
        """What there is to be kept, once everything was taken."""
        return Remembered(
            {key: np.concatenate(parts, axis=-1) for key, parts in self.answers.items()},
            {world: np.concatenate(parts) for world, parts in self.status.items()},
            self.worst_of,
            look.notes() if isinstance(look, Notebook) else {},
        )

    def recall(self, width: int, found: Remembered, look: Look | None) -> None:
        """Take everything as it was kept."""
        self.worst_of = {world: dict(found.worst[world]) for world in self.by_world}
        self._compare()
        if isinstance(look, Notebook):
            look.recall(found.notes)
        answers = {(w, item): found.answers[w, item] for w, items in self.by_world.items() for item in items}
        self.keep(slice(0, width), answers, {world: found.status[world] for world in self.by_world})

    def _compare(self) -> None:
        for name in self.parts:
            self.worst[name] = max(worst[name] for worst in self.worst_of.values())

    def take(
        self, points: Mapping[str, Array], part: slice, solved: Mapping[World, Solved], look: Look | None
    ) -> None:
        """Read the items off a part of the points, and keep them."""
        begun = time.perf_counter()
        tree, width = self.tree, part.stop - part.start
        here = {name: values[part] for name, values in points.items()}
        worlds = [world.draws(tree.scenario, here) for world in self.by_world]
        figures = tree.figures({name: np.concatenate([w[name] for w in worlds]) for name in points})
        logs = np.concatenate([solved[world].log_choice for world in self.by_world], axis=-1)
        whole = Flow(tree, figures, expand(tree.game, logs))
        answers: dict[tuple[World, Item], Array] = {}
        status: dict[World, NDArray[np.int8]] = {}
        flows = {
            world: whole.part(slice(w * width, (w + 1) * width)) for w, world in enumerate(self.by_world)
        }
        for world, items in self.by_world.items():
            flow = flows[world]
            for item in items:
                answers[world, item] = self.reader.read(item, flow)
            if world == AS_IS and look is not None:
                look(flow, part)
            found = solved[world]
            codes = found.status.copy()
            codes[(codes == 0) & ~(found.certificate["logit_residual"] <= RESIDUAL)] = -1
            status[world] = codes
            for name in self.parts:
                values = found.certificate[name][codes == 0]
                values = values[~np.isnan(values)]
                if len(values):
                    worst = self.worst_of[world]
                    worst[name] = max(worst[name], float(np.max(values)))
        self._compare()
        if self.watch is not None:
            self.watch(flows, part)
        self.keep(part, answers, status)
        self.seconds["answering"] += time.perf_counter() - begun


def _never(game: ExtensiveGame, data: GameData, /, *, neighbour: NDArray[np.int64]) -> Solution:
    raise AssertionError("shards are solved elsewhere")
