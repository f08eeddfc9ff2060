"""A question as a machine that watches play: what has been met so far, and what each turn adds.

Receives a compiled round and an `Item`; returns a `Machine`: places paired with what the question has to remember,
what follows from each edge, and what is gained there. The memory says which of the question's steps have been taken,
for how many rounds it has been running, and which of its events are decided. Nothing in it depends on a draw.

The rules are those of questions on a tree: a step is met at the party's first decision with the move, or never; a
question starts with the turn in which its last step is taken; a moment is the state just after a turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from goodoffices.claims.answers import Item
from goodoffices.claims.points import Steps
from goodoffices.compiler.expressions import holds
from goodoffices.compiler.recursive import ScenarioRound
from goodoffices.core.diagnostics import refuse
from goodoffices.language import tree as ask

Ints = NDArray[np.int64]
Timely = ask.Timed | ask.Before | ask.Until

WAITING, TAKEN = 0, 1
PENDING, WON, LOST, JUST_NOW = 0, 1, 2, 3
"""Of an event; `JUST_NOW`: the move was made in the round that is going on."""


@dataclass(frozen=True)
class Memory:
    """What a question remembers."""

    steps: tuple[int, ...] = ()
    """WAITING or TAKEN for each step; play in which a step was missed is given up."""
    ordinal: int = 0
    """Number of the round since the question started, one for that round; zero before, and capped where it no longer
    matters."""
    events: tuple[int, ...] = ()

    @property
    def started(self) -> bool:
        """Whether every step has been taken."""
        return all(step == TAKEN for step in self.steps)


@dataclass(frozen=True, eq=False)
class Machine:
    """A question on a round; index letters n node (a place with a memory), t transition (a node and one edge).

    Node 0 is the outset.
    """

    place: Ints
    """[n]"""
    started: NDArray[np.bool_]
    """[n] the question has started before the node's turn."""
    reads: NDArray[np.bool_]
    """[n] what is asked for (a choice) is read off at the node, and nothing follows."""
    final: NDArray[np.bool_]
    """[n] the event counts as having happened where talks end at the node."""
    node: Ints
    """[t] ascending"""
    edge: Ints
    """[t]"""
    to: Ints
    """[t] the node that follows, -1 where nothing more is gained."""
    begins: NDArray[np.bool_]
    """[t] the question starts with this turn."""
    wins: NDArray[np.bool_]
    """[t] the event is decided here, and has happened."""
    longest: int
    """Rounds after which the last of the events that are limited to some rounds is decided; zero without."""


def build_machine(compiled: ScenarioRound, item: Item, types: Mapping[str, int]) -> Machine:
    """Follow every memory that a question can come to.

    Args:
        compiled: the round.
        item: the question.
        types: levels (by index) of the type dimensions that the event mentions.

    Raises:
        Refusal: `event-on-parameter` where an event mentions a parameter.
    """
    return _Builder(compiled, item, types).build()


