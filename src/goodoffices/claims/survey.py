"""Every answer that a set of claims needs, over a batch of parameter points, from as few solutions as can be.

Receives a game in one of its forms (a tree, or talks on a grid of beliefs), the wanted items by world, parameter points
and a solver of that form; returns `Survey`. Points that were not solved are marked, never dropped. An interruption keeps
the chunks that were finished.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from goodoffices.claims.answers import Item, Reader
from goodoffices.claims.judging import Wanted, judge_claim
from goodoffices.claims.running import Look, Running, Survey, Watch, all_moves
from goodoffices.claims.sharded import Notebook, ShardedRunning, Shards
from goodoffices.claims.talks.form import SolveTalks, Talks
from goodoffices.claims.talks.running import TalksRunning
from goodoffices.claims.talks.sharded import ShardedTalks
from goodoffices.claims.tree_running import Solve, TreeRunning
from goodoffices.claims.worlds import AS_IS, World
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.scenario_tree import ScenarioTree
from goodoffices.language.scenario import Claim

__all__ = [
    "AnySolve",
    "Form",
    "Look",
    "Progress",
    "Shards",
    "Solve",
    "SolveTalks",
    "Survey",
    "Watch",
    "moves_of",
    "survey",
    "wanted",
]

Form = ScenarioTree | Talks
"""What a scenario is compiled to: a tree, or talks on a grid of beliefs."""
AnySolve = Solve | SolveTalks | Shards
"""A solver of one of the forms, or one that goes over the points by itself, shard by shard."""
Progress = Callable[[int, int], None]


def wanted(form: Form, claims: Iterable[Claim]) -> dict[tuple[World, Item], None]:
    """Which items in which worlds the claims need."""
    scenario = form.scenario
    asked: dict[tuple[World, Item], None] = {}
    draws = {p.name: np.zeros(1) for p in scenario.parameters}
    with np.errstate(all="ignore"):
        for claim in claims:
            judge_claim(claim.says, Wanted(scenario, draws, {}, moves_of(form), asked))
    return asked


def moves_of(form: Form) -> dict[str, tuple[str, ...]]:
    """Party -> its moves."""
    return all_moves(form.scenario)


def survey(
    form: Form,
    items: Iterable[tuple[World, Item]],
    points: Mapping[str, Array],
    *,
    solve: AnySolve,
    reader: Reader | None = None,
    progress: Progress | None = None,
    look: Look | None = None,
    watch: Watch | None = None,
    itself: bool = True,
) -> Survey:
    """Solve the game of every world at every point and read the items off.

    Args:
        form: the compiled scenario.
        items: what to read in which world.
        points: parameter -> [b], every parameter of the scenario.
        solve: a solver of this form, which makes a solution of a batch, draws on the last axis.
        reader: shared between surveys of one tree; talks keep their own.
        progress: called with the number of points finished and their total.
        look: sees the solved scenario itself, chunk by chunk; of talks in shards, what their drawing shows.
        watch: sees the flows of all worlds together, chunk by chunk; of talks one world after another, but never of
            talks in shards.
        itself: whether the scenario itself is solved even if nothing is asked of it.
    """
    by_world: dict[World, list[Item]] = {AS_IS: []} if itself else {}
    for world, item in items:
        by_world.setdefault(world, []).append(item)
    width = max((len(values) for values in points.values()), default=1)
    if isinstance(solve, Shards):
        return _sharded(form, by_world, points, width, solve, reader, progress, look, watch)
    run = _running(form, by_world, solve, reader)
    run.watch = watch
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
    return run.finish(points, interrupted=interrupted)


def _sharded(
    form: Form,
    by_world: Mapping[World, list[Item]],
    points: Mapping[str, Array],
    width: int,
    solve: Shards,
    reader: Reader | None,
    progress: Progress | None,
    look: Look | None,
    watch: Watch | None,
) -> Survey:
    """The same, of solutions that come shard by shard."""
    run = ShardedTalks(form, by_world) if isinstance(form, Talks) else ShardedRunning(form, by_world, reader)
    run.watch = watch
    interrupted = False
    begun = time.perf_counter()

    def step(done: int, total: int) -> None:
        if progress is not None:
            progress(width * done // total, width)

    # What is watched has to be there as it was solved; what talks keep are answers anyway.
    keeps = watch is None and (look is None or isinstance(look, Notebook))
    if keeps and isinstance(run, ShardedRunning):
        before = solve.recall(by_world, points, notes=look is not None)
        if before is not None:
            run.recall(width, before, look)
            return run.finish(points, interrupted=False)
    try:
        for part, solved in solve.over(by_world, points, step):
            run.take(points, part, solved, look)
    except KeyboardInterrupt:
        interrupted = True
    run.seconds["solving"] = time.perf_counter() - begun - run.seconds["answering"]
    if keeps and isinstance(run, ShardedRunning) and not interrupted:
        solve.remember(points, run.remembered(look))
    return run.finish(points, interrupted=interrupted)


def _running(
    form: Form, by_world: Mapping[World, list[Item]], solve: AnySolve, reader: Reader | None
) -> Running:
    # The solver's type is the caller's promise: both are called with what their form needs.
    if isinstance(form, Talks):
        return TalksRunning(form, by_world, solve)  # pyright: ignore[reportArgumentType]
    return TreeRunning(form, by_world, solve, reader)  # pyright: ignore[reportArgumentType]
