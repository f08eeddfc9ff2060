"""Machines run backward over a solution on a grid of beliefs: exact expectations, no simulation.

Receives a solution that kept its choices and a machine for each choice of supposed types; returns what every aim of the
machines comes to at the outset. Strategies and posterior beliefs at the nodes are the solver's; what follows a turn is
looked up at the beliefs after it. Machines share what a round's strategies need to be prepared.

Where a party's type is not supposed, it is as the public believes: given what has been seen, types of different parties
are independent, and so an expectation over the others' types is one over public beliefs.

Index letters: n node of a machine, g... cell of the grid, b draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from goodoffices.claims.talks.machine import Machine
from goodoffices.claims.talks.stencils import at_points, carry
from goodoffices.claims.talks.turns import Solved, Turn
from goodoffices.games.recursive import Floats, RecursiveSolution

STATIONARY = 1e-10
"""Answers about talks without end are iterated until a further round changes them by less."""
MOST_ROUNDS = 5000


@dataclass(frozen=True, eq=False)
class Run:
    """A machine to be run."""

    machine: Machine
    types: Mapping[int, int] = field(default_factory=dict[int, int])
    """Party -> own type that is supposed; the others are as the public believes."""
    moves: Mapping[tuple[str, str], tuple[int, ...]] = field(
        default_factory=dict[tuple[str, str], tuple[int, ...]]
    )
    """(party, move) -> the choices of the game that are this move."""
    costs: Floats | None = None
    """[c, k, b] for aims that are costs."""


def run_backward(solution: RecursiveSolution, runs: Sequence[Run]) -> list[Floats]:
    """Expectations at the outset, [aim, b] for each run, times the prior probability of the types supposed."""
    if not solution.log_choice:
        raise ValueError("questions need a solution that kept its choices")
    solved = Solved(solution)
    states = [_State(solved, run) for run in runs]
    slots = len(solution.game.slots)
    begin = int(solution.game.place_slot[solution.game.start])  # a question may start within a round
    if solution.rounds is None:
        turns = [Turn(solved, 0, slot) for slot in range(slots)]
        for state in states:
            state.settle(turns)
            for turn in reversed(turns[begin:] if begin else []):
                state.step(turn, np.ones(len(state.slot_of), dtype=bool))
    else:
        layers = [state.layers(solution.rounds * slots - begin) for state in states]
        for n in range(solution.rounds * slots - 1, begin - 1, -1):
            turn = Turn(solved, *divmod(n, slots))
            for state, live in zip(states, layers, strict=True):
                state.step(turn, live[n - begin])
    return [state.at_outset() for state in states]


class _State:
    """One run on its way back: what is expected at the nodes of the slot that was done last."""

    def __init__(self, solved: Solved, run: Run) -> None:
        self.solved, self.run, self.machine = solved, run, run.machine
        game = solved.game
        self.players = game.players
        self.slot_of = game.place_slot[self.machine.place]
        self.counts = [int((self.slot_of == slot).sum()) for slot in range(len(game.slots))]
        self.position = np.zeros(len(self.slot_of), dtype=np.int64)
        for slot, count in enumerate(self.counts):
            self.position[self.slot_of == slot] = np.arange(count)
        action = game.edge_action[self.machine.edge]
        self.by_slot: list[list[tuple[int, list[int]]]] = []
        """(action, its transitions) of each slot."""
        for slot in range(len(game.slots)):
            mine = np.flatnonzero(self.slot_of[self.machine.node] == slot)
            order = mine[np.argsort(action[mine], kind="stable")]
            actions, begin = np.unique(action[order], return_index=True)
            parts = np.split(order, begin[1:]) if len(order) else []
            self.by_slot.append([(int(a), p.tolist()) for a, p in zip(actions, parts, strict=True)])
        self.ahead = self._at_the_end()

    def layers(self, count: int) -> list[np.ndarray]:
        """[layer][n] whether play can come to the node there."""
        machine = self.machine
        live = np.zeros(len(self.slot_of), dtype=bool)
        live[list(machine.roots)] = True
        out: list[np.ndarray] = []
        going = machine.to >= 0
        for _ in range(count):
            out.append(live)
            follows = going & live[machine.node]
            live = np.zeros(len(self.slot_of), dtype=bool)
            live[machine.to[follows]] = True
        return out

    def _at_the_end(self) -> Floats:
        """[node of slot 0, g..., b]"""
        solved, machine = self.solved, self.machine
        mine = np.flatnonzero(self.slot_of == 0).tolist()
        out = np.zeros((len(mine), *solved.shape, solved.width))
        for i, n in enumerate(mine):
            party = machine.paid_at_the_end[n]
            if machine.final[n]:
                out[i] = 1.0
            elif party is not None and solved.solution.rounds is not None:
                pay = solved.solution.data.end[machine.place[n], :, self.players.index(party)]
                out[i] = solved.expected(pay, self.run.types)
        return out

    def settle(self, turns: Sequence[Turn]) -> None:
        """Go back until a further round changes nothing; what does not settle is not a number."""
        everything = np.ones(len(self.machine.place), dtype=bool)
        change = np.full(self.solved.width, np.inf)
        for n in range(MOST_ROUNDS):
            before = self.ahead
            for turn in reversed(turns):
                self.step(turn, everything)
            cells = tuple(range(self.ahead.ndim - 1))
            change = np.abs(self.ahead - before).max(axis=cells, initial=0.0)
            # A question that runs for some rounds changes nothing at the outset before it has gone over all of them.
            if n > self.machine.longest and not (change > STATIONARY).any():
                break
        self.ahead[..., change > STATIONARY] = np.nan

    def step(self, turn: Turn, live: np.ndarray) -> None:
        """One slot back."""
        machine, run, solved = self.machine, self.run, self.solved
        out = np.zeros((self.counts[turn.slot], *solved.shape, solved.width))
        found: dict[int, Floats] = {}
        for action, transitions in self.by_slot[turn.slot]:
            mine = [t for t in transitions if live[machine.node[t]]]
            if not mine:
                continue
            taken = turn.taken(action)
            axes, weights = turn.moved(taken)
            found.clear()
            for t in mine:
                edge, to, party = int(machine.edge[t]), int(machine.to[t]), machine.pays[t]
                weight = turn.weight(action, edge, run.types)
                at = out[self.position[machine.node[t]]]
                if to >= 0:
                    if to not in found:
                        found[to] = carry(self.ahead[self.position[to]], axes, weights)
                    fades = party is not None and turn.closing
                    at += weight * (found[to] * solved.solution.data.discount if fades else found[to])
                if machine.gains[t]:
                    at += weight
                if party is not None:
                    paid = turn.paid(edge, self.players.index(party), run.types)
                    if paid is not None:
                        at += weight * paid
        for n in np.flatnonzero(live & (self.slot_of == turn.slot)).tolist():
            aim = machine.reads[n]
            if aim is not None:
                out[self.position[n]] = self._read(turn, n)
        self.ahead = out

    def _read(self, turn: Turn, node: int) -> Floats:
        """[g..., b] what is asked about a decision."""
        aim, solved, run = self.machine.reads[node], self.solved, self.run
        out = np.zeros((*solved.shape, solved.width))
        if aim is None or aim.party is None or aim.move is None:
            return out + 1.0  # that the question starts, at the outset
        for c in run.moves[aim.party, aim.move]:
            if solved.choices.place[c] != self.machine.place[node]:
                continue
            if aim.kind == "choice":
                out += turn.chance(c, run.types)
            elif aim.kind == "offered":
                out += 1.0
            else:
                assert run.costs is not None
                out += solved.expected(run.costs[c], run.types)
        return out

    def at_outset(self) -> Floats:
        """[aim, b] at the prior."""
        solved = self.solved
        roots = self.ahead[self.position[list(self.machine.roots)]]
        share = np.ones(solved.width)
        for party, own in self.run.types.items():
            share = share * solved.solution.data.prior[party][own]
        return at_points(roots, solved.prior_points, solved.solution.axes) * share
