"""LiteEFG's part of the peer benchmark: magnetic mirror descent with action-value feedback.

Its fixed point at magnet weight 1/rationality is a logit equilibrium (Sokota et al. 2023). Several learning rates are
tried and the best one counts; only its iterations are timed, not loading nor looking at the residual. The game goes
straight to its file reader, which spares it the long node names that OpenSpiel would give.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path

import numpy as np

import peers_games
from goodoffices.games import ExtensiveGame, GameData
from goodoffices.games.extensive import CHANCE, TERMINAL
from peers_task import LARGEST_RESIDUAL, Answer, Clock, Task, counted, empty_strategy, residual, run

with contextlib.redirect_stdout(io.StringIO()):
    import LiteEFG
    from LiteEFG.baselines import MMD

STEPS = (3.0, 1.0, 0.3, 0.1, 0.03)
"""Learning rates tried, in units of rationality."""


def work(task: Task) -> Answer:
    """The best learning rate for the first draw, then all of the sample with it."""
    shape, data = peers_games.game(task.rounds, range(task.sample), task.rationality)
    game, numbers = peers_games.draw(shape, data, 0)
    best: tuple[float, Clock, float] | None = None
    least = float("inf")
    with tempfile.TemporaryDirectory() as folder:
        for step in STEPS:
            limit = task.seconds / len(STEPS) if best is None else min(best[1].cpu, task.seconds / len(STEPS))
            clock, found = _solve(game, numbers, task.rationality, step, limit, Path(folder))
            least = min(least, found)
            if found < LARGEST_RESIDUAL and (best is None or clock.cpu < best[1].cpu):
                best = step, clock, found
        if best is None:
            return counted(task.seconds, task.seconds, least, "at any learning rate tried")
        clocks, worst, unsolved = [best[1]], best[2], 0
        for index in range(1, task.sample):
            game, numbers = peers_games.draw(shape, data, index)
            clock, found = _solve(game, numbers, task.rationality, best[0], task.seconds / 10, Path(folder))
            if found < LARGEST_RESIDUAL:
                clocks.append(clock)
                worst = max(worst, found)
            else:
                unsolved += 1
    note = f"{unsolved} of {task.sample} unsolved and left out" if unsolved else ""
    cpu, wall = np.mean([c.cpu for c in clocks]), np.mean([c.wall for c in clocks])
    return counted(float(cpu) * task.draws, float(wall) * task.draws, worst, note, step=best[0])


def _solve(
    game: ExtensiveGame, data: GameData, rationality: float, step: float, limit: float, folder: Path
) -> tuple[Clock, float]:
    file = folder / "game.openspiel"
    file.write_text(_text(game))
    with contextlib.redirect_stdout(io.StringIO()):
        environment = LiteEFG.FileEnv(str(file))
        graph = MMD.graph(eta=step * rationality, tau=1.0 / rationality, feedback="Q")
    environment.set_graph(graph)
    clock, done, found = Clock(), 0, float("inf")
    while found >= LARGEST_RESIDUAL and clock.cpu < limit:
        # Looks are a tenth apart, so that at most a tenth of the time counted is too much.
        many = max(5, done // 10)
        with clock:
            for _ in range(many):
                graph.update_graph(environment)
        done += many
        found = residual(game, data, _strategy(game, environment, graph))
    return clock, found


def _strategy(game: ExtensiveGame, environment: LiteEFG.FileEnv, graph: MMD.graph) -> np.ndarray:
    logs = empty_strategy(game)
    with np.errstate(divide="ignore"):
        for player in range(len(game.players)):
            for name, odds in environment.get_strategy(player + 1, graph.current_strategy()):
                logs[int(name.rpartition("_")[2]), : len(odds)] = np.log(odds)
    return logs


def _text(game: ExtensiveGame) -> str:
    """The game in LiteEFG's own file format, payoffs summed along the path to each leaf."""
    children: list[list[int]] = [[] for _ in game.kind]
    total = game.payoff.copy()
    for node in range(1, len(game.kind)):
        children[game.parent[node]].append(node)
        total[node] += total[game.parent[node]]
    members: list[list[int]] = [[] for _ in game.infoset_moves]
    players = len(game.players)
    lines = [
        "# LiteEFG OpenSpiel cache format 2",
        "# Opt {",
        "#     openspiel,",
        f"#     players: {players},",
        "# }",
        "#",
    ]
    stack = [0]
    while stack:
        node = stack.pop()
        stack.extend(children[node])
        if game.kind[node] == TERMINAL:
            paid = " ".join(f"{p + 1}={float(total[node, p])!r}" for p in range(players))
            lines.append(f"node n_{node} leaf payoffs {paid}")
        elif game.kind[node] == CHANCE:
            odds = " ".join(f"n_{child}={float(game.chance[child])!r}" for child in children[node])
            lines.append(f"node n_{node} chance actions {odds}")
        else:
            index = game.infoset[node]
            members[index].append(node)
            moves = " ".join(f"n_{child}" for child in children[node])
            lines.append(f"node n_{node} player {game.infoset_player[index] + 1} actions {moves}")
    for index, nodes in enumerate(members):
        owner = game.infoset_player[index] + 1
        lines.append(f"infoset pl{owner}_{index} nodes " + " ".join(f"n_{node}" for node in nodes))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    run(work)
