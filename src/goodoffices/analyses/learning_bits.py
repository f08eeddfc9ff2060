"""Bits that every step of play gives away about a party's types, read off flows.

Receives the flow of the scenario as it is, chunk by chunk; returns `Bits`. Reach is taken from logarithms relative to the
history, so that what an all but impossible move tells is computed from ratios; its weight is then all but zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goodoffices.claims.flow import Flow
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.scenario_tree import ScenarioTree
from goodoffices.compiler.slots import MOVE

MoveKey = tuple[str, str, str, str]
"""Mover (`chance` for what is drawn), move, its label, and the party that is learned of."""
TOLD = 1e-15
"""Bits below this are rounding."""


@dataclass(frozen=True, eq=False)
class Bits:
    """What was read; arrays [b]."""

    moves: dict[MoveKey, tuple[Array, Array]]
    """Expected bits over the whole game, and expected number of times that the move is made."""
    types: dict[str, tuple[Array, Array]]
    """Party -> entropy of its prior, expected bits learned by the end."""


class BitReader:
    """Takes notes of flows; pass `see` to the survey as its `look`."""

    def __init__(self, tree: ScenarioTree) -> None:
        self.tree = tree
        self.parties = tuple(dict.fromkeys(d.party for d in tree.scenario.types))
        self.steps, self.names = _steps(tree)
        self.told: dict[MoveKey, list[tuple[Array, Array]]] = {}
        self.prior: dict[str, list[Array]] = {party: [] for party in self.parties}

    def see(self, flow: Flow, part: slice) -> None:
        """Take notes of one chunk."""
        parents = self.tree.histories.parent[self.steps]
        reach = np.exp(flow.log_reach[self.steps]).sum(1)
        for about in self.parties:
            before, after = (_belief(flow, rows, about) for rows in (parents, self.steps))
            told = reach * gained(before, after, axis=1)
            self.prior[about].append(entropy(_belief(flow, np.zeros(1, dtype=np.int64), about)[0]))
            for (mover, move, label), rows in self.names.items():
                if mover not in (about, "chance"):
                    continue  # types are independent between parties, and nobody knows another's
                key = mover, move, label, about
                self.told.setdefault(key, []).append((told[rows].sum(0), reach[rows].sum(0)))

    def finish(self) -> Bits:
        """Everything that was noted; chance is left out where it never tells anything."""
        moves: dict[MoveKey, tuple[Array, Array]] = {}
        learned: dict[str, Array] = {}
        for key, parts in self.told.items():
            told, uses = (np.concatenate([p[k] for p in parts]) for k in (0, 1))
            about = key[-1]
            learned[about] = learned.get(about, np.zeros_like(told)) + told
            if key[0] != "chance" or (told > TOLD).any():
                moves[key] = told, uses
        types = {party: (np.concatenate(self.prior[party]), learned[party]) for party in learned}
        return Bits(moves, types)


def gained(before: Array, after: Array, *, axis: int) -> Array:
    """Bits that a change of belief holds: the Kullback-Leibler divergence of `after` from `before`, over types along an axis."""
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(after > 0, after * (np.log2(after) - np.log2(before)), 0.0).sum(axis)
    return np.maximum(each, 0.0)


def entropy(prior: Array) -> Array:
    """[b] of a belief [own type, b], in bits."""
    return -np.where(prior > 0, prior * np.log2(np.maximum(prior, 1e-300)), 0.0).sum(0)


def _belief(flow: Flow, histories: NDArray[np.int64], party: str) -> Array:
    """[h, own type, b] what everybody believes about a party's types at histories."""
    profiles = flow.tree.graph.profiles
    number = [p.name for p in flow.tree.scenario.parties].index(party)
    own = profiles.own[number]
    reach = flow.log_reach[histories]
    top = reach.max(1, keepdims=True)
    weights = np.exp(reach - np.where(np.isfinite(top), top, 0.0))
    types = len(profiles.own_labels[number])
    grouped = np.stack([weights[:, own == o].sum(1) for o in range(types)], axis=1)
    with np.errstate(invalid="ignore"):
        # A history that is never come to has no belief; it has no weight either.
        return np.nan_to_num(grouped / grouped.sum(1, keepdims=True))


def _steps(tree: ScenarioTree) -> tuple[NDArray[np.int64], dict[tuple[str, str, str], NDArray[np.int64]]]:
    """Histories that more than one thing could have led to, and for each move which of them it leads to."""
    past, graph = tree.histories, tree.graph
    free = (graph.config_count > 1)[past.config]
    steps = np.flatnonzero(np.append(False, free[past.parent[1:]]))
    slots = graph.config_slot[graph.edge_from]
    names: dict[tuple[str, str, str], list[int]] = {}
    by_edge: dict[int, tuple[str, str, str]] = {}
    for edge in np.unique(past.edge[steps]).tolist():
        slot = graph.slots[int(slots[edge])]
        if slot.kind == MOVE:
            move = tree.scenario.turns[slot.turn].movers[slot.mover].moves[graph.options[edge].label]
            by_edge[edge] = tree.scenario.parties[slot.party].name, move.name, move.label
        else:
            name = tree.option_name(edge)
            by_edge[edge] = "chance", name, name
    for row, edge in enumerate(past.edge[steps].tolist()):
        names.setdefault(by_edge[edge], []).append(row)
    return steps, {key: np.array(rows, dtype=np.int64) for key, rows in names.items()}
