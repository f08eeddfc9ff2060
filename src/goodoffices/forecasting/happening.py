"""Events along paths of play, drawn or recorded: for each path, whether the event happened.

Receives the moments of paths and an `Event`; returns truth values. A moment is the state just after a turn; rounds count
from one where the question starts. It is the reading that claims have of events, for single paths instead of trees. Refuses
events about types, which no record shows, and about parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from goodoffices.compiler.expressions import holds, mentions
from goodoffices.core.diagnostics import refuse
from goodoffices.inference.posterior_play import Ints, Moment
from goodoffices.language import tree as ask
from goodoffices.language.scenario import Scenario

Truth = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Instant:
    """All paths just after one turn; index letters n path, f factor."""

    ordinal: int
    """Of the round, from one where the question starts."""
    closing: bool
    states: Ints
    """[n, f]"""
    moves: Mapping[str, NDArray[np.str_]]
    """Party -> [n] name of its move, empty where the talks were over."""


def instants(scenario: Scenario, moments: Sequence[Moment], first: int) -> list[Instant]:
    """Moments of drawn play as instants of a question that starts in a round, counted from zero."""
    out: list[Instant] = []
    for moment in moments:
        named: dict[str, NDArray[np.str_]] = {}
        for mover in scenario.turns[moment.turn].movers:
            names = np.array([*(move.name for move in mover.moves), ""])
            named[mover.party] = names[moment.moves[mover.party]]
        out.append(Instant(moment.round - first + 1, moment.closing, moment.states, named))
    return out


def happens(scenario: Scenario, event: ask.Event, path: Sequence[Instant]) -> Truth:
    """[n] whether the event happened by the last instant."""
    if isinstance(event, ask.EventLogic):
        found = [happens(scenario, part, path) for part in event.operands]
        if event.operator == "not":
            return ~found[0]
        return np.all(found, axis=0) if event.operator == "and" else np.any(found, axis=0)
    last = event.last_round
    timely = [i for i in path if last is None or i.ordinal <= last]
    count = len(path[0].states) if path else 1
    match event:
        case ask.Timed(mode="ever"):
            return _any([_now(scenario, event.event, i) for i in timely], count)
        case ask.Timed(mode="always"):
            return ~_any([~_now(scenario, event.event, i) for i in timely], count)
        case ask.Timed():
            return _at(scenario, event, path, count)
        case ask.Before():
            won, lost = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
            for i in path:
                second = _now(scenario, event.second, i)
                if last is None or i.ordinal <= last:
                    won |= _now(scenario, event.first, i) & ~second & ~lost
                lost |= second & ~won
            return won
        case ask.Until():
            won, lost = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
            for i in timely:
                release = _now(scenario, event.release, i)
                won |= release & ~lost
                lost |= ~_now(scenario, event.holds, i) & ~release & ~won
            return won


def last_round(event: ask.Event) -> int | None:
    """The last round that decides an event; None where that is the horizon."""
    if isinstance(event, ask.EventLogic):
        rounds = [last_round(part) for part in event.operands]
        known = [r for r in rounds if r is not None]
        return None if len(known) < len(rounds) else max(known)
    return event.last_round


def bounded(event: ask.Event, rounds: int, *, passed: int = 0) -> ask.Event:
    """The event with every part decided by a round, and rounds counted from where play goes on.

    Args:
        rounds: The round, from one where the question starts, that decides the parts without a limit.
        passed: Rounds since then in which nothing is left to play.
    """
    if isinstance(event, ask.EventLogic):
        return replace(event, operands=tuple(bounded(e, rounds, passed=passed) for e in event.operands))
    return replace(event, last_round=(event.last_round or rounds) - passed)


def earliest_round(event: ask.Event) -> int | None:
    """The first of the rounds that decide parts of an event; None where all wait for the horizon."""
    rounds = [e.last_round for e in _parts(event) if e.last_round is not None]
    return min(rounds, default=None)


def require_visible(scenario: Scenario, event: ask.Event) -> None:
    """Refuse events that no record shows.

    Raises:
        Refusal: `question-without-answer`.
    """
    for part in _parts(event):
        for what in _simple(part):
            if isinstance(what, ask.StateIs):
                _visible(scenario, what)


def _parts(event: ask.Event) -> Iterator[ask.Timed | ask.Before | ask.Until]:
    if isinstance(event, ask.EventLogic):
        for part in event.operands:
            yield from _parts(part)
    else:
        yield event


def _simple(part: ask.Timed | ask.Before | ask.Until) -> tuple[ask.MoveMade | ask.StateIs, ...]:
    match part:
        case ask.Timed():
            return (part.event,)
        case ask.Before():
            return part.first, part.second
        case ask.Until():
            return part.holds, part.release


def _visible(scenario: Scenario, what: ask.StateIs) -> None:
    hidden = sorted(mentions(what.condition, scenario) - {f.name for f in scenario.factors})
    if hidden:
        raise refuse(
            "question-without-answer",
            f"no record will ever show whether this happened: it depends on `{hidden[0]}`",
            span=what.span,
            hint="ask about moves, and about factors, which everybody sees",
        )


def _at(scenario: Scenario, event: ask.Timed, path: Sequence[Instant], count: int) -> Truth:
    """At the end of the last round; a move counts if it was made in that round."""
    end = max((i.ordinal for i in path), default=0)
    last = end if event.last_round is None else min(event.last_round, end)
    mine = [i for i in path if i.ordinal == last]
    if isinstance(event.event, ask.MoveMade):
        return _any([_now(scenario, event.event, i) for i in mine], count)
    closing = [i for i in mine if i.closing] or mine[-1:]
    return _any([_now(scenario, event.event, i) for i in closing], count)


def _now(scenario: Scenario, what: ask.MoveMade | ask.StateIs, at: Instant) -> Truth:
    if isinstance(what, ask.MoveMade):
        made = at.moves.get(what.party)
        return np.zeros(len(at.states), dtype=bool) if made is None else made == what.move
    _visible(scenario, what)
    distinct, where = np.unique(at.states, axis=0, return_inverse=True)
    levels = {f.name: distinct[:, k] for k, f in enumerate(scenario.factors)}
    truth = holds(what.condition, scenario, levels)
    return np.broadcast_to(truth, (len(distinct),))[where.reshape(-1)]


def _any(parts: Sequence[Truth], count: int) -> Truth:
    return np.any(parts, axis=0) if parts else np.zeros(count, dtype=bool)
