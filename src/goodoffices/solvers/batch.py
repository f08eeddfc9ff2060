"""Thousands of draws of one game at once.

Receives a game and numbers with a draw axis; returns one `Solution` with that axis. Draws are cut into chunks, so that
memory is bounded and arrays stay in the processor's cache; chunks are followed in lockstep, on several cores where
there are several. A draw's result does not depend on its chunk. Draws that lockstep does not believe are solved again
one at a time by the branch tracer; draws whose numbers are not finite are marked and cost nothing.
"""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from goodoffices.games.extensive import ExtensiveGame, GameData, Solution
from goodoffices.solvers.answers import (
    finish,
    is_finite,
    scatter_strategy,
    structure,
    with_draws,
)
from goodoffices.solvers.engine import Engine, Floats, Structure
from goodoffices.solvers.lockstep import Step, walk
from goodoffices.solvers.passes import LevelNumbers
from goodoffices.solvers.tracer import trace

CHUNK_EDGES = 150_000
"""Edges times draws of a chunk: its arrays stay near the processor."""
SMALLEST_CHUNK = 8


def solve_batch(
    game: ExtensiveGame,
    data: GameData,
    *,
    tolerance: float = 1e-9,
    chunk: int | None = None,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Solution:
    """Solve every draw on its principal branch.

    Args:
        data: Numbers with a last axis b (arrays without one are shared by all draws).
        tolerance: Largest logit residual of the certificate that counts as converged.
        chunk: Draws solved together; None chooses by the size of the game.
        threads: Chunks at a time; None takes the number of cores.
        progress: Told the share of draws that is done (from one thread at a time).
        should_stop: Asked now and then; True leaves the remaining draws with status 1.

    Returns:
        A solution whose arrays have the draw axis; `status` says which draws converged.

    Raises:
        Refusal: `imperfect-recall` or `no-order-in-time`.
    """
    begun = time.perf_counter()
    numbers = with_draws(game, data)
    draws = numbers.payoff.shape[-1]
    shared = structure(game)
    usable = np.flatnonzero(is_finite(numbers))
    size = chunk or _chunk_size(shared)
    parts = [usable[low : low + size] for low in range(0, usable.size, size)]
    out = _Results(shared, numbers, draws)
    workers = max(1, min(threads or os.cpu_count() or 1, len(parts)))
    finished = 0

    def one(part: np.ndarray) -> tuple[int, int]:
        if should_stop is not None and should_stop():
            return 0, 0
        return out.solve(part, should_stop)

    counts = np.zeros(2, dtype=np.int64)
    with ThreadPoolExecutor(workers) as pool:
        for part, count in zip(parts, pool.map(one, parts), strict=True):
            counts += count
            finished += part.size
            if progress is not None:
                progress(finished / max(1, usable.size))
    solved = time.perf_counter() - begun
    solution = finish(
        game,
        numbers,
        log_strategy=out.log_strategy,
        values=out.values,
        beliefs=None,
        status=out.status,
        tolerance=tolerance,
        method=f"lockstep/{shared.method}",
        statistics={
            "evaluated": float(counts[0]),
            "traced": float(counts[1]),
            "chunk": float(size),
            "seconds": solved,
        },
        single=False,
    )
    solution.statistics["seconds_with_certificate"] = time.perf_counter() - begun
    return solution


def _chunk_size(shared: Structure) -> int:
    edges = sum(level.edges for level in shared.layout.levels)
    return int(np.clip(CHUNK_EDGES // max(1, edges), SMALLEST_CHUNK, 4096))


def _some(data: GameData, draws: np.ndarray) -> GameData:
    take = lambda a: np.ascontiguousarray(np.take(a, draws, axis=-1))  # noqa: E731
    allowed = None if data.allowed is None else take(data.allowed)
    return GameData(take(data.payoff), take(data.chance), take(data.rationality), allowed)


class _Results:
    """Where the chunks write what they find; each writes its own draws."""

    def __init__(self, shared: Structure, data: GameData, draws: int) -> None:
        layout = shared.layout
        self.shared, self.data = shared, data
        self.log_strategy = np.full((len(layout.game.infoset_moves), layout.most_moves, draws), np.nan)
        self.values = np.full((layout.players, draws), np.nan)
        self.status = np.full(draws, 1, dtype=np.int8)
        self.status[~is_finite(data)] = 3

    def solve(self, part: np.ndarray, should_stop: Callable[[], bool] | None) -> tuple[int, int]:
        """Solve the draws `part`; returns how many draws were evaluated over all steps, and how many traced."""
        data = _some(self.data, part)
        engine = Engine(self.shared, data)
        beliefs = self.shared.layout.beliefs
        if beliefs and self.shared.method != "sweep":
            z, status, evaluated = np.zeros((beliefs, part.size)), np.ones(part.size, dtype=np.int8), 0
        else:
            walked = walk(_Kernel(engine), engine.start(part.size), data.rationality, should_stop=should_stop)
            z, status, evaluated = walked.z, walked.status, walked.evaluated
        lost = np.flatnonzero(status != 0)
        for j in lost:
            if should_stop is not None and should_stop():
                break
            alone = _some(data, np.array([j]))
            found = trace(Engine(self.shared, alone), alone.rationality)
            z[:, j], status[j] = found.point.z[:, 0], found.status
        point = engine.at(z, data.rationality)
        self.log_strategy[..., part] = scatter_strategy(
            self.shared.layout, tuple(p.log_choice for p in point.plays), part.size
        )
        self.values[:, part] = point.values + data.payoff[0]
        self.status[part] = status
        return evaluated, lost.size


class _Kernel:
    """Newton evaluations of those draws of a chunk that are still on the way."""

    def __init__(self, engine: Engine) -> None:
        self.engine = copy.copy(engine)
        self.all = engine.numbers
        self.packed: np.ndarray | None = None

    def step(self, draws: np.ndarray, z: Floats, rationality: Floats, slope: Floats) -> Step:
        """See `lockstep.Kernel`."""
        if self.packed is None or not np.array_equal(self.packed, draws):
            whole = draws.size == self.all[0].payoff.shape[-1] if self.all else True
            self.engine.numbers = self.all if whole else tuple(_pack(n, draws) for n in self.all)
            self.packed = draws
        engine = self.engine
        point = engine.at(z, rationality)
        drift = engine.drift(point, slope)
        both = engine.solve(point, np.stack([point.residual, drift], axis=1))
        return Step(point.z, both[:, 0], both[:, 1])


def _pack(numbers: LevelNumbers, draws: np.ndarray) -> LevelNumbers:
    return LevelNumbers(*(None if a is None else np.take(a, draws, axis=-1) for a in numbers))
