"""Who learns what in long talks: bits by move along the play, and what knowing another's type is worth.

Receives solved talks over some draws; returns bits and values as the analyses of trees do. Play is followed forward as in
`levers_front`, with public beliefs by Bayes' rule. Chance teaches nothing in talks, because its odds are the same for all types.

What a party gains by seeing another's type in secret is its own optimum (in logit choices) against the strategies of all
others as they stand: one more backward pass over the same grid, for every type that it may see. Where everybody sees the
type, beliefs about it are certain from the outset, and the solution at the edge of the grid has the answer already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from goodoffices.analyses.learning_bits import Bits, MoveKey, entropy, gained
from goodoffices.analyses.levers_front import Mixture
from goodoffices.claims.answers import Item
from goodoffices.claims.survey import Survey
from goodoffices.claims.talks.running import SolvedTalks
from goodoffices.claims.talks.stencils import at_points, carry
from goodoffices.claims.talks.turns import Solved, Turn
from goodoffices.claims.worlds import World
from goodoffices.compiler.expressions import Array
from goodoffices.games.recursive import Floats, list_choices
from goodoffices.language.scenario import Scenario

BLOCK = 32
"""Draws that are played forward at a time."""
SETTLED = 1e-9
"""Optima in talks without end are iterated until a further round changes them by less, in utility."""
MOST_ROUNDS = 5000

Pair = tuple[str, str]
"""A party, and the party whose type it sees."""


class TalksLearningReader:
    """Takes notes of the solved scenario; pass `see` to the survey as its `watch`."""

    def __init__(self, scenario: Scenario, pairs: Sequence[Pair], *, seed: int) -> None:
        self.scenario, self.pairs, self.seed = scenario, tuple(pairs), seed
        self.names = tuple(party.name for party in scenario.parties)
        self.informed = tuple(dict.fromkeys(d.party for d in scenario.types))
        self.told: dict[MoveKey, list[tuple[Array, Array]]] = {}
        self.prior: dict[str, list[Array]] = {party: [] for party in self.informed}
        self.public: dict[str, list[Array]] = {party: [] for party in self.informed}
        """Party whose type everybody sees -> change of every party's value [p, b]."""
        self.secret: dict[Pair, list[Array]] = {pair: [] for pair in self.pairs}

    def see(self, solved: Mapping[World, SolvedTalks], part: slice) -> None:
        """Take notes of one chunk."""
        for one in solved.values():
            self._bits(one, part)
            self._public(one)
            self._secret(one)

    def bits(self, found: Survey) -> Bits:
        """Everything about bits, over the draws that were finished."""
        moves = {
            key: (np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]))
            for key, parts in self.told.items()
        }
        # A move that no path of these rounds has is not told of.
        moves = {key: sums for key, sums in moves.items() if sums[1].any()}
        types: dict[str, tuple[Array, Array]] = {}
        for party in self.informed:
            learned = sum((told for key, (told, _) in moves.items() if key[-1] == party), np.zeros(1))
            types[party] = np.concatenate(self.prior[party]), learned
        return Bits(moves, types)

    # ------------------------------------------------------------ bits
    def _bits(self, one: SolvedTalks, part: slice) -> None:
        width = part.stop - part.start
        game, of = one.solution.game, one.reader.of
        choices = list_choices(game)
        bits, uses = np.zeros((2, len(choices.place), width))
        low = 0

        def note(draw: np.ndarray, choice: np.ndarray, weight: Floats, before: Floats, after: Floats) -> None:
            np.add.at(bits, (choice, draw + low), weight * gained(before, after, axis=0))
            np.add.at(uses, (choice, draw + low), weight)

        for low in range(0, width, BLOCK):
            some = slice(low, min(low + BLOCK, width))
            block = one.some(some)
            Mixture(block, block, self.names[0], [], seed=(self.seed, part.start + low), told=note).run()
        found: dict[MoveKey, tuple[Array, Array]] = {}
        for c, (place, mover) in enumerate(zip(choices.place.tolist(), choices.mover.tolist(), strict=True)):
            turn, _, over, _ = of.places[place]
            party = self.names[int(choices.party[c])]
            options = (choices.place == place) & (choices.mover == mover)
            if over or party not in self.informed or options.sum() < 2:
                continue  # where there is one thing to do nothing is learned
            move = self.scenario.turns[turn].movers[mover].moves[int(choices.move[c])]
            key = party, move.name, move.label, party
            sums = found.get(key, (np.zeros(width), np.zeros(width)))
            found[key] = sums[0] + bits[c], sums[1] + uses[c]
        for key, sums in found.items():
            self.told.setdefault(key, []).append(sums)
        for party in self.informed:
            self.prior[party].append(entropy(one.solution.data.prior[game.players.index(party)]))

    # ------------------------------------------------------------ what everybody sees
    def _public(self, one: SolvedTalks) -> None:
        items = [Item("value", party=name) for name in self.names]

        def values(prior: tuple[Floats, ...]) -> Array:
            solution = replace(one.solution, data=replace(one.solution.data, prior=prior))
            found = one.reader.read(items, solution, one.draws)
            return np.stack([found[item] for item in items])

        prior = one.solution.data.prior
        base = values(prior)
        for party in self.informed:
            p = self.names.index(party)
            change = -base
            for own, share in enumerate(prior[p]):
                certain = np.zeros_like(prior[p])
                certain[own] = 1.0
                change = change + share * values((*prior[:p], certain, *prior[p + 1 :]))
            self.public[party].append(change)

    # ------------------------------------------------------------ what one sees in secret
    def _secret(self, one: SolvedTalks) -> None:
        solved = Solved(one.solution)
        game, types = solved.game, solved.game.types
        plans: dict[tuple[str, str | None, int, int], _Alone] = {}
        for party, about in self.pairs:
            p, q = self.names.index(party), self.names.index(about)
            for own in range(types[p]):
                plans.setdefault((party, None, own, 0), _Alone(solved, p, {p: own}))
                for seen in range(types[q]):
                    plans[party, about, own, seen] = _Alone(solved, p, {p: own, q: seen})
        _optimise(solved, list(plans.values()))
        prior = one.solution.data.prior
        for party, about in self.pairs:
            p, q = self.names.index(party), self.names.index(about)
            gain = np.zeros(solved.width)
            for own in range(game.types[p]):
                gain -= prior[p][own] * plans[party, None, own, 0].at_outset()
                for seen in range(types[q]):
                    gain += prior[p][own] * prior[q][seen] * plans[party, about, own, seen].at_outset()
            self.secret[party, about].append(gain)


