"""One game on the principal branch: at a given rationality, or towards its limit.

Receives an `ExtensiveGame` with its numbers; returns a certified `Solution`. Refuses imperfect recall and information
sets without an order in time; numbers that are not finite and branches that could not be followed are values (`status`).
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from goodoffices.certificates import certify
from goodoffices.games.extensive import ExtensiveGame, GameData, Solution
from goodoffices.solvers.answers import (
    finish,
    is_finite,
    scatter_belief,
    scatter_strategy,
    structure,
    with_draws,
)
from goodoffices.solvers.engine import Engine, Point, Structure
from goodoffices.solvers.tracer import Trace, trace

LIMIT_RATIONALITY = 1e8
"""Where the way to the limit ends at the latest: beyond, rounding hides the differences of utility that matter."""
BETWEEN_CERTIFICATES = 0.25
"""Least growth of log(1 + rationality) between two looks at the regret on the way to the limit."""


def solve_game(
    game: ExtensiveGame,
    *,
    data: GameData | None = None,
    rationality: ArrayLike | None = None,
    tolerance: float = 1e-9,
    max_steps: int = 2000,
    method: str = "auto",
    progress: Callable[[float], None] | None = None,
) -> Solution:
    """Find the logit agent quantal response equilibrium on the branch that is connected to uniform play.

    Args:
        data: The numbers of one draw; None takes the game's own (then `rationality` is needed).
        rationality: One number or one for each player, in 1/utility; overrides that of `data`.
        tolerance: Largest logit residual of the certificate that counts as converged (or what rounding allows, where
            that is more).
        max_steps: Most steps along the branch.
        method: `auto`, or how linear systems are solved: `sweep`, `dense` or `krylov`.
        progress: Told the share of the way that is done.

    Returns:
        The solution; `status` says whether it converged, `statistics` the steps, linear solves and seconds.

    Raises:
        Refusal: `imperfect-recall` or `no-order-in-time`.

    McKelvey and Palfrey (1998) define the equilibrium, Turocy (2005) the branch.
    """
    begun = time.perf_counter()
    numbers = _numbers(game, data, rationality)
    shared = structure(game, method)
    if not is_finite(numbers).all():
        return _nothing(game, numbers, shared, begun)
    engine = Engine(shared, numbers)
    found = trace(engine, numbers.rationality, max_steps=max_steps, progress=progress)
    reached = numbers
    if found.status == 1:
        reached = _at(numbers, numbers.rationality * found.reached)
    return _certified(game, reached, shared, found, tolerance, begun)


def solve_limit(
    game: ExtensiveGame,
    *,
    data: GameData | None = None,
    tolerance: float = 1e-6,
    max_steps: int = 5000,
    method: str = "auto",
    progress: Callable[[float], None] | None = None,
) -> Solution:
    """Follow the branch until no full best response gains more than `tolerance`, in utility.

    The limit of the branch is a sequential equilibrium (Turocy 2010); `describe_limit` says which one is approached.
    Rationality grows for all players in the proportion that `data` gives (equally, where none is given). The solution's
    `data` hold the rationality that was reached. Status 1: the regret asked for was not reached.
    """
    begun = time.perf_counter()
    numbers = _numbers(game, data, None if data is not None else 1.0)
    weight = np.where(np.isfinite(numbers.rationality), numbers.rationality, 1.0)
    top = weight.max(initial=0.0)
    numbers = _at(numbers, weight / top if top > 0 else np.ones_like(weight))
    shared = structure(game, method)
    if not is_finite(numbers).all():
        return _nothing(game, numbers, shared, begun)
    engine = Engine(shared, numbers)
    looked = [0.0]

    def regret(point: Point) -> float:
        logs = scatter_strategy(shared.layout, tuple(p.log_choice for p in point.plays), 1)
        at = _at(numbers, point.rationality)
        return float(np.asarray(certify(game, at, logs).max_response_regret).reshape(-1)[0])

    def close_enough(point: Point) -> bool:
        now = float(np.log1p(point.rationality.max()))
        if now < looked[0] + BETWEEN_CERTIFICATES:
            return False
        looked[0] = now
        return regret(point) < tolerance

    found = trace(
        engine,
        numbers.rationality * LIMIT_RATIONALITY,
        max_steps=max_steps,
        accept=close_enough,
        progress=progress,
    )
    status = 0 if regret(found.point) < tolerance else 1
    found = Trace(found.point, found.reached, status if found.status != 2 else 2, found.statistics)
    return _certified(game, _at(numbers, found.point.rationality), shared, found, 1e-6, begun)


def _numbers(game: ExtensiveGame, data: GameData | None, rationality: ArrayLike | None) -> GameData:
    players = len(game.players)
    if rationality is None and data is None:
        raise TypeError("give `rationality`, or `data` that hold it")
    if data is None:
        data = GameData(game.payoff, game.chance, np.zeros(players))
    if rationality is not None:
        given = np.broadcast_to(np.asarray(rationality, dtype=np.float64), (players,))
        data = GameData(data.payoff, data.chance, given, data.allowed)
    numbers = with_draws(game, data)
    if numbers.payoff.shape[-1] != 1:
        raise ValueError("these are the numbers of several draws: use `solve_batch`")
    return numbers


def _at(data: GameData, rationality: np.ndarray) -> GameData:
    return GameData(data.payoff, data.chance, rationality, data.allowed)


def _nothing(game: ExtensiveGame, data: GameData, shared: Structure, begun: float) -> Solution:
    """The solution of a draw whose numbers are not finite."""
    logs = np.full((len(game.infoset_moves), shared.layout.most_moves, 1), np.nan)
    return finish(
        game,
        data,
        log_strategy=logs,
        values=np.full((len(game.players), 1), np.nan),
        beliefs=None,
        status=np.array([3], dtype=np.int8),
        tolerance=0.0,
        method=f"trace/{shared.method}",
        statistics={"seconds": time.perf_counter() - begun},
        single=True,
    )


def _certified(
    game: ExtensiveGame, data: GameData, shared: Structure, found: Trace, tolerance: float, begun: float
) -> Solution:
    point = found.point
    logs = scatter_strategy(shared.layout, tuple(p.log_choice for p in point.plays), 1)
    solved = time.perf_counter() - begun
    solution = finish(
        game,
        data,
        log_strategy=logs,
        values=point.values + data.payoff[0],
        beliefs=scatter_belief(shared.layout, point.z),
        status=np.array([found.status], dtype=np.int8),
        tolerance=tolerance,
        method=f"trace/{shared.method}",
        statistics={},
        single=True,
    )
    solution.statistics.update(found.statistics)
    solution.statistics["rationality"] = float(data.rationality.max(initial=0.0))
    solution.statistics["reached"] = found.reached
    solution.statistics["seconds"] = solved
    solution.statistics["seconds_with_certificate"] = time.perf_counter() - begun
    return solution
