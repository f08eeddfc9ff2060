"""Good Offices' part of the benchmark of long talks.

Runs as `python talks_ours.py TASK NUMBER...`; prints JSON. Tasks: `budapest ROUNDS DRAWS REPEATS`, `crisis ROUNDS`,
`stochastic STATES PLAYERS MOVES RATIONALITY GAMES REPEATS`. Seconds are CPU seconds of all threads.
"""

from __future__ import annotations

import itertools
import json
import resource
import sys
import time
from collections.abc import Callable

import numpy as np

from goodoffices.certificates.recursive import certify_recursive
from goodoffices.compiler.recursive import compile_round
from goodoffices.games.recursive import RecursiveData, RecursiveGame, RecursiveSolution
from goodoffices.language.sampling import medians, sample
from goodoffices.solvers.belief import solve_recursive
from goodoffices.workflow.loading import load
from talks_games import residual, stochastic

SCENARIO = "budapest-2025"


def timed(work: Callable[[], RecursiveSolution], repeats: int) -> tuple[RecursiveSolution, float, float]:
    """The last solution, and medians of CPU and wall seconds."""
    found, cpu, wall = work(), [], []
    for _ in range(repeats):
        begun, since = time.process_time(), time.perf_counter()
        found = work()
        cpu.append(time.process_time() - begun)
        wall.append(time.perf_counter() - since)
    return found, float(np.median(cpu)), float(np.median(wall))


def budapest(rounds: int, draws: int, repeats: int) -> dict[str, float]:
    """The shipped scenario at its prior medians, or draws from its priors."""
    scenario = load(SCENARIO)
    compiled = compile_round(scenario)
    if draws == 1:
        numbers = {name: np.array([value]) for name, value in medians(scenario).items()}
    else:
        numbers = sample(scenario, draws)
    data = compiled.data(numbers)
    solve_recursive(compiled.game, data, rounds=1)  # imports what is imported on first use
    begun, since = time.process_time(), time.perf_counter()
    found = solve_recursive(compiled.game, data, rounds=rounds, keep=False)
    cpu, wall = time.process_time() - begun, time.perf_counter() - since
    if repeats > 1:
        found, cpu, wall = timed(
            lambda: solve_recursive(compiled.game, data, rounds=rounds, keep=False), repeats
        )
    moves = [
        len(set(compiled.game.action_moves[compiled.game.action_place == s, 0]))
        for s in _signals(compiled.game)
    ]
    return {
        "seconds": cpu,
        "wall": wall,
        "cells": found.survey.cells,
        "followed": found.survey.traced,
        "proven": found.survey.proven,
        "failed_draws": float((found.status != 0).sum()),
        "moves": float(np.mean(moves)),
    }


def _signals(game: RecursiveGame) -> list[int]:
    """Places where a party with private types has a choice."""
    out: list[int] = []
    for s, slot in enumerate(game.place_slot.tolist()):
        private = any(game.types[p] > 1 for p in game.slots[slot])
        if private and int((game.action_place == s).sum()) > 1:
            out.append(s)
    return out


def crisis(rounds: int) -> dict[str, float]:
    """Two parties in a crisis: one of two private types quits or makes one of two demands each round, the other concedes
    or resists; after the last round a strong type fights and a weak one backs down."""
    # Slot 0: talking, over. Slot 1: asked for a third, for two thirds, over.
    rows = [(0, 0, 4, 0.0, 1.0), (0, 1, 2, 0.0, 0.0), (0, 2, 3, 0.0, 0.0), (1, 0, 4, 0.0, 0.0)]
    rows += [(2, 0, 1, 1 / 3, 2 / 3), (2, 1, 0, 0.0, 0.0), (3, 0, 1, 2 / 3, 1 / 3), (3, 1, 0, 0.0, 0.0)]
    rows += [(4, 0, 1, 0.0, 0.0)]
    table = np.array(rows)
    game = RecursiveGame(
        "a long crisis",
        ("challenger", "target"),
        (2, 1),
        np.array([[0, 1], [0, 0]]),
        ((0,), (1,)),
        np.array([0, 0, 1, 1, 1]),
        table[:, 0].astype(np.int64),
        table[:, 1:2].astype(np.int64),
        np.arange(len(rows)),
        table[:, 2].astype(np.int64),
    )
    end = np.zeros((5, 2, 2))
    end[0] = [[-0.3, 1.0], [0.3, -0.3]]
    data = RecursiveData(
        np.repeat(table[:, None, 3:], 2, 1),
        np.ones(len(rows)),
        end,
        (np.array([0.5, 0.5]), np.ones(1)),
        np.full(2, 10.0),
        np.array(0.95),
    )
    found, cpu, wall = timed(lambda: solve_recursive(game, data, rounds=rounds, nodes=33, keep=True), 1)
    certificate = certify_recursive(found, samples=32, rounds=20)
    return {
        "seconds": cpu,
        "wall": wall,
        "residual": float(certificate.logit_residual.max()),
        "off_grid": float(certificate.off_grid.max()),
        "failed_draws": float((found.status != 0).sum()),
    }


def random_games(
    states: int, players: int, moves: int, rationality: float, games: int, repeats: int
) -> dict[str, float]:
    """Stationary equilibria of random stochastic games, a batch of them at once."""
    made = [stochastic(states, players, moves, seed) for seed in range(games)]
    joint = moves**players
    profile = np.array(list(itertools.product(range(moves), repeat=players)))
    actions = np.repeat(np.arange(states * joint), states)
    game = RecursiveGame(
        "random",
        tuple(f"player {p}" for p in range(players)),
        (1,) * players,
        np.zeros((players, 1), np.int64),
        (tuple(range(players)),),
        np.zeros(states, np.int64),
        np.repeat(np.arange(states), joint),
        np.tile(profile, (states, 1)),
        actions,
        np.tile(np.arange(states), states * joint),
    )
    payoff = np.stack([g.payoff.reshape(-1, players)[actions] for g in made], -1)[:, None]
    odds = np.stack([g.goes.reshape(-1) for g in made], -1)
    data = RecursiveData(
        payoff,
        odds,
        np.zeros((states, 1, players, games)),
        (np.ones((1, games)),) * players,
        np.full((players, games), rationality),
        np.full(games, made[0].discount),
    )
    found, cpu, wall = timed(lambda: solve_recursive(game, data, rounds=None, keep=True), repeats)
    logs = found.log_choice[0][0][:, 0].reshape(states, players, moves, games)
    worst = max(residual(g, np.exp(logs[..., b]), rationality) for b, g in enumerate(made))
    return {
        "seconds": cpu / games,
        "wall": wall / games,
        "residual": worst,
        "failed_draws": float((found.status != 0).sum()),
    }


def main() -> None:
    """Do the task named on the command line."""
    task, numbers = sys.argv[1], [float(n) for n in sys.argv[2:]]
    whole = [int(n) for n in numbers]
    if task == "budapest":
        answer = budapest(*whole)
    elif task == "crisis":
        answer = crisis(*whole)
    else:
        answer = random_games(*whole[:3], numbers[3], *whole[4:])
    answer["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("\n" + json.dumps(answer))


if __name__ == "__main__":
    main()
