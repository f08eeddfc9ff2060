"""Public states of a laid-out game, and groups of them that look alike.

Receives a `Layout`; returns for each level the *bags* of it: the smallest sets of slots such that what happens below
one bag tells nothing about, and depends on nothing in, any other. Two slots share a bag when they share an information
set now or have descendants that do. In a game whose moves are public a bag is a public history; its slots differ by
what is private.

Bags with the same inner wiring form a `Pattern`: the wiring is written once and the members are an axis of arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goodoffices.solvers.layout import Indices, Layout, Level


class InnerSet(NamedTuple):
    """An information set inside a bag, in the bag's own numbering."""

    player: int
    slots: tuple[int, ...]
    """[m]"""
    choices: tuple[int, ...]
    """[a]"""
    edges: tuple[tuple[int, ...], ...]
    """[a][m]"""


class InnerChild(NamedTuple):
    """A bag of the next level that edges of this bag lead to."""

    pattern: int
    """Its pattern in the next level."""
    edges: tuple[int, ...]
    """[slot of the child bag] the edge that leads there."""


@dataclass(frozen=True, eq=False)
class Pattern:
    """Bags of one level with the same wiring; n of them."""

    slots: Indices
    """[s, n] slots in the level."""
    edges: Indices
    """[e, n] edges in the level."""
    choices: Indices
    """[c, n] choices in the level."""
    slot_of_edge: tuple[int, ...]
    choice_of_edge: tuple[int, ...]
    """-1 where chance moves."""
    sets: tuple[InnerSet, ...]
    children: tuple[InnerChild, ...]
    child_bags: tuple[Indices, ...]
    """For each child [n], which of the bags of its pattern."""

    @property
    def work(self) -> float:
        """Rough number of multiplications to eliminate all bags of the pattern, per player."""
        s, c, e = len(self.slots), len(self.choices), len(self.edges)
        return float(self.slots.shape[1]) * (c**3 / 3 + c * c * s + (e + s) * (c + s))


@dataclass(frozen=True, eq=False)
class Bags:
    """The patterns of every level."""

    levels: tuple[tuple[Pattern, ...], ...]
    work: float
    """Rough number of multiplications of one elimination, per player."""
    patterns: int
    """Number of patterns in all levels."""


def find_bags(layout: Layout, *, most_patterns: int = 2000) -> Bags | None:
    """Group the slots of every level into bags, and bags into patterns; None where there are too many patterns."""
    n_levels = len(layout.levels)
    bag_of_slot: list[Indices] = [np.zeros(0, dtype=np.int64)] * (n_levels + 1)
    for d in reversed(range(n_levels)):
        bag_of_slot[d] = _components(layout, d, bag_of_slot[d + 1])
    out: list[tuple[Pattern, ...]] = []
    place: _Places | None = None
    total = 0
    for d in reversed(range(n_levels)):
        patterns, place = _patterns(layout, d, bag_of_slot[d], place)
        total += len(patterns)
        if total > most_patterns:
            return None
        out.append(patterns)
    work = sum(p.work for patterns in out for p in patterns)
    return Bags(tuple(reversed(out)), work, total)


class _Places(NamedTuple):
    """Where each slot of a level ended up."""

    pattern: Indices
    bag: Indices
    position: Indices


def _sets_of_slots(level: Level) -> Indices:
    """[slot] a number for the information set or chance node it belongs to, by level."""
    out = np.empty(level.slots, dtype=np.int64)
    base = 0
    for block in level.blocks:
        out[block.slots] = base + np.tile(np.arange(block.sets), block.members)
        base += block.sets
    return out


def _edge_slots(level: Level) -> tuple[Indices, Indices, Indices]:
    """[edge] its slot, its move, and its choice (-1 for chance)."""
    slot, move, choice = (np.empty(level.edges, dtype=np.int64) for _ in range(3))
    for b in level.blocks:
        shape = (b.moves, b.members, b.sets)
        slot[b.edges] = np.broadcast_to(
            b.slot + np.arange(b.members * b.sets).reshape(shape[1:]), shape
        ).ravel()
        move[b.edges] = np.broadcast_to(np.arange(b.moves)[:, None, None], shape).ravel()
        own = b.choice + np.arange(b.moves * b.sets).reshape(b.moves, 1, b.sets)
        choice[b.edges] = np.broadcast_to(own if b.player >= 0 else -1, shape).ravel()
    return slot, move, choice


