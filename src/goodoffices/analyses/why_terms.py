"""What a party's payoff is made of: terms that add up to it, each with the elements of the scenario that it rests on.

Receives a scenario and a party; returns `Term`s. Values are split at sums and differences, through named expressions; a
product is split only where one factor is the name of a sum (`shadow * russia_flow`). The costs of each move are a term.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from goodoffices.language.scenario import Let, Scenario, Turn
from goodoffices.language.tree import Binary, Expression, LevelTest, Lookup, Name, Number, Unary
from goodoffices.language.walk import dimensions_of, is_truth, mentions
from goodoffices.language.writing import unparse

ElementName = tuple[str, str]
"""Kind (`parameter`, `quantity`, `move`, `public state`, `type`) and name of an element of the scenario."""


@dataclass(frozen=True)
class Term:
    """One part of a party's payoff."""

    text: str
    """As in the language: `standing[engagement]`, `costs of us.withdraw`."""
    flow: Expression | None
    """What it adds in every round, sign and multipliers included."""
    end: Expression | None
    """What it adds at the end."""
    move: tuple[str, str] | None
    """The move whose costs these are."""
    elements: tuple[ElementName, ...]
    factor: str | None
    """The public state that it depends on, where there is one."""

    def scenario(self, of: Scenario, party: str) -> Scenario:
        """The scenario in which the party is paid this term and nothing else."""
        if self.move is not None:
            return replace(of, values={}, end_values={}, turns=_costs_of(of, self.move))
        values = {party: self.flow} if self.flow is not None else {}
        ends = {party: self.end} if self.end is not None else {}
        return replace(of, values=values, end_values=ends, turns=_costs_of(of, None))

    def exposure(self, level: str) -> Term:
        """The same with one a round in the place of what is counted: for how many weighted rounds the factor is there."""
        assert self.factor is not None
        test = LevelTest(self.factor, (level,))
        return replace(
            self,
            flow=test if self.flow is not None else None,
            end=_product(_multiplier(self.end), test) if self.end is not None else None,
        )


@dataclass(frozen=True)
class _Part:
    """A summand: sign, multipliers, what is counted."""

    sign: int
    multipliers: tuple[Expression, ...]
    base: Expression

    def whole(self) -> Expression:
        out = self.base
        for factor in reversed(self.multipliers):
            out = Binary("*", factor, out)
        return out if self.sign > 0 else Unary("-", out)


def terms_of(scenario: Scenario, party: str) -> tuple[Term, ...]:
    """Every term of a party's payoff, values first, then costs."""
    lets = {let.name: let for let in scenario.lets}
    found: dict[tuple[int, Expression], dict[str, list[_Part]]] = {}
    for where, table in (("flow", scenario.values), ("end", scenario.end_values)):
        if party in table:
            for part in _expand(table[party], lets):
                found.setdefault((part.sign, part.base), {}).setdefault(where, []).append(part)
    out: list[Term] = []
    for (sign, base), places in found.items():
        flow, end = (_sum(places.get(where, [])) for where in ("flow", "end"))
        text = unparse(base, levels={f.name: f.levels for f in scenario.factors})
        names = _elements(scenario, [e for e in (flow, end) if e is not None], lets)
        factors = {f.name for f in scenario.factors}
        factor = next((name for name in dimensions_of(base, lets) if name in factors), None)
        out.append(Term(text if sign > 0 else f"-{_bracketed(text, base)}", flow, end, None, names, factor))
    for turn in scenario.turns:
        for mover in turn.movers:
            for move in mover.moves:
                if mover.party == party and move.costs and not any(t.move == (party, move.name) for t in out):
                    names = _elements(scenario, [c for _, c in move.costs], lets)
                    key = (party, move.name)
                    elements = (("move", f"{party}.{move.name}"), *names)
                    out.append(Term(f"costs of {party}.{move.name}", None, None, key, elements, None))
    return tuple(out)


def _expand(node: Expression, lets: Mapping[str, Let]) -> list[_Part]:
    match node:
        case Binary(operator="+", left=left, right=right):
            return [*_expand(left, lets), *_expand(right, lets)]
        case Binary(operator="-", left=left, right=right):
            return [*_expand(left, lets), *(_negative(p) for p in _expand(right, lets))]
        case Unary(operator="-", operand=operand):
            return [_negative(p) for p in _expand(operand, lets)]
        case Binary(operator="*", left=left, right=right):
            for one, other in ((left, right), (right, left)):
                if _is_sum(other, lets):
                    return [replace(p, multipliers=(one, *p.multipliers)) for p in _expand(other, lets)]
            return [_Part(1, (), node)]
        case Name(name=name) if _is_sum(node, lets):
            expression = lets[name].expression
            assert expression is not None
            return _expand(expression, lets)
        case Number(value=0):
            return []
        case _:
            return [_Part(1, (), node)]


def _is_sum(node: Expression, lets: Mapping[str, Let]) -> bool:
    """The name of more than one summand."""
    if not isinstance(node, Name) or node.name not in lets or is_truth(node, lets):
        return False
    expression = lets[node.name].expression
    return expression is not None and len(_expand(expression, lets)) > 1


def _negative(part: _Part) -> _Part:
    return replace(part, sign=-part.sign)


def _sum(parts: list[_Part]) -> Expression | None:
    out: Expression | None = None
    for part in parts:
        out = part.whole() if out is None else Binary("+", out, part.whole())
    return out


def _multiplier(end: Expression | None) -> Expression | None:
    """What multiplies a term at the end, as far as it is a product with one: `shadow` of `shadow * (...)`."""
    inner = end.operand if isinstance(end, Unary) else end
    return (
        inner.left
        if isinstance(inner, Binary) and inner.operator == "*" and isinstance(inner.left, Name)
        else None
    )


def _product(one: Expression | None, other: Expression) -> Expression:
    return other if one is None else Binary("*", one, other)


def _bracketed(text: str, base: Expression) -> str:
    return f"({text})" if isinstance(base, Binary) and base.operator in ("+", "-") else text


def _elements(
    scenario: Scenario, roots: list[Expression], lets: Mapping[str, Let]
) -> tuple[ElementName, ...]:
    """Named expressions, parameters and factors, in the order in which they are met."""
    parameters = {p.name for p in scenario.parameters}
    factors = {f.name for f in scenario.factors}
    out: dict[ElementName, None] = {}
    for root in roots:
        for node in mentions(root, lets):
            if isinstance(node, Name):
                out["parameter" if node.name in parameters else "quantity", node.name] = None
            elif isinstance(node, Lookup):
                out["quantity", node.table] = None
                out["public state" if node.key in factors else "type", node.key] = None
            elif isinstance(node, LevelTest):
                out["public state" if node.subject in factors else "type", node.subject] = None
    return tuple(out)


def _costs_of(scenario: Scenario, kept: tuple[str, str] | None) -> tuple[Turn, ...]:
    """The turns in which only one move costs anything, or none."""
    return tuple(
        replace(
            turn,
            movers=tuple(
                replace(
                    mover,
                    moves=tuple(
                        m if (mover.party, m.name) == kept else replace(m, costs=()) for m in mover.moves
                    ),
                )
                for mover in turn.movers
            ),
        )
        for turn in scenario.turns
    )
