"""No division by zero: neither in a state that play can reach, nor at a value that a prior allows.

Receives a scenario without cycles and the states that `reach` found; records problems in the scope. A division by what
is zero in a reachable state, or by an expression whose range contains zero for certain, is an error; where the bounds
may be too wide, or a condition on a parameter stands around the division, it is a warning.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping

from goodoffices.core.diagnostics import Span
from goodoffices.language import tree
from goodoffices.language.intervals import ranges_over_zero
from goodoffices.language.priors import PRIORS
from goodoffices.language.reach import Reach, constant, constant_truth
from goodoffices.language.resolve import Scope
from goodoffices.language.scenario import Let, Scenario
from goodoffices.language.tree import Expression
from goodoffices.language.walk import (
    dimensions_of,
    every_expression,
    is_faulty,
    let_parts,
    mentions,
    named_part,
    parameters_of,
    parts,
)

MOST_STATES = 1000
"""States that a division is tried in."""
MOST_TYPES = 64
"""Combinations of private types that it is tried with in each of them."""

State = dict[str, str]


def examine(scenario: Scenario, scope: Scope, reach: Reach) -> None:
    """Report every division whose divisor is or can be zero, each once."""
    lets = {let.name: let for let in scenario.lets}
    priors = {p.name: p.prior for p in scenario.parameters}
    supports = {name: PRIORS[prior.name].support(prior.arguments) for name, prior in priors.items()}
    zeros = _zero_states(scenario, reach, lets)
    for root in every_expression(scenario):
        for node, guarded in _divisions(root):
            divisor = node.right
            if is_faulty(divisor):
                continue
            if divisor.span in zeros:
                state = zeros[divisor.span]
                where = " and ".join(f"{name} is {level}" for name, level in state.items())
                scope.report(
                    "division-by-zero",
                    f"the divisor is zero{f' when {where}' if where else ''}",
                    divisor.span,
                    "say what happens there: `x / y if y > 0 else 0`, or add a positive constant",
                )
                continue
            names = sorted(parameters_of(divisor, scenario))
            verdict = ranges_over_zero(divisor, supports, lets)
            if verdict is None or (not names and reach.complete):
                continue
            shown = ", ".join(f"`{n}` ~ {priors[n].text}" for n in names)
            tell = scope.report if verdict == "certain" and not guarded else scope.warn
            tell(
                "division-by-zero",
                f"the divisor can be zero{f' ({shown})' if shown else ''}",
                divisor.span,
                "use a prior that stays away from zero, such as `lognormal(...)`, or add a positive constant",
            )


def _divisions(root: Expression) -> Iterator[tuple[tree.Binary, bool]]:
    """Every division, and whether it stands in a branch of `if`."""
    todo = [(root, False)]
    while todo:
        node, guarded = todo.pop()
        if isinstance(node, tree.Binary) and node.operator == "/":
            yield node, guarded
        inside = guarded or isinstance(node, tree.Conditional)
        todo.extend((part, inside) for part in reversed(parts(node)))


def _zero_states(scenario: Scenario, reach: Reach, lets: Mapping[str, Let]) -> dict[Span | None, State]:
    """Place of each divisor that is zero in some state, whatever the parameters are -> the first such state."""
    names = [f.name for f in scenario.factors]
    types = {f"{d.party}.{d.name}": d.levels for d in scenario.types}
    found: dict[Span | None, State] = {}
    for root, when, states in _occasions(scenario, reach):
        if not any(isinstance(n, tree.Binary) and n.operator == "/" for n in mentions(root, lets)):
            continue
        hidden = [name for name in dimensions_of(root, lets) if name in types]
        combinations = list(itertools.islice(itertools.product(*(types[h] for h in hidden)), MOST_TYPES))
        for levels in sorted(states)[:MOST_STATES]:
            public = dict(zip(names, levels, strict=True))
            if when is not None and constant_truth(when, public, lets=lets) is False:
                continue
            for own in combinations:
                state = public | dict(zip(hidden, own, strict=True))
                for divisor in _live_divisors(root, state, lets):
                    if divisor.span not in found and constant(divisor, state, lets=lets) == 0:
                        shown = dimensions_of(divisor, lets)
                        found[divisor.span] = {name: state[name] for name in shown}
    return found


def _occasions(
    scenario: Scenario, reach: Reach
) -> Iterator[tuple[Expression, Expression | None, Iterable[tuple[str, ...]]]]:
    """What is paid, on which condition, and in which states."""
    for expression in (*scenario.values.values(), *scenario.end_values.values()):
        yield expression, None, reach.ends
    for turn, states in zip(scenario.turns, reach.states, strict=True):
        for mover in turn.movers:
            for move in mover.moves:
                for _, cost in move.costs:
                    yield cost, move.when, states


def _live_divisors(root: Expression, state: State, lets: Mapping[str, Let]) -> Iterator[Expression]:
    """Divisors that are computed in the state: branches that it rules out are left out."""
    todo, seen = [root], set[str]()
    while todo:
        node = todo.pop()
        if isinstance(node, tree.Conditional):
            test = constant_truth(node.condition, state, lets=lets)
            live = (node.then, node.otherwise) if test is None else (node.then if test else node.otherwise,)
            todo.extend((node.condition, *live))
            continue
        if isinstance(node, tree.Binary) and node.operator == "/":
            yield node.right
        name = named_part(node)
        if name in lets and name not in seen:
            seen.add(name)
            let = lets[name]
            if isinstance(node, tree.Lookup):
                todo.extend([let.table[state[node.key]]] if state.get(node.key) in let.table else [])
            else:
                todo.extend(let_parts(let))
        todo.extend(parts(node))
