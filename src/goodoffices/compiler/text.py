"""The compiled forms as text for a person: the game's arrays in figures, and the tree of histories to a depth.

Receives a scenario or its tree; returns text of a bounded length.
"""

from __future__ import annotations

import numpy as np

from goodoffices.compiler.compiling import compile_scenario
from goodoffices.compiler.graph import count_nodes
from goodoffices.compiler.scenario_tree import ScenarioTree
from goodoffices.compiler.slots import LOTTERY, MOVE
from goodoffices.games.extensive import CHANCE, DECISION, TERMINAL
from goodoffices.language.scenario import Scenario

MOST_LINES = 400


def describe_game(scenario: Scenario, *, rounds: int | None = None) -> str:
    """The arrays that the scenario compiles to, as figures and a table of information sets."""
    return game_text(compile_scenario(scenario, rounds=rounds))


def describe_tree(scenario: Scenario, *, rounds: int | None = None, depth: int | None = None) -> str:
    """The scenario's public histories, indented; to the end of the first round unless a depth is given."""
    return tree_text(compile_scenario(scenario, rounds=rounds), depth=depth)


def game_text(tree: ScenarioTree) -> str:
    """Sizes, players, and the distinct decisions of each player."""
    game, scenario = tree.game, tree.scenario
    kinds = {name: int((game.kind == code).sum()) for name, code in _KINDS.items()}
    sizes = " -> ".join(f"{total:,}" for total in count_nodes(tree.graph))
    lines = [
        f"{scenario.title}: {tree.rounds} round{'s' * (tree.rounds != 1)}",
        f"nodes           {len(game.kind):,} ({', '.join(f'{n:,} {name}' for name, n in kinds.items())})",
        f"  by rounds     {sizes}",
        f"histories       {len(np.unique(tree.node_history[tree.node_history >= 0])):,}",
        f"type profiles   {tree.graph.profiles.count}",
        f"information sets {len(game.infoset_player):,}",
        "",
    ]
    for p, name in enumerate(game.players):
        mine = np.flatnonzero(game.infoset_player == p)
        lines.append(f"{name}: {len(mine):,} information sets, rationality {_rationality(tree, p)}")
        seen: dict[tuple[str, tuple[str, ...]], int] = {}
        for i in mine.tolist():
            decision = (game.infoset_label[i], game.infoset_moves[i])
            seen[decision] = seen.get(decision, 0) + 1
        for (label, moves), count in list(seen.items())[: MOST_LINES // max(1, len(game.players))]:
            times = f" ({count:,} histories)" if count > 1 else ""
            lines.append(f"  {label}{times}: {' | '.join(moves)}")
    return "\n".join(lines) + "\n"


_KINDS = {"decisions": DECISION, "chance": CHANCE, "leaves": TERMINAL}


def _rationality(tree: ScenarioTree, player: int) -> str:
    from goodoffices.language.priors import median

    medians = {p.name: np.array([median(p.prior)]) for p in tree.scenario.parameters}
    return f"{tree.figures(medians).rationality[player, 0]:g} at the prior medians"


def _settled(tree: ScenarioTree, history: int) -> int:
    """Where a history comes to when the lotteries that have one outcome only are drawn."""
    past, graph = tree.histories, tree.graph
    kinds = graph.kind()
    while kinds[past.config[history]] == LOTTERY and graph.config_silent[past.config[history]]:
        history = int(np.searchsorted(past.parent, history))
    return history


def tree_text(tree: ScenarioTree, *, depth: int | None = None) -> str:
    """Public histories, one a line and indented, to `depth` steps (default: the first round)."""
    past, graph = tree.histories, tree.graph
    limit = len(graph.slots) if depth is None else depth
    silent = graph.config_silent[past.config]
    children: dict[int, list[int]] = {}
    shown = int(past.bounds[min(limit + 1, len(past.bounds) - 1)])
    for h in range(1, shown):
        children.setdefault(int(past.parent[h]), []).append(h)
    lines = [tree.place(0)]
    todo = [(h, 1) for h in reversed(children.get(0, []))]
    cut = 0
    while todo:
        h, indent = todo.pop()
        if len(lines) >= MOST_LINES:
            cut += 1
            continue
        slot = graph.slots[graph.config_slot[graph.edge_from[past.edge[h]]]]
        what = tree.option_name(int(past.edge[h]))
        who = "" if slot.kind == MOVE else "chance: "
        forced = " (only move)" if silent[past.parent[h]] and slot.kind == MOVE else ""
        if silent[past.parent[h]] and slot.kind != MOVE:
            todo.extend((child, indent) for child in reversed(children.get(h, [])))
            continue
        lines.append(f"{'  ' * indent}{who}{what}{forced} -> {tree.place(_settled(tree, h))}")
        todo.extend((child, indent + 1) for child in reversed(children.get(h, [])))
    if cut:
        lines.append(f"... and {cut:,} more branches")
    return "\n".join(lines) + "\n"
