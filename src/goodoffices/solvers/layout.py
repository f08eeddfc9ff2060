"""A game tree arranged by level, so that one pass over it is a few dense array operations a level.

Receives an `ExtensiveGame`; returns a `Layout`, made once and used for every draw of payoffs, chances and rationality.
Refuses games whose information sets cannot be put in an order of time (two players each of whom may move before the
other without either knowing).

All nodes of an information set share a level and every edge leads to the next level or to the end of the game; where a
tree does not have that shape by itself, pass-through nodes (chance with one move) are put in. Within a level, nodes
stand in blocks of equal shape: `[move, member, set]` with the information sets last, so that the longest axis is
contiguous and a trailing axis of draws can follow it.

Vocabulary: a *slot* is a place for a non-terminal node in its level; an *edge* is a slot with a move; a *choice* is an
information set with a move.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goodoffices.core.diagnostics import refuse
from goodoffices.games.extensive import CHANCE, DECISION, TERMINAL, ExtensiveGame

Indices = NDArray[np.int64]

MANY_SHAPES = 12
"""Above this number of shapes in a level, sizes are rounded up to powers of two."""


@dataclass(frozen=True, eq=False)
class Block:
    """Information sets of one shape in one level; slots, edges and choices of a block are consecutive."""

    player: int
    """Who moves, -1 for chance."""
    members: int
    """Nodes in each information set, M."""
    moves: int
    """Moves at each, A."""
    sets: int
    """Information sets (or chance nodes) in the block, I."""
    slot: int
    """First slot; slots are ordered [M, I]."""
    edge: int
    """First edge; edges are ordered [A, M, I]."""
    choice: int
    """First choice, ordered [A, I]; meaningless for chance."""
    belief: int
    """First row of the vector of beliefs, ordered [M, I]; -1 where there is only one member or chance moves."""
    infoset: Indices
    """[I] the game's numbers of the information sets; empty for chance."""
    member_exists: NDArray[np.bool_] | None
    """[M, I] False on padding; None where there is none."""
    move_exists: NDArray[np.bool_] | None
    """[A, I] False on padding; None where there is none."""

    @property
    def slots(self) -> slice:
        """The block's slots."""
        return slice(self.slot, self.slot + self.members * self.sets)

    @property
    def edges(self) -> slice:
        """The block's edges."""
        return slice(self.edge, self.edge + self.moves * self.members * self.sets)

    @property
    def choices(self) -> slice:
        """The block's choices."""
        return slice(self.choice, self.choice + self.moves * self.sets)

    @property
    def beliefs(self) -> slice:
        """The block's rows in the vector of beliefs."""
        return slice(self.belief, self.belief + self.members * self.sets)


@dataclass(frozen=True, eq=False)
class Level:
    """One level of the tree."""

    blocks: tuple[Block, ...]
    slots: int
    edges: int
    choices: int
    child: Indices
    """[edge] slot in the next level; `slots` of the next level where the game ends or the edge is padding."""
    edge_node: Indices
    """[edge] game node whose payoff and chance belong to the edge; the number of game nodes where none do."""
    edge_exists: NDArray[np.bool_]
    """[edge] False on padding."""
    origin: Indices
    """[slot] edge of the level above that leads here; `edges` of that level for padding; 0 at the root."""
    slot_node: Indices
    """[slot] game node, or a number past the game's nodes for pass-through nodes; -1 on padding."""
    choice_infoset: Indices
    """[choice] the game's information set."""
    choice_move: Indices
    """[choice] the move's number in it."""
    choice_player: Indices
    """[choice]"""


@dataclass(frozen=True, eq=False)
class Layout:
    """A compiled game."""

    game: ExtensiveGame
    levels: tuple[Level, ...]
    beliefs: int
    """Length of the vector of beliefs (one entry for each member of each set with several)."""
    most_moves: int
    """Largest number of moves of an information set."""

    @property
    def players(self) -> int:
        """How many players."""
        return len(self.game.players)


@dataclass(frozen=True, eq=False)
class _Units:
    """The non-terminal nodes of a game together with pass-through nodes."""

    kind: NDArray[np.int8]
    infoset: Indices
    level: Indices
    arity: Indices
    start: Indices
    """[unit + 1] first entry of each unit in the two lists below."""
    child: Indices
    """Unit entered by each edge, -1 at the end of the game."""
    node: Indices
    """Game node whose payoff and chance belong to each edge."""


