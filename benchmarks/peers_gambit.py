"""Gambit's part of the peer benchmark: pygambit's logit path following. Reading a game is not counted."""

from __future__ import annotations

import io

import numpy as np
import pygambit
from pygambit import qre

import peers_games
from goodoffices.games import ExtensiveGame, GameData, write_efg
from peers_task import Answer, Clock, Task, counted, empty_strategy, median, residual, run


def solve(game: ExtensiveGame, data: GameData, rationality: float) -> tuple[Clock, float, float]:
    """Time, neutral residual, and the rationality that Gambit reached."""
    theirs = pygambit.read_efg(io.BytesIO(write_efg(game).encode()))
    with Clock() as clock:
        points = qre.logit_solve_lambda(theirs, lam=[rationality])
    logs = empty_strategy(game)
    sets = [behaviour for player in points[-1].profile for _, behaviour in player]
    with np.errstate(divide="ignore"):
        for row, (behaviour, moves) in enumerate(zip(sets, game.infoset_moves, strict=True)):
            logs[row, : len(moves)] = np.log([behaviour[move] for move in moves])
    return clock, residual(game, data, logs), points[-1].lam


def work(task: Task) -> Answer:
    """One game, or a sample of a batch scaled to its size."""
    shape, data = peers_games.game(task.rounds, range(task.sample), task.rationality)
    cpu, wall, worst, reached = [], [], 0.0, task.rationality
    for index in range(task.sample):
        game, numbers = peers_games.draw(shape, data, index)
        for _ in range(task.repeats):
            clock, found, at = solve(game, numbers, task.rationality)
            worst, reached = max(worst, found), min(reached, at)
            cpu.append(clock.cpu)
            wall.append(clock.wall)
            if clock.cpu > 5:
                break
    scale = task.draws
    early = abs(reached - task.rationality) > 1e-6 * task.rationality
    note = f"stopped at rationality {reached:.4g}" if early else ""
    average = np.mean if task.draws > 1 else median
    return counted(float(average(cpu)) * scale, float(average(wall)) * scale, worst, note)


if __name__ == "__main__":
    run(work)
