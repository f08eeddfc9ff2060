"""Which states the talks can come to, whatever the parameters are.

Receives the turns of a scenario; returns the states of the factors before each turn, and what was never reached. A
condition that depends on a parameter or on a private type counts as possible. Search is bounded: beyond `MAX_STATES`
nothing is concluded.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from goodoffices.language import tree
from goodoffices.language.functions import FUNCTIONS
from goodoffices.language.scenario import Effect, Let, Scenario, Turn
from goodoffices.language.tree import Expression

MAX_STATES = 20_000
MAX_STEPS = 400_000

State = tuple[str, ...]
"""Levels of the factors, in the order of the scenario's factors."""


@dataclass
class Reach:
    """What the search found."""

    states: tuple[set[State], ...] = ()
    """Per turn: the states that play can be in when the turn begins."""
    ends: set[State] = field(default_factory=set[State])
    """States that play can be in when a round ends."""
    levels: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """(factor, level) that occur."""
    moves: set[tuple[int, str, str]] = field(default_factory=set[tuple[int, str, str]])
    """(turn, party or `chance`, move) that can be played."""
    stuck: list[tuple[int, str, State]] = field(default_factory=list[tuple[int, str, State]])
    """(turn, party or `chance`, state) with no move: the first of each turn and party."""
    complete: bool = True


Lets = Mapping[str, Let]
Value = float | bool | None
_NO_LETS: Lets = {}


def constant_truth(condition: Expression, state: Mapping[str, str], *, lets: Lets = _NO_LETS) -> bool | None:
    """Truth of a condition at a state; None where it depends on a parameter or a private type."""
    value = constant(condition, state, lets=lets)
    return None if value is None else bool(value)


def constant(node: Expression, state: Mapping[str, str], *, lets: Lets = _NO_LETS) -> Value:
    """Value of an expression at a state; None where it depends on a parameter or a private type.

    `lets` must be free of cycles; what is not in it counts as a parameter.
    """
    return _constant(node, state, lets, {})


def _constant(node: Expression, state: Mapping[str, str], lets: Lets, known: dict[str, Value]) -> Value:
    """The same; `known` holds what named expressions and tables came to in this state."""
    match node:
        case tree.Number(value=value):
            return None if math.isnan(value) else value
        case tree.Name(name=name):
            let = lets.get(name)
            if let is None or let.expression is None:
                return None
            if name not in known:
                known[name] = _constant(let.expression, state, lets, known)
            return known[name]
        case tree.Lookup(table=table, key=key):
            let, level = lets.get(table), state.get(key)
            if let is None or level is None or level not in let.table:
                return None
            if table not in known:
                known[table] = _constant(let.table[level], state, lets, known)
            return known[table]
        case tree.LevelTest(subject=subject, levels=levels):
            return state[subject] in levels if subject in state else None
        case tree.Unary(operator="not", operand=operand):
            inner = _constant(operand, state, lets, known)
            return None if inner is None else not inner
        case tree.Unary(operand=operand):
            inner = _constant(operand, state, lets, known)
            return None if inner is None else -inner
        case tree.Binary(operator="and" | "or" as operator, left=left, right=right):
            sides = (_constant(left, state, lets, known), _constant(right, state, lets, known))
            decisive = operator == "or"
            if any(side is not None and bool(side) is decisive for side in sides):
                return decisive
            return None if None in sides else not decisive
        case tree.Binary(operator=operator, left=left, right=right):
            one, two = _constant(left, state, lets, known), _constant(right, state, lets, known)
            return None if one is None or two is None else _arithmetic(operator, float(one), float(two))
        case tree.Conditional(condition=condition, then=then, otherwise=otherwise):
            test = _constant(condition, state, lets, known)
            return None if test is None else _constant(then if test else otherwise, state, lets, known)
        case tree.Call(function=function, arguments=arguments):
            values = [_constant(argument, state, lets, known) for argument in arguments]
            if any(value is None for value in values):
                return None
            with np.errstate(all="ignore"):
                return float(FUNCTIONS[function].run(np, *values))
        case _:
            return None