@dataclass(eq=False)
class _Alone:
    """One party's optimum against the others' strategies, with some types known to it."""

    solved: Solved
    party: int
    types: Mapping[int, int]
    """Party -> type: its own, and the one that it sees."""

    def __post_init__(self) -> None:
        solution = self.solved.solution
        opening = np.flatnonzero(self.solved.game.place_slot == 0)
        shape = (len(opening), *self.solved.shape, self.solved.width)
        self.ahead: Floats = np.zeros(shape)
        if solution.rounds is not None:
            for i, place in enumerate(opening.tolist()):
                self.ahead[i] = self.solved.expected(solution.data.end[place, :, self.party], self.types)

    def step(self, turn: Turn, precision: Floats) -> None:
        """One slot back."""
        game, choices = turn.game, self.solved.choices
        data = self.solved.solution.data
        mine = np.flatnonzero(game.place_slot == turn.slot)
        after = np.flatnonzero(game.place_slot == (turn.slot + 1) % len(game.slots))
        shape = (*self.solved.shape, self.solved.width)
        out = np.zeros((len(mine), *shape))
        for i, place in enumerate(mine.tolist()):
            worth: dict[int, Floats] = {}
            for action in np.flatnonzero(game.action_place == place).tolist():
                taken = turn.taken(action)
                own = next((c for c in taken if int(choices.party[c]) == self.party), -1)
                axes, weights = turn.moved(taken)
                others: Floats = np.ones(())
                for c in taken:
                    if c != own:
                        others = others * turn.chance(c, self.types)
                gain = np.zeros(shape)
                for edge in np.flatnonzero(game.edge_action == action).tolist():
                    to = int(np.searchsorted(after, game.edge_to[edge]))
                    follows = carry(self.ahead[to], axes, weights)
                    follows = follows * data.discount if turn.closing else follows
                    paid = turn.paid(edge, self.party, self.types)
                    gain += data.odds[edge] * (follows if paid is None else follows + paid)
                worth[own] = worth.get(own, np.zeros(shape)) + others * gain
            table = np.stack(list(worth.values()))
            logs = precision * table
            chance = np.exp(logs - np.logaddexp.reduce(logs, 0))
            out[i] = (chance * table).sum(0)
        self.ahead = out

    def at_outset(self) -> Array:
        """[b] at the prior."""
        game = self.solved.game
        same = np.flatnonzero(game.place_slot == game.place_slot[game.start])
        here = self.ahead[np.searchsorted(same, [game.start])]
        return at_points(here, self.solved.prior_points, self.solved.solution.axes)[0]


def _optimise(solved: Solved, plans: Sequence[_Alone]) -> None:
    """All plans back to the outset; they share what a turn's strategies need to be prepared."""
    solution, slots = solved.solution, len(solved.game.slots)
    begin = int(solved.game.place_slot[solved.game.start])
    if solution.rounds is None:
        turns = [Turn(solved, 0, slot) for slot in range(slots)]
        for plan in plans:
            precision = solution.data.rationality[plan.party]
            for _ in range(MOST_ROUNDS):
                before = plan.ahead
                for turn in reversed(turns):
                    plan.step(turn, precision)
                if np.abs(plan.ahead - before).max() <= SETTLED:
                    break
            for turn in reversed(turns[begin:] if begin else []):
                plan.step(turn, precision)
        return
    for n in range(solution.rounds * slots - 1, begin - 1, -1):
        r, slot = divmod(n, slots)
        turn = Turn(solved, r, slot)
        for plan in plans:
            scale = solution.data.discount**r if solution.from_outset else 1.0
            plan.step(turn, solution.data.rationality[plan.party] * scale)
