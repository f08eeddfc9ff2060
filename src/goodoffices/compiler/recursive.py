"""From a scenario to its recursive form: one round over public states, the same every round.

Receives a `Scenario`; returns a `ScenarioRound`, whose size does not depend on the number of rounds. Odds of chance are
the same for all types (the language sees to that), so that chance teaches the parties nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goodoffices.compiler.expressions import Array, Setting, numbers
from goodoffices.compiler.figures import ODDS_SLACK
from goodoffices.compiler.profiles import Profiles, number_profiles
from goodoffices.compiler.slots import LOTTERY, Key, Option, Rules, State
from goodoffices.core.diagnostics import refuse
from goodoffices.games.recursive import RecursiveData, RecursiveGame, list_choices
from goodoffices.language.scenario import Scenario
from goodoffices.language.tree import Expression

Ints = NDArray[np.int64]
Choice = tuple[str, str]
"""A party and one of its moves."""
Place = tuple[int, State, bool, tuple[Choice, ...]]
"""Turn of the round, state, whether the talks are over, and the imposed moves whose time has not come yet."""

MOST_PLACES = 20_000
"""Rounds with more places are refused."""


@dataclass(frozen=True, eq=False)
class ScenarioRound:
    """One round of a scenario; index letters s place, a action, e edge, k type profile, p party, b draw."""

    scenario: Scenario
    game: RecursiveGame
    profiles: Profiles
    places: tuple[Place, ...]
    """[s]"""
    edge_odds: tuple[tuple[Expression, ...], ...]
    """[e] factors of the edge's probability; empty where it is certain."""
    action_labels: tuple[tuple[int, ...], ...]
    """[a] index of each mover's move among its moves in the scenario; empty where nobody chooses."""
    offers: tuple[frozenset[Choice], ...]
    """[s] the moves that the scenario has at the place, whatever was imposed or taken away."""
    outcomes: tuple[str, ...]
    """[e] what was drawn: the name of chance's outcome, or the levels; empty where nothing is."""

    def data(self, draws: Mapping[str, Array]) -> RecursiveData:
        """The round's numbers for these draws (parameter -> [b], every parameter)."""
        return _Numbers(self, draws).data()

    def costs(self, draws: Mapping[str, Array]) -> Array:
        """[c, k, b] what each own move costs its mover; c as in `games.recursive.list_choices`; utility."""
        return _Numbers(self, draws).costs()


def compile_round(
    scenario: Scenario, *, do: Iterable[Choice] = (), without: Iterable[Choice] = ()
) -> ScenarioRound:
    """Follow every public state that play can come to, over as many rounds as it takes.

    Args:
        scenario: what to compile.
        do: imposed moves: each binds the party at its first decision at which it has the move, every type alike.
        without: moves that do not exist.

    Raises:
        Refusal: `no-turns`, `over-at-the-start`, `too-many-places`, `no-move-left`; `no-move`, `hidden-condition` from
            the turns.
    """
    if not scenario.turns:
        raise refuse(
            "no-turns", "the scenario has no turns, so there is nothing to solve", hint="add `turns`"
        )
    rules = Rules(scenario)
    if rules.stopped(rules.start):
        raise refuse(
            "over-at-the-start",
            "the talks are over before they begin: `stops` holds at the start",
            hint="start the factors at other levels, or let `stops` name others",
        )
    return _Builder(scenario, rules, tuple(sorted(do)), frozenset(without)).build()


