"""Play of long talks in which one party follows one world's strategies and all others another's, forward in time.

Receives the same talks solved in two worlds (`gone`, in which the party has one move less, and `here`), machines of events on
the round of `gone`, and returns what events and values come to where the party plays as in `gone` and all others as in `here`.
Nobody's strategy fits both worlds' beliefs, so that each state of play carries the public beliefs of both: a party's strategy
is looked up at the beliefs of its own world, and what is true of types is what follows from how they are really played.

All branches are followed, with their probabilities, while there are no more than `MOST_STATES` for a draw. Above that the
likely ones are kept as they are and the others thinned at random, each with the chance that keeps every expectation what it
is (Fearnhead and Clifford 2003); so short talks are exact up to the grid, and long ones have a sampling error that the spread
over draws contains. Index letters n state of play, b draw, k type profile, o own type.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from goodoffices.claims.talks.machine import Machine
from goodoffices.claims.talks.running import SolvedTalks
from goodoffices.claims.talks.stencils import weights_at
from goodoffices.claims.talks.turns import coordinates
from goodoffices.games.recursive import Choices, Floats, Ints, RecursiveSolution, list_choices

MOST_STATES = 200
"""States of play that are followed for one draw."""
MOST_ROUNDS = 60
"""Rounds of talks without end."""
NOTHING = 1e-9
"""States of play less likely than this are left out."""


@dataclass(frozen=True, eq=False)
class Mixed:
    """What play comes to."""

    events: Floats
    """[machine, b] probability of each event."""
    values: Floats
    """[p, b] what each party gets, discounted to the outset; utility."""


@dataclass(frozen=True, eq=False)
class _Front:
    """States of play at the beginning of a turn."""

    draw: Ints
    """[n] ascending"""
    place: Ints
    """[n] of `gone`"""
    gone: tuple[Floats, ...]
    """[p][own type, n] public beliefs there."""
    here: tuple[Floats, ...]
    """[p][own type, n]"""
    weight: Floats
    """[n] probability."""
    node: Ints
    """[machine, n] where each machine stands, -1 where it is done."""

    def some(self, rows: NDArray[np.bool_] | Ints) -> _Front:
        """Some of the states."""
        return _Front(
            self.draw[rows],
            self.place[rows],
            tuple(x[:, rows] for x in self.gone),
            tuple(x[:, rows] for x in self.here),
            self.weight[rows],
            self.node[:, rows],
        )


class _Side:
    """One of the two worlds: its strategies, looked up at beliefs."""

    def __init__(self, solution: RecursiveSolution) -> None:
        self.solution, self.game = solution, solution.game
        self.choices: Choices = list_choices(self.game)
        slot_of = self.game.place_slot[self.choices.place]
        self.first = [int(np.searchsorted(slot_of, slot)) for slot in range(len(self.game.slots))]
        self.begin: list[Ints] = []
        """[mover][s] first choice of the place's mover."""
        self.count: list[Ints] = []
        """[mover][s]"""
        places = len(self.game.place_slot)
        for j in range(max(len(movers) for movers in self.game.slots)):
            mine = np.flatnonzero(self.choices.mover == j)
            count = np.bincount(self.choices.place[mine], minlength=places)
            begin = np.full(places, -1, dtype=np.int64)
            begin[self.choices.place[mine[::-1]]] = mine[::-1]
            self.begin.append(begin)
            self.count.append(count.astype(np.int64))

    def chances(
        self, r: int, slot: int, mover: int, place: Ints, beliefs: Sequence[Floats], draw: Ints
    ) -> Floats:
        """[o, n, option] probability with which each type of a mover takes each of the place's options."""
        party = self.game.slots[slot][mover]
        count = self.count[mover][place]
        option = np.arange(int(count.max(initial=1)))
        row = np.minimum(option, count[:, None] - 1) + self.begin[mover][place][:, None] - self.first[slot]
        table = np.moveaxis(self.solution.log_choice[r][slot], -1, 1)
        logs = table[row, draw[:, None], : self.game.types[party]]
        # One axis of belief after the other, so that no tensor of weights is ever built.
        for x, nodes in zip(coordinates(beliefs), self.solution.axes, strict=True):
            rest = string.ascii_uppercase[: logs.ndim - 4]
            logs = np.einsum(f"nktg{rest},gn->nkt{rest}", logs, weights_at(x, nodes))
        logs = np.where((option < count[:, None])[..., None], logs, -np.inf)
        return np.exp(logs - np.logaddexp.reduce(logs, axis=1, keepdims=True)).transpose(2, 0, 1)


Told = Callable[[Ints, Ints, Floats, Floats, Floats], None]
"""Called at every decision with [n] draw, [n] choice of `gone`, [n] probability, and the public beliefs about the mover's
types before and after it in `here` [o, n]."""


