"""Panels are special cases of the package's own games: its solver gives the same probabilities of the same tree."""

from __future__ import annotations

import numpy as np
import pytest

from goodoffices.games.extensive import DECISION, TERMINAL, ExtensiveGame
from goodoffices.panels import Decision, Shocks, Tree
from goodoffices.panels.tree import log_probabilities, outcomes_of, utilities_of
from goodoffices.solvers import solve_game

TREE = Tree(
    decisions={
        "start": Decision("first", {"left": "after_left", "right": "after_right", "out": "nothing"}),
        "after_left": Decision("second", {"left": "LL", "right": "LR"}),
        "after_right": Decision("second", {"left": "RL", "right": "again"}),
        "again": Decision("first", {"left": "RRL", "right": "RRR"}),
    },
    utilities={"first": dict.fromkeys(("nothing", "LL", "LR", "RL", "RRL", "RRR"), ("1",)), "second": {}},
    outcome="y",
    shocks=Shocks("logit", scale=0.7),
)


def as_extensive(tree: Tree, payoff: dict[str, list[float]]) -> tuple[ExtensiveGame, dict[str, int]]:
    """The tree as the package's game, and the node of each outcome."""
    players = ("first", "second")
    parent, move, kind, name = [-1], [-1], [DECISION], ["start"]
    k = 0
    while k < len(name):
        if name[k] in tree.decisions:
            for m, target in enumerate(tree.decisions[name[k]].moves.values()):
                parent.append(k)
                move.append(m)
                kind.append(DECISION if target in tree.decisions else TERMINAL)
                name.append(target)
        k += 1
    sets = [n for n in name if n in tree.decisions]
    game = ExtensiveGame(
        title="panel",
        players=players,
        kind=np.array(kind, dtype=np.int8),
        parent=np.array(parent, dtype=np.int32),
        parent_move=np.array(move, dtype=np.int32),
        infoset=np.array([sets.index(n) if n in sets else -1 for n in name], dtype=np.int32),
        infoset_player=np.array([players.index(tree.decisions[s].player) for s in sets], dtype=np.int32),
        infoset_number=np.arange(1, len(sets) + 1, dtype=np.int32),
        infoset_label=tuple(sets),
        infoset_moves=tuple(tuple(tree.decisions[s].moves) for s in sets),
        payoff=np.array([payoff.get(n, [0.0, 0.0]) for n in name]),
        chance=np.ones(len(name)),
    )
    return game, {n: k for k, n in enumerate(name) if n not in tree.decisions}


@pytest.mark.parametrize("seed", range(3))
def test_the_solver_of_trees_gives_the_same_outcomes(seed):
    outcomes = outcomes_of(TREE)
    values = np.random.default_rng(seed).normal(scale=2.0, size=(len(outcomes), 2))
    game, node = as_extensive(TREE, {o: values[k].tolist() for k, o in enumerate(outcomes)})
    solution = solve_game(game, rationality=1 / 0.7)
    logs = {}
    for outcome, at in node.items():
        total = 0.0
        while game.parent[at] >= 0:
            total += solution.log_strategy[game.infoset[game.parent[at]], game.parent_move[at]]
            at = game.parent[at]
        logs[outcome] = total
    eta = np.concatenate([values[:, 0], values[:, 1], [0.0]])
    assert list(utilities_of(TREE))[-1] == "log_scale"
    ours = np.asarray(log_probabilities(TREE)(eta))
    assert ours == pytest.approx([logs[o] for o in outcomes], abs=1e-10)
