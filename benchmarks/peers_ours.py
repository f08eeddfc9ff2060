"""Good Offices' part of the peer benchmark: single games and batches, from arrays to certified solutions."""

from __future__ import annotations

import numpy as np

import peers_games
from goodoffices.solvers import solve_batch, solve_game
from peers_task import Answer, Clock, Task, counted, median, residual, run


def work(task: Task) -> Answer:
    """Everything is counted: arranging the tree, solving, certifying. Only imports and compilation are not."""
    return _batch(task) if task.draws > 1 else _single(task)


def _single(task: Task) -> Answer:
    warm, _ = peers_games.one(0, 1.0)
    solve_game(warm, rationality=1.0)  # imports what is imported on first use
    cpu, wall, worst, details = [], [], 0.0, {}
    for _ in range(task.repeats):
        game, data = peers_games.one(task.rounds, task.rationality)
        with Clock() as clock:
            solution = solve_game(game, data=data)
        worst = max(worst, residual(game, data, solution.log_strategy))
        cpu.append(clock.cpu)
        wall.append(clock.wall)
        details = {
            "nodes": float(len(game.kind)),
            "information_sets": float(len(game.infoset_moves)),
            "evaluations": solution.statistics["solves"],
        }
    return counted(median(cpu), median(wall), worst, **details)


def _batch(task: Task) -> Answer:
    game, data = peers_games.game(task.rounds, range(task.draws), task.rationality)
    cpu, wall = [], []
    solution = None
    for _ in range(1 + task.repeats):
        with Clock() as clock:
            solution = solve_batch(game, data)
        cpu.append(clock.cpu)
        wall.append(clock.wall)
    worst = residual(game, data, solution.log_strategy)
    compiling = max(0.0, wall[0] - median(wall[1:]))
    solved = float(np.mean(np.asarray(solution.status) == 0))
    return counted(
        median(cpu[1:]),
        median(wall[1:]),
        worst,
        compiling=compiling,
        solved=solved,
        passes=solution.statistics["passes"] + solution.statistics["newton_steps"],
    )


if __name__ == "__main__":
    run(work)