class _Builder:
    def __init__(
        self, scenario: Scenario, rules: Rules, do: tuple[Choice, ...], without: frozenset[Choice]
    ) -> None:
        self.scenario, self.rules = scenario, rules
        self.do, self.without = do, without
        self.first = [
            next(i for i, s in enumerate(rules.slots) if s.turn == t) for t in range(len(scenario.turns))
        ]
        self.parties = {party.name: p for p, party in enumerate(scenario.parties)}

    def build(self) -> ScenarioRound:
        start: Place = (0, self.rules.start, False, self.do)
        found: dict[Place, list[tuple[tuple[int, ...], list[Option]]]] = {}
        waiting = [start]
        while waiting:
            place = waiting.pop()
            if place in found:
                continue
            if len(found) >= MOST_PLACES:
                raise refuse(
                    "too-many-places",
                    f"the round has more than {MOST_PLACES:,} public states",
                    hint="fewer factors, or fewer levels",
                )
            found[place] = self._actions(place)
            waiting += [self._next(place, option) for _, options in found[place] for option in options]
        places = sorted(found, key=lambda place: place[0])
        number = {place: s for s, place in enumerate(places)}
        turns = self.scenario.turns
        slots = tuple(tuple(self.parties[m.party] for m in turn.movers) for turn in turns)
        widest = max(1, *(len(movers) for movers in slots))
        action_place: list[int] = []
        labels: list[tuple[int, ...]] = []
        edge_action: list[int] = []
        edge_to: list[int] = []
        odds: list[tuple[Expression, ...]] = []
        drawn: list[str] = []
        for place in places:
            for moves, options in found[place]:
                for option in options:
                    edge_action.append(len(labels))
                    edge_to.append(number[self._next(place, option)])
                    odds.append(option.odds)
                    drawn.append(self._outcome(place, option))
                action_place.append(number[place])
                labels.append(moves)
        profiles = number_profiles(self.scenario)
        # Where talks are over a mover has one thing to do, which is no move of the scenario: it is numbered zero.
        moves = np.full((len(labels), widest), -1, dtype=np.int64)
        for a, chosen in enumerate(labels):
            movers = len(slots[places[action_place[a]][0]])
            moves[a, :movers] = chosen or (0,) * movers
        game = RecursiveGame(
            title=self.scenario.title,
            players=tuple(party.name for party in self.scenario.parties),
            types=tuple(len(names) for names in profiles.own_labels),
            profile_types=profiles.own,
            slots=slots,
            place_slot=np.array([place[0] for place in places], dtype=np.int64),
            action_place=np.array(action_place, dtype=np.int64),
            action_moves=moves,
            edge_action=np.array(edge_action, dtype=np.int64),
            edge_to=np.array(edge_to, dtype=np.int64),
            start=number[start],
            place_labels=tuple(self._label(place) for place in places),
        )
        offers = tuple(self._offers(place) for place in places)
        return ScenarioRound(
            self.scenario, game, profiles, tuple(places), tuple(odds), tuple(labels), offers, tuple(drawn)
        )

    def _actions(self, place: Place) -> list[tuple[tuple[int, ...], list[Option]]]:
        """Joint moves with what each leads to; one without moves for chance and where talks are over."""
        turn, state, over, pending = place
        if over:
            return [((), [Option(0, (state, ()))])]
        slot = self.first[turn]
        movers = len(self.scenario.turns[turn].movers)
        if not movers:
            return [((), list(self.rules.options(slot, (state, ()))))]
        lottery = slot + movers
        drawn = lottery < len(self.rules.slots) and self.rules.slots[lottery].kind == LOTTERY
        drawn = drawn and self.rules.slots[lottery].turn == turn
        keys: list[tuple[tuple[int, ...], Key]] = [((), (state, ()))]
        for k in range(movers):
            keys = [
                ((*chosen, option.label), option.to)
                for chosen, key in keys
                for option in self._allowed(slot + k, key, pending)
            ]
        return sorted(
            (chosen, list(self.rules.options(lottery, key)) if drawn else [Option(0, key)])
            for chosen, key in keys
        )

    def _allowed(self, slot: int, key: Key, pending: tuple[Choice, ...]) -> list[Option]:
        """The mover's options where some moves are imposed and others do not exist."""
        options = list(self.rules.options(slot, key))
        if not self.do and not self.without:
            return options
        where = self.rules.slots[slot]
        mover = self.scenario.turns[where.turn].movers[where.mover]
        names = {option.label: (mover.party, mover.moves[option.label].name) for option in options}
        kept = [option for option in options if names[option.label] not in self.without]
        for choice in pending:
            if choice in names.values():
                kept = [option for option in kept if names[option.label] == choice]
        if not kept:
            raise refuse(
                "no-move-left",
                f"`{mover.party}` would have no move left at turn {where.turn + 1} when the state is "
                f"{self._levels(key[0])}",
                hint="a move that is a party's only one at some point cannot be taken away",
            )
        return kept

    def _offers(self, place: Place) -> frozenset[Choice]:
        turn, state, over, _ = place
        if over:
            return frozenset()
        first, movers = self.first[turn], self.scenario.turns[turn].movers
        return frozenset(
            (mover.party, mover.moves[option.label].name)
            for k, mover in enumerate(movers)
            # When a move can be made depends on the state before the turn, not on what the others choose.
            for option in self.rules.options(first + k, (state, (0,) * k))
        )

    def _outcome(self, place: Place, option: Option) -> str:
        turn, _, over, _ = place
        outcomes = self.scenario.turns[turn].outcomes
        drawn = ", ".join(option.names)
        if over or not outcomes:
            return drawn
        name = outcomes[option.label].name
        return f"{name} ({drawn})" if drawn else name

    def _next(self, place: Place, option: Option) -> Place:
        turn, _, over, pending = place
        state = option.to[0]
        if pending:
            offered = self._offers(place)
            pending = tuple(choice for choice in pending if choice not in offered)
        if turn + 1 < len(self.scenario.turns):
            return turn + 1, state, over, pending
        return 0, state, over or self.rules.stopped(state), pending

    def _levels(self, state: State) -> str:
        return ", ".join(f.levels[i] for f, i in zip(self.scenario.factors, state, strict=True))

    def _label(self, place: Place) -> str:
        turn, state, over, _ = place
        return f"turn {turn + 1}: {self._levels(state)}{' (over)' if over else ''}"