def _components(layout: Layout, d: int, below: Indices) -> Indices:
    """[slot] label of the bag: connected components under shared information sets and shared bags below."""
    level = layout.levels[d]
    sets = _sets_of_slots(level)
    label = np.arange(level.slots)
    slot, _, _ = _edge_slots(level)
    inner = level.child < below.size
    slot, bag = slot[inner], below[level.child[inner]]
    n_below = int(bag.max()) + 1 if bag.size else 0
    n_sets = int(sets.max()) + 1
    while True:
        before = label
        least = np.full(n_sets, level.slots, dtype=np.int64)
        np.minimum.at(least, sets, label)
        label = least[sets]
        if bag.size:
            least = np.full(n_below, level.slots, dtype=np.int64)
            np.minimum.at(least, bag, label[slot])
            shared = label.copy()
            np.minimum.at(shared, slot, least[bag])
            label = shared
        label = label[label]
        if (label == before).all():
            break
    return np.unique(label, return_inverse=True)[1].ravel()


def _mix(values: Indices, salt: int) -> NDArray[np.uint64]:
    """Scramble numbers to 64 bits (the finaliser of splitmix64)."""
    with np.errstate(over="ignore"):
        x = values.astype(np.uint64) + np.uint64((0x9E3779B97F4A7C15 * (salt + 1)) & (2**64 - 1))
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def _rank_within(group: Indices) -> Indices:
    """Position of each entry among those of its group, for entries sorted by group."""
    first = np.concatenate([[True], group[1:] != group[:-1]])
    starts = np.flatnonzero(first)
    return np.arange(group.size) - np.repeat(starts, np.diff(np.concatenate([starts, [group.size]])))


