"""The games of the benchmark of long talks, and the neutral residual of stationary ones.

Receives sizes and seeds; returns arrays. Random stochastic games have payoffs uniform on [0, 1], transition chances
exponential and normalised, and one discount, as sgamesolver's own random games.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Stochastic(NamedTuple):
    """A stochastic game: every state has n players of A moves each; index letter a joint move, first player slowest."""

    payoff: Floats
    """[s, a, p]"""
    goes: Floats
    """[s, a, s']"""
    moves: int
    discount: float = 0.95


def stochastic(states: int, players: int, moves: int, seed: int) -> Stochastic:
    """A random game."""
    rng = np.random.default_rng(seed)
    joint = moves**players
    goes = rng.exponential(size=(states, joint, states))
    return Stochastic(rng.random((states, joint, players)), goes / goes.sum(2, keepdims=True), moves)


def residual(game: Stochastic, strategy: Floats, rationality: float) -> float:
    """Largest |log p_a - log p_b - rationality (Q_a - Q_b)| of strategies [s, p, m], values computed from them."""
    states, _, players = game.payoff.shape
    profile = np.array(list(itertools.product(range(game.moves), repeat=players)))
    each = np.stack([strategy[:, p, profile[:, p]] for p in range(players)])  # [p, s, a]
    chance = each.prod(0)
    chain = np.einsum("sa,sat->st", chance, game.goes)
    paid = np.einsum("sa,sap->sp", chance, game.payoff)
    values = np.linalg.solve(np.eye(states) - game.discount * chain, paid)
    worth = game.payoff + game.discount * game.goes @ values
    worst = 0.0
    for p in range(players):
        others = np.delete(each, p, 0).prod(0)
        q = np.stack([(others * worth[:, :, p] * (profile[:, p] == m)).sum(1) for m in range(game.moves)], 1)
        level = np.log(strategy[:, p]) - rationality * q
        worst = max(worst, float(np.ptp(level, axis=1).max()))
    return worst
