"""sgamesolver's part of the benchmark of long talks: its homotopy of quantal response equilibria, game by game.

Runs in its own environment as `python talks_sgamesolver.py STATES PLAYERS MOVES RATIONALITY GAMES REPEATS`; prints JSON.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import sgamesolver

from talks_games import Stochastic, residual, stochastic


def solve(game: Stochastic, rationality: float) -> tuple[float, float]:
    """CPU seconds, and the neutral residual."""
    players = game.payoff.shape[2]
    shape = (game.moves,) * players
    payoffs = [u.T.reshape(players, *shape) for u in game.payoff]
    goes = [g.reshape(*shape, -1) for g in game.goes]
    theirs = sgamesolver.SGame(payoffs, goes, game.discount)
    begun = time.process_time()
    homotopy = sgamesolver.homotopy.QRE(theirs)
    homotopy.solver_setup(target_lambda=rationality)
    homotopy.solver.verbose = 0
    homotopy.solve()
    seconds = time.process_time() - begun
    if homotopy.equilibrium is None:
        return seconds, float("inf")
    return seconds, residual(game, homotopy.equilibrium.strategies, rationality)


def main() -> None:
    """Solve some games and print the mean time and the worst residual."""
    states, players, moves, rationality, games, repeats = map(float, sys.argv[1:])
    seconds, worst = [], 0.0
    for seed in range(int(games)):
        game = stochastic(int(states), int(players), int(moves), seed)
        found = [solve(game, rationality) for _ in range(int(repeats))]
        seconds.append(float(np.median([s for s, _ in found])))
        worst = max(worst, *(r for _, r in found))
    print("\n" + json.dumps({"seconds": float(np.mean(seconds)), "residual": worst}))


if __name__ == "__main__":
    main()
