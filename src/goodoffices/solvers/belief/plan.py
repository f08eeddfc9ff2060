"""What a game's structure and a grid say about the work of each slot, settled once before any numbers.

Receives a game and a grid; returns a `Plan`: the places of each slot in groups that are computed alike, with index
arrays, and for draws of numbers the payoff tables of each group. Refuses nothing; turns that need the general solver are
marked so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from goodoffices.games.recursive import (
    Choices,
    Floats,
    Ints,
    RecursiveData,
    RecursiveGame,
    components,
    list_choices,
)
from goodoffices.solvers.belief.grid import BeliefGrid
from goodoffices.solvers.belief.payoffs import expect, of_actions

STILL, PLAIN, SIGNAL, GENERAL = "still", "plain", "signal", "general"


@dataclass(frozen=True, eq=False)
class Group:
    """Places of one slot with the same number of actions; index letters n place of the group, m action, e edge."""

    slot: int
    kind: str
    """`still`: one thing can happen; `plain`: a party without private types chooses; `signal`: a party with two types;
    `general`: several movers, or more types."""
    movers: tuple[int, ...]
    places: Ints
    """[n] places, counted within the slot."""
    actions: Ints
    """[n, m]"""
    edges: Ints
    """[n, m, e] padded with -1."""
    to: Ints
    """[n, m, e] place of the next slot, counted within it; 0 where padded."""
    rows: Ints
    """[n, c] choices, counted within the slot, mover by mover; for one mover as the actions."""
    last: bool
    """Whether the round ends after this slot."""


@dataclass(frozen=True, eq=False)
class Plan:
    """The groups of each slot, and how a game's arrays are laid out."""

    game: RecursiveGame
    grid: BeliefGrid
    parts: list[tuple[int, int]]
    """(party, own type) of each component."""
    choices: Choices
    slot_places: tuple[int, ...]
    """Number of places of each slot."""
    slot_choices: tuple[int, ...]
    """Number of choices of each slot."""
    groups: tuple[tuple[Group, ...], ...]
    """By slot."""

    def part(self, party: int, own: int) -> int:
        """Number of a component."""
        return sum(self.game.types[:party]) + own

    @property
    def compiled(self) -> bool:
        """Whether some turns are solved by compiled code."""
        return any(g.kind == GENERAL for slot in self.groups for g in slot)

    @property
    def signals(self) -> int:
        """Cells with a fixed point in each round and draw."""
        solved = (SIGNAL, GENERAL)
        return self.grid.cells * sum(len(g.places) for s in self.groups for g in s if g.kind in solved)


def make_plan(game: RecursiveGame, grid: BeliefGrid) -> Plan:
    """Sort the places of each slot into groups."""
    choices = list_choices(game)
    slots = range(len(game.slots))
    first = np.searchsorted(game.place_slot, [*slots, len(game.slots)])
    first_row = np.searchsorted(game.place_slot[choices.place], [*slots, len(game.slots)])
    by_action: list[list[int]] = [[] for _ in game.action_place]
    for e, a in enumerate(game.edge_action.tolist()):
        by_action[a].append(e)
    groups = []
    for slot in slots:
        sorts: dict[tuple[str, int, int, tuple[int, ...]], list[int]] = {}
        for s in range(first[slot], first[slot + 1]):
            actions = np.flatnonzero(game.action_place == s)
            width = max(len(by_action[a]) for a in actions.tolist())
            moves = game.action_moves[actions, : len(game.slots[slot])]
            # Two by three moves are six joint moves as three by two are, but no turn of the same kind.
            each = tuple(len(np.unique(column)) for column in moves.T)
            sorts.setdefault((_kind(game, slot, len(actions)), len(actions), width, each), []).append(s)
        made = []
        for (kind, count, width, each), places in sorted(sorts.items(), key=str):
            at = np.array(places)
            actions = np.array([np.flatnonzero(game.action_place == s) for s in places])
            edges = np.full((len(places), count, width), -1, dtype=np.int64)
            for n, m in np.ndindex(actions.shape):
                mine = by_action[actions[n, m]]
                edges[n, m, : len(mine)] = mine
            base = first[(slot + 1) % len(game.slots)]
            to = np.where(edges >= 0, game.edge_to[edges] - base, 0)
            own = np.array([np.flatnonzero(choices.place == s) for s in places]).reshape(
                len(places), sum(each)
            )
            made.append(
                Group(
                    slot,
                    kind,
                    game.slots[slot],
                    at - first[slot],
                    actions,
                    edges,
                    to,
                    own - first_row[slot],
                    slot == len(game.slots) - 1,
                )
            )
        groups.append(tuple(made))
    return Plan(
        game,
        grid,
        components(game),
        choices,
        tuple(np.diff(first).tolist()),
        tuple(np.diff(first_row).tolist()),
        tuple(groups),
    )


def _kind(game: RecursiveGame, slot: int, actions: int) -> str:
    movers = game.slots[slot]
    if actions == 1:
        return STILL
    if not movers:
        raise ValueError("where nobody moves there can be one action only")
    if all(game.types[p] == 1 for p in movers) and len(movers) == 1:
        return PLAIN
    if len(movers) == 1 and game.types[movers[0]] == 2:
        return SIGNAL
    return GENERAL


@dataclass(frozen=True, eq=False)
class Tables:
    """The numbers of one group; grid axes have length one where nothing depends on them."""

    odds: Floats | None
    """[n, m, e, b]; None where every action has one edge."""
    own: Floats
    """[n, m, k, g..., b] payoff of each type of the mover (signal), or [n, m, 1, ...] (plain); empty for others."""
    others: Floats
    """[n, m, v, g..., b] payoff of every component, given the mover's second type (of all components where no party
    with two types moves)."""
    by_type: Floats | None
    """[n, m, v, g..., b] what is added when the mover is of the first type; None where nothing is."""


def tables(plan: Plan, group: Group, data: RecursiveData, payoff: Floats) -> Tables:
    """The numbers of one group; `payoff` is that of all actions."""
    game, grid = plan.game, plan.grid
    odds = None
    if group.edges.shape[2] > 1:
        odds = np.where((group.edges >= 0)[..., None], data.odds[group.edges], 0.0)
    paid = payoff[group.actions]

    def column(party: int, known: dict[int, int]) -> Floats:
        return expect(game, grid, paid[:, :, :, party], known)

    nothing = np.zeros((*group.actions.shape, 0, *(1,) * (len(grid.shape) + 1)))
    if group.kind == GENERAL:  # works from payoffs by profile
        return Tables(odds, nothing, nothing, None)
    if group.kind != SIGNAL:
        others = _stack([column(party, {party: own}) for party, own in plan.parts])
        return Tables(odds, nothing, others, None)
    (mover,) = group.movers
    own = _stack([column(mover, {mover: k}) for k in (0, 1)])
    second, first = (
        _stack(
            [
                column(party, {party: kind, mover: k} if party != mover else {mover: kind})
                for party, kind in plan.parts
            ]
        )
        for k in (1, 0)
    )
    differ = first - second
    return Tables(odds, own, second, differ if np.any(differ) else None)


def _stack(columns: list[Floats]) -> Floats:
    shape = np.broadcast_shapes(*(c.shape for c in columns))
    return np.stack([np.broadcast_to(c, shape) for c in columns], 2)


def all_tables(plan: Plan, data: RecursiveData) -> tuple[tuple[Tables, ...], ...]:
    """The numbers of every group, by slot."""
    payoff = of_actions(plan.game, data)
    return tuple(tuple(tables(plan, g, data, payoff) for g in slot) for slot in plan.groups)
