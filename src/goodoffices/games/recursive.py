"""The recursive form: the same round again and again, with private types that the parties learn about.

A *place* is a public state at a slot of the round. At a place one party moves, several move at once, or nobody does
(chance, or nothing to choose). Each joint move (an *action*) leads along its *edges* to places of the next slot, with
given odds; after the last slot a new round begins, and what follows is discounted.

Index letters: s place, a action, e edge, j mover of a slot, m a mover's own move, p party, k type profile, b draw
(always the last axis, absent for a single game).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RecursiveGame:
    """The structure of one round; every round is the same. Types are independent across parties."""

    title: str
    players: tuple[str, ...]
    """[p] names of the parties."""
    types: tuple[int, ...]
    """[p] number of private types, one for a party without any."""
    profile_types: Ints
    """[p, k] own type of each party in each profile; every combination stands there once, in any order."""
    slots: tuple[tuple[int, ...], ...]
    """Parties that move at each slot of the round, at the same time where several; empty where nobody chooses."""
    place_slot: Ints
    """[s] slot of the round, ascending."""
    action_place: Ints
    """[a] where the joint move can be made, ascending. A place's actions are all combinations of its movers' moves."""
    action_moves: Ints
    """[a, j] number of the own move of each mover of the slot (any labels, ascending), -1 past the last mover."""
    edge_action: Ints
    """[e] ascending."""
    edge_to: Ints
    """[e] a place of the following slot (of slot 0 after the last)."""
    start: int = 0
    """Where play begins."""
    place_labels: tuple[str, ...] = ()
    """[s] readable names, or none."""

    def __post_init__(self) -> None:
        problem = _problem(self)
        if problem:
            raise ValueError(f"not a recursive game: {problem}")

    @property
    def profiles(self) -> int:
        """Number of type profiles."""
        return math.prod(self.types)

    def label(self, place: int) -> str:
        """A readable name of a place."""
        return self.place_labels[place] if self.place_labels else f"place {place}"


@dataclass(frozen=True, eq=False)
class RecursiveData:
    """The numbers of a recursive game; every array may carry a last axis b."""

    payoff: Floats
    """[e, k, p] paid when the edge is taken (costs, and values of the round on its last edges); utility."""
    odds: Floats
    """[e] probability of the edge given its action; the same for all types, so that nothing is learned from it."""
    end: Floats
    """[s, k, p] paid where play ends after the last round, at places of slot 0 (others are not read); utility."""
    prior: tuple[Floats, ...]
    """[p][type] probability of each type at the outset."""
    rationality: Floats
    """[p] precision of choice, 1/utility."""
    discount: Floats
    """[] per round: what is paid after the last slot of a round is multiplied by it."""


@dataclass(frozen=True, eq=False)
class BeliefCertificate:
    """Independent evidence for a solution of the recursive form; arrays [b]."""

    logit_residual: Floats
    """Largest |log p_a - log p_b - rationality (Q_a - Q_b)| over the cells of the grid, by the stored values."""
    belief_error: Floats
    """Largest difference in probability between the posterior beliefs that the solver used and Bayes' rule."""
    value_error: Floats
    """Largest difference between the stored values and those that the stored strategies give, on the grid; utility."""
    off_grid: Floats
    """Largest difference between the interpolated values and those of the stage game solved anew, at sampled beliefs
    between the nodes: the Bellman residual, which measures how fine the grid is; utility."""
    off_grid_mean: Floats
    """Mean of the same differences; utility."""
    samples: int
    """Number of (state, belief) pairs that were sampled for each draw."""


BELIEF_STATUS = {
    0: "converged",
    1: "a cell of the grid has no solution that could be reached along the branch",
    2: "values did not become stationary in the rounds allowed",
    3: "the data are not finite",
    4: "the grid is not fine enough for the accuracy asked for",
    5: "it was interrupted",
}
"""What each status means, as a sentence fragment."""


