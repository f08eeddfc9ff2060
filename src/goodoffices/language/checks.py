"""What a scenario must fulfil beyond its grammar: names lead somewhere, everything is possible, units agree.

Receives a scenario whose names are resolved and the reader with the places; records every problem in its scope.
"""

from __future__ import annotations

from goodoffices.core.diagnostics import Span
from goodoffices.language import claim_checks, odds, possibilities, tree
from goodoffices.language.reach import explore
from goodoffices.language.reader import Reader
from goodoffices.language.resolve import Scope
from goodoffices.language.scenario import Scenario
from goodoffices.language.syntax import MAX_HEIGHT
from goodoffices.language.tree import Expression
from goodoffices.language.units import NONE, PER_ROUND, PER_UTILITY, UTILITY, UnitChecker
from goodoffices.language.walk import (
    dimensions_of,
    every_expression,
    height,
    is_truth,
    let_cycles,
    let_heights,
    nodes,
    parameters_of,
)


def examine(scenario: Scenario, reader: Reader, unit_places: dict[str, Span]) -> None:
    """Run every check; those that follow names need `let` without cycles."""
    scope = reader.scope
    _payoffs(scenario, scope)
    _usage(scenario, scope)
    if _cycles(scenario, scope) or _too_tall(scenario, scope):
        return
    _conditions(scenario, scope)
    _dependence(scenario, scope)
    _units(scenario, scope, unit_places)
    reach = explore(scenario)
    if not scope.turns_broken:
        possibilities.examine(scenario, scope, reach)
    odds.examine(scenario, scope, reach)
    if not any(d.severity == "error" for d in scope.diagnostics):
        claim_checks.examine_worlds(scenario, scope, reach)


def _cycles(scenario: Scenario, scope: Scope) -> bool:
    lets = {let.name: let for let in scenario.lets}
    cycles = let_cycles(lets)
    for first, *others in cycles:
        path = " -> ".join(f"`{name}`" for name in (first, *others, first))
        scope.report(
            "let-cycle",
            f"`{first}` is defined by itself" + (f": {path}" if others else ""),
            lets[first].note.span,
            "a named expression may only build on others that do not lead back to it",
        )
    return bool(cycles)


def _too_tall(scenario: Scenario, scope: Scope) -> bool:
    """Whether some expression, written out, is nested deeper than everything that follows it can go."""
    heights = let_heights({let.name: let for let in scenario.lets})
    tall = [let.note.span for let in scenario.lets if heights[let.name] > MAX_HEIGHT]
    tall = tall or [e.span for e in every_expression(scenario) if height(e, heights) > MAX_HEIGHT]
    if tall:
        scope.report(
            "expression-too-deep",
            f"written out, this is nested more than {MAX_HEIGHT} deep",
            tall[0],
            "let fewer named expressions build on each other",
        )
    return bool(tall)


def _payoffs(scenario: Scenario, scope: Scope) -> None:
    if scenario.time.rounds is None and scenario.time.discount == tree.Number(1.0):
        scope.report(
            "open-ended-without-discount",
            "open-ended talks need a discount below one, or their values never end",
            None,
            "add `discount: 0.97 per week` to `time`",
        )
    for party in scenario.parties:
        if party.name not in scenario.values and party.name not in scenario.end_values:
            has_moves = party.name in scope.moves
            if has_moves:
                scope.warn(
                    "party-without-values",
                    f"`{party.name}` moves but has no values, so it weighs only its costs",
                    party.note.span,
                    "add it under `values`",
                )


def _usage(scenario: Scenario, scope: Scope) -> None:
    for kind, elements in (("parameter", scenario.parameters), ("named expression", scenario.lets)):
        for element in elements:
            if element.name not in scope.used:
                scope.warn(
                    "unused",
                    f"the {kind} `{element.name}` is used nowhere",
                    element.note.span,
                    "remove it, or mention it where it belongs",
                )


def _conditions(scenario: Scenario, scope: Scope) -> None:
    """A named expression that stands for a condition must be one; where names are read that is not known yet."""
    lets = {let.name: let for let in scenario.lets}
    wanted = [scenario.stops]
    wanted += [move.when for turn in scenario.turns for mover in turn.movers for move in mover.moves]
    wanted += [outcome.when for turn in scenario.turns for outcome in turn.outcomes]
    for root in every_expression(scenario):
        for node in nodes(root):
            if isinstance(node, tree.Conditional):
                wanted.append(node.condition)
            elif isinstance(node, tree.Unary) and node.operator == "not":
                wanted.append(node.operand)
            elif isinstance(node, tree.Binary) and node.operator in ("and", "or"):
                wanted += [node.left, node.right]
    for condition in wanted:
        if isinstance(condition, tree.Name) and not is_truth(condition, lets):
            scope.report(
                "not-a-condition",
                f"a condition is needed here, and `{condition.name}` is a number",
                condition.span,
                "compare it with something, as in `x > 0`",
            )


