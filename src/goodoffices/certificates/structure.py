"""The tree in the order that certificates need: nodes by depth, and information sets as runs of nodes.

Receives an `ExtensiveGame`; returns index arrays. Shares nothing with any solver, on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goodoffices.games.extensive import DECISION, ExtensiveGame

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tree:
    """Index arrays of one game; N nodes, I information sets, M the largest number of moves."""

    game: ExtensiveGame
    by_depth: tuple[Indices, ...]
    """Nodes of each depth, the root first; within a depth, siblings stand together."""
    members: Indices
    """Decision nodes sorted by information set."""
    starts: Indices
    """[i] where each information set begins in `members`."""
    member_set: Indices
    """Information set of each entry of `members`."""
    moves: NDArray[np.bool_]
    """[i, m] which moves exist."""


def arrange(game: ExtensiveGame) -> Tree:
    """Sort the nodes of a game by depth and by information set."""
    parent = game.parent.astype(np.int64)
    depth = _depths(parent)
    order = np.lexsort((parent, depth))
    cuts = np.flatnonzero(np.diff(depth[order])) + 1
    decision = np.flatnonzero(game.kind == DECISION)
    members = decision[np.argsort(game.infoset[decision], kind="stable")]
    member_set = game.infoset[members].astype(np.int64)
    starts = np.searchsorted(member_set, np.arange(len(game.infoset_moves)))
    counts = np.array([len(m) for m in game.infoset_moves], dtype=np.int64)
    moves: NDArray[np.bool_] = np.arange(int(counts.max(initial=1)))[None, :] < counts[:, None]
    return Tree(game, tuple(np.split(order, cuts)), members, starts, member_set, moves)


def _depths(parent: Indices) -> Indices:
    """[n] number of edges from the root, by pointer doubling: log(depth) vectorised rounds."""
    depth = (parent >= 0).astype(np.int64)
    ancestor = np.where(parent >= 0, parent, 0)
    while True:
        step = depth[ancestor]
        if not step.any():
            return depth
        depth = depth + step
        ancestor = ancestor[ancestor]


def sum_by_parent(parents: Indices, rows: NDArray[np.float64]) -> tuple[Indices, NDArray[np.float64]]:
    """Sum rows that share a parent; `parents` is sorted. Returns the distinct parents and the sums."""
    first = np.flatnonzero(np.r_[True, parents[1:] != parents[:-1]])
    return parents[first], np.add.reduceat(rows, first, axis=0)
