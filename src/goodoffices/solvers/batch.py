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

    passes = over(run.alternate, usable, size)
    rest = np.array(sorted(run.reached), dtype=np.int64)
    steps = over(run.newton, rest, max(size, NEWTON_CHUNK)) if run.shared.method == "sweep" else 0
    lost = usable[run.status[usable] != 0]
    over(run.trace, lost, 1)
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
            "passes": float(passes),
            "newton_draws": float(rest.size),
            "newton_steps": float(steps),
            "traced": float(lost.size),
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

    def alternate(self, part: np.ndarray) -> int:
        """Alternate as far as it contracts; returns the number of passes over all draws."""
        if self.stop():
            return 0
        engine = self._engine(part)
        target = self.data.rationality[:, part]
        start, slope = _beginning(engine, target)
        found = follow(_Kernel(engine), start, slope, target, should_stop=self.stop)
        for j in np.flatnonzero(~found.done):
            self.reached[int(part[j])] = found.z[:, j].copy(), float(found.t[j])
        self._keep(engine, part, found.z, np.where(found.done, 0, 1), doubtful=~found.plain)
        return found.evaluated

    def newton(self, part: np.ndarray) -> int:
        """Newton's method in step from where alternation stopped; returns the number of steps over all draws."""
        if self.stop():
            return 0
        engine = self._engine(part)
        z, since = zip(*(self.reached[int(j)] for j in part), strict=True)
        found = walk(
            _Kernel(engine),
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
        self._keep(engine, part, found.point.z, np.array([found.status]), doubtful=np.zeros(1, dtype=bool))
        return int(found.statistics["solves"])

    def _engine(self, part: np.ndarray) -> Engine:
        d = self.data
        take = lambda a: np.ascontiguousarray(np.take(a, part, axis=-1))  # noqa: E731
        allowed = None if d.allowed is None else take(d.allowed)
        return Engine(self.shared, GameData(take(d.payoff), take(d.chance), take(d.rationality), allowed))

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
            status = np.where(doubtful & (engine.orientation(point) < 0), 1, status)
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


class _Kernel:
    """Evaluations of those draws of a chunk that are still on the way."""

    ENOUGH = 0.7
    """Draws are packed anew when fewer than this share of the packed ones are asked for."""

    def __init__(self, engine: Engine) -> None:
        self.engine = copy.copy(engine)
        self.all = engine.numbers
        self.packed = np.arange(self.all[0].payoff.shape[-1] if self.all else 0)

    def alternate(self, draws: np.ndarray, z: Floats, rationality: Floats) -> tuple[Floats, Floats]:
        """See `alternate.Alternation`."""
        at = self._pack(draws)
        point = self.engine.at(self._wide(z, at), self._wide(rationality, at))
        return _narrow(point.z, at), -_narrow(point.residual, at)

    def step(self, draws: np.ndarray, z: Floats, rationality: Floats, slope: Floats) -> Step:
        """See `lockstep.Kernel`."""
        at = self._pack(draws, exactly=True)
        point = self.engine.at(self._wide(z, at), self._wide(rationality, at))
        drift = self.engine.drift(point, self._wide(slope, at))
        both = self.engine.solve(point, np.stack([point.residual, drift], axis=1))
        return Step(*(_narrow(a, at) for a in (point.z, both[:, 0], both[:, 1])))

    def _pack(self, draws: np.ndarray, *, exactly: bool = False) -> np.ndarray | None:
        """Have the numbers of at least these draws at hand; returns which of the packed draws they are (None: all)."""
        if exactly:
            fits = np.array_equal(draws, self.packed)
        else:
            fits = draws.size >= self.ENOUGH * self.packed.size and np.isin(draws, self.packed).all()
        if not fits:
            self.engine.numbers = tuple(_take(n, draws) for n in self.all)
            self.packed = draws
        if np.array_equal(draws, self.packed):
            return None
        order = np.argsort(self.packed)
        return order[np.searchsorted(self.packed, draws, sorter=order)]

    def _wide(self, a: Floats, at: np.ndarray | None) -> Floats:
        """Columns for every packed draw; those not asked for are zero."""
        if at is None:
            return a
        out = np.zeros((*a.shape[:-1], self.packed.size))
        out[..., at] = a
        return out


def _narrow(a: Floats, at: np.ndarray | None) -> Floats:
    return a if at is None else a[..., at]


def _take(numbers: LevelNumbers, draws: np.ndarray) -> LevelNumbers:
    return LevelNumbers(*(None if a is None else np.take(a, draws, axis=-1) for a in numbers))