class _Numbers:
    """Evaluates expressions once for each state and profile."""

    def __init__(self, compiled: ScenarioRound, draws: Mapping[str, Array]) -> None:
        arrays = {name: np.atleast_1d(np.asarray(value, float)) for name, value in draws.items()}
        self.width = max((len(a) for a in arrays.values()), default=1)
        self.arrays = {name: np.broadcast_to(a, (self.width,)) for name, a in arrays.items()}
        self.of, self.scenario, self.game = compiled, compiled.scenario, compiled.game
        states = [state for _, state, _, _ in compiled.places]
        self.states = np.array(states, dtype=np.int64).reshape(len(states), -1)
        self.plain = Setting(self.scenario, {}, self.arrays, self.width)
        self.choices = list_choices(self.game)

    def data(self) -> RecursiveData:
        game, scenario = self.game, self.scenario
        payoff = np.zeros((len(game.edge_to), game.profiles, len(game.players), self.width))
        end = np.zeros((len(game.place_slot), game.profiles, len(game.players), self.width))
        self._add_costs(payoff)
        source = game.action_place[game.edge_action]
        closing = np.flatnonzero(game.place_slot[source] == len(game.slots) - 1)
        opening = np.flatnonzero(game.place_slot == 0)
        for p, party in enumerate(scenario.parties):
            if party.name in scenario.values:
                worth = self._at_places(scenario.values[party.name], opening)
                place = np.searchsorted(opening, game.edge_to[closing])
                payoff[closing, :, p] += worth[place]
            if party.name in scenario.end_values:
                end[opening, :, p] = self._at_places(scenario.end_values[party.name], opening)
        return RecursiveData(
            payoff=payoff,
            odds=self._odds(),
            end=end,
            prior=self._prior(),
            rationality=np.stack([self._alone(party.rationality) for party in scenario.parties]),
            discount=self._alone(scenario.time.discount),
        )

    def _alone(self, expression: Expression) -> Array:
        return numbers(expression, self.plain)[0]

    def _at_places(self, expression: Expression, places: Ints) -> Array:
        """[place, k, b]"""
        profiles = self.of.profiles
        states, where = np.unique(self.states[places], axis=0, return_inverse=True)
        levels = {
            f.name: np.repeat(states[:, i], profiles.count) for i, f in enumerate(self.scenario.factors)
        }
        levels |= {name: np.tile(row, len(states)) for name, row in profiles.rows().items()}
        found = numbers(expression, Setting(self.scenario, levels, self.arrays, self.width))
        rows = len(states) * profiles.count
        return np.broadcast_to(found, (rows, self.width)).reshape(len(states), profiles.count, self.width)[
            where.reshape(-1)
        ]

    def costs(self) -> Array:
        """[c, k, b] what each own move costs its mover, for the choices of `list_choices`."""
        scenario, profiles, choices = self.scenario, self.of.profiles, self.choices
        names = {f"{d.party}.{d.name}": d.levels for d in scenario.types}
        out = np.zeros((len(choices.place), profiles.count, self.width))
        over = np.array([place[2] for place in self.of.places])
        slot = self.game.place_slot[choices.place]
        for t, turn in enumerate(scenario.turns):
            for j, mover in enumerate(turn.movers):
                for m, move in enumerate(mover.moves):
                    mine = np.flatnonzero(
                        (slot == t) & (choices.mover == j) & (choices.move == m) & ~over[choices.place]
                    )
                    for tests, expression in move.costs:
                        fits = np.ones(profiles.count, dtype=bool)
                        for dimension, level in tests:
                            fits &= profiles.rows()[dimension] == names[dimension].index(level)
                        cost = self._at_places(expression, choices.place[mine])
                        out[mine] += np.where(fits[:, None], cost, 0.0)
        return out

    def _add_costs(self, payoff: Array) -> None:
        costs = self.costs()
        taken = self.choices.of_action
        for j in range(taken.shape[1]):
            choice = taken[self.game.edge_action, j]
            paid = np.flatnonzero(choice >= 0)
            payoff[paid, :, self.choices.party[choice[paid]]] -= costs[choice[paid]]

    def _odds(self) -> Array:
        """[e, b]; not a number where they are negative or do not sum to one."""
        game = self.game
        odds = np.ones((len(game.edge_to), self.width))
        by_expression: dict[Expression, list[int]] = {}
        for e, factors in enumerate(self.of.edge_odds):
            for expression in factors:
                by_expression.setdefault(expression, []).append(e)
        for expression, edges in by_expression.items():
            at = game.action_place[game.edge_action[edges]]
            value = self._at_places(expression, at)[:, 0]
            value = np.where(value < 0, np.nan, value)
            for e, row in zip(
                edges, value, strict=True
            ):  # an expression may stand twice among one edge's odds
                odds[e] *= row
        total = np.zeros((len(game.action_place), self.width))
        np.add.at(total, game.edge_action, odds)
        total = np.where(np.abs(total - 1) <= ODDS_SLACK, total, np.nan)
        return odds / total[game.edge_action]

    def _prior(self) -> tuple[Array, ...]:
        """[p][own type, b]"""
        profiles, out = self.of.profiles, list[Array]()
        for p, party in enumerate(self.scenario.parties):
            count = self.game.types[p]
            prior = np.ones((count, self.width))
            first = np.array([int(np.flatnonzero(profiles.own[p] == t)[0]) for t in range(count)])
            for d, dimension in enumerate(self.scenario.types):
                if dimension.party != party.name:
                    continue
                odds = np.stack([self._alone(expression) for expression in dimension.odds])
                bad = (odds < 0).any(0) | ~(np.abs(odds.sum(0) - 1) <= ODDS_SLACK)
                prior = prior * np.where(bad, np.nan, odds / odds.sum(0))[profiles.levels[d][first]]
            out.append(prior)
        return tuple(out)


__all__ = ["ScenarioRound", "compile_round"]
