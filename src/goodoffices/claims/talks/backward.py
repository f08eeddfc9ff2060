"""Machines run backward over a solution on a grid of beliefs: exact expectations, no simulation.

Receives a solution that kept its choices, and `Run`s (a machine, the parties whose types are supposed, what is summed);
returns one array for each run. Strategies and posterior beliefs at the nodes are the solver's; what follows a turn is
looked up at the beliefs after it. All runs share what a round's strategies need to be prepared.

Where a party's type is not supposed, it is as the public believes: given what has been seen, types of different parties
are independent, and so an expectation over the others' types is one over public beliefs.

Index letters: n node of a machine, o output, g... cell of the grid, b draw.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from goodoffices.claims.talks.machine import Machine
from goodoffices.claims.talks.stencils import at_points, carry, weights_at
from goodoffices.games.recursive import Choices, Floats, Ints, RecursiveGame, RecursiveSolution, list_choices

STATIONARY = 1e-10
"""Answers about talks without end are iterated until a further round changes them by less."""
MOST_ROUNDS = 5000


@dataclass(frozen=True, eq=False)
class Run:
    """One machine to be run."""

    machine: Machine
    types: Mapping[int, int] = field(default_factory=dict[int, int])
    """Party -> own type that is supposed; the others are as the public believes."""
    kind: str = "P"
    """As of `Item`."""
    party: int = -1
    """Of `value`, `choice` and `cost`."""
    moves: tuple[int, ...] = ()
    """[c] for `choice` and `cost`: which of the party's moves each choice of the game is, -1 for others'."""
    outputs: int = 2
    costs: Floats | None = None
    """[c, k, b] of `cost`."""

    @property
    def counts_starts(self) -> bool:
        """Whether the first output is the probability that the question starts."""
        return self.kind in ("P", "value", "belief")


def run_backward(solution: RecursiveSolution, runs: Sequence[Run]) -> list[Floats]:
    """Expectations at the outset, [output, b] for each run.

    Outputs by kind. `P`: probability that the question starts, and that it starts and its event happens. `value`: that
    it starts, and what the party gets from there on, in utility of the round in which it starts. `belief`: that it
    starts (once). `choice`: that it starts and each move is made at the decision. `cost`: that the decision is come to
    with each move available, times the move's cost; then the same without the cost.
    """
    if not solution.log_choice:
        raise ValueError("questions need a solution that kept its choices")
    work = _Work(solution)
    states = [_State(work, run) for run in runs]
    slots = len(solution.game.slots)
    if solution.rounds is None:
        _to_stationarity(work, states)
    else:
        for r in range(solution.rounds - 1, -1, -1):
            turns = [work.turn(r, slot) for slot in range(slots)]
            for state in states:
                for slot in range(slots - 1, -1, -1):
                    state.step(turns[slot], state.layers[r * slots + slot])
    return [state.at_outset() for state in states]


def _to_stationarity(work: _Work, states: Sequence[_State]) -> None:
    slots = len(work.game.slots)
    turns = [work.turn(0, slot) for slot in range(slots)]
    for state in states:
        everything = np.ones(len(state.machine.place), dtype=bool)
        change = np.full(work.width, np.inf)
        for n in range(MOST_ROUNDS):
            before = state.ahead
            for slot in range(slots - 1, -1, -1):
                state.step(turns[slot], everything)
            cells = tuple(range(state.ahead.ndim - 1))
            change = np.abs(state.ahead - before).max(axis=cells, initial=0.0)
            # A question that runs for some rounds changes nothing at the outset before it has gone over all of them.
            if n > state.machine.longest and not (change > STATIONARY).any():
                break
        state.ahead[..., change > STATIONARY] = np.nan


class _Work:
    """What does not depend on the question."""

    def __init__(self, solution: RecursiveSolution) -> None:
        self.solution, self.game = solution, solution.game
        self.choices: Choices = list_choices(self.game)
        bounds: list[int] = np.cumsum([0, *(k - 1 for k in self.game.types)]).tolist()
        self.axes = [list(range(a, b)) for a, b in itertools.pairwise(bounds)]
        self.width = solution.data.discount.shape[-1]
        self.shape = tuple(len(nodes) for nodes in solution.axes)

    def turn(self, r: int, slot: int) -> _Turn:
        return _Turn(self, r, slot)

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
        rows: list[Floats] = []
        for prior in self.solution.data.prior:
            left = np.ones(self.width)
            for share in prior[:-1]:
                with np.errstate(invalid="ignore", divide="ignore"):
                    rows.append(np.where(left > 0, share / left, 0.0))
                left = left - share
        return np.clip(np.array(rows).reshape(len(self.solution.axes), self.width), 0.0, 1.0)


def shares(coordinates: Floats, shape: tuple[int, ...]) -> Floats:
    """[type, ...] probabilities from stick-breaking coordinates [coordinate, ...]."""
    left: Floats = np.ones(shape)
    parts: list[Floats] = []
    for x in coordinates:
        parts.append(left * x)
        left = left * (1 - x)
    return np.stack([*parts, left])


class _Turn:
    """The strategies of one slot in one round, prepared as far as any question needs them."""

    def __init__(self, work: _Work, r: int, slot: int) -> None:
        self.work, self.r, self.slot = work, r, slot
        self.game: RecursiveGame = work.game
        self.first = int(np.searchsorted(self.game.place_slot[work.choices.place], slot))
        self.closing = slot == len(self.game.slots) - 1
        self._chance: dict[tuple[int, int], Floats] = {}
        self._weights: dict[int, list[Floats]] = {}
        self._after: dict[int, Floats] = {}

    def chance(self, choice: int, types: Mapping[int, int]) -> Floats:
        """[g..., b] probability of a choice, for the supposed type of its mover or as the public expects."""
        party = int(self.work.choices.party[choice])
        own = types.get(party, -1)
        if (choice, own) not in self._chance:
            logs = self.work.solution.log_choice[self.r][self.slot][choice - self.first]
            count = self.game.types[party]
            self._chance[choice, own] = (
                np.exp(logs[own]) if own >= 0 else (self.work.beliefs[party] * np.exp(logs[:count])).sum(0)
            )
        return self._chance[choice, own]

    def coordinates(self, choice: int) -> Floats:
        """[coordinate, g..., b] of the belief about the mover after the choice."""
        count = len(self.work.axes[int(self.work.choices.party[choice])])
        return self.work.solution.posterior[self.r][self.slot][choice - self.first][:count]

    def weights(self, choice: int) -> list[Floats]:
        """Weights of the nodes of each axis of the mover, at the beliefs after the choice."""
        if choice not in self._weights:
            axes = self.work.axes[int(self.work.choices.party[choice])]
            self._weights[choice] = [
                weights_at(x, self.work.solution.axes[a])
                for a, x in zip(axes, self.coordinates(choice), strict=True)
            ]
        return self._weights[choice]

    def after(self, choice: int) -> Floats:
        """[type, g..., b] belief about the mover after the choice."""
        if choice not in self._after:
            self._after[choice] = shares(self.coordinates(choice), (*self.work.shape, self.work.width))
        return self._after[choice]

    def taken(self, action: int) -> Ints:
        """The choices that an action is made of."""
        row = self.work.choices.of_action[action]
        return row[row >= 0]

    def paid(self, edge: int, party: int, types: Mapping[int, int]) -> Floats | float:
        """[g..., b] what an edge pays the party, given what is believed after its action."""
        game = self.game
        pay = self.work.solution.data.payoff[edge, :, party]
        if not pay.any():
            return 0.0
        moved = {int(self.work.choices.party[c]): int(c) for c in self.taken(int(game.edge_action[edge]))}
        out = np.zeros((*self.work.shape, self.work.width))
        for k in range(game.profiles):
            own = game.profile_types[:, k]
            if any(own[p] != t for p, t in types.items()) or not pay[k].any():
                continue
            weight: Floats | float = 1.0
            for p, t in enumerate(own.tolist()):
                if p in types or game.types[p] == 1:
                    continue
                weight = weight * (self.after(moved[p]) if p in moved else self.work.beliefs[p])[t]
            out += weight * pay[k]
        return out


class _State:
    """One run on its way back: what is expected at the nodes of the slot that was done last."""

    def __init__(self, work: _Work, run: Run) -> None:
        self.work, self.run, self.machine = work, run, run.machine
        game = work.game
        self.slot_of = game.place_slot[self.machine.place]
        self.position = np.zeros(len(self.slot_of), dtype=np.int64)
        for slot in range(len(game.slots)):
            mine = np.flatnonzero(self.slot_of == slot)
            self.position[mine] = np.arange(len(mine))
        self.action = game.edge_action[self.machine.edge]
        self.by_slot = [self._grouped(slot) for slot in range(len(game.slots))]
        self.ahead = self._at_the_end()

    def _grouped(self, slot: int) -> list[tuple[int, list[int]]]:
        """(action, its transitions) of a slot."""
        mine = np.flatnonzero(self.slot_of[self.machine.node] == slot)
        order = mine[np.argsort(self.action[mine], kind="stable")]
        actions, begin = np.unique(self.action[order], return_index=True)
        parts = np.split(order, begin[1:]) if len(order) else []
        return [(int(a), part.tolist()) for a, part in zip(actions, parts, strict=True)]

    @cached_property
    def layers(self) -> list[np.ndarray]:
        """[layer][n] whether play can come to the node there."""
        machine, rounds = self.machine, self.work.solution.rounds or 1
        live = np.zeros(len(self.slot_of), dtype=bool)
        live[0] = True
        out: list[np.ndarray] = []
        going = machine.to >= 0
        for _ in range(rounds * len(self.work.game.slots)):
            out.append(live)
            follows = going & live[machine.node]
            live = np.zeros(len(self.slot_of), dtype=bool)
            live[machine.to[follows]] = True
        return out

    def _at_the_end(self) -> Floats:
        """[node of slot 0, o, g..., b]"""
        work, run, machine = self.work, self.run, self.machine
        mine = np.flatnonzero(self.slot_of == 0)
        out = np.zeros((len(mine), run.outputs, *work.shape, work.width))
        if run.kind == "P":
            out[machine.final[mine], 1] = 1.0
        if run.kind == "value" and work.solution.rounds is not None:
            for i, n in enumerate(mine.tolist()):
                if machine.started[n]:
                    out[i, 1] = self._end(int(machine.place[n]))
        return out

    def _end(self, place: int) -> Floats:
        game, run = self.work.game, self.run
        pay = self.work.solution.data.end[place, :, run.party]
        out = np.zeros((*self.work.shape, self.work.width))
        for k in range(game.profiles):
            own = game.profile_types[:, k].tolist()
            if any(own[p] != t for p, t in run.types.items()):
                continue
            weight: Floats | float = 1.0
            for p, t in enumerate(own):
                if p not in run.types and game.types[p] > 1:
                    weight = weight * self.work.beliefs[p][t]
            out += weight * pay[k]
        return out

    def step(self, turn: _Turn, live: np.ndarray) -> None:
        """One slot back."""
        work, run, machine = self.work, self.run, self.machine
        data = work.solution.data
        count = int((self.slot_of == turn.slot).sum())
        out = np.zeros((count, run.outputs, *work.shape, work.width))
        for action, transitions in self.by_slot[turn.slot]:
            mine = [t for t in transitions if live[machine.node[t]]]
            if not mine:
                continue
            taken = turn.taken(action)
            chance: Floats | float = 1.0
            for c in taken.tolist():
                chance = chance * turn.chance(c, run.types)
            targets = np.unique(machine.to[mine])
            targets = targets[targets >= 0]
            found = self._carried(turn, taken, targets)
            for t in mine:
                n, e, to = int(machine.node[t]), int(machine.edge[t]), int(machine.to[t])
                at = out[self.position[n]]
                weight = chance * data.odds[e]
                counts = run.kind == "value" and bool(machine.begins[t] or machine.started[n])
                if to >= 0:
                    ahead = found[int(np.searchsorted(targets, to))]
                    at[0] += weight * ahead[0]
                    if run.outputs > 1:
                        factor = data.discount if counts and turn.closing else 1.0
                        at[1:] += weight * factor * ahead[1:]
                if machine.begins[t] and run.counts_starts:
                    at[0] += weight
                if machine.wins[t]:
                    at[1] += weight
                if counts:
                    at[1] += weight * turn.paid(e, run.party, run.types)
        for n in np.flatnonzero(machine.reads & live & (self.slot_of == turn.slot)).tolist():
            out[self.position[n]] = self._read(turn, int(machine.place[n]))
        self.ahead = out

    def _carried(self, turn: _Turn, taken: Ints, targets: Ints) -> Floats:
        """[target, o, g..., b] what follows, at the beliefs after the moves."""
        work = self.work
        axes: list[int] = []
        weights: list[Floats] = []
        for c in taken.tolist():
            axes += work.axes[int(work.choices.party[c])]
            weights += turn.weights(c)
        values = self.ahead[self.position[targets]]
        return carry(values, axes, weights) if len(targets) else values

    def _read(self, turn: _Turn, place: int) -> Floats:
        """[o, g..., b] the choices, or the costs, of the party's decision at a place."""
        work, run = self.work, self.run
        out = np.zeros((run.outputs, *work.shape, work.width))
        mine = np.flatnonzero((work.choices.place == place) & (work.choices.party == run.party))
        for c in mine.tolist():
            move = run.moves[c]
            if run.kind == "choice":
                out[move] += turn.chance(c, run.types)
                continue
            assert run.costs is not None
            out[move] += self._cost(run.costs[c])
            out[run.outputs // 2 + move] += 1.0
        return out

    def _cost(self, costs: Floats) -> Floats:
        """[g..., b] of costs [k, b], over the types that are not supposed."""
        game, types = self.work.game, self.run.types
        out = np.zeros((*self.work.shape, self.work.width))
        for k in range(game.profiles):
            own = game.profile_types[:, k].tolist()
            if any(own[p] != t for p, t in types.items()):
                continue
            weight: Floats | float = 1.0
            for p, t in enumerate(own):
                if p not in types and game.types[p] > 1:
                    weight = weight * self.work.beliefs[p][t]
            out += weight * costs[k]
        return out

    def at_outset(self) -> Floats:
        """[o, b] at the prior, times the probability of the supposed types."""
        work, run = self.work, self.run
        found = at_points(self.ahead[self.position[0]], work.prior_points, work.solution.axes)
        if run.counts_starts and self.machine.started[0]:
            found[0] = 1.0
        share = np.ones(work.width)
        for party, own in run.types.items():
            share = share * work.solution.data.prior[party][own]
        return found * share
