"""The strategies of a turn, prepared for questions: probabilities, where beliefs go, what is paid.

Receives a solution on a grid of beliefs; `Turn` hands out, each computed once and only if asked for, what one slot of
one round means for expectations. Index letters: k type profile, g... cell of the grid, b draw.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from goodoffices.claims.talks.stencils import weights_at
from goodoffices.games.recursive import Choices, Floats, RecursiveGame, RecursiveSolution, list_choices

Types = Mapping[int, int]
"""Party -> own type that is supposed; the others are as the public believes."""


class Solved:
    """A solution with what does not depend on the turn."""

    def __init__(self, solution: RecursiveSolution) -> None:
        self.solution = solution
        self.game: RecursiveGame = solution.game
        self.choices: Choices = list_choices(self.game)
        bounds: list[int] = np.cumsum([0, *(k - 1 for k in self.game.types)]).tolist()
        self.axes = [list(range(a, b)) for a, b in itertools.pairwise(bounds)]
        """[party] the axes of beliefs about it."""
        self.width: int = solution.data.discount.shape[-1]
        self.shape = tuple(len(nodes) for nodes in solution.axes)

    @cached_property
    def beliefs(self) -> list[Floats]:
        """[party][type, g..., 1] public belief at every cell."""
        nodes = self.solution.axes
        mesh: list[Floats] = list(np.meshgrid(*nodes, indexing="ij")) if nodes else []
        cells = np.stack(mesh)[..., None] if mesh else np.zeros((0, 1))
        return [shares(cells[axes], (*self.shape, 1)) for axes in self.axes]

    @cached_property
    def prior_points(self) -> Floats:
        """[axis, b] coordinates of the prior."""
        return coordinates(self.solution.data.prior)

    def expected(self, table: Floats, types: Types, moved: Mapping[int, Floats] | None = None) -> Floats:
        """[g..., b] mean of a table [k, b] over the types that are not supposed.

        `moved`: party -> belief about it [type, g..., b], where that is not the grid's own.
        """
        game = self.game
        beliefs = dict(enumerate(self.beliefs)) | dict(moved or {})
        out = np.zeros((*self.shape, self.width))
        for k in range(game.profiles):
            own: list[int] = game.profile_types[:, k].tolist()
            if any(own[p] != t for p, t in types.items()) or not table[k].any():
                continue
            weight: Floats | float = 1.0
            for p, t in enumerate(own):
                if p not in types and game.types[p] > 1:
                    weight = weight * beliefs[p][t]
            out += weight * table[k]
        return out


class Turn:
    """The strategies of one slot in one round."""

    def __init__(self, solved: Solved, r: int, slot: int) -> None:
        self.solved, self.r, self.slot = solved, r, slot
        self.game = solved.game
        self.first = int(np.searchsorted(self.game.place_slot[solved.choices.place], slot))
        self.closing = slot == len(self.game.slots) - 1
        self._chance: dict[tuple[int, int], Floats] = {}
        self._weights: dict[int, list[Floats]] = {}
        self._after: dict[int, Floats] = {}
        self._weight: dict[tuple[int, tuple[tuple[int, int], ...]], Floats] = {}
        self._paid: dict[tuple[int, int, tuple[tuple[int, int], ...]], Floats | None] = {}

    def taken(self, action: int) -> list[int]:
        """The choices that an action is made of."""
        return [c for c in self.solved.choices.of_action[action].tolist() if c >= 0]

    def chance(self, choice: int, types: Types) -> Floats:
        """[g..., b] probability of a choice, for the supposed type of its mover or as the public expects."""
        party = int(self.solved.choices.party[choice])
        own = types.get(party, -1)
        if (choice, own) not in self._chance:
            logs = self.solved.solution.log_choice[self.r][self.slot][choice - self.first]
            count = self.game.types[party]
            self._chance[choice, own] = (
                np.exp(logs[own]) if own >= 0 else (self.solved.beliefs[party] * np.exp(logs[:count])).sum(0)
            )
        return self._chance[choice, own]

    def weight(self, action: int, edge: int, types: Types) -> Floats:
        """[g..., b] or [b] probability of an edge."""
        key = (edge, tuple(types.items()))
        if key not in self._weight:
            out: Floats = self.solved.solution.data.odds[edge]
            for c in self.taken(action):
                out = out * self.chance(c, types)
            self._weight[key] = out
        return self._weight[key]

    def moved(self, taken: list[int]) -> tuple[list[int], list[Floats]]:
        """Axes along which beliefs move with some choices, and the weights of the nodes where they come to."""
        axes: list[int] = []
        weights: list[Floats] = []
        for c in taken:
            mine = self.solved.axes[int(self.solved.choices.party[c])]
            if c not in self._weights:
                nodes = self.solved.solution.axes
                self._weights[c] = [
                    weights_at(x, nodes[a]) for a, x in zip(mine, self._coordinates(c), strict=True)
                ]
            axes += mine
            weights += self._weights[c]
        return axes, weights

    def paid(self, edge: int, party: int, types: Types) -> Floats | None:
        """[g..., b] what an edge pays the party, given what is believed after its action; None for nothing."""
        key = (edge, party, tuple(types.items()))
        if key not in self._paid:
            pay = self.solved.solution.data.payoff[edge, :, party]
            found = None
            if pay.any():
                taken = self.taken(int(self.game.edge_action[edge]))
                movers = {int(self.solved.choices.party[c]): c for c in taken}
                moved = {p: self._believed(c) for p, c in movers.items() if self.game.types[p] > 1}
                found = self.solved.expected(pay, types, moved)
            self._paid[key] = found
        return self._paid[key]

    def _coordinates(self, choice: int) -> Floats:
        """[coordinate, g..., b] of the belief about the mover after the choice."""
        count = len(self.solved.axes[int(self.solved.choices.party[choice])])
        return self.solved.solution.posterior[self.r][self.slot][choice - self.first][:count]

    def _believed(self, choice: int) -> Floats:
        """[type, g..., b] belief about the mover after the choice."""
        if choice not in self._after:
            shape = (*self.solved.shape, self.solved.width)
            self._after[choice] = shares(self._coordinates(choice), shape)
        return self._after[choice]


def shares(coordinates: Floats, shape: tuple[int, ...]) -> Floats:
    """[type, ...] probabilities from stick-breaking coordinates [coordinate, ...]."""
    left: Floats = np.ones(shape)
    parts: list[Floats] = []
    for x in coordinates:
        parts.append(left * x)
        left = left * (1 - x)
    return np.stack([*parts, left])


def coordinates(beliefs: Sequence[Floats]) -> Floats:
    """[axis, n] stick-breaking coordinates of public beliefs, one party's [type, n] after the other; inverse of `shares`.

    Zero where all earlier types are certain.
    """
    rows: list[Floats] = []
    for belief in beliefs:
        left = np.ones(belief.shape[-1])
        for share in belief[:-1]:
            with np.errstate(invalid="ignore", divide="ignore"):
                rows.append(np.clip(np.where(left > 0, share / left, 0.0), 0.0, 1.0))
            left = left - share
    return np.array(rows).reshape(len(rows), beliefs[0].shape[-1])