def _patterns(
    layout: Layout, d: int, bag: Indices, below: _Places | None
) -> tuple[tuple[Pattern, ...], _Places]:
    level = layout.levels[d]
    sets = _sets_of_slots(level)
    player_of_slot = np.empty(level.slots, dtype=np.int64)
    for b in level.blocks:
        player_of_slot[b.slots] = b.player
    e_slot, e_move, e_choice = _edge_slots(level)

    # Slots sorted by bag, then by place in the tree; the rank is the slot's number inside its bag.
    by_bag = np.lexsort((np.arange(level.slots), level.slot_node, bag))
    rank = np.empty(level.slots, dtype=np.int64)
    rank[by_bag] = _rank_within(bag[by_bag])
    lead = np.full(int(sets.max()) + 1, level.slots, dtype=np.int64)
    np.minimum.at(lead, sets, rank)

    # Edges likewise; the number of an edge inside its bag.
    e_bag = bag[e_slot]
    by_edge = np.lexsort((e_move, rank[e_slot], e_bag))
    e_rank = np.empty(level.edges, dtype=np.int64)
    e_rank[by_edge] = _rank_within(e_bag[by_edge])
    if below is not None:
        goes = level.child < below.bag.size
        child = np.where(goes, level.child, 0)
        child_key = np.where(goes, below.bag[child] + below.pattern[child] * (below.bag.max() + 1), -1)
        child_pattern = np.where(goes, below.pattern[child], -1)
        child_bag = below.bag[child]
        child_position = np.where(goes, below.position[child], -1)
    else:
        child_key = np.full(level.edges, -1)
        child_pattern = child_position = child_key
        child_bag = np.zeros(level.edges, dtype=np.int64)
    keys, compact = np.unique(child_key, return_inverse=True)
    first_edge = np.full(keys.size, level.edges, dtype=np.int64)
    np.minimum.at(first_edge, compact.ravel(), e_rank)
    child_lead = np.where(child_key >= 0, first_edge[compact.ravel()], -1)

    slot_facts = np.stack([rank, player_of_slot, lead[sets]])
    edge_facts = np.stack([e_rank, rank[e_slot], e_move, child_lead, child_pattern, child_position])
    n_bags = int(bag.max()) + 1
    digest = np.zeros(n_bags, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for facts, owner, salt in ((slot_facts, bag, 0), (edge_facts, e_bag, 100)):
            word = _mix(facts[0], salt)
            for row, fact in enumerate(facts[1:], start=1):
                word = _mix((word ^ _mix(fact + 2, salt + row)).astype(np.int64), salt + row + 50)
            np.add.at(digest, owner, word)
    _, kind = np.unique(digest, return_inverse=True)
    kind = kind.ravel()

    slot_order = np.lexsort((rank, bag))
    edge_order = np.lexsort((e_rank, e_bag))
    slot_start = np.searchsorted(bag[slot_order], np.arange(n_bags + 1))
    edge_start = np.searchsorted(e_bag[edge_order], np.arange(n_bags + 1))
    patterns = []
    place = _Places(*(np.zeros(level.slots, dtype=np.int64) for _ in range(3)))
    order = np.argsort(kind, kind="stable")
    for number, members in enumerate(np.split(order, np.flatnonzero(np.diff(kind[order])) + 1)):
        n_s = int(slot_start[members[0] + 1] - slot_start[members[0]])
        n_e = int(edge_start[members[0] + 1] - edge_start[members[0]])
        s = slot_order[slot_start[members] + np.arange(n_s)[:, None]]
        e = edge_order[edge_start[members] + np.arange(n_e)[:, None]]
        if (slot_facts[:, s] != slot_facts[:, s[:, :1]]).any() or (
            edge_facts[:, e] != edge_facts[:, e[:, :1]]
        ).any():
            raise AssertionError("two different public states have the same digest")
        place.pattern[s] = number
        place.bag[s] = np.arange(members.size)
        place.position[s] = np.arange(n_s)[:, None]
        patterns.append(
            _wire(s, e, e_choice[e], slot_facts[:, s[:, 0]], edge_facts[:, e[:, 0]], child_bag[e])
        )
    return tuple(patterns), place


def _wire(
    slots: Indices,
    edges: Indices,
    choice: Indices,
    slot_facts: Indices,
    edge_facts: Indices,
    child_bag: Indices,
) -> Pattern:
    """Write down the wiring of a pattern from its first bag."""
    _, player, lead = slot_facts
    _, slot_of_edge, move, child_lead, child_pattern, child_position = edge_facts
    choice_of_edge = np.full(edges.shape[0], -1, dtype=np.int64)
    rows, sets = [], []
    for first in np.unique(lead[player >= 0]):
        members = np.flatnonzero(lead == first)
        at = [np.flatnonzero(slot_of_edge == s) for s in members]
        table = np.stack([a[np.argsort(move[a], kind="stable")] for a in at], axis=1)
        own = len(rows) + np.arange(table.shape[0])
        choice_of_edge[table] = own[:, None]
        rows.extend(choice[table[:, 0]])
        sets.append(
            InnerSet(
                int(player[first]),
                tuple(int(s) for s in members),
                tuple(int(c) for c in own),
                tuple(tuple(int(x) for x in row) for row in table),
            )
        )
    children, bags = [], []
    for first in np.unique(child_lead[child_lead >= 0]):
        members = np.flatnonzero(child_lead == first)
        members = members[np.argsort(child_position[members], kind="stable")]
        children.append(InnerChild(int(child_pattern[first]), tuple(int(x) for x in members)))
        bags.append(child_bag[first])
    return Pattern(
        slots=slots,
        edges=edges,
        choices=np.stack(rows) if rows else np.zeros((0, slots.shape[1]), dtype=np.int64),
        slot_of_edge=tuple(int(x) for x in slot_of_edge),
        choice_of_edge=tuple(int(x) for x in choice_of_edge),
        sets=tuple(sets),
        children=tuple(children),
        child_bags=tuple(bags),
    )
