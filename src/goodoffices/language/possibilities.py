"""What can happen: every level is reached, every move can be made, nobody is without a move, and no two moves clash.

Receives a scenario without cycles and the states that `reach` found; records problems in the scope. Where a what-if has
taken moves away, what has become impossible is only a warning.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping

from goodoffices.language.reach import Reach, constant_truth
from goodoffices.language.resolve import Scope
from goodoffices.language.scenario import Effect, Let, Move, Mover, Scenario


def examine(scenario: Scenario, scope: Scope, reach: Reach) -> None:
    """Levels never reached, moves never possible, states with no move; warnings where a what-if took moves away."""
    if not scenario.turns:
        return
    if _over_at_the_start(scenario, scope):
        return
    _clashes(scenario, scope, reach)
    tell = scope.warn if scenario.changes else scope.report
    for index, actor, state in reach.stuck:
        where = _shown(zip((f.name for f in scenario.factors), state, strict=True))
        turn = scenario.turns[index]
        tell(
            "no-move",
            f"`{actor}` has no {'outcome' if actor == 'chance' else 'move'} at turn {index + 1} when {where}",
            next((m.moves[0].note.span for m in turn.movers if m.party == actor), turn.note.span),
            "add a move without `when`: what happens where nothing is done",
        )
    if not reach.complete:
        scope.warn(
            "too-many-states",
            "the talks can come to more states than were searched, so it was not checked that everything is possible",
            scenario.factors[0].note.span if scenario.factors else None,
            "fewer factors, or fewer that a single turn can change",
        )
        return
    for factor in scenario.factors:
        for level in factor.levels:
            if (factor.name, level) not in reach.levels:
                tell(
                    "level-never-reached",
                    f"no play ever brings `{factor.name}` to `{level}`",
                    factor.note.span,
                    "let a move's `then` lead there, or remove the level",
                )
    for index, turn in enumerate(scenario.turns):
        choices = [(m.party, m.moves) for m in turn.movers] or [("chance", turn.outcomes)]
        for actor, moves in choices:
            for move in moves:
                if (index, actor, move.name) not in reach.moves:
                    tell(
                        "move-never-possible",
                        f"`{actor}.{move.name}` can never happen: its condition holds in no state that play can reach",
                        (move.when.span if move.when else None) or move.note.span,
                        "correct its `when`, or let something lead to a state where it holds",
                    )


def _shown(levels: Iterable[tuple[str, str]]) -> str:
    return " and ".join(f"{factor} is {level}" for factor, level in levels) or "play is there"


def _over_at_the_start(scenario: Scenario, scope: Scope) -> bool:
    """Whether `stops` holds before anything has happened."""
    start = {f.name: f.start for f in scenario.factors}
    lets = {let.name: let for let in scenario.lets}
    over = scenario.stops is not None and constant_truth(scenario.stops, start, lets=lets) is True
    if over and scenario.stops is not None:
        scope.report(
            "over-at-the-start",
            "the talks are over before they begin: `stops` holds at the start",
            scenario.stops.span,
            "start the factors at other levels, or let `stops` name others",
        )
    return over


def _clashes(scenario: Scenario, scope: Scope, reach: Reach) -> None:
    """Moves of one turn are made at the same time, so two of them cannot bring one factor to different levels."""
    names = [f.name for f in scenario.factors]
    lets = {let.name: let for let in scenario.lets}
    for turn, states in zip(scenario.turns, reach.states, strict=True):
        found: set[tuple[str, str, str]] = set()
        for one, two in itertools.combinations(turn.movers, 2):
            for first, second, factor in _common(one, two):
                if (one.party, two.party, factor) in found:
                    continue
                if _together(first, second, (dict(zip(names, s, strict=True)) for s in sorted(states)), lets):
                    found.add((one.party, two.party, factor))
                    scope.report(
                        "moves-clash",
                        f"`{one.party}.{first.name}` and `{two.party}.{second.name}` can be made at the same time, "
                        f"and both change `{factor}`",
                        second.note.span,
                        "let each party change a factor of its own, or give them turns one after the other",
                    )


def _common(one: Mover, two: Mover) -> Iterator[tuple[Move, Move, str]]:
    """Moves of the two that change the same factor, but not for certain to the same level."""
    for first, second in itertools.product(one.moves, two.moves):
        for a, b in itertools.product(first.then, second.then):
            if a.factor == b.factor and not (_certain(a) and _certain(b) and a.outcomes[0] == b.outcomes[0]):
                yield first, second, a.factor


def _certain(effect: Effect) -> bool:
    return len(effect.outcomes) == 1


def _together(
    first: Move, second: Move, states: Iterable[Mapping[str, str]], lets: Mapping[str, Let]
) -> bool:
    """Whether both can be made in some state."""
    return any(
        all(
            move.when is None or constant_truth(move.when, state, lets=lets) is not False
            for move in (first, second)
        )
        for state in states
    )
