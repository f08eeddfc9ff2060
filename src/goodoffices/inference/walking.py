"""The walk through a record's rounds: at each turn, the events that count, the move that they make, and what follows.

Receives a scenario, its `record:` section, the calendar and the events; returns a `CodedRecord`. The walk never stops at
a problem: where the history cannot be what the events say it goes on with the move that silence means, so that every
problem and the fate of every event are found at once.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

from goodoffices.compiler.expressions import mentions
from goodoffices.compiler.slots import CHANCE, LOTTERY, Key, Option, Rules, State
from goodoffices.core.diagnostics import Diagnostic
from goodoffices.inference.calendar import Timetable
from goodoffices.inference.coding import CodedMove, CodedRecord, Fate, FateName, Step
from goodoffices.inference.matching import meanings, weight
from goodoffices.language import unparse
from goodoffices.language.record_section import CHANCE as OF_CHANCE
from goodoffices.language.record_section import NEXT, RecordSection
from goodoffices.language.scenario import Move, Mover, Scenario
from goodoffices.records.event import Event

STRENGTH: dict[FateName, int] = {"used": 3, "conflict": 2, "superseded": 1, "outside": 0}
"""Where an event counts for several moves it has the strongest of its fates."""


@dataclass
class _Round:
    """The events of one round that rules know, and what was made of them so far."""

    number: int
    moves: dict[str, list[Event]] = field(default_factory=dict[str, list[Event]])
    chance: dict[str, list[Event]] = field(default_factory=dict[str, list[Event]])
    taken: set[str] = field(default_factory=set[str])
    """Moves and outcomes that a turn has dealt with."""


@dataclass
class _Here:
    """Where the walk stands."""

    state: State
    over: bool = False
    turn: int = 0
    steps: list[Step] = field(default_factory=list[Step])


class Walk:
    """One walk; `run` gives the coded record."""

    def __init__(
        self,
        scenario: Scenario,
        section: RecordSection,
        calendar: Timetable,
        events: tuple[Event, ...],
        last: datetime.date,
    ) -> None:
        self.scenario, self.section, self.calendar = scenario, section, calendar
        self.events, self.last = events, last
        self.rules = Rules(scenario)
        self.fates: dict[str, Fate] = {}
        self.problems: list[Diagnostic] = []
        self.first = [
            next(i for i, s in enumerate(self.rules.slots) if s.turn == t) for t in range(len(scenario.turns))
        ]

    def run(self) -> CodedRecord:
        rounds = self._sort()
        whole = self.calendar.complete(self.last)
        here = _Here(self.rules.start)
        for number in range(whole):
            self._play(rounds.get(number, _Round(number)), here, len(self.scenario.turns), False)
            here.turn = 0
        begun = self.calendar.rounds is None or whole < self.calendar.rounds
        if begun and not here.over and whole in rounds:
            reached = self._reached(rounds[whole])
            self._play(rounds[whole], here, reached, True)
            here.turn = reached % len(self.scenario.turns)
            whole += reached == len(self.scenario.turns)
        return CodedRecord(
            self.scenario,
            self.calendar,
            tuple(here.steps),
            tuple(self.fates[event.id] for event in self.events),
            (*self.problems, *self._disordered(here.steps)),
            self.last,
            whole,
            here.turn,
            here.state,
            here.over,
        )

    # ------------------------------------------------------------ events
    def _say(self, event: Event, fate: FateName, reason: str, number: int | None, what: str | None) -> None:
        known = self.fates.get(event.id)
        if known is None or STRENGTH[fate] > STRENGTH[known.fate]:
            self.fates[event.id] = Fate(event, fate, reason, number, what)

    def _sort(self) -> dict[int, _Round]:
        """Events by round; those that no round can use have their fate at once."""
        rounds: dict[int, _Round] = {}
        for event in self.events:
            number = self.calendar.round_of(event.date)
            moves, chance = meanings(event, self.section)
            reason = None
            if event.date > self.last:
                reason = f"after {self.last}, the last day of the record"
            elif number < 0:
                reason = f"before {self.calendar.first}, the first day of round 1"
            elif self.calendar.rounds is not None and number >= self.calendar.rounds:
                reason = f"after the last of {self.calendar.rounds} rounds"
            elif not moves and not chance:
                reason = "no rule counts it as a move or an outcome"
            elif weight(event, self.section) == 0:
                reason = f"events of `{event.confidence}` confidence are left out"
            inside = number if number >= 0 else None
            if reason is not None:
                self._say(event, "outside", reason, inside, None)
                continue
            here = rounds.setdefault(number, _Round(number))
            for what in moves:
                here.moves.setdefault(what, []).append(event)
            for what in chance:
                here.chance.setdefault(what, []).append(event)
        return rounds

    def _reached(self, events: _Round) -> int:
        """How many turns of an unfinished round have passed: up to the last one that an event shows to be over.

        What silence means too does not show that: it may yet be followed by something else.
        """
        reached = 0
        for t, turn in enumerate(self.scenario.turns):
            own = [
                {f"{m.party}.{x.name}" for x in m.moves if x.name != m.default} & events.moves.keys()
                for m in turn.movers
            ]
            effects = [e for m in turn.movers for x in m.moves for e in x.then]
            effects += [e for o in turn.outcomes for e in o.then]
            drawn = {o.name for o in turn.outcomes}
            drawn |= {
                f"{e.factor}.{level}" for e in effects if len(e.outcomes) > 1 for level, _ in e.outcomes
            }
            drawn &= events.chance.keys()
            if drawn or (own and all(own)):
                reached = t + 1
        return reached

    # ------------------------------------------------------------ rounds
    def _play(self, events: _Round, here: _Here, turns: int, provisional: bool) -> None:
        over = here.over
        for t in range(turns if not over else 0):
            step = self._turn(events, here.state, t, provisional)
            here.steps.append(step)
            here.state = step.to
        if not over and turns == len(self.scenario.turns):
            here.over = self.rules.stopped(here.state)
        self._leftover(events, over, provisional)

    def _leftover(self, events: _Round, over: bool, provisional: bool) -> None:
        """What no turn of the round has dealt with."""
        for what, listed in (*events.moves.items(), *events.chance.items()):
            if what in events.taken:
                continue
            for event in listed:
                if over:
                    reason = "the talks are over by then in the model"
                    self._say(event, "outside", reason, events.number, what)
                elif provisional:
                    reason = f"the turn of `{what}` had not ended on {self.last}"
                    self._say(event, "outside", reason, events.number, what)
                else:
                    self._impossible(
                        event, what, events.number, "nothing of the kind can happen in that round"
                    )

    def _turn(self, events: _Round, state: State, t: int, provisional: bool) -> Step:
        turn, slot = self.scenario.turns[t], self.first[t]
        key: Key = (state, ())
        moves: list[CodedMove] = []
        for k, mover in enumerate(turn.movers):
            options = self.rules.options(slot + k, key)
            chosen = self._move(events, mover, options, state, t)
            moves.append(chosen)
            key = next(option.to for option in options if option.label == chosen.index)
        last = slot + len(turn.movers)
        drawn = last < len(self.rules.slots) and self.rules.slots[last].turn == t
        drawn = drawn and self.rules.slots[last].kind in (CHANCE, LOTTERY)
        if not drawn:
            return Step(events.number, t, state, tuple(moves), 0, "", (), (), key[0], provisional)
        options = self.rules.options(last, key)
        named = self._names(t, options)
        index, shown = self._drawn(events, t, named)
        names = tuple(" and ".join(names) for names in named) if len(options) > 1 else ()
        outcome, to = names[index] if names else "", options[index].to[0]
        return Step(events.number, t, state, tuple(moves), index, outcome, names, shown, to, provisional)

    # ------------------------------------------------------------ moves
    def _move(
        self, events: _Round, mover: Mover, options: Sequence[Option], state: State, t: int
    ) -> CodedMove:
        """The move that the events make: the first in precedence of those that are possible."""
        possible = {mover.moves[option.label].name for option in options}
        shown: dict[str, list[Event]] = {}
        for move in mover.moves:
            what = f"{mover.party}.{move.name}"
            listed = events.moves.get(what, [])
            if not listed or what in events.taken:
                continue
            if move.name in possible:
                shown[move.name] = listed
                events.taken.add(what)
            elif not self._later(mover.party, move.name, t):
                events.taken.add(what)
                for event in listed:
                    self._impossible(event, what, events.number, self._rule(move, state))
        best = self._first(events, mover.party, shown, mover.party)
        if best is None:
            best = self._silence(mover, possible, events.number)
            return CodedMove(mover.party, best, _index(mover, best), ())
        ids = tuple(event.id for event in shown[best])
        heaviest = max(weight(event, self.section) for event in shown[best])
        return CodedMove(mover.party, best, _index(mover, best), ids, heaviest)

    def _first(self, events: _Round, who: str, shown: dict[str, list[Event]], party: str) -> str | None:
        """The first in precedence of what events show; None where there is nothing, or no order among them."""
        order = self.section.precedence.get(who, ())

        def name(what: str) -> str:
            return what if who == OF_CHANCE else f"{party}.{what}"

        if not shown:
            return None
        unordered = [what for what in shown if what not in order]
        if len(shown) > 1 and unordered:
            names = " and ".join(f"`{name(what)}`" for what in shown)
            ids = ", ".join(event.id for listed in shown.values() for event in listed)
            for what, listed in shown.items():
                for event in listed:
                    self._say(
                        event, "conflict", f"round {events.number + 1} has events of {names}, and no order among them",
                        events.number, name(what),
                    )  # fmt: skip
            self.problems.append(
                Diagnostic(
                    "conflicting-moves",
                    f"round {events.number + 1} has events of {names} ({ids}), and no order of precedence",
                    self.section.span,
                    f"put `{unordered[0]}` into `precedence` of `{who}`",
                )
            )
            return None
        best = min(shown, key=order.index) if len(shown) > 1 else next(iter(shown))
        for what, listed in shown.items():
            for event in listed:
                if what == best:
                    self._say(
                        event,
                        "used",
                        f"`{name(what)}` in round {events.number + 1}",
                        events.number,
                        name(what),
                    )
                else:
                    self._say(
                        event, "superseded", f"`{name(best)}` counts before `{name(what)}` in round {events.number + 1}",
                        events.number, name(what),
                    )  # fmt: skip
        return best

    def _silence(self, mover: Mover, possible: set[str], number: int) -> str:
        if mover.default in possible:
            return mover.default
        left = [move.name for move in mover.moves if move.name in possible]
        if len(left) > 1:
            self.problems.append(
                Diagnostic(
                    "no-default",
                    f"`{mover.party}` is silent in round {number + 1}, and its default `{mover.default}` is not possible then",
                    self.section.span,
                    f"what silence means must be one of {', '.join(f'`{name}`' for name in left)}",
                )
            )
        return left[0]

    def _later(self, party: str, name: str, t: int) -> bool:
        """Whether a later turn of the round has the same move."""
        following = self.scenario.turns[t + 1 :]
        return any(
            m.party == party and any(x.name == name for x in m.moves) for u in following for m in u.movers
        )

    # ------------------------------------------------------------ chance
    def _names(self, t: int, options: Sequence[Option]) -> list[tuple[str, ...]]:
        """What each option is called: the outcome, and the levels that are drawn with it."""
        outcomes = self.scenario.turns[t].outcomes
        return [
            (*((outcomes[o.label].name,) if outcomes else ()), *(name.replace("=", ".") for name in o.names))
            for o in options
        ]

    def _drawn(self, events: _Round, t: int, named: Sequence[tuple[str, ...]]) -> tuple[int, tuple[str, ...]]:
        """(index, events) of what was drawn, among options with these names."""
        outcomes = self.scenario.turns[t].outcomes
        can = {name for names in named for name in names}
        shown = {w: listed for w, listed in events.chance.items() if w in can and w not in events.taken}
        events.taken.update(shown)
        for outcome in outcomes:
            listed = events.chance.get(outcome.name, [])
            if listed and outcome.name not in can and outcome.name not in events.taken:
                events.taken.add(outcome.name)
                for event in listed:
                    self._impossible(event, outcome.name, events.number, "it cannot happen at that state")
        left = list(range(len(named)))
        ids: tuple[str, ...] = ()
        best = self._first(events, OF_CHANCE, shown, "")
        if best is not None:
            left = [i for i in left if best in named[i]]
            ids = tuple(event.id for event in shown[best])
        for what in self.section.unseen:
            if len(left) > 1 and any(what in named[i] for i in left):
                left = [i for i in left if what in named[i]]
        if len(left) > 1:
            choices = ", ".join(f"`{' and '.join(named[i])}`" for i in left)
            self.problems.append(
                Diagnostic(
                    "unseen-outcome",
                    f"no event says what chance gave in round {events.number + 1}, turn {t + 1}: {choices}",
                    self.section.span,
                    "add events under `chance`, or say in `unseen` what is taken to have happened",
                )
            )
        return left[0], ids

    # ------------------------------------------------------------ problems
    def _impossible(self, event: Event, what: str, number: int, rule: str) -> None:
        reason = f"`{what}` is not possible in round {number + 1}: {rule}"
        self._say(event, "conflict", reason, number, what)
        lenient = self.section.impossible == NEXT
        self.problems.append(
            Diagnostic(
                "impossible-move",
                f"event {event.id} of {event.date} says `{what}`, which is not possible in round {number + 1}: {rule}",
                self.section.span,
                None
                if lenient
                else "change the rule or the scenario, or write `impossible: next` to pass over it",
                "warning" if lenient else "error",
            )
        )

    def _disordered(self, steps: Sequence[Step]) -> list[Diagnostic]:
        """Answers that came before what the model has them answer."""
        dates = {event.id: event.date for event in self.events}
        found: list[Diagnostic] = []
        for i, step in enumerate(steps):
            for later in steps[i + 1 : i + len(self.scenario.turns)]:
                if later.round != step.round:
                    break
                for one in step.moves:
                    for two in later.moves:
                        if not one.events or not two.events:
                            continue
                        first, last = min(dates[e] for e in one.events), max(dates[e] for e in two.events)
                        if last < first:
                            found.append(
                                Diagnostic(
                                    "out-of-order",
                                    f"in round {step.round + 1} `{two.party}.{two.name}` ({last}) came before "
                                    f"`{one.party}.{one.name}` ({first}), which it answers in the model",
                                    self.section.span,
                                    "shorter rounds keep more of the order of events",
                                    "warning",
                                )
                            )
        return found

    def _rule(self, move: Move, state: State) -> str:
        levels = {f.name: f.levels for f in self.scenario.factors}
        if move.when is None:
            return "it is not among the moves of that turn"
        named = mentions(move.when, self.scenario)
        where = " and ".join(
            f"`{f.name}` is `{f.levels[i]}`"
            for f, i in zip(self.scenario.factors, state, strict=True)
            if f.name in named
        )
        return f"it needs `{unparse(move.when, levels=levels)}`, and {where}"


def _index(mover: Mover, name: str) -> int:
    return next(i for i, move in enumerate(mover.moves) if move.name == name)
