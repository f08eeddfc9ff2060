"""What elimination needs to know of each pattern of public states, looked up once for a game.

Receives a `Layout` and its `Bags`; returns index arrays by level. Nothing here depends on numbers.

Index letters: s slot of a bag, e edge of a bag, c choice of a bag, m member, a move, n bag.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goodoffices.solvers.bags import Bags, InnerChild, InnerSet, Pattern
from goodoffices.solvers.layout import Layout

Index = NDArray[np.int64]
Run = slice | Index
"""A slice where numbers are consecutive (no copy is made then), else the numbers."""


class ChildIndex(NamedTuple):
    """How a child's response is put into its parent's terms."""

    pattern: int
    bags: Index
    """[n] which of the bags of the child's pattern."""
    edges: Run
    """Edges of the parent that lead there, in the order of the child's slots."""
    size: int
    """Number of these edges."""
    layers: tuple[tuple[Run, Run], ...]
    """(columns, sources): each column of the parent is the sum of the child's columns named beside it."""


class SetIndex(NamedTuple):
    """An information set of a bag."""

    player: int
    own: Run
    """Its choices among the bag's."""
    size: int
    """Number of its choices."""
    edges: Index
    """[a, m]"""
    slots: Index
    """[m, n] slots in the level; empty where there is no doubt."""
    choices: Index
    """[a, n] choices in the level."""
    reach: Run
    """Columns of the members' reach."""


class OutletIndex(NamedTuple):
    """What can happen at one slot of a bag."""

    edges: Run
    own: Run | None
    """Choices of whoever moves; None where chance does."""
    chance: Index
    """[e, n] edges in the level."""


class PatternIndex(NamedTuple):
    """A pattern of n bags."""

    slots: Index
    """[s, n]"""
    edges: Index
    """[e, n]"""
    choices: Index
    """[c, n]"""
    known: int
    """Columns for the reach of the bag's slots; none where there is one slot, for reach is relative."""
    free: int
    """Columns for the bag's own strategies; none where nothing below depends on them."""
    children: tuple[ChildIndex, ...]
    bare: bool
    """Whether some edges lead to no bag below."""
    sets: tuple[SetIndex, ...]
    outlets: tuple[OutletIndex, ...]
    """[s]"""


class SweepIndex(NamedTuple):
    """The patterns of one level."""

    patterns: tuple[PatternIndex, ...]
    choice_place: Index
    """[level's choice] position among the patterns' choices, one pattern after another."""


def sweep_indices(layout: Layout, bags: Bags) -> tuple[SweepIndex, ...]:
    """The index arrays of every level."""
    out = []
    for d, (level, patterns) in enumerate(zip(layout.levels, bags.levels, strict=True)):
        place = np.zeros(level.choices, dtype=np.int64)
        base = 0
        for pattern in patterns:
            place[pattern.choices] = base + np.arange(pattern.choices.size).reshape(pattern.choices.shape)
            base += pattern.choices.size
        below = bags.levels[d + 1] if d + 1 < len(bags.levels) else ()
        out.append(SweepIndex(tuple(_pattern(pattern, below) for pattern in patterns), place))
    return tuple(out)


def run(numbers: Iterable[int]) -> Run:
    """The numbers as a slice where they are consecutive."""
    found = list(numbers)
    if found and found == list(range(found[0], found[0] + len(found))):
        return slice(found[0], found[0] + len(found))
    return np.array(found, dtype=np.int64)


def _pattern(pattern: Pattern, below: tuple[Pattern, ...]) -> PatternIndex:
    slots = len(pattern.slots)
    known = slots if slots > 1 else 0
    linked = any(len(child.edges) > 1 for child in pattern.children)
    free = len(pattern.choices) if linked else 0
    children = tuple(
        _child(pattern, child, child_bags, below, free, known)
        for child, child_bags in zip(pattern.children, pattern.child_bags, strict=True)
    )
    led = {e for child in pattern.children for e in child.edges}
    return PatternIndex(
        pattern.slots,
        pattern.edges,
        pattern.choices,
        known,
        free,
        children,
        len(led) < len(pattern.edges),
        tuple(_set(pattern, inner, free) for inner in pattern.sets),
        tuple(_outlet(pattern, s) for s in range(slots)),
    )


def _child(
    pattern: Pattern, child: InnerChild, bags: Index, below: tuple[Pattern, ...], free: int, known: int
) -> ChildIndex:
    """The reach of a child's slot is that of the parent's slot plus the change of the log strategy in between."""
    sources: list[list[int]] = [[] for _ in range(free + known)]
    if len(below[child.pattern].slots) > 1:
        for position, e in enumerate(child.edges):
            if free and pattern.choice_of_edge[e] >= 0:
                sources[pattern.choice_of_edge[e]].append(position)
            if known:
                sources[free + pattern.slot_of_edge[e]].append(position)
    layers = []
    for depth in range(max((len(s) for s in sources), default=0)):
        columns = [c for c, s in enumerate(sources) if len(s) > depth]
        layers.append((run(columns), run(sources[c][depth] for c in columns)))
    return ChildIndex(child.pattern, bags, run(child.edges), len(child.edges), tuple(layers))


def _set(pattern: Pattern, inner: InnerSet, free: int) -> SetIndex:
    doubt = len(inner.slots) > 1
    members = np.array(inner.slots if doubt else [], dtype=np.int64)
    return SetIndex(
        inner.player,
        run(inner.choices),
        len(inner.choices),
        np.array(inner.edges, dtype=np.int64),
        pattern.slots[members],
        pattern.choices[np.array(inner.choices, dtype=np.int64)],
        run(free + s for s in inner.slots),
    )


def _outlet(pattern: Pattern, slot: int) -> OutletIndex:
    edges = [e for e, s in enumerate(pattern.slot_of_edge) if s == slot]
    choices = [pattern.choice_of_edge[e] for e in edges]
    own = None if choices[0] < 0 else run(choices)
    return OutletIndex(run(edges), own, pattern.edges[np.array(edges, dtype=np.int64)])
