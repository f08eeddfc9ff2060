"""Every public history of a scenario, unrolled from its graph of states level by level with whole arrays.

Receives a `StateGraph`; returns `Histories`: one entry for each public history, silent ones (where only one thing can
happen) included, because events and payments need them; and how they map to the nodes of the game tree, where silent
ones are skipped.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from goodoffices.compiler.graph import StateGraph
from goodoffices.compiler.slots import MOVE

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Histories:
    """Public histories; index letters h history, l level, k type profile, j distinct sum of payments."""

    bounds: Ints
    """[l + 1] histories of level l are bounds[l] to bounds[l + 1]; parents lie one level before."""
    parent: Ints
    """[h] parent history, -1 at the outset."""
    edge: Ints
    """[h] edge of the graph that leads here, -1 at the outset."""
    config: Ints
    """[h] configuration of the graph."""
    option: Ints
    """[h] position of the edge among its configuration's edges, 0 at the outset."""
    anchor: Ints
    """[h] the history that the mover has seen: where its turn began."""
    node: Ints
    """[h] game node of type profile 0 (profile k follows at + k), -1 for silent histories."""
    origin: Ints
    """[h] history of the last choice or draw before this one (never silent), -1 where there is none."""
    origin_option: Ints
    """[h] which of the origin's edges was taken, 0 where there is none."""
    payment: Ints
    """[h] index into `payment_before`/`payment_edge` of everything paid since the origin, -1 at the outset."""
    payment_before: Ints
    """[j] the payments before the last edge, -1 where there are none."""
    payment_edge: Ints
    """[j] the last edge."""

    @property
    def count(self) -> int:
        """Number of public histories, silent ones included."""
        return len(self.parent)


def unroll(graph: StateGraph) -> Histories:
    """Unroll all histories; the graph's size must have been checked before."""
    parent, edge, config, option = [np.array([-1])], [np.array([-1])], [np.array([0])], [np.array([0])]
    bounds = [0, 1]
    while True:
        here = config[-1]
        counts = graph.config_count[here]
        total = int(counts.sum())
        if total == 0:
            break
        local = np.repeat(np.arange(len(here)), counts)
        position = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
        taken = graph.config_first[here][local] + position
        parent.append(local + bounds[-2])
        edge.append(taken)
        option.append(position)
        config.append(graph.edge_to[taken])
        bounds.append(bounds[-1] + total)
    columns = [np.concatenate(column) for column in (parent, edge, config, option)]
    return _relate(graph, np.array(bounds), *columns)


def _relate(
    graph: StateGraph, bounds: Ints, parent: Ints, edge: Ints, config: Ints, option: Ints
) -> Histories:
    """Add what each history inherits from the ones before it."""
    count = len(parent)
    silent = graph.config_silent[config]
    visible = np.flatnonzero(~silent)
    node = np.full(count, -1)
    profiles = graph.profiles.count
    node[visible] = np.arange(len(visible)) * profiles + (profiles > 1)

    # A mover after the first in a `together` turn has seen only what its turn began with.
    slots = graph.config_slot[config]
    later = np.array([s.kind == MOVE and s.mover > 0 for s in graph.slots] + [False])[slots]
    anchor = np.arange(count)
    origin, origin_option = np.full(count, -1), np.zeros(count, dtype=np.int64)
    payment = np.full(count, -1)
    befores: list[Ints] = []
    lasts: list[Ints] = []
    known = 0
    for low, high in pairwise(bounds[1:]):
        here = slice(low, high)
        above = parent[here]
        anchor[here] = np.where(later[here], anchor[above], anchor[here])
        through = silent[above]
        origin[here] = np.where(through, origin[above], above)
        origin_option[here] = np.where(through, origin_option[above], option[here])
        before = np.where(through, payment[above], -1)
        edges = len(graph.edge_to) + 1
        pairs, where = np.unique((before + 1) * edges + edge[here], return_inverse=True)
        befores.append(pairs // edges - 1)
        lasts.append(pairs % edges)
        payment[here] = known + where
        known += len(pairs)
    empty = np.zeros(0, dtype=np.int64)
    return Histories(
        bounds,
        parent,
        edge,
        config,
        option,
        anchor,
        node,
        origin,
        origin_option,
        payment,
        np.concatenate([empty, *befores]),
        np.concatenate([empty, *lasts]),
    )