def arrange(game: ExtensiveGame) -> Layout:
    """Compile a game. Time and memory are linear in nodes where no pass-through nodes are needed.

    Raises:
        Refusal: `no-order-in-time` where information sets precede one another in a cycle, `no-decisions` never (a
            game without decisions has a layout, too).
    """
    units = _units(game)
    inner = np.flatnonzero(game.kind != TERMINAL)
    n_levels = int(units.level.max()) + 1 if units.level.size else 0
    by_level = np.argsort(units.level, kind="stable")
    bounds = np.searchsorted(units.level[by_level], np.arange(n_levels + 1))
    slot_of = np.full(units.kind.size, -1, dtype=np.int64)
    drafts, beliefs = [], 0
    for d in range(n_levels):
        blocks, slot_node, edge_at, choices = _blocks(
            game, units, by_level[bounds[d] : bounds[d + 1]], beliefs
        )
        beliefs += sum(b.members * b.sets for b in blocks if b.belief >= 0)
        real = slot_node >= 0
        slot_of[slot_node[real]] = np.flatnonzero(real)
        drafts.append((blocks, slot_node, edge_at, choices))
    levels = []
    origin = np.zeros(1, dtype=np.int64)
    for d, (blocks, slot_node, edge_at, choices) in enumerate(drafts):
        n_next = drafts[d + 1][1].size if d + 1 < n_levels else 0
        exists = edge_at >= 0
        unit = np.where(exists, units.child[edge_at], -1)
        child = np.where(unit >= 0, slot_of[unit], n_next)
        levels.append(
            Level(
                blocks=blocks,
                slots=slot_node.size,
                edges=edge_at.size,
                choices=choices[0].size,
                child=child,
                edge_node=np.where(exists, units.node[edge_at], game.kind.size),
                edge_exists=exists,
                origin=origin,
                slot_node=_node_of(slot_node, inner, game.kind.size),
                choice_infoset=choices[0],
                choice_move=choices[1],
                choice_player=game.infoset_player[choices[0]].astype(np.int64),
            )
        )
        origin = np.full(n_next + 1, edge_at.size, dtype=np.int64)
        origin[child] = np.arange(child.size)
        origin = origin[:-1]
    most = max((len(m) for m in game.infoset_moves), default=0)
    return Layout(game, tuple(levels), beliefs, most)


def _node_of(unit: Indices, inner: Indices, nodes: int) -> Indices:
    """Game nodes of units; numbers past the game's nodes for pass-through nodes, -1 for padding."""
    real = unit < inner.size
    return np.where(unit < 0, -1, np.where(real, inner[np.where(real, unit, 0)], nodes + unit - inner.size))


def _units(game: ExtensiveGame) -> _Units:
    """Find the children of every node, the levels, and where pass-through nodes are needed."""
    n = game.kind.size
    inner = np.flatnonzero(game.kind != TERMINAL)
    unit_of = np.full(n, -1, dtype=np.int64)
    unit_of[inner] = np.arange(inner.size)
    entered = np.flatnonzero(game.parent >= 0)
    entered = entered[np.lexsort((game.parent_move[entered], game.parent[entered]))]
    arity = np.bincount(unit_of[game.parent[entered]], minlength=inner.size).astype(np.int64)
    start = np.concatenate([[0], np.cumsum(arity)])
    child = unit_of[entered]
    kind = game.kind[inner]
    infoset = np.where(kind == DECISION, game.infoset[inner], -1).astype(np.int64)
    level = _levels(game, kind, infoset, start, child)
    parent = np.repeat(np.arange(inner.size), arity)
    gap = np.where(child >= 0, level[child] - level[parent] - 1, 0)
    long = np.flatnonzero(gap)
    if not long.size:
        return _Units(kind, infoset, level, arity, start, child, entered)
    count = gap[long]
    first = inner.size + np.concatenate([[0], np.cumsum(count)[:-1]])
    total = int(count.sum())
    edge = np.repeat(long, count)
    step = np.arange(total) - np.repeat(first - inner.size, count)
    last = step == np.repeat(count, count) - 1
    pass_child = np.where(last, child[edge], inner.size + np.arange(total) + 1)
    child = child.copy()
    child[long] = first
    return _Units(
        kind=np.concatenate([kind, np.full(total, CHANCE, dtype=kind.dtype)]),
        infoset=np.concatenate([infoset, np.full(total, -1)]),
        level=np.concatenate([level, level[parent[edge]] + 1 + step]),
        arity=np.concatenate([arity, np.ones(total, dtype=np.int64)]),
        start=np.concatenate([start, start[-1] + 1 + np.arange(total)]),
        child=np.concatenate([child, pass_child]),
        node=np.concatenate([entered, np.full(total, n)]),
    )


