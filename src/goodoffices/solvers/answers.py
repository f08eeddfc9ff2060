"""From the solver's arrays, by level, back to the game's own: strategies, beliefs, and a certified `Solution`.

Receives the play that a solver ended with; returns what the rest of the package reads. Whether a draw counts as solved
is decided by the independent certificate, not by the solver.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from goodoffices.certificates import certify
from goodoffices.games.extensive import Certificate, ExtensiveGame, GameData, Solution
from goodoffices.solvers.engine import Floats, Structure, structure_of
from goodoffices.solvers.layout import Layout, arrange
from goodoffices.solvers.passes import forward, gather

ROUNDING = 4e-13
"""Residual per unit of rationality that rounding alone can cause (values of order one, some thousand operations)."""


@lru_cache(maxsize=8)
def structure(game: ExtensiveGame, method: str = "auto") -> Structure:
    """The game's compiled form, kept for the last few games. Refuses imperfect recall and disorder in time."""
    from goodoffices.games.recall import check_perfect_recall

    check_perfect_recall(game)
    return structure_of(arrange(game), method=method)


def with_draws(game: ExtensiveGame, data: GameData) -> GameData:
    """The same numbers with an axis of draws everywhere (of length one where there was none)."""
    arrays = (data.payoff, data.chance, data.rationality, data.allowed)
    axes = (2, 1, 1, 2)
    sized = [
        np.asarray(a).shape[-1]
        for a, ndim in zip(arrays, axes, strict=True)
        if a is not None and np.ndim(a) > ndim
    ]
    draws = max(sized, default=1)
    out = []
    for a, ndim in zip(arrays, axes, strict=True):
        if a is None:
            out.append(None)
            continue
        array = np.asarray(a) if ndim == 2 and a is data.allowed else np.asarray(a, dtype=np.float64)
        array = array if array.ndim > ndim else array[..., None]
        out.append(np.broadcast_to(array, (*array.shape[:-1], draws)))
    return GameData(*out)


def is_finite(data: GameData) -> NDArray[np.bool_]:
    """[b] whether all numbers of a draw are finite, probabilities are not negative, and rationality neither."""
    good = np.array(np.isfinite(data.payoff).all(axis=(0, 1)), dtype=bool)
    good &= (np.isfinite(data.chance) & (data.chance >= 0)).all(axis=0)
    return good & (np.isfinite(data.rationality) & (data.rationality >= 0)).all(axis=0)


def scatter_strategy(layout: Layout, log_choice: tuple[Floats, ...], draws: int) -> Floats:
    """[i, m, b] log strategies in the game's order from those of each level [c, b]."""
    out = np.full((len(layout.game.infoset_moves), layout.most_moves, draws), -np.inf)
    for level, logs in zip(layout.levels, log_choice, strict=True):
        for block in level.blocks:
            if block.player < 0:
                continue
            mine = np.asarray(logs[block.choices]).reshape(block.moves, block.sets, draws)
            moves = min(block.moves, layout.most_moves)
            out[block.infoset, :moves] = np.moveaxis(mine[:moves], 0, 1)
    return out


def scatter_belief(layout: Layout, z: Floats) -> Floats:
    """[n, b] probability of each node in its information set (1 where it is alone or nobody moves)."""
    out = np.ones((layout.game.kind.size, z.shape[-1]))
    for level in layout.levels:
        for block in level.blocks:
            if block.belief >= 0:
                node = level.slot_node[block.slots]
                real = node >= 0
                out[node[real]] = np.exp(z[block.beliefs][real])
    return out


def bayes_beliefs(shared: Structure, data: GameData, log_strategy: Floats) -> Floats:
    """[k, b] the log beliefs, in the layout's order, that Bayes' rule makes of a batch's strategies."""
    numbers = gather(shared.layout, data)
    logs = tuple(log_strategy[level.choice_infoset, level.choice_move] for level in shared.layout.levels)
    return forward(shared.layout, shared.at, numbers, logs)


def finish(
    game: ExtensiveGame,
    data: GameData,
    *,
    log_strategy: Floats,
    values: Floats,
    beliefs: Floats | None,
    status: np.ndarray,
    tolerance: float,
    method: str,
    statistics: dict[str, float],
    single: bool,
) -> Solution:
    """Certify draws (all arrays with a draw axis) and make the `Solution`, without that axis where `single`."""
    certificate = certify(game, data, log_strategy, beliefs=beliefs)
    residual = np.asarray(certificate.logit_residual)
    largest = np.max(data.rationality, axis=0, initial=0.0)
    allowed = np.maximum(
        tolerance, ROUNDING * largest * (1.0 + np.abs(data.payoff).max(axis=(0, 1), initial=0.0))
    )
    good = residual <= allowed
    status = np.where(
        status == 3, 3, np.where(good, np.where(status == 1, 1, 0), np.where(status == 0, 2, status))
    )
    status = status.astype(np.int8)
    if not single:
        return Solution(game, data, log_strategy, status, certificate, values, method, statistics)
    fields = ("logit_residual", "max_regret", "max_response_regret", "belief_error")
    one = Certificate(*(float(np.asarray(getattr(certificate, f)).reshape(-1)[0]) for f in fields))
    numbers = GameData(
        data.payoff[..., 0],
        data.chance[..., 0],
        data.rationality[..., 0],
        None if data.allowed is None else data.allowed[..., 0],
    )
    return Solution(game, numbers, log_strategy[..., 0], status[0], one, values[..., 0], method, statistics)
