"""Questions as one machine that watches play: what has been met so far, and what each turn adds.

Receives a compiled round and, one by one, what is to be expected (`Aim`) from where some steps have been taken; makes a
`Machine`: places paired with what has to be remembered there, what follows from each edge, and what is gained. Aims
share what they have in common: where two questions start matters only until they have started. Nothing here depends on a
draw.

The rules are those of questions on a tree: a step is met at the party's first decision with the move, or never; a
question starts with the turn in which its last step is taken; a moment is the state just after a turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from goodoffices.claims.points import Steps
from goodoffices.compiler.expressions import holds
from goodoffices.compiler.recursive import ScenarioRound
from goodoffices.core.diagnostics import refuse
from goodoffices.language import tree as ask

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Timely = ask.Timed | ask.Before | ask.Until
Made = frozenset[tuple[str, str]]
"""(party, move) that were made in a turn."""

WAITING, TAKEN = 0, 1
PENDING, WON, LOST, JUST_NOW = 0, 1, 2, 3
"""Of an event; `JUST_NOW`: the move was made in the round that is going on."""


@dataclass(frozen=True)
class Fork:
    """Starts a question with the turn of a party's first decision with a move, where the party has others too.

    Where it has no other there, the question never starts.
    """

    party: str
    move: str
    whatever: bool
    """Whatever is chosen there, or only where it is this move."""


@dataclass(frozen=True)
class Aim:
    """What is expected of play, from where the question starts.

    `start`: that it starts at all. `event`: that it starts and the event happens. `value`: what a party gets from there
    on. At the party's first decision after the start, `choice`: that it makes the move; `offered`: that it can make it;
    `cost`: the same times what the move costs.
    """

    kind: Literal["start", "event", "value", "choice", "offered", "cost"]
    event: ask.Event | None = None
    party: str | None = None
    move: str | None = None
    fork: Fork | None = None
    """Where the question starts, instead of with the last of its steps; its event counts from the outset nevertheless."""


@dataclass(frozen=True)
class _Memory:
    """What is remembered; of the steps nothing once all are taken."""

    aim: Aim
    started: bool
    steps: Steps = ()
    taken: tuple[int, ...] = ()
    ordinal: int = 0
    """Number of the round since the question started, one for that round; zero where no event is limited to rounds."""
    events: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Machine:
    """Index letters n node (a place with a memory), t transition (a node and one edge)."""

    place: Ints
    """[n]"""
    reads: tuple[Aim | None, ...]
    """[n] what is read off at the node, where nothing follows; else None."""
    final: Bools
    """[n] the event counts as having happened where talks end at the node."""
    paid_at_the_end: tuple[str | None, ...]
    """[n] party that is paid where talks end at the node."""
    node: Ints
    """[t] ascending"""
    edge: Ints
    """[t]"""
    to: Ints
    """[t] the node that follows, -1 where nothing more is gained."""
    gains: Bools
    """[t] one is gained."""
    pays: tuple[str | None, ...]
    """[t] party whose payment on the edge is gained, and what follows counts as discounted."""
    roots: tuple[int, ...]
    """Node at the outset of every aim, in the order in which they were added."""
    longest: int
    """Rounds after which the last event that is limited to some rounds is decided; zero without."""


class Watcher:
    """Collects aims on one round for one choice of the types that events mention."""

    def __init__(self, compiled: ScenarioRound, types: Mapping[str, int]) -> None:
        """`types`: level, by index, of each type dimension that an event mentions."""
        self.of, self.types = compiled, types
        self.game, self.scenario = compiled.game, compiled.scenario
        self.number: dict[tuple[int, _Memory], int] = {}
        self.rows: list[tuple[int, int, int, bool, str | None]] = []
        self.roots: list[int] = []
        self.longest = 0
        self._true: dict[tuple[ask.StateIs, tuple[int, ...]], bool] = {}

    def add(self, aim: Aim, steps: Steps) -> int:
        """Add an aim; returns its number among the roots. The same one twice costs nothing."""
        limits = [e.last_round for e in atoms(aim.event) if e.last_round is not None]
        self.longest = max(self.longest, *limits, 0)
        memory = self._begun(aim, PENDING)
        if aim.fork is not None:
            memory = replace(memory, started=False)
        elif steps:
            memory = _Memory(aim, False, steps, (WAITING,) * len(steps))
        root = self._explore(self.game.start, memory)
        self.roots.append(root)
        return len(self.roots) - 1

    def machine(self) -> Machine:
        """Everything added so far."""
        rows = sorted(self.rows, key=lambda row: row[:2])
        keys = list(self.number)
        table = np.array([row[:3] for row in rows], dtype=np.int64).reshape(-1, 3).T
        opening = self.game.place_slot == 0
        return Machine(
            place=np.array([place for place, _ in keys], dtype=np.int64),
            reads=tuple(memory.aim if self._reads(place, memory) else None for place, memory in keys),
            final=np.array([opening[place] and self._final(place, memory) for place, memory in keys]),
            paid_at_the_end=tuple(
                memory.aim.party if memory.aim.kind == "value" and memory.started and opening[place] else None
                for place, memory in keys
            ),
            node=table[0],
            edge=table[1],
            to=table[2],
            gains=np.array([row[3] for row in rows], dtype=bool),
            pays=tuple(row[4] for row in rows),
            roots=tuple(self.roots),
            longest=self.longest,
        )

    def _explore(self, place: int, memory: _Memory) -> int:
        if (place, memory) in self.number:
            return self.number[place, memory]
        self.number[place, memory] = root = len(self.number)
        waiting = [(place, memory)]
        while waiting:
            place, memory = waiting.pop()
            here = self.number[place, memory]
            for edge, after, gains, pays in self._follow(place, memory):
                to = -1
                if after is not None:
                    key = (int(self.game.edge_to[edge]), after)
                    if key not in self.number:
                        self.number[key] = len(self.number)
                        waiting.append(key)
                    to = self.number[key]
                self.rows.append((here, edge, to, gains, pays))
        return root

    @cached_property
    def _edges(self) -> list[list[int]]:
        """[s] the edges of each place."""
        source = self.game.action_place[self.game.edge_action]
        return [np.flatnonzero(source == s).tolist() for s in range(len(self.game.place_slot))]

    # ------------------------------------------------------------ one turn
    def _begun(self, aim: Aim, events: int) -> _Memory:
        """The memory with which an aim starts, before anything has happened."""
        watched = list(atoms(aim.event))
        limited = any(e.last_round is not None for e in watched)
        return _Memory(aim, True, ordinal=int(limited), events=(events,) * len(watched))

    def _follow(self, place: int, memory: _Memory) -> Iterator[tuple[int, _Memory | None, bool, str | None]]:
        """(edge, memory after it or None, whether one is gained, party whose payment is gained)."""
        if self._reads(place, memory):
            return
        turn = int(self.game.place_slot[place])
        for edge in self._edges[place]:
            made = self._made(int(self.game.edge_action[edge]), turn)
            running = memory
            if not memory.started and memory.aim.fork is not None:
                yield from self._forked(place, edge, memory, made, turn)
                continue
            if not memory.started:
                taken = self._stepped(place, memory, made)
                if taken is None:
                    continue
                if not all(step == TAKEN for step in taken):
                    yield edge, _Memory(memory.aim, False, memory.steps, taken), False, None
                    continue
                if memory.aim.kind == "start":
                    yield edge, None, True, None
                    continue
                running = self._begun(memory.aim, PENDING)
            yield self._run(edge, running, made, turn)

    def _forked(
        self, place: int, edge: int, memory: _Memory, made: Made, turn: int
    ) -> Iterator[tuple[int, _Memory | None, bool, str | None]]:
        """What an edge does to a question that starts at a fork."""
        fork = memory.aim.fork
        assert fork is not None
        choice, offers = (fork.party, fork.move), self.of.offers[place]
        if choice not in offers:
            event = memory.aim.event
            if event is not None:
                memory = self._watched(edge, memory, made, turn)
                if _combine(event, iter(memory.events)) is False:
                    return
            yield edge, memory, False, None
        elif sum(party == fork.party for party, _ in offers) > 1 and (fork.whatever or choice in made):
            if memory.aim.kind == "start":
                yield edge, None, True, None
            else:
                yield self._run(edge, replace(memory, started=True), made, turn)

    def _run(
        self, edge: int, memory: _Memory, made: Made, turn: int
    ) -> tuple[int, _Memory | None, bool, str | None]:
        """What an edge does to a question that has started."""
        aim = memory.aim
        if aim.kind == "value":
            return edge, memory, False, aim.party
        if aim.kind != "event":
            return edge, memory, False, None
        assert aim.event is not None
        after = self._watched(edge, memory, made, turn)
        decided = _combine(aim.event, iter(after.events))
        if decided is not None:
            return edge, None, decided, None
        return edge, after, False, None

    def _watched(self, edge: int, memory: _Memory, made: Made, turn: int) -> _Memory:
        """The memory after an edge, its events watched."""
        event = memory.aim.event
        assert event is not None
        closing = turn == len(self.game.slots) - 1
        # A new round: what was made in the last one is past.
        before = [PENDING if e == JUST_NOW and turn == 0 else e for e in memory.events]
        state = self.of.places[int(self.game.edge_to[edge])][1]
        events = tuple(
            self._watch(one, so_far, made, state, memory.ordinal, closing)
            for one, so_far in zip(atoms(event), before, strict=True)
        )
        limits = [e.last_round for e in atoms(event) if e.last_round is not None]
        ordinal = memory.ordinal
        if closing and limits:
            ordinal = min(ordinal + 1, max(limits) + 1)
        return replace(memory, ordinal=ordinal, events=events)

    def _reads(self, place: int, memory: _Memory) -> bool:
        """Whether this is the decision that is asked about, or the outset from which a question starts."""
        if memory.aim.kind == "start" and memory.started:
            return True
        choosing = memory.aim.kind in ("choice", "offered", "cost") and memory.started
        return choosing and any(party == memory.aim.party for party, _ in self.of.offers[place])

    def _made(self, action: int, turn: int) -> Made:
        labels = self.of.action_labels[action]
        movers = self.scenario.turns[turn].movers
        return frozenset((m.party, m.moves[label].name) for m, label in zip(movers, labels, strict=False))

    def _stepped(self, place: int, memory: _Memory, made: Made) -> tuple[int, ...] | None:
        """The steps after this turn; None where one was missed."""
        offers = self.of.offers[place]
        others = (s for s, step in zip(memory.taken, memory.steps, strict=True) if not step.next)
        before = all(s == TAKEN for s in others)
        out = list(memory.taken)
        for i, step in enumerate(memory.steps):
            choice = (step.party, step.move)
            if out[i] == WAITING and (before or not step.next) and choice in offers:
                if choice not in made:
                    return None
                out[i] = TAKEN
        return tuple(out)

    # ------------------------------------------------------------ events
    def _watch(
        self,
        event: Timely,
        so_far: int,
        made: Made,
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
        late = LOST if last or not timely else PENDING
        match event:
            case ask.Timed(mode="ever"):
                return WON if timely and self._now(event.event, made, state) else late
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
                return WON if timely and self._now(event.first, made, state) else late
            case ask.Until():
                if timely and self._now(event.release, made, state):
                    return WON
                return LOST if timely and not self._now(event.holds, made, state) else late

    def _now(self, what: ask.MoveMade | ask.StateIs, made: Made, state: tuple[int, ...]) -> bool:
        if isinstance(what, ask.MoveMade):
            return (what.party, what.move) in made
        if (what, state) not in self._true:
            levels = {
                f.name: np.array([i], dtype=np.int64)
                for f, i in zip(self.scenario.factors, state, strict=True)
            }
            levels |= {name: np.array([i], dtype=np.int64) for name, i in self.types.items()}
            self._true[what, state] = bool(holds(what.condition, self.scenario, levels)[0])
        return self._true[what, state]

    def _final(self, place: int, memory: _Memory) -> bool:
        """Whether the event counts where talks end after a whole round at this place."""
        if memory.aim.event is None or not memory.started:
            return False
        state = self.of.places[place][1]
        events: list[int] = []
        for event, so_far in zip(atoms(memory.aim.event), memory.events, strict=True):
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
        return bool(_combine(memory.aim.event, iter(events)))


def atoms(event: ask.Event | None) -> Iterator[Timely]:
    """The events that a logical combination is made of, in order."""
    if isinstance(event, ask.EventLogic):
        for operand in event.operands:
            yield from atoms(operand)
    elif event is not None:
        yield event


def refuse_the_end(event: ask.Event | None) -> None:
    """Refuse what supposes that talks end.

    Raises:
        Refusal: `no-end`.
    """
    if any(e.last_round is None and isinstance(e, ask.Timed) and e.mode == "at" for e in atoms(event)):
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