def _levels(
    game: ExtensiveGame, kind: NDArray[np.int8], infoset: Indices, start: Indices, child: Indices
) -> Indices:
    """Longest path from the root to each unit when the members of an information set move together.

    Groups (information sets, or single chance nodes) are peeled off one generation at a time; what never becomes
    ready lies on a cycle.
    """
    size, n_sets = kind.size, game.infoset_player.size
    group = np.where(kind == DECISION, infoset, n_sets + np.arange(size))
    waiting = np.bincount(group, minlength=n_sets + size)
    by_group = np.argsort(group, kind="stable")
    group_start = np.searchsorted(group[by_group], np.arange(n_sets + size + 1))
    level = np.full(size, -1, dtype=np.int64)
    arrived = np.zeros(min(size, 1), dtype=np.int64)
    generation = 0
    pending = waiting.copy()
    while arrived.size:
        touched, times = np.unique(group[arrived], return_counts=True)
        pending[touched] -= times
        ready = touched[pending[touched] == 0]
        units = by_group[_ranges(group_start[ready], group_start[ready + 1])]
        level[units] = generation
        arrived = child[_ranges(start[units], start[units + 1])]
        arrived = arrived[arrived >= 0]
        generation += 1
    stuck = np.flatnonzero((level < 0) & (kind == DECISION))
    # A set that waits only because it lies below a cycle is named too; the first few are enough to find the cycle.
    if stuck.size or (level < 0).any():
        names = [
            game.infoset_label[i] or f"number {game.infoset_number[i]}" for i in np.unique(infoset[stuck])[:4]
        ]
        raise refuse(
            "no-order-in-time",
            "the information sets cannot be put in an order of time: "
            + ", ".join(names)
            + " can each come before and after another",
            hint="games in which a player does not know whether an opponent has moved already are not solved yet",
        )
    return level


def _ranges(start: Indices, stop: Indices) -> Indices:
    """Concatenate the ranges [start, stop)."""
    count = stop - start
    if not count.size:
        return np.zeros(0, dtype=np.int64)
    offset = np.concatenate([[0], np.cumsum(count)[:-1]])
    return np.arange(int(count.sum())) + np.repeat(start - offset, count)


def _round_up(x: Indices) -> Indices:
    return (2 ** np.ceil(np.log2(np.maximum(x, 1)))).astype(np.int64)


def _blocks(
    game: ExtensiveGame, units: _Units, here: Indices, belief: int
) -> tuple[tuple[Block, ...], Indices, Indices, tuple[Indices, Indices]]:
    """Put the units of one level into blocks.

    Returns the blocks, [slot] units, [edge] positions in `units.child`, ([choice] information set, [choice] move).
    """
    decision = units.kind[here] == DECISION
    # A group is an information set or one chance node; members in the order of the tree.
    group_key = np.where(decision, units.infoset[here], game.infoset_player.size + np.arange(here.size))
    order = np.argsort(group_key, kind="stable")
    here, key = here[order], group_key[order]
    first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    members = np.diff(np.concatenate([first, [here.size]]))
    lead = here[first]
    is_set = units.kind[lead] == DECISION
    player = (
        np.where(is_set, game.infoset_player[np.where(is_set, units.infoset[lead], 0)], -1)
        if (game.infoset_player.size)
        else np.full(lead.size, -1)
    )
    arity = units.arity[lead]
    shape = np.stack([player, members, arity], axis=1)
    shapes, which = np.unique(shape, axis=0, return_inverse=True)
    if len(shapes) > MANY_SHAPES:
        shape = np.stack([player, _round_up(members), _round_up(arity)], axis=1)
        shapes, which = np.unique(shape, axis=0, return_inverse=True)
    which = which.ravel()
    blocks, slots, edges, sets, moves = [], [], [], [], []
    slot = edge = choice = 0
    for index, (who, most_members, most_moves) in enumerate(shapes):
        groups = np.flatnonzero(which == index)
        m, a, i = int(most_members), int(most_moves), groups.size
        member = np.arange(m)[:, None]
        there = member < members[groups]
        unit = np.where(there, here[np.where(there, first[groups] + member, 0)], -1)
        move = np.arange(a)[:, None]
        exists = move < arity[groups]
        both = there[None] & exists[:, None]
        at = np.where(both, units.start[unit][None] + move[:, :, None], -1)
        strategic = who >= 0
        infoset = units.infoset[lead[groups]] if strategic else np.zeros(0, dtype=np.int64)
        uncertain = strategic and m > 1
        blocks.append(
            Block(
                player=int(who),
                members=m,
                moves=a,
                sets=i,
                slot=slot,
                edge=edge,
                choice=choice,
                belief=belief if uncertain else -1,
                infoset=infoset,
                member_exists=None if there.all() else there,
                move_exists=None if exists.all() else exists,
            )
        )
        slots.append(unit.ravel())
        edges.append(at.ravel())
        slot += m * i
        edge += a * m * i
        belief += m * i if uncertain else 0
        if strategic:
            sets.append(np.broadcast_to(infoset, (a, i)).ravel())
            moves.append(np.broadcast_to(move, (a, i)).ravel())
            choice += a * i
    nothing = [np.zeros(0, dtype=np.int64)]
    return (
        tuple(blocks),
        np.concatenate(slots),
        np.concatenate(edges),
        (np.concatenate(sets or nothing), np.concatenate(moves or nothing)),
    )