class Mixture:
    """The two worlds side by side: one party as in `gone` among the others as in `here`."""

    def __init__(
        self,
        here: SolvedTalks,
        gone: SolvedTalks,
        party: str,
        machines: Sequence[Machine],
        *,
        seed: Sequence[int],
        told: Told | None = None,
    ) -> None:
        self.told = told
        self.gone, self.here = _Side(gone.solution), _Side(here.solution)
        self.game = gone.solution.game
        self.party = self.game.players.index(party)
        self.machines = tuple(machines)
        self.random = np.random.default_rng(list(seed))
        self.width: int = gone.solution.data.discount.shape[-1]
        self.there, self.same = _matched(here, gone, self.here.choices, self.gone.choices)
        self.tables = [_table(machine, len(self.game.edge_to)) for machine in self.machines]
        self.edges_from = np.searchsorted(self.game.edge_action, np.arange(len(self.game.action_place)))
        self.edges_count = np.bincount(self.game.edge_action, minlength=len(self.game.action_place))
        self.events = np.zeros((len(self.machines), self.width))
        self.values = np.zeros((len(self.game.players), self.width))

    def run(self) -> Mixed:
        """Play to the end."""
        solution, game = self.gone.solution, self.game
        rounds = MOST_ROUNDS if solution.rounds is None else solution.rounds
        front = self._outset()
        begin, scale = int(game.place_slot[game.start]), np.ones(self.width)
        for r in range(rounds):
            for slot in range(begin if r == 0 else 0, len(game.slots)):
                front = self._thinned(self._turn(front, 0 if solution.rounds is None else r, slot, scale))
            scale = scale * solution.data.discount
        if solution.rounds is not None:
            self._end(front, scale)
        return Mixed(self.events, self.values)

    def _outset(self) -> _Front:
        nodes = [np.full(self.width, machine.roots[0]) for machine in self.machines]
        return _Front(
            np.arange(self.width),
            np.full(self.width, self.game.start),
            self.gone.solution.data.prior,
            self.here.solution.data.prior,
            np.ones(self.width),
            np.array(nodes, dtype=np.int64).reshape(len(nodes), self.width),
        )

    # ------------------------------------------------------------ one turn
    def _turn(self, before: _Front, r: int, slot: int, scale: Floats) -> _Front:
        """Everybody who moves at the slot moves, chance draws, and what is paid is paid."""
        front, chosen = before, np.zeros((0, len(before.draw)), dtype=np.int64)
        rows = np.arange(len(before.draw))
        for j, party in enumerate(self.game.slots[slot]):
            # Who moves at the same time has seen no more than what was known before the turn.
            there = self.there[before.place]
            one = self.gone.chances(r, slot, j, before.place, before.gone, before.draw)
            two = self.here.chances(r, slot, j, there, before.here, before.draw)
            count = self.gone.count[j][before.place][rows]
            branch, option = np.nonzero(np.arange(int(count.max(initial=1))) < count[:, None])
            rows, front, chosen = rows[branch], front.some(branch), chosen[:, branch]
            choice = self.gone.begin[j][front.place] + option
            other = self.same[choice] - self.here.begin[j][there[rows]]
            gone = front.gone[party] * one[:, rows, option]
            here = front.here[party] * two[:, rows, other]
            weight = front.weight * (gone if party == self.party else here).sum(0)
            front = replace(
                front,
                weight=weight,
                gone=_with(front.gone, party, gone),
                here=_with(front.here, party, here),
            )
            chosen = np.vstack([chosen, choice])
            if self.told is not None:
                self.told(front.draw, choice, weight, before.here[party][:, rows], front.here[party])
            keep = weight > NOTHING
            rows, front, chosen = rows[keep], front.some(keep), chosen[:, keep]
        return self._drawn(front, self._actions(slot, front.place, chosen), scale)

    def _actions(self, slot: int, place: Ints, chosen: Ints) -> Ints:
        """[n] the joint move of each state."""
        actions = np.flatnonzero(self.game.place_slot[self.game.action_place] == slot)
        if not len(chosen):
            return actions[np.searchsorted(self.game.action_place[actions], place)]
        base = len(self.gone.choices.place)
        key, made = np.zeros(len(place), dtype=np.int64), np.zeros(len(actions), dtype=np.int64)
        for j, own in enumerate(chosen):
            key, made = key * base + own, made * base + self.gone.choices.of_action[actions, j]
        order = np.argsort(made)
        return actions[order[np.searchsorted(made[order], key)]]

    def _drawn(self, front: _Front, action: Ints, scale: Floats) -> _Front:
        """Chance draws an edge of each state's joint move; payments and events are counted."""
        data = self.gone.solution.data
        count = self.edges_count[action]
        branch, option = np.nonzero(np.arange(int(count.max(initial=1))) < count[:, None])
        edge = self.edges_from[action][branch] + option
        after = front.some(branch)
        weight = after.weight * data.odds[edge, after.draw]
        paid = np.einsum("nkp,kn->pn", data.payoff[edge, :, :, after.draw], self._types(after))
        for p, values in enumerate(paid):
            self.values[p] += np.bincount(after.draw, weight * values * scale[after.draw], self.width)
        node = after.node.copy()
        for i, (to, gains) in enumerate(self.tables):
            here = after.node[i]
            self.events[i] += np.bincount(after.draw, weight * gains[here, edge], self.width)
            node[i] = to[here, edge]
        after = replace(after, weight=weight, node=node, place=self.game.edge_to[edge])
        return after.some(weight > NOTHING)

    def _types(self, front: _Front) -> Floats:
        """[k, n] probability of each type profile, by how everybody is really played."""
        out = np.ones((self.game.profiles, len(front.draw)))
        for p, own in enumerate(self.game.profile_types):
            out *= (front.gone if p == self.party else front.here)[p][own]
        return out

    def _end(self, front: _Front, scale: Floats) -> None:
        paid = np.einsum(
            "nkp,kn->pn", self.gone.solution.data.end[front.place, :, :, front.draw], self._types(front)
        )
        for p, values in enumerate(paid):
            self.values[p] += np.bincount(front.draw, front.weight * values * scale[front.draw], self.width)
        for i, machine in enumerate(self.machines):
            final = np.append(machine.final, False)[front.node[i]]
            self.events[i] += np.bincount(front.draw, front.weight * final, self.width)

    def _thinned(self, front: _Front) -> _Front:
        """At most `MOST_STATES` for each draw; every expectation stays what it is."""
        luck = self.random.random(self.width)  # drawn in any case, so that runs of one seed stay alike
        bounds = np.searchsorted(front.draw, np.arange(self.width + 1))
        if (np.diff(bounds) <= MOST_STATES).all():
            return front
        # Similar states side by side: one of them then stands for its neighbours, which is what makes the error small.
        beliefs = (*coordinates(front.here)[::-1], *coordinates(front.gone)[::-1])
        front = front.some(np.lexsort((*beliefs, front.place, front.draw)))
        weight = front.weight.copy()
        keep = np.ones(len(weight), dtype=bool)
        for b in np.flatnonzero(np.diff(bounds) > MOST_STATES).tolist():
            part = slice(int(bounds[b]), int(bounds[b + 1]))
            weight[part], keep[part] = thin(weight[part], MOST_STATES, float(luck[b]))
        return replace(front, weight=weight).some(keep)


