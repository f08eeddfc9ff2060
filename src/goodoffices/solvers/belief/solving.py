"""Many draws of a recursive game solved on a grid of beliefs: `solve_recursive`.

Receives a game with its numbers; returns a `RecursiveSolution` with a status for every draw, for a number of rounds or
without end. Draws are solved in chunks, which run in threads. Numbers that are not finite mark their draw only. Refuses a
grid that would not fit in memory, and talks without end and discount.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from goodoffices.core.diagnostics import refuse
from goodoffices.games.recursive import (
    FailedCell,
    Floats,
    RecursiveData,
    RecursiveGame,
    RecursiveSolution,
    Survey,
)
from goodoffices.solvers.belief.chunks import Chunk, Run
from goodoffices.solvers.belief.endless import is_endless_case, solve_whole
from goodoffices.solvers.belief.grid import BeliefGrid, coordinates_of, make_grid
from goodoffices.solvers.belief.interpolation import interpolate, slopes
from goodoffices.solvers.belief.payoffs import finite, with_draws
from goodoffices.solvers.belief.plan import Plan, make_plan

CHUNK = 128
"""Draws solved together: many, because the last cells that are followed along their branches take as long for few draws as
for many."""
MEMORY = 2 * 2**30
"""Bytes that a solve may use unless told otherwise."""


def solve_recursive(
    game: RecursiveGame,
    data: RecursiveData,
    *,
    rounds: int | None,
    nodes: int | tuple[int, ...] = 9,
    keep: bool | None = None,
    from_outset: bool = False,
    tolerance: float = 1e-8,
    most_rounds: int = 5000,
    chunk: int = CHUNK,
    threads: int | None = None,
    memory: int = MEMORY,
    progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> RecursiveSolution:
    """Find the structured perfect Bayesian equilibrium with logit choice, backward over rounds.

    Args:
        data: The numbers; every array may have a last axis of draws.
        rounds: Number of rounds; None for talks without end, whose strategies do not depend on the round. They are found
            as the limit of ever longer talks; where nobody has a private type, all at once from zero rationality.
        nodes: Nodes on each axis of belief (one number for all).
        keep: Whether values and strategies of all rounds are kept; None keeps them where they fit in a quarter of
            `memory`.
        from_outset: Discount what is at stake in a choice to the outset, as on the leaves of a tree, instead of to the
            turn at which it is made.
        tolerance: Of values without end, in utility: a round more changes them by less than this times one minus discount.
        most_rounds: Rounds after which values without end that still change are given up (status 2).
        chunk: Draws solved together.
        threads: Chunks solved at the same time; None for the number of processors.
        memory: Bytes to stay within.
        progress: Told the share that is done.
        should_stop: Asked between rounds; finished chunks are kept, draws of others get status 5.

    Returns:
        The solution without a certificate (see `certificates.recursive.certify_recursive`).

    Raises:
        Refusal: `grid-too-large`, `no-rounds`, `no-discount`.

    Nayyar, Mahajan and Teneketzis (2013) and Ouyang, Tavafoghi and Teneketzis (2017) for beliefs as the state;
    McKelvey and Palfrey (1998) for the choice rule.
    """
    begun = time.perf_counter()
    wide = with_draws(game, data)
    _check_rounds(rounds, wide, from_outset)
    if rounds is None and is_endless_case(game):
        whole = solve_whole(game, wide, keep=keep is not False, memory=memory)
        if whole is not None:
            return whole
    length = rounds or 1
    draws = wide.discount.shape[-1]
    grid = make_grid(game.types, nodes)
    plan = make_plan(game, grid)
    size = min(chunk, 2 ** math.ceil(math.log2(draws)) if plan.compiled else draws)
    workers = min(threads or os.cpu_count() or 1, math.ceil(draws / size))
    all_kept = estimate_memory(game, grid, rounds=length, draws=draws, keep=True)
    if keep is None:
        keep = all_kept <= memory / 4
    needed = estimate_memory(game, grid, rounds=length, draws=size * workers, keep=False) + (
        all_kept if keep else 0
    )
    if needed > memory:
        raise _too_large(game, grid, needed, memory)
    valid = finite(wide)
    runs: dict[int, Run] = {}
    total, done = length * math.ceil(draws / size), [0]

    def tick() -> None:
        if should_stop is not None and should_stop():
            raise _Stopped
        done[0] += 1
        if progress is not None and rounds is not None:
            progress(done[0] / total)

    def run(ready: Chunk) -> Run:
        if rounds is None:
            return ready.stationary(tolerance=tolerance, most=most_rounds, keep=keep, tick=tick)
        return ready.backward(rounds, keep=keep, from_outset=from_outset, tick=tick)

    def work(begin: int) -> None:
        # Compiled code wants every chunk of one size.
        part, good = cut(wide, valid, begin, size if plan.compiled else min(size, draws - begin))
        try:
            runs[begin] = run(Chunk(plan, part, good))
        except _Stopped:
            return

    starts = range(0, draws, size)
    if workers > 1:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(work, starts))
    else:
        for begin in starts:
            work(begin)
    return assemble(plan, wide, valid, runs, rounds, size, from_outset, keep, begun)


def _check_rounds(rounds: int | None, data: RecursiveData, from_outset: bool) -> None:
    if rounds is not None:
        if rounds < 1:
            raise refuse("no-rounds", f"at least one round is needed, not {rounds}")
        return
    if from_outset:
        raise ValueError(
            "without end there is no choice discounted to the outset that is the same in every round"
        )
    if np.any(data.discount >= 1):
        raise refuse(
            "no-discount",
            "talks without end need a discount below one a round, or what is at stake has no bounds",
            hint="give `discount` under `time`, such as `0.97 per week`, or a number of rounds",
        )


class _Stopped(Exception):
    """Raised inside a chunk that was told to stop."""


def estimate_memory(game: RecursiveGame, grid: BeliefGrid, *, rounds: int, draws: int, keep: bool) -> int:
    """Bytes that arrays of this size take: of all rounds where kept, otherwise of the work on a round."""
    parts = sum(game.types)
    choices = sum(len(game.slots[s]) for s in game.place_slot[game.action_place].tolist())
    numbers = len(game.place_slot) * parts + choices * 2 * max(game.types)
    each = numbers * grid.cells * draws * 8
    payoffs = 3 * len(game.edge_to) * parts * draws * 8
    return each * rounds if keep else 3 * each + payoffs


def _too_large(game: RecursiveGame, grid: BeliefGrid, needed: int, memory: int) -> Exception:
    axes = len(grid.shape)
    return refuse(
        "grid-too-large",
        f"{axes} ax{'i' if axes == 1 else 'e'}s of belief with {' x '.join(map(str, grid.shape))} nodes make "
        f"{grid.cells:,} beliefs at each of {len(game.place_slot):,} places: {needed / 2**30:.1f} GB, and "
        f"{memory / 2**30:.1f} GB are allowed",
        hint="fewer nodes (a lower accuracy), fewer private types, or do not keep all rounds",
    )


def cut(data: RecursiveData, valid: np.ndarray, begin: int, size: int) -> tuple[RecursiveData, np.ndarray]:
    """`size` draws from `begin`; the last one fills a short chunk up, and zeros stand in for what is not finite."""
    draws = data.discount.shape[-1]
    index = np.minimum(np.arange(begin, begin + size), draws - 1)
    good = valid[index]

    def take(array: Floats) -> Floats:
        return np.where(good, array[..., index], 0.0)

    part = RecursiveData(
        take(data.payoff),
        take(data.odds),
        take(data.end),
        tuple(take(p) for p in data.prior),
        take(data.rationality),
        take(data.discount),
    )
    return part, good


def assemble(
    plan: Plan,
    data: RecursiveData,
    valid: np.ndarray,
    runs: dict[int, Run],
    rounds: int | None,
    size: int,
    from_outset: bool,
    keep: bool,
    begun: float,
) -> RecursiveSolution:
    """One solution of the chunks that were finished."""
    game, draws = plan.game, data.discount.shape[-1]
    status = np.where(valid, 5, 3).astype(np.int8)
    root = np.full((len(plan.parts), draws), np.nan)
    failed: list[FailedCell] = []
    for begin, run in sorted(runs.items()):
        count = min(size, draws - begin)
        here = slice(begin, begin + count)
        status[here] = np.where(valid[here], run.status[:count], 3)
        at = np.asarray(run.first[game.start - int(np.searchsorted(game.place_slot, 0))])[..., :count]
        root[:, here] = at_prior(plan.grid, at, tuple(p[:, here] for p in data.prior))
        failed += [
            FailedCell(begin + f.draw, f.round, f.place, f.belief, f.residual)
            for f in run.failed
            if f.draw < count
        ]
    root[:, (status == 3) | (status == 5)] = np.nan
    survey = Survey(
        sum(r.cells for r in runs.values()),
        sum(r.climbed for r in runs.values()),
        sum(r.proven for r in runs.values()),
        time.perf_counter() - begun,
        tuple(failed),
    )
    values, logs, posterior = (), (), ()
    if keep and len(runs) == math.ceil(draws / size):
        order = [runs[b] for b in sorted(runs)]
        values = _joined([r.values for r in order], draws, status)
        logs = _joined([r.log_choice for r in order], draws, status)
        posterior = _joined([r.posterior for r in order], draws, status)
    return RecursiveSolution(
        game, data, plan.grid.nodes, rounds, root, values, logs, posterior, status, None, survey, from_outset
    )


def _joined(
    parts: list[list[tuple[Floats, ...]]], draws: int, status: np.ndarray
) -> tuple[tuple[Floats, ...], ...]:
    """Arrays of all chunks, side by side along the axis of draws; nan for draws that are not finite."""
    lost = status == 3
    out: list[tuple[Floats, ...]] = []
    for level in zip(*parts, strict=True):
        row: list[Floats] = []
        for arrays in zip(*level, strict=True):
            whole = np.concatenate(arrays, -1)[..., :draws]
            whole[..., lost] = np.nan
            row.append(whole)
        out.append(tuple(row))
    return tuple(out)


def at_prior(grid: BeliefGrid, values: Floats, prior: tuple[Floats, ...]) -> Floats:
    """[v, b] of values [v, g..., b], interpolated at each draw's prior, one axis after another."""
    with np.errstate(divide="ignore"):
        points = [coordinates_of(np.log(p)) if len(p) > 1 else p[:0] for p in prior]
    at = values
    for party, x in enumerate(points):
        for k, axis in enumerate(grid.axes(party)):
            lead = np.moveaxis(at, 1, 0)
            node = grid.nodes[axis]
            query = np.broadcast_to(x[k], (1, *lead.shape[1:]))
            at = interpolate(query, lead, slopes(lead, node, 0), node)[0][0]
    return at
