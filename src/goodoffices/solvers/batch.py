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
from goodoffices.solvers.alternate import follow
from goodoffices.solvers.answers import (
    bayes_beliefs,
    finish,
    is_finite,
    scatter_strategy,
    structure,
    with_draws,
)
from goodoffices.solvers.engine import Engine, Floats, Point, Structure
from goodoffices.solvers.lockstep import Step, walk
from goodoffices.solvers.passes import LevelNumbers
from goodoffices.solvers.tracer import trace

CHUNK_EDGES = 1_000_000
"""Edges times draws of a chunk: enough for an array operation to outweigh its call, few enough to stay in cache."""
SMALLEST_CHUNK = 8
LARGEST_CHUNK = 4096
NEWTON_CHUNK = 32
"""Fewest draws of a Newton step done together: a step has many small operations, whose fixed cost they share."""
NOT_FINITE = 3
"""Status of a draw whose numbers cannot be solved."""


def solve_batch(
    game: ExtensiveGame,
    data: GameData,
    *,
    tolerance: float = 1e-9,
    chunk: int | None = None,
    threads: int | None = None,
    neighbour: np.ndarray | None = None,
    start: Floats | None = None,
    progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Solution:
    """Solve every draw on its principal branch.

    Args:
        data: Numbers with a last axis b (arrays without one are shared by all draws).
        neighbour: [b] for draws that differ only a little from another one, which; -1 for the others. Their solution
            is sought from that of the neighbour, which must not have a neighbour itself, and accepted only where that
            is so close that the branch has moved but little.
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
    run = _Run(structure(game, "many"), numbers, should_stop)
    usable = np.flatnonzero(run.status != NOT_FINITE)
    workers = threads or os.cpu_count() or 1
    size = chunk or _chunk_size(run.shared, usable.size, workers)
    finished = 0

    def over(work: Callable[[np.ndarray], int], draws: np.ndarray, width: int) -> int:
        nonlocal finished
        parts = [draws[low : low + width] for low in range(0, draws.size, width)]
        total = 0
        with ThreadPoolExecutor(max(1, min(workers, len(parts)))) as pool:
            for part, count in zip(parts, pool.map(work, parts), strict=True):
                total += count
                finished += int((run.status[part] == 0).sum())
                if progress is not None:
                    progress(finished / max(1, usable.size))
        return total

    near = np.full(run.status.size, -1) if neighbour is None else np.asarray(neighbour)
    if start is not None:
        near = np.where(np.isnan(start).any(axis=(0, 1)), -1, np.arange(run.status.size))
    counts = np.zeros(4)

    def solve(group: np.ndarray, *, alone: bool) -> None:
        counts[0] += over(run.alternate, group, size)
        rest = group[[int(j) in run.reached for j in group]]
        if run.shared.method == "sweep":
            counts[1:3] += rest.size, over(run.newton, rest, max(size, NEWTON_CHUNK))
        lost = group[run.status[group] != 0]
        if alone:
            counts[3] += lost.size
            over(run.trace, lost, 1)

    solve(usable[near[usable] < 0], alone=True)
    close = usable[near[usable] >= 0]
    if start is None:
        run.start_at(close, near[close])
    elif close.size:
        run.start_from(close, start[..., close])
    solve(close, alone=False)
    run.guesses.clear()
    run.reached.clear()
    solve(close[run.status[close] != 0], alone=True)
    solved = time.perf_counter() - begun
    solution = finish(
        game,
        numbers,
        log_strategy=run.log_strategy,
        values=run.values,
        beliefs=None,
        status=run.status,
        tolerance=tolerance,
        method=f"batch/{run.shared.method}",
        statistics={
            **dict(zip(("passes", "newton_draws", "newton_steps", "traced"), counts.tolist(), strict=True)),
            "chunk": float(size),
            "unknowns": float(run.shared.layout.beliefs),
            "seconds": solved,
        },
        single=False,
    )
    solution.statistics["seconds_with_certificate"] = time.perf_counter() - begun
    return solution


def _chunk_size(shared: Structure, draws: int, workers: int) -> int:
    """Few enough draws for the arrays to stay near the processor, and for every core to have some."""
    edges = sum(level.edges for level in shared.layout.levels)
    even = -(-draws // workers)
    return int(np.clip(min(CHUNK_EDGES // max(1, edges), even), SMALLEST_CHUNK, LARGEST_CHUNK))


class _Run:
    """What the phases of a batch share; each chunk writes its own draws."""

    def __init__(self, shared: Structure, data: GameData, should_stop: Callable[[], bool] | None) -> None:
        layout = shared.layout
        draws = data.payoff.shape[-1]
        self.shared, self.data = shared, data
        self.stop = should_stop or (lambda: False)
        self.log_strategy = np.full((len(layout.game.infoset_moves), layout.most_moves, draws), np.nan)
        self.values = np.full((layout.players, draws), np.nan)
        self.status = np.where(is_finite(data), 1, NOT_FINITE).astype(np.int8)
        self.reached: dict[int, tuple[Floats, float]] = {}
        """Draw -> beliefs and log(1 + rationality) of a point on its branch, where alternation stopped."""
        self.guesses: dict[int, Floats] = {}
        """Draw -> beliefs of its neighbour."""

    def start_at(self, group: np.ndarray, near: np.ndarray) -> None:
        """Have the draws start from their neighbours' solutions, as far as there are any."""
        has = (near >= 0) & (self.status[near] == 0)
        draws, found = np.unique(near[has], return_inverse=True)
        if not draws.size:
            return
        z = bayes_beliefs(self.shared, self._data(draws), self.log_strategy[..., draws])
        self.guesses = {int(j): z[:, k] for j, k in zip(group[has], found, strict=True)}

    def start_from(self, group: np.ndarray, log_strategy: Floats) -> None:
        """Have the draws start from these strategies."""
        z = bayes_beliefs(self.shared, self._data(group), log_strategy)
        self.guesses = {int(j): z[:, k] for k, j in enumerate(group)}

    def alternate(self, part: np.ndarray) -> int:
        """Alternate as far as it contracts; returns the number of passes over all draws."""
        if self.stop():
            return 0
        engine = self._engine(part)
        target = self.data.rationality[:, part]
        start, slope = _beginning(engine, target)
        unknown = np.full(start.shape[0], np.nan)
        guess = None
        if self.guesses:
            guess = np.stack([self.guesses.get(int(j), unknown) for j in part], axis=1)
        found = follow(_Passes(engine), start, slope, target, guess=guess, should_stop=self.stop)
        end = np.log1p(target.max(axis=0, initial=0.0))
        for j in np.flatnonzero(~found.done):
            known = self.guesses.get(int(part[j]))
            self.reached[int(part[j])] = (
                (found.z[:, j].copy(), float(found.t[j])) if known is None else (known, float(end[j]))
            )
        self._keep(engine, part, found.z, np.where(found.done, 0, 1), doubtful=~found.plain)
        return found.passes

    def newton(self, part: np.ndarray) -> int:
        """Newton's method in step from where alternation stopped; returns the number of steps over all draws."""
        if self.stop():
            return 0
        engine = self._engine(part)
        z, since = zip(*(self.reached[int(j)] for j in part), strict=True)
        found = walk(
            _Steps(engine),
            np.stack(z, axis=1),
            self.data.rationality[:, part],
            since=np.array(since),
            should_stop=self.stop,
        )
        self._keep(engine, part, found.z, found.status, doubtful=np.ones(part.size, dtype=bool))
        return found.evaluated

    def trace(self, part: np.ndarray) -> int:
        """Follow one draw by itself, folds included."""
        if self.stop():
            return 0
        engine = self._engine(part)
        found = trace(engine, np.ascontiguousarray(self.data.rationality[:, part]))
        if found.status != 1:
            # As it was found: play computed anew from beliefs is less exact where their effects are large.
            self._write(part, found.point, np.array([found.status]))
        return int(found.statistics["solves"])

    def _engine(self, part: np.ndarray) -> Engine:
        return Engine(self.shared, self._data(part))

    def _data(self, part: np.ndarray) -> GameData:
        d = self.data
        take = lambda a: np.ascontiguousarray(np.take(a, part, axis=-1))  # noqa: E731
        allowed = None if d.allowed is None else take(d.allowed)
        return GameData(take(d.payoff), take(d.chance), take(d.rationality), allowed)

    def _keep(
        self, engine: Engine, part: np.ndarray, z: Floats, status: np.ndarray, *, doubtful: np.ndarray
    ) -> None:
        """Keep what is solved, unless a doubtful draw turns out to have jumped to another branch."""
        good = np.flatnonzero(status != 1)
        if good.size < part.size:
            if not good.size:
                return
            part, z, status, doubtful = part[good], z[:, good], status[good], doubtful[good]
            engine = self._engine(part)
        point = engine.at(z, self.data.rationality[:, part])
        if doubtful.any():
            check = np.flatnonzero(doubtful)
            some = self._engine(part[check])
            sign = some.orientation(some.at(z[:, check], self.data.rationality[:, part[check]]))
            status = status.copy()
            status[check[sign < 0]] = 1
        self._write(part, point, status)

    def _write(self, part: np.ndarray, point: Point, status: np.ndarray) -> None:
        self.log_strategy[..., part] = scatter_strategy(
            self.shared.layout, tuple(p.log_choice for p in point.plays), part.size
        )
        self.values[:, part] = point.values + self.data.payoff[0][:, part]
        self.status[part] = status


def _beginning(engine: Engine, target: Floats) -> tuple[Floats, Floats]:
    """[k, b] beliefs at rationality zero and their derivative in log(1 + rationality), where beliefs do not matter."""
    start = engine.start(target.shape[1])
    top = target.max(axis=0, initial=0.0)
    unit = np.divide(target, top, out=np.zeros_like(target), where=top > 0)
    return start, -engine.drift(engine.at(start, np.zeros_like(target)), unit)


class _Passes:
    """Passes for those draws of a chunk that are still on the way; see `alternate.Alternation`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = copy.copy(engine)

    def keep(self, draws: np.ndarray) -> None:
        self.engine.numbers = tuple(_take(n, draws) for n in self.engine.numbers)

    def alternate(self, z: Floats, rationality: Floats) -> tuple[Floats, Floats]:
        point = self.engine.at(z, rationality)
        return point.z, -point.residual


class _Steps:
    """Newton steps for those draws of a chunk that are still on the way; see `lockstep.Kernel`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = copy.copy(engine)
        self.all = engine.numbers
        self.packed: np.ndarray | None = None

    def step(self, draws: np.ndarray, z: Floats, rationality: Floats, slope: Floats) -> Step:
        if self.packed is None or not np.array_equal(self.packed, draws):
            self.engine.numbers = tuple(_take(n, draws) for n in self.all)
            self.packed = draws
        engine = self.engine
        point = engine.at(z, rationality)
        drift = engine.drift(point, slope)
        both = engine.solve(point, np.stack([point.residual, drift], axis=1))
        return Step(point.z, both[:, 0], both[:, 1])


def _take(numbers: LevelNumbers, draws: np.ndarray) -> LevelNumbers:
    return LevelNumbers(*(None if a is None else np.take(a, draws, axis=-1) for a in numbers))