@dataclass(frozen=True, eq=False)
class FailedCell:
    """A cell of the grid that was not solved."""

    draw: int
    round: int
    """Round, from zero."""
    place: int
    belief: tuple[float, ...]
    """Coordinates of the public belief on each axis of the grid."""
    residual: float
    """What was left of the fixed point's equation, in log-odds."""


@dataclass(frozen=True, eq=False)
class Survey:
    """Statistics of a solve: how many cells were solved, how, and what failed."""

    cells: int = 0
    """Cells with a fixed point to solve, over all rounds and draws."""
    traced: int = 0
    """Of these, cells handed to the robust path."""
    proven: int = 0
    """Of these, cells whose fixed point was proven to be the only one."""
    seconds: float = 0.0
    failed: tuple[FailedCell, ...] = field(default=())


def _problem(game: RecursiveGame) -> str | None:
    """What is wrong with the structure, or None."""
    slots, place_slot = game.slots, game.place_slot
    if not slots or not len(place_slot):
        return "no slots or no places"
    if len(game.types) != len(game.players) or min(game.types) < 1:
        return "every party needs a number of types"
    combinations = {tuple(row) for row in game.profile_types.T.tolist()}
    inside = (game.profile_types >= 0) & (game.profile_types < np.array(game.types)[:, None])
    if len(combinations) != game.profiles or game.profile_types.shape[1] != game.profiles or not inside.all():
        return "profiles must be every combination of types, once"
    if any(len(set(movers)) < len(movers) for movers in slots):
        return "a party moves twice at one slot"
    for name in ("place_slot", "action_place", "edge_action"):
        if (np.diff(getattr(game, name)) < 0).any():
            return f"`{name}` must ascend"
    if set(game.action_place.tolist()) != set(range(len(place_slot))):
        return "every place needs an action"
    if set(game.edge_action.tolist()) != set(range(len(game.action_place))):
        return "every action needs an edge"
    source = place_slot[game.action_place[game.edge_action]]
    if (place_slot[game.edge_to] != (source + 1) % len(slots)).any():
        return "an edge does not lead to the next slot"
    for s, slot in enumerate(int(i) for i in place_slot):
        moves: Ints = game.action_moves[game.action_place == s][:, : len(slots[slot])]
        rows: list[tuple[int, ...]] = [tuple(row) for row in moves.tolist()]
        size = math.prod(len(np.unique(column)) for column in moves.T)
        if len(set(rows)) != len(rows) or size != len(rows):
            return f"the actions of {game.label(s)} are not all combinations of its movers' moves"
        if rows != sorted(rows):
            return f"the actions of {game.label(s)} are not in order"
    return None


def reachable(game: RecursiveGame, rounds: int) -> NDArray[np.bool_]:
    """[r, s] whether play can come to each place in each round, whatever anybody does; r runs to `rounds` inclusive."""
    found = np.zeros((rounds + 1, len(game.place_slot)), dtype=bool)
    found[0, game.start] = True
    source = game.action_place[game.edge_action]
    for r in range(rounds):
        for slot in range(len(game.slots)):
            here = (game.place_slot[source] == slot) & found[r, source]
            following = r + (slot == len(game.slots) - 1)
            found[following, game.edge_to[here]] = True
    return found


@dataclass(frozen=True, eq=False)
class Choices:
    """The own moves of every mover at every place; index letter c, ordered by place, then mover, then move."""

    place: Ints
    """[c]"""
    mover: Ints
    """[c] which of the slot's movers."""
    party: Ints
    """[c]"""
    move: Ints
    """[c] number of the move, as in `action_moves`."""
    of_action: Ints
    """[a, j] the choice that each mover makes in an action, -1 past the last mover."""


def list_choices(game: RecursiveGame) -> Choices:
    """Number the own moves of every mover at every place."""
    rows: list[tuple[int, int, int, int]] = []
    of_action = np.full((len(game.action_place), max(1, *(len(m) for m in game.slots))), -1, dtype=np.int64)
    for s, slot in enumerate(int(i) for i in game.place_slot):
        actions = np.flatnonzero(game.action_place == s)
        for j, party in enumerate(game.slots[slot]):
            moves: list[int] = np.unique(game.action_moves[actions, j]).tolist()
            for move in moves:
                of_action[actions[game.action_moves[actions, j] == move], j] = len(rows)
                rows.append((s, j, party, move))
    table = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return Choices(table[0], table[1], table[2], table[3], of_action)


