"""From a scenario to its tree.

Receives a `Scenario`; returns a `ScenarioTree`. Counts nodes before building anything large, and refuses what would not
fit.
"""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np

from goodoffices.compiler.graph import MOST_NODES, StateGraph, make_graph, refuse_large
from goodoffices.compiler.histories import Histories, Ints, unroll
from goodoffices.compiler.scenario_tree import ScenarioTree
from goodoffices.compiler.slots import MOVE
from goodoffices.games.extensive import CHANCE, DECISION, TERMINAL, ExtensiveGame
from goodoffices.language.priors import median
from goodoffices.language.scenario import Scenario


def compile_scenario(
    scenario: Scenario, *, rounds: int | None = None, most_nodes: int = MOST_NODES
) -> ScenarioTree:
    """Unroll a scenario over a number of rounds into a game tree.

    Args:
        scenario: what to unroll.
        rounds: number of rounds, instead of the scenario's own.
        most_nodes: refuse larger trees.

    Raises:
        Refusal: `open-ended`, `no-rounds`, `no-turns`, `over-at-the-start`, `hidden-condition`, `no-move`,
            `tree-too-large`.
    """
    graph = make_graph(scenario, rounds=rounds, most=most_nodes)
    refuse_large(graph, most=most_nodes)
    return _assemble(graph, unroll(graph))


def _assemble(graph: StateGraph, past: Histories) -> ScenarioTree:
    profiles = graph.profiles.count
    drawn = profiles > 1
    visible = np.flatnonzero(past.node >= 0)
    history = np.repeat(visible, profiles)
    profile = np.tile(np.arange(profiles), len(visible))
    slot_kind = np.array([slot.kind for slot in graph.slots] + [-1])[graph.config_slot[past.config[visible]]]
    kind = np.where(slot_kind == -1, TERMINAL, np.where(slot_kind == MOVE, DECISION, CHANCE)).repeat(profiles)
    origin = past.origin[history]
    parent = np.where(origin >= 0, past.node[origin] + profile, 0 if drawn else -1)
    move = np.where(origin >= 0, past.origin_option[history], profile if drawn else -1)
    base, infoset_history, infoset_own = _infosets(graph, past)
    player = graph.party()[past.config]
    own = graph.profiles.own[player[history], profile]
    infoset = np.where(kind == DECISION, base[history] + own, -1)
    if drawn:
        history, profile = np.append(-1, history), np.append(-1, profile)
        kind, parent = np.append(CHANCE, kind), np.append(-1, parent)
        move, infoset = np.append(-1, move), np.append(-1, infoset)
    infoset_player = player[infoset_history]
    game = ExtensiveGame(
        graph.scenario.title,
        tuple(party.name for party in graph.scenario.parties),
        kind.astype(np.int8),
        parent.astype(np.int32),
        move.astype(np.int32),
        infoset.astype(np.int32),
        infoset_player.astype(np.int32),
        _numbering(infoset_player, len(graph.scenario.parties)).astype(np.int32),
        *_names(graph, past, infoset_history, infoset_own),
        np.zeros((len(kind), len(graph.scenario.parties))),
        np.ones(len(kind)),
    )
    tree = ScenarioTree(game, graph, past, history, profile, base, infoset_history)
    medians = {p.name: np.array([median(p.prior)]) for p in graph.scenario.parameters}
    data = tree.data(medians)
    game = dataclasses.replace(game, payoff=data.payoff[..., 0], chance=data.chance[..., 0])
    return dataclasses.replace(tree, game=game)


def _infosets(graph: StateGraph, past: Histories) -> tuple[Ints, Ints, Ints]:
    """Number information sets by level, then by what the mover has seen, then by own type."""
    deciding = (graph.config_count > 1) & (graph.kind() == MOVE)
    own_types = np.array([len(names) for names in graph.profiles.own_labels])
    party = graph.party()
    base = np.full(past.count, -1)
    histories: list[Ints] = [np.zeros(0, dtype=np.int64)]
    owns: list[Ints] = [np.zeros(0, dtype=np.int64)]
    known = 0
    for low, high in pairwise(past.bounds):
        here = low + np.flatnonzero(deciding[past.config[low:high]])
        if not len(here):
            continue
        types = int(own_types[party[past.config[here[0]]]])  # one level is one slot, so one mover
        _, first, where = np.unique(past.anchor[here], return_index=True, return_inverse=True)
        base[here] = known + where * types
        histories.append(np.repeat(here[first], types))
        owns.append(np.tile(np.arange(types), len(first)))
        known += types * len(first)
    return base, np.concatenate(histories), np.concatenate(owns)


def _numbering(player: Ints, players: int) -> Ints:
    number = np.zeros(len(player), dtype=np.int64)
    for p in range(players):
        mine = np.flatnonzero(player == p)
        number[mine] = np.arange(1, len(mine) + 1)
    return number


def _names(
    graph: StateGraph, past: Histories, histories: Ints, owns: Ints
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Labels and moves of information sets; one text for each configuration and type, shared by all histories."""
    scenario = graph.scenario
    labels: dict[tuple[int, int], str] = {}
    moves: dict[int, tuple[str, ...]] = {}
    pairs: list[tuple[int, int]] = list(zip(past.config[histories].tolist(), owns.tolist(), strict=True))
    for config, own in set(pairs):
        slot = graph.slots[int(graph.config_slot[config])]
        mover = scenario.turns[slot.turn].movers[slot.mover]
        kind = graph.profiles.own_labels[slot.party][own]
        state: list[int] = graph.states[graph.config_state[config]].tolist()
        levels = ", ".join(f.levels[i] for f, i in zip(scenario.factors, state, strict=True))
        who = f"{mover.party}[{kind}]" if kind else mover.party
        labels[config, own] = f"{who} round {graph.config_round[config] + 1}: {levels}".removesuffix(": ")
        first, count = graph.config_first[config], graph.config_count[config]
        shown: list[int] = graph.edge_label[first : first + count].tolist()
        moves[config] = tuple(mover.moves[m].name for m in shown)
    return tuple(labels[pair] for pair in pairs), tuple(moves[config] for config, _ in pairs)