def _arithmetic(operator: str, one: float, two: float) -> float | bool:
    try:
        match operator:
            case "+":
                return one + two
            case "-":
                return one - two
            case "*":
                return one * two
            case "/":
                return one / two
            case "**":
                power = one**two
                return power if isinstance(power, (int, float)) else math.nan
            case "<":
                return one < two
            case "<=":
                return one <= two
            case ">":
                return one > two
            case ">=":
                return one >= two
            case "==":
                return one == two
            case _:
                return one != two
    except (ZeroDivisionError, OverflowError):
        return math.nan


class _TooManyError(Exception):
    """One turn leads to more states than are searched."""


def explore(scenario: Scenario) -> Reach:
    """Search every state that some play can bring about, over as many rounds as change anything."""
    factors, turns, stops = scenario.factors, scenario.turns, scenario.stops
    lets = {let.name: let for let in scenario.lets}
    names = tuple(f.name for f in factors)
    start = tuple(f.start for f in factors)
    reach = Reach()
    seen: list[set[State]] = [set() for _ in range(len(turns) + 1)]
    todo: list[tuple[int, State]] = [(0, start)]
    seen[0].add(start)
    steps = 0
    while todo:
        turn_index, state = todo.pop()
        reach.levels.update(zip(names, state, strict=True))
        levels = dict(zip(names, state, strict=True))
        if turn_index == 0 and stops is not None and constant_truth(stops, levels, lets=lets) is True:
            continue
        if turn_index == len(turns):
            following, states = 0, {state}
        else:
            following = turn_index + 1
            try:
                states = _after(turns[turn_index], turn_index, state, names, reach, lets)
            except _TooManyError:
                reach.complete = False
                break
        steps += len(states)
        for new in states - seen[following]:
            seen[following].add(new)
            todo.append((following, new))
        if steps > MAX_STEPS or sum(map(len, seen)) > MAX_STATES:
            reach.complete = False
            break
    reach.states, reach.ends = tuple(seen[: len(turns)]), seen[len(turns)]
    return reach


def _after(
    turn: Turn, index: int, state: State, names: tuple[str, ...], reach: Reach, lets: Lets
) -> set[State]:
    """States that the turn can lead to, noting what can be played on the way."""
    levels = dict(zip(names, state, strict=True))
    actors: list[tuple[str, list[tuple[str, Expression | None, tuple[Effect, ...]]]]] = [
        (mover.party, [(m.name, m.when, m.then) for m in mover.moves]) for mover in turn.movers
    ]
    if turn.outcomes:
        outcomes = [o for o in turn.outcomes if constant(o.odds, levels, lets=lets) != 0]
        actors = [("chance", [(o.name, o.when, o.then) for o in outcomes])]
    states = {state}
    for actor, moves in actors:
        possible = [m for m in moves if m[1] is None or constant_truth(m[1], levels, lets=lets) is not False]
        if not possible:
            if not any(found[:2] == (index, actor) for found in reach.stuck):
                reach.stuck.append((index, actor, state))
            continue
        reach.moves.update((index, actor, name) for name, _, _ in possible)
        following: set[State] = set()
        for old in states:
            for _, _, then in possible:
                following |= _effects(old, then, names, lets)
            if len(following) > MAX_STATES:
                raise _TooManyError
        states = following
    return states


def _effects(state: State, effects: Iterable[Effect], names: tuple[str, ...], lets: Lets) -> set[State]:
    levels = dict(zip(names, state, strict=True))
    choices: list[list[tuple[str, str]]] = []
    for effect in effects:
        if effect.factor not in levels:
            continue
        certain = [constant(odds, levels, lets=lets) for _, odds in effect.outcomes]
        choices.append(
            [
                (effect.factor, level)
                for (level, _), odds in zip(effect.outcomes, certain, strict=True)
                if odds != 0
            ]
        )
    if math.prod(map(len, choices)) > MAX_STATES:
        raise _TooManyError
    return {
        tuple(({**levels, **dict(combination)})[name] for name in names)
        for combination in itertools.product(*choices)
    }