@dataclass(frozen=True, eq=False)
class RecursiveSolution:
    """Values and strategies on a grid of public beliefs, with status and certificate.

    Components of values are (party, own type), parties in order: index letter v. Grids have one axis for each
    coordinate of belief (index letters g...), stick-breaking coordinates as in `axes`.
    """

    game: RecursiveGame
    data: RecursiveData
    """The numbers, every array with its axis of draws."""
    axes: tuple[Floats, ...]
    """Nodes of each coordinate of belief: a party with K types has K - 1, coordinate j being the probability of type j
    among types j, j + 1, ...; parties in order."""
    rounds: int | None
    """Number of rounds; None for open-ended talks, whose arrays hold one round, the same for ever."""
    root: Floats
    """[v, b] values at the start and the prior, before anybody knows more than the own type; utility."""
    values: tuple[tuple[Floats, ...], ...]
    """[round][slot][place of the slot, v, g..., b]; after the last round one entry, of slot 0, what is paid at the end.
    Empty where values were not kept."""
    log_choice: tuple[tuple[Floats, ...], ...]
    """[round][slot][choice of the slot, type, g..., b] natural logarithm of each type's probability of each move."""
    posterior: tuple[tuple[Floats, ...], ...]
    """[round][slot][choice of the slot, coordinate, g..., b] coordinates of the belief in the mover's type after each
    move, as the solver used them."""
    status: NDArray[np.int8]
    """[b] a key of `BELIEF_STATUS`."""
    certificate: BeliefCertificate | None
    survey: Survey
    from_outset: bool = False
    """Whether what is at stake in a choice is discounted to the outset (as on the leaves of a tree) or to the turn."""


def select_draws(solution: RecursiveSolution, draws: slice) -> RecursiveSolution:
    """The solution of some of the draws; arrays are views, and the certificate is left out."""

    def cut(levels: tuple[tuple[Floats, ...], ...]) -> tuple[tuple[Floats, ...], ...]:
        return tuple(tuple(array[..., draws] for array in level) for level in levels)

    data = solution.data
    part = RecursiveData(
        data.payoff[..., draws],
        data.odds[..., draws],
        data.end[..., draws],
        tuple(p[..., draws] for p in data.prior),
        data.rationality[..., draws],
        data.discount[..., draws],
    )
    return replace(
        solution,
        data=part,
        root=solution.root[:, draws],
        values=cut(solution.values),
        log_choice=cut(solution.log_choice),
        posterior=cut(solution.posterior),
        status=solution.status[draws],
        certificate=None,
    )


def begin_at(
    solution: RecursiveSolution, *, round: int, place: int, beliefs: tuple[Floats, ...], root: Floats
) -> RecursiveSolution:
    """What is left of a solution at a place, as the solution of a game that begins there; the certificate is left out.

    Args:
        solution: one that kept its values and choices.
        round: from zero.
        place: where play goes on.
        beliefs: [p][type, b] public beliefs there, in the place of the prior.
        root: [v, b] values there, as in `RecursiveSolution.root`.
    """
    r = 0 if solution.rounds is None else round
    return replace(
        solution,
        game=replace(solution.game, start=place),
        data=replace(solution.data, prior=beliefs),
        rounds=None if solution.rounds is None else solution.rounds - round,
        root=root,
        values=solution.values[r:],
        log_choice=solution.log_choice[r:],
        posterior=solution.posterior[r:],
        certificate=None,
    )


def components(game: RecursiveGame) -> list[tuple[int, int]]:
    """(party, own type) of each component of values."""
    return [(p, t) for p, count in enumerate(game.types) for t in range(count)]