class _Builder:
    def __init__(self, compiled: ScenarioRound, item: Item, types: Mapping[str, int]) -> None:
        self.of, self.item, self.types = compiled, item, types
        self.game, self.scenario = compiled.game, compiled.scenario
        self.steps: Steps = item.steps
        self.watched = list(atoms(item.event)) if item.event is not None else []
        limits = [e.last_round for e in self.watched if e.last_round is not None]
        self.longest = max(limits, default=0)
        self._true: dict[tuple[ask.StateIs, tuple[int, ...]], bool] = {}

    def build(self) -> Machine:
        outset = Memory((WAITING,) * len(self.steps), 0, (PENDING,) * len(self.watched))
        if outset.started and self.longest:
            outset = Memory(outset.steps, 1, outset.events)
        number: dict[tuple[int, Memory], int] = {(self.game.start, outset): 0}
        waiting = [(self.game.start, outset)]
        rows: list[tuple[int, int, int, bool, bool]] = []
        while waiting:
            place, memory = waiting.pop()
            here = number[place, memory]
            for edge, after, begins, wins in self._follow(place, memory):
                to = -1
                if after is not None:
                    key = (int(self.game.edge_to[edge]), after)
                    if key not in number:
                        number[key] = len(number)
                        waiting.append(key)
                    to = number[key]
                rows.append((here, edge, to, begins, wins))
        rows.sort()
        table = list(zip(*rows, strict=True)) if rows else [(), (), (), (), ()]
        keys = list(number)
        return Machine(
            place=np.array([place for place, _ in keys], dtype=np.int64),
            started=np.array([memory.started for _, memory in keys], dtype=bool),
            reads=np.array([self._reads(place, memory) for place, memory in keys], dtype=bool),
            final=np.array([self._at_the_end(place, memory) for place, memory in keys], dtype=bool),
            node=np.array(table[0], dtype=np.int64),
            edge=np.array(table[1], dtype=np.int64),
            to=np.array(table[2], dtype=np.int64),
            begins=np.array(table[3], dtype=bool),
            wins=np.array(table[4], dtype=bool),
            longest=self.longest,
        )

    @cached_property
    def edges(self) -> list[Ints]:
        """[s] the edges of each place."""
        source = self.game.action_place[self.game.edge_action]
        return [np.flatnonzero(source == s) for s in range(len(self.game.place_slot))]

    # ------------------------------------------------------------ one turn
    def _follow(self, place: int, memory: Memory) -> Iterator[tuple[int, Memory | None, bool, bool]]:
        """(edge, memory after it or None, whether the question starts, whether its event is won)."""
        if self._reads(place, memory):
            return
        turn = int(self.game.place_slot[place])
        closing = turn == len(self.game.slots) - 1
        for edge in self.edges[place].tolist():
            made = self._made(int(self.game.edge_action[edge]), turn)
            steps = self._stepped(place, memory, made)
            if steps is None:
                continue
            begins = not memory.started and all(step == TAKEN for step in steps)
            if self.item.kind == "belief" and begins:
                yield edge, None, True, False
                continue
            if not (begins or memory.started):
                yield edge, Memory(steps, 0, memory.events), False, False
                continue
            ordinal = (1 if self.longest else 0) if begins else memory.ordinal
            events = list(memory.events)
            if turn == 0:  # a new round: what was made in the last one is past
                events = [PENDING if e == JUST_NOW else e for e in events]
            state = self.of.places[int(self.game.edge_to[edge])][1]
            for i, event in enumerate(self.watched):
                events[i] = self._watch(event, events[i], made, state, ordinal, closing)
            decided = self._decided(events)
            if decided is not None:
                yield edge, None, begins, decided
                continue
            if closing and self.longest:
                ordinal = min(ordinal + 1, self.longest + 1)
            yield edge, Memory(steps, ordinal, tuple(events)), begins, False

    def _reads(self, place: int, memory: Memory) -> bool:
        """Whether this is the decision that is asked about."""
        choosing = self.item.kind in ("choice", "cost") and memory.started
        return choosing and any(party == self.item.party for party, _ in self.of.offers[place])

    def _made(self, action: int, turn: int) -> frozenset[tuple[str, str]]:
        labels = self.of.action_labels[action]
        movers = self.scenario.turns[turn].movers
        return frozenset((m.party, m.moves[label].name) for m, label in zip(movers, labels, strict=False))

    def _stepped(
        self, place: int, memory: Memory, made: frozenset[tuple[str, str]]
    ) -> tuple[int, ...] | None:
        """The steps after this turn; None where one was missed."""
        offers = self.of.offers[place]
        before = all(s == TAKEN for s, step in zip(memory.steps, self.steps, strict=True) if not step.next)
        out = list(memory.steps)
        for i, step in enumerate(self.steps):
            choice = (step.party, step.move)
            counting = before or not step.next
            if out[i] == WAITING and counting and choice in offers:
                if choice not in made:
                    return None
                out[i] = TAKEN
        return tuple(out)

    # ------------------------------------------------------------ events
    def _watch(
        self,
        event: Timely,
        so_far: int,
        made: frozenset[tuple[str, str]],
        state: tuple[int, ...],
        ordinal: int,
        closing: bool,
    ) -> int:
        """The event after a turn."""
        if so_far in (WON, LOST):
            return so_far
        limit = event.last_round
        timely = limit is None or ordinal <= limit
        last = limit is not None and ordinal >= limit and closing
        match event:
            case ask.Timed(mode="ever"):
                if timely and self._now(event.event, made, state):
                    return WON
                return LOST if last or not timely else PENDING
            case ask.Timed(mode="always"):
                if timely and not self._now(event.event, made, state):
                    return LOST
                return WON if last or not timely else PENDING
            case ask.Timed():
                if isinstance(event.event, ask.MoveMade):
                    found = JUST_NOW if self._now(event.event, made, state) else so_far
                    return (WON if found == JUST_NOW else LOST) if last else found
                return (WON if self._now(event.event, made, state) else LOST) if last else PENDING
            case ask.Before():
                if self._now(event.second, made, state):
                    return LOST
                if timely and self._now(event.first, made, state):
                    return WON
                return LOST if last or not timely else PENDING
            case ask.Until():
                if timely and self._now(event.release, made, state):
                    return WON
                if timely and not self._now(event.holds, made, state):
                    return LOST
                return LOST if last or not timely else PENDING

    def _now(
        self, what: ask.MoveMade | ask.StateIs, made: frozenset[tuple[str, str]], state: tuple[int, ...]
    ) -> bool:
        if isinstance(what, ask.MoveMade):
            return (what.party, what.move) in made
        key = (what, state)
        if key not in self._true:
            levels = {
                f.name: np.array([i], dtype=np.int64)
                for f, i in zip(self.scenario.factors, state, strict=True)
            }
            levels |= {name: np.array([i], dtype=np.int64) for name, i in self.types.items()}
            self._true[key] = bool(holds(what.condition, self.scenario, levels)[0])
        return self._true[key]

    def _decided(self, events: list[int]) -> bool | None:
        """Whether the whole event has happened, None while that is open."""
        if self.item.event is None:
            return None
        return _combine(self.item.event, iter(events))

    def _at_the_end(self, place: int, memory: Memory) -> bool:
        """Whether the event counts where talks end after a whole round at this place."""
        if self.item.event is None or not memory.started or self.game.place_slot[place] != 0:
            return False
        state = self.of.places[place][1]
        events: list[int] = []
        for event, so_far in zip(self.watched, memory.events, strict=True):
            if so_far in (WON, LOST):
                events.append(so_far)
                continue
            match event:
                case ask.Timed(mode="always"):
                    happened = True
                case ask.Timed(mode="at", event=ask.StateIs()):
                    happened = self._now(event.event, frozenset(), state)
                case _:
                    happened = so_far == JUST_NOW
            events.append(WON if happened else LOST)
        return bool(self._decided(events))


