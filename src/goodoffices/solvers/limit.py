"""Which sequential equilibrium a solution far along the branch approaches.

Receives a `Solution` (of `solve_limit`); returns rounded strategies and a sentence for each information set. A move
whose probability is below a threshold is taken to vanish in the limit; the rest keep their proportions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goodoffices.games.extensive import Solution


@dataclass(frozen=True, eq=False)
class Limit:
    """The strategy profile that a branch approaches."""

    strategy: NDArray[np.float64]
    """[i, m] probabilities, zero for moves that vanish and on padding."""
    pure: NDArray[np.bool_]
    """[i] whether one move takes everything."""
    change: float
    """Largest probability that rounding moved: how far the solution still is from what is described."""
    sentences: tuple[str, ...]
    """[i] such as `Target at r:0 plays concede` or `... mixes concede 0.25, resist 0.75`."""


def describe_limit(solution: Solution, *, threshold: float = 1e-3) -> Limit:
    """Round a solution to the equilibrium it approaches; `threshold` is the probability taken for vanishing."""
    game = solution.game
    odds = np.exp(solution.log_strategy)
    kept = np.where(odds >= threshold, odds, 0.0)
    total = kept.sum(axis=1, keepdims=True)
    strategy = np.divide(kept, total, out=np.zeros_like(kept), where=total > 0)
    pure = (strategy > 0).sum(axis=1) == 1
    sentences = []
    for i, moves in enumerate(game.infoset_moves):
        who = game.players[game.infoset_player[i]]
        where = game.infoset_label[i] or f"information set {game.infoset_number[i]}"
        played = [(move, p) for move, p in zip(moves, strategy[i], strict=False) if p > 0]
        what = (
            f"plays {played[0][0]}"
            if len(played) == 1
            else "mixes " + ", ".join(f"{move} {p:.4f}" for move, p in played)
        )
        sentences.append(f"{who} at {where} {what}")
    change = float(np.abs(strategy - odds).max(initial=0.0))
    return Limit(strategy, pure, change, tuple(sentences))