# ---------------------------------------------------------------- what may depend on what
def _dependence(scenario: Scenario, scope: Scope) -> None:
    """Some expressions are asked for before there is a state, or where a private type would be given away."""
    lets = {let.name: let for let in scenario.lets}

    def public(expression: Expression | None, what: str) -> None:
        for name in sorted(parameters_of(expression, scenario))[:1] if expression else ():
            scope.report(
                "wrong-dependence",
                f"{what} cannot depend on the parameter `{name}`: everyone must see what is possible",
                expression.span if expression else None,
                "make it depend on factors, and let `costs` say what is dear",
            )

    def forbid(expression: Expression | None, what: str, *, factors: bool, why: str) -> None:
        for name, node in dimensions_of(expression, lets).items() if expression else ():
            if "." in name or factors:
                kind = "the private type" if "." in name else "the factor"
                scope.report("wrong-dependence", f"{what} cannot depend on {kind} `{name}`: {why}", node.span)

    for dimension in scenario.types:
        for expression in dimension.odds:
            forbid(expression, "the odds of types", factors=True, why="they are drawn before the first round")
    for party in scenario.parties:
        forbid(party.rationality, "rationality", factors=True, why="it is one number for the whole game")
    forbid(scenario.time.discount, "the discount", factors=True, why="it is one number for the whole game")
    forbid(scenario.stops, "`stops`", factors=False, why="everyone must see that the talks have ended")
    public(scenario.stops, "`stops`")
    for turn in scenario.turns:
        for mover in turn.movers:
            for move in mover.moves:
                forbid(
                    move.when,
                    "`when`",
                    factors=False,
                    why="what is possible would give the type away; use costs",
                )
                public(move.when, "`when`")
                for effect in move.then:
                    for _, expression in effect.outcomes:
                        forbid(
                            expression,
                            "odds of effects",
                            factors=False,
                            why="the outcome would give the type away",
                        )
        for outcome in turn.outcomes:
            forbid(outcome.when, "`when`", factors=False, why="the outcome would give the type away")
            public(outcome.when, "`when`")
            forbid(outcome.odds, "odds of chance", factors=False, why="the outcome would give the type away")
            for effect in outcome.then:
                for _, expression in effect.outcomes:
                    forbid(
                        expression,
                        "odds of effects",
                        factors=False,
                        why="the outcome would give the type away",
                    )


# ---------------------------------------------------------------- units
def _units(scenario: Scenario, scope: Scope, places: dict[str, Span]) -> None:
    def report(message: str, span: Span | None, hint: str) -> None:
        code = "bad-unit" if "is not a unit" in message else "unit-mismatch"
        scope.report(code, message, span, hint)

    parameters = {p.name: p for p in scenario.parameters}
    lets = {let.name: let for let in scenario.lets}
    checker = UnitChecker(parameters, lets, places, report)
    for let in scenario.lets:
        for expression in (let.expression, *let.table.values()):
            if expression is not None:
                checker.unit(tree.Lookup(let.name, let.key) if let.key else tree.Name(let.name))
                break
    for party, expression in scenario.values.items():
        checker.check(expression, PER_ROUND, f"the value of `{party}` per round")
    for party, expression in scenario.end_values.items():
        checker.check(expression, UTILITY, f"the value of `{party}` at the end")
    for dimension in scenario.types:
        for expression in dimension.odds:
            checker.check(expression, NONE, "odds")
    for party in scenario.parties:
        checker.check(party.rationality, PER_UTILITY, "rationality")
    checker.check(scenario.time.discount, NONE, "the discount")
    if scenario.stops is not None:
        checker.unit(scenario.stops)
    for turn in scenario.turns:
        for mover in turn.movers:
            for move in mover.moves:
                for _, cost in move.costs:
                    checker.check(cost, UTILITY, f"the cost of `{mover.party}.{move.name}`")
                if move.when is not None:
                    checker.unit(move.when)
                for effect in move.then:
                    for _, expression in effect.outcomes:
                        checker.check(expression, NONE, "odds")
        for outcome in turn.outcomes:
            checker.check(outcome.odds, NONE, "odds")
            for effect in outcome.then:
                for _, expression in effect.outcomes:
                    checker.check(expression, NONE, "odds")
    claim_checks.examine(scenario, scope, checker)