def thin(weight: Floats, most: int, luck: float) -> tuple[Floats, NDArray[np.bool_]]:
    """New weights [n] of about `most` states that are kept, and which of them are kept.

    States above a threshold keep their weights; the others are kept with a probability in proportion to theirs and weigh
    as much as the threshold then, so that no expected weight changes. `luck` is uniform between 0 and 1.
    """
    falling = np.sort(weight)[::-1]
    tail = falling.sum() - np.append(0.0, np.cumsum(falling))[:most]
    level = tail / (most - np.arange(most))
    sure = int(np.argmax(falling[:most] <= level))
    threshold = float(level[sure])
    light = weight <= threshold
    steps = np.floor(np.cumsum(np.where(light, weight, 0.0)) / threshold + luck)
    picked = np.diff(steps, prepend=np.floor(luck)) > 0
    return np.where(light, threshold, weight), ~light | picked


def _with(beliefs: tuple[Floats, ...], party: int, joint: Floats) -> tuple[Floats, ...]:
    """Public beliefs with those about a party by Bayes' rule; what cannot have happened leaves none."""
    total = joint.sum(0)
    new = np.divide(joint, total, out=np.zeros_like(joint), where=total > 0)
    return (*beliefs[:party], new, *beliefs[party + 1 :])


def _table(machine: Machine, edges: int) -> tuple[Ints, NDArray[np.bool_]]:
    """[node, edge] where a machine goes, and whether one is gained; the last node, -1 too, is that of machines that are done."""
    to = np.full((len(machine.place) + 1, edges), -1, dtype=np.int64)
    gains = np.zeros(to.shape, dtype=bool)
    to[machine.node, machine.edge] = machine.to
    gains[machine.node, machine.edge] = machine.gains
    return to, gains


def _matched(here: SolvedTalks, gone: SolvedTalks, choices: Choices, fewer: Choices) -> tuple[Ints, Ints]:
    """[s] the place of `here` and [c] its choice that are the same as each of `gone`."""
    place = {key: s for s, key in enumerate(here.reader.of.places)}
    there = np.array([place[key] for key in gone.reader.of.places], dtype=np.int64)
    rows = zip(choices.place.tolist(), choices.mover.tolist(), choices.move.tolist(), strict=True)
    number = {row: c for c, row in enumerate(rows)}
    own = zip(there[fewer.place].tolist(), fewer.mover.tolist(), fewer.move.tolist(), strict=True)
    return there, np.array([number[row] for row in own], dtype=np.int64)
