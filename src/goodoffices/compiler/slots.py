"""The course of one round: slots, and what can happen in each slot at each state.

A turn takes one slot for each of its movers and, where a move starts a lottery, one more in which all lotteries of the
turn are drawn (so that nobody in a `together` turn sees the others' outcome before choosing). A turn of chance takes
one. Conditions (`when`) and the odds of lotteries are read at the state before the turn, because the moves of a
`together` turn are made at the same time.

Refuses a `when` or `stops` that depends on a parameter or on a private type, a state that leaves a party no move, and a
turn with too many outcomes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from goodoffices.compiler.expressions import holds, mentions
from goodoffices.core.diagnostics import Diagnostic, Refusal, refuse
from goodoffices.language.scenario import Effect, Scenario
from goodoffices.language.tree import Expression, Number

State = tuple[int, ...]
"""Index of each factor's level, in the order of the scenario's factors."""
Key = tuple[State, tuple[int, ...]]
"""A state and the moves already chosen in this turn (indices into each mover's moves)."""

MOVE, LOTTERY, CHANCE = 0, 1, 2
MOST_OUTCOMES = 20_000
"""Combinations of what the lotteries of one turn can draw."""


@dataclass(frozen=True)
class Slot:
    """One place in a round at which something is chosen or drawn."""

    kind: int
    turn: int
    mover: int
    """Index within the turn's movers, -1 for lotteries and chance."""
    party: int
    """Index of the party, -1 for lotteries and chance."""
    last: bool
    """Whether the turn ends here."""


@dataclass(frozen=True)
class Option:
    """One thing that can happen at a slot in a state."""

    label: int
    """Index of the move or outcome in the scenario's list; for a lottery the number of the combination."""
    to: Key
    odds: tuple[Expression, ...] = ()
    """Factors of the probability; empty for moves."""
    names: tuple[str, ...] = ()
    """For lotteries: the levels drawn, such as `fighting=truce`."""


def lay_out(scenario: Scenario) -> tuple[Slot, ...]:
    """The slots of one round, in order."""
    parties = {party.name: p for p, party in enumerate(scenario.parties)}
    slots: list[Slot] = []
    for t, turn in enumerate(scenario.turns):
        if turn.outcomes:
            slots.append(Slot(CHANCE, t, -1, -1, True))
            continue
        lottery = any(len(e.outcomes) > 1 for mover in turn.movers for m in mover.moves for e in m.then)
        for k, mover in enumerate(turn.movers):
            last = k == len(turn.movers) - 1 and not lottery
            slots.append(Slot(MOVE, t, k, parties[mover.party], last))
        if lottery:
            slots.append(Slot(LOTTERY, t, -1, -1, True))
    return tuple(slots)


class Rules:
    """What can happen at each slot and state; answers are kept."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.slots = lay_out(scenario)
        self.factors = {f.name: k for k, f in enumerate(scenario.factors)}
        self.levels = [{level: i for i, level in enumerate(f.levels)} for f in scenario.factors]
        self.start: State = tuple(f.levels.index(f.start) for f in scenario.factors)
        self._check()
        self._options: dict[tuple[int, Key], tuple[Option, ...]] = {}
        self._stopped: dict[State, bool] = {}

    def options(self, slot: int, key: Key) -> tuple[Option, ...]:
        """What can happen at slot number `slot` in the given state, in the order of the scenario."""
        if (slot, key) not in self._options:
            place = self.slots[slot]
            make = (self._moves, self._lottery, self._chance)[place.kind]
            self._options[slot, key] = make(place, key)
        return self._options[slot, key]

    def stopped(self, state: State) -> bool:
        """Whether the talks are over at this state."""
        if self.scenario.stops is None:
            return False
        if state not in self._stopped:
            self._stopped[state] = self._holds(self.scenario.stops, state)
        return self._stopped[state]

    # ------------------------------------------------------------ kinds of slots
    def _moves(self, place: Slot, key: Key) -> tuple[Option, ...]:
        state, chosen = key
        mover = self.scenario.turns[place.turn].movers[place.mover]
        found: list[Option] = []
        for m, move in enumerate(mover.moves):
            if move.when is not None and not self._holds(move.when, state):
                continue
            if place.last:
                found.append(Option(m, (self._apply(place, state, (*chosen, m)), ())))
            else:
                found.append(Option(m, (state, (*chosen, m))))
        if not found:
            raise self._stuck(mover.party, place, state)
        return tuple(found)

    def _lottery(self, place: Slot, key: Key) -> tuple[Option, ...]:
        state, chosen = key
        draws = [
            [(effect.factor, level, odds) for level, odds in effect.outcomes if not self._never(odds, state)]
            for effect in self._effects(place, chosen)
            if len(effect.outcomes) > 1
        ]
        self._bound(place, math.prod(map(len, draws)))
        found: list[Option] = []
        for number, combination in enumerate(itertools.product(*draws)):
            drawn = {factor: level for factor, level, _ in combination}
            to = self._apply(place, state, chosen, combination=list(combination))
            odds = tuple(odds for _, _, odds in combination)
            names = tuple(f"{factor}={level}" for factor, level in drawn.items())
            found.append(Option(number, (to, ()), odds, names))
        return tuple(found)

    def _chance(self, place: Slot, key: Key) -> tuple[Option, ...]:
        state, _ = key
        found: list[Option] = []
        for o, outcome in enumerate(self.scenario.turns[place.turn].outcomes):
            if outcome.when is not None and not self._holds(outcome.when, state):
                continue
            if self._never(outcome.odds, state):
                continue
            certain = [e for e in outcome.then if len(e.outcomes) == 1]
            draws = [
                [(e.factor, level, odds) for level, odds in e.outcomes if not self._never(odds, state)]
                for e in outcome.then
                if len(e.outcomes) > 1
            ]
            self._bound(place, len(found) + math.prod(map(len, draws)))
            for combination in itertools.product(*draws):
                to = self._set(state, [(e.factor, e.outcomes[0][0]) for e in certain])
                to = self._set(to, [(factor, level) for factor, level, _ in combination])
                odds = (outcome.odds, *(odds for _, _, odds in combination))
                names = tuple(f"{factor}={level}" for factor, level, _ in combination)
                found.append(Option(o, (to, ()), odds, names))
        if not found:
            raise self._stuck("chance", place, state)
        return tuple(found)

    # ------------------------------------------------------------ states
    def _effects(self, place: Slot, chosen: Sequence[int]) -> list[Effect]:
        movers = self.scenario.turns[place.turn].movers
        return [e for mover, m in zip(movers, chosen, strict=True) for e in mover.moves[m].then]

    def _apply(
        self,
        place: Slot,
        state: State,
        chosen: Sequence[int],
        *,
        combination: list[tuple[str, str, Expression]] | None = None,
    ) -> State:
        """The state after the moves; lotteries take their levels from `combination`, in the order of the effects."""
        drawn = iter(combination or ())
        changes: list[tuple[str, str]] = []
        for effect in self._effects(place, chosen):
            level, _ = effect.outcomes[0]
            if len(effect.outcomes) > 1:
                _, level, _ = next(drawn)
            changes.append((effect.factor, level))
        return self._set(state, changes)

    def _set(self, state: State, changes: Sequence[tuple[str, str]]) -> State:
        new = list(state)
        for factor, level in changes:
            f = self.factors[factor]
            new[f] = self.levels[f][level]
        return tuple(new)

    def _holds(self, condition: Expression, state: State) -> bool:
        rows = {name: np.array([state[f]]) for name, f in self.factors.items()}
        return bool(holds(condition, self.scenario, rows)[0])

    def _never(self, odds: Expression, state: State) -> bool:
        """Whether the odds are zero whatever the parameters and types are."""
        if isinstance(odds, Number):
            return odds.value == 0
        if not mentions(odds, self.scenario) <= set(self.factors):
            return False
        rows = {name: np.array([state[f]]) for name, f in self.factors.items()}
        return not holds(odds, self.scenario, rows)[0]

    # ------------------------------------------------------------ refusals
    def _bound(self, place: Slot, outcomes: int) -> None:
        if outcomes > MOST_OUTCOMES:
            raise refuse(
                "too-many-outcomes",
                f"the lotteries of turn {place.turn + 1} have more than {MOST_OUTCOMES:,} outcomes together",
                span=self.scenario.turns[place.turn].note.span,
                hint="let fewer factors be drawn in one turn",
            )

    def _stuck(self, who: str, place: Slot, state: State) -> Refusal:
        where = ", ".join(f.levels[i] for f, i in zip(self.scenario.factors, state, strict=True))
        return refuse(
            "no-move",
            f"`{who}` has no move at turn {place.turn + 1} when the state is {where}",
            span=self.scenario.turns[place.turn].note.span,
            hint="give it a move without `when`, such as `wait: {}`",
        )

    def _check(self) -> None:
        found: list[Diagnostic] = []
        public = set(self.factors)
        conditions = [
            (f"`{mover.party}.{move.name}`", move.when, move.note.span)
            for turn in self.scenario.turns
            for mover in turn.movers
            for move in mover.moves
        ]
        conditions += [
            (f"the outcome `{o.name}`", o.when, o.note.span)
            for turn in self.scenario.turns
            for o in turn.outcomes
        ]
        conditions.append(("the end of the talks (`stops`)", self.scenario.stops, None))
        for what, condition, span in conditions:
            hidden = sorted(mentions(condition, self.scenario) - public) if condition is not None else []
            if hidden:
                found.append(
                    Diagnostic(
                        "hidden-condition",
                        f"{what} is possible or not by `{hidden[0]}`, which the parties cannot all see",
                        span,
                        "make it depend on factors, and let `costs` say for whom it is dear",
                    )
                )
        if found:
            raise Refusal(found)
