"""What a claim must fulfil beyond its grammar: like is compared with like, and what happens is plain to see.

Receives a scenario without cycles and the checker of its units; records problems in the scope. The two sides of a
comparison share a unit; `set` gives a parameter a value in its own unit; a condition inside an event depends on factors
and types alone, because a history must say by itself whether the event happened.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from goodoffices.core.diagnostics import Refusal
from goodoffices.language import odds, tree
from goodoffices.language.changes import without
from goodoffices.language.reach import Reach, explore
from goodoffices.language.resolve import Scope
from goodoffices.language.scenario import Let, Scenario
from goodoffices.language.units import NONE, TRUTH, UTILITY, Unit, UnitChecker, in_words
from goodoffices.language.walk import dimensions_of, is_truth, parameters_of

NEVER_LAST = "a move that is a party's only one at some point cannot be taken away"


def examine(scenario: Scenario, scope: Scope, units: UnitChecker) -> None:
    """Check every claim."""
    lets = {let.name: let for let in scenario.lets}
    for claim in scenario.claims:
        for node in _nodes(claim.says):
            match node:
                case tree.Comparison(left=tree.MoveChoice()):
                    pass
                case tree.Comparison():
                    _sides(node, scope, units)
                    for side in (node.left, node.right):
                        for name in _plain_names(side):
                            _stateless(name, f"`{name.name}` in a claim", lets, scope)
                case tree.SetParameter(parameter=name, value=value):
                    wanted = units.units.get(name)
                    if wanted is not None:
                        units.check(value, wanted, f"`{name}`")
                    _stateless(value, f"the value of `{name}`", lets, scope)
                case tree.Trend(quantity=quantity):
                    _unit(quantity, scope, units)
                case tree.StateIs(condition=tree.Name(name=name) as condition) if not is_truth(
                    condition, lets
                ):
                    scope.report(
                        "not-a-condition",
                        f"a condition is needed here, and `{name}` is a number",
                        condition.span,
                        "compare it with something, as in `x > 0`",
                    )
                case tree.StateIs(condition=condition):
                    for name in sorted(parameters_of(condition, scenario))[:1]:
                        scope.report(
                            "parameter-in-event",
                            f"whether an event happens cannot depend on the parameter `{name}`",
                            condition.span,
                            "events are about moves, factors and types; compare parameters outside `P(...)`",
                        )
                case _:
                    pass


def _plain_names(node: Any) -> Iterator[tree.Name]:
    """Names that stand in a quantity outside every question."""
    if isinstance(node, tree.Name):
        yield node
    elif isinstance(node, tree.Arithmetic):
        for operand in node.operands:
            yield from _plain_names(operand)


def _stateless(node: tree.Expression, what: str, lets: Mapping[str, Let], scope: Scope) -> None:
    """Refuse what depends on the state or a type where there is none."""
    for dimension in list(dimensions_of(node, lets))[:1]:
        scope.report(
            "wrong-dependence",
            f"{what} cannot depend on `{dimension}`: it is one number for the whole game",
            node.span,
            "the state belongs inside `P(...)`",
        )


def examine_worlds(scenario: Scenario, scope: Scope, reach: Reach) -> None:
    """Check that every what-if is a game: odds stay odds, and nobody is left without a move.

    The scenario itself must have no problem.
    """
    for claim in scenario.claims:
        for node in _nodes(claim.says):
            if isinstance(node, (tree.Question, tree.MoveChoice)):
                _settings(
                    [c for c in node.conditions if isinstance(c, tree.SetParameter)], scenario, scope, reach
                )
                _removals([c for c in node.conditions if isinstance(c, tree.Without)], scenario, scope)


def _settings(conditions: list[tree.SetParameter], scenario: Scenario, scope: Scope, reach: Reach) -> None:
    if not conditions:
        return
    trial = Scope()
    odds.examine_settings(scenario, trial, reach, {c.parameter: c.value for c in conditions})
    errors = [d for d in trial.diagnostics if d.severity == "error"]
    if errors:
        scope.report(
            "set-outside-domain",
            f"at this value {errors[0].message}",
            conditions[0].span,
            "bound it, as in `set(p = min(2 * p, 1))`",
        )


def _removals(conditions: list[tree.Without], scenario: Scenario, scope: Scope) -> None:
    if not conditions:
        return
    try:
        stuck = explore(without(scenario, *(f"{c.party}.{c.move}" for c in conditions))).stuck
    except Refusal as refusal:
        scope.report("no-move-left", refusal.diagnostics[0].message, conditions[0].span, NEVER_LAST)
        return
    if stuck:
        turn, party, state = stuck[0]
        levels = zip((f.name for f in scenario.factors), state, strict=True)
        where = " and ".join(f"{name} is {level}" for name, level in levels)
        scope.report(
            "no-move-left",
            f"`{party}` would have no move left at turn {turn + 1}{f' when {where}' if where else ''}",
            conditions[0].span,
            NEVER_LAST,
        )


def _nodes(node: Any) -> Iterator[Any]:
    """Every node of a claim."""
    todo = [node]
    while todo:
        item = todo.pop()
        if isinstance(item, tuple):
            todo.extend(item)  # pyright: ignore[reportUnknownArgumentType]
        elif dataclasses.is_dataclass(item):
            yield item
            todo.extend(getattr(item, field.name) for field in dataclasses.fields(item))


def _sides(node: tree.Comparison, scope: Scope, units: UnitChecker) -> None:
    assert not isinstance(node.left, tree.MoveChoice)
    assert not isinstance(node.right, tree.MoveChoice)
    left, right = (_unit(side, scope, units) for side in (node.left, node.right))
    if left is not None and right is not None and left != right:
        scope.report(
            "unit-mismatch",
            f"the two sides of `{node.operator}` are {in_words(left)} and {in_words(right)}",
            node.span,
            "`value(...)` is in utility, `P(...)` and `belief(...)` are numbers; only like can be compared",
        )


def _unit(node: tree.Quantity, scope: Scope, units: UnitChecker) -> Unit | None:
    """Unit of a quantity; None where anything goes."""
    match node:
        case tree.Question(kind=kind):
            return UTILITY if kind == "value" else NONE
        case tree.Arithmetic(operator="+" | "-" | "min" | "max" as operator, operands=operands):
            found = [unit for part in operands if (unit := _unit(part, scope, units)) is not None]
            if any(unit != found[0] for unit in found):
                other = next(unit for unit in found if unit != found[0])
                scope.report(
                    "unit-mismatch",
                    f"`{operator}` joins what is {in_words(found[0])} with what is {in_words(other)}",
                    node.span,
                    "`value(...)` is in utility, `P(...)` and `belief(...)` are numbers",
                )
                return None
            return found[0] if found else None
        case tree.Arithmetic(operator="neg" | "abs", operands=(operand,)):
            return _unit(operand, scope, units)
        case tree.Arithmetic(operator="*" | "/" as operator, operands=(left, right)):
            one, two = (_unit(part, scope, units) for part in (left, right))
            if isinstance(left, tree.Number):
                one = NONE
            if isinstance(right, tree.Number):
                two = NONE
            return (
                None
                if one is None or two is None
                else one.times(two, power=Fraction(1 if operator == "*" else -1))
            )
        case tree.Arithmetic(operands=operands):
            for part in operands:
                _unit(part, scope, units)
            return None
        case _:
            found = units.unit(node)
            return None if found is TRUTH else found