def atoms(event: ask.Event) -> Iterator[Timely]:
    """The events that a logical combination is made of, in order."""
    if isinstance(event, ask.EventLogic):
        for operand in event.operands:
            yield from atoms(operand)
    else:
        yield event


def waits_for_the_end(event: ask.Event | None) -> bool:
    """Whether an event can be decided only where talks end."""
    return event is not None and any(
        e.last_round is None and isinstance(e, ask.Timed) and e.mode not in ("ever", "always")
        for e in atoms(event)
    )


def refuse_the_end(event: ask.Event | None) -> None:
    """Refuse what supposes that talks end.

    Raises:
        Refusal: `no-end`.
    """
    if waits_for_the_end(event):
        raise refuse(
            "no-end",
            "`at end` has no meaning in talks without end",
            hint="ask `at` a round, such as `within 12 rounds`, or give a number of rounds",
        )


def _combine(event: ask.Event, states: Iterator[int]) -> bool | None:
    if not isinstance(event, ask.EventLogic):
        return {WON: True, LOST: False}.get(next(states))
    operands = [_combine(operand, states) for operand in event.operands]
    if event.operator == "not":
        return None if operands[0] is None else not operands[0]
    ends = event.operator == "or"
    if any(operand is ends for operand in operands):
        return ends
    return None if any(operand is None for operand in operands) else not ends
