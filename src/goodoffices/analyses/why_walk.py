"""Which links a claim needs: a walk over what it says, form by form.

Receives a claim, solved worlds and answers; fills a `Chain`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from goodoffices.analyses.why_chain import Chain, Situation
from goodoffices.analyses.why_forms import Figure, listed, number, percent
from goodoffices.analyses.why_solved import SolvedWorld
from goodoffices.analyses.why_terms import terms_of
from goodoffices.claims.judging import Known, judge_claim, quantity, supposed, unit_of
from goodoffices.claims.points import Step
from goodoffices.claims.worlds import AS_IS, World, neighbours
from goodoffices.language.tree import (
    After,
    Arithmetic,
    Before,
    ClaimExpression,
    ClaimLogic,
    Comparison,
    Condition,
    Do,
    Event,
    EventLogic,
    Expression,
    LevelTest,
    MoveChoice,
    MoveMade,
    Quantity,
    Question,
    SetParameter,
    Timed,
    Trend,
    Until,
    Without,
)
from goodoffices.language.walk import mentions
from goodoffices.language.writing import unparse


class Explainer:
    """Walks over a claim and adds the links that explain it."""

    def __init__(self, chain: Chain, worlds: Mapping[World, SolvedWorld], known: Known) -> None:
        self.chain, self.worlds, self.known = chain, worlds, known
        self.scenario = chain.scenario
        self.lets = {let.name: let for let in self.scenario.lets}

    def claim(self, says: ClaimExpression) -> None:
        """Add the links of a claim."""
        match says:
            case ClaimLogic(operands=operands):
                for operand in operands:
                    self.claim(operand)
            case Trend():
                self._trend(says)
            case Comparison(left=MoveChoice(), right=MoveChoice()):
                self._choices(says)
            case Comparison():
                self._numbers(says)

    # ------------------------------------------------------------ numbers
    def _numbers(self, says: Comparison) -> None:
        assert not isinstance(says.left, MoveChoice)
        assert not isinstance(says.right, MoveChoice)
        sides = [list(_questions(side)) for side in (says.left, says.right)]
        for side in (says.left, says.right):
            self._told(side)
        asked = [q for side in sides for q in side]
        values = [q for q in asked if q.kind == "value"]
        if len(values) == 2 and values[0].party == values[1].party and values[0].types == values[1].types:
            assert values[0].party is not None
            one, two = (self.situation(q.conditions) for q in values)
            self.chain.difference(values[0].party, values[0].types, one, two)
        self._contrasts(asked)
        for question in asked:
            if question.kind == "belief":
                self._belief(question)
            elif question.kind == "P":
                self._event(question)
            elif question.party is not None:
                self._chosen(question)

    def _told(self, side: Quantity, world: World = AS_IS, words: str = "") -> None:
        """What one side comes to."""
        for question in _questions(side):
            text = self._text(question)
            value = float(quantity(question, self.known, world)[0])
            unit = unit_of(question) or "number"
            shown = percent(value) if unit == "probability" else number(value)
            self.chain.add("answer", f"`{text}` is {shown}{words}.", [Figure(text, value, unit)])

    def _contrasts(self, asked: list[Question]) -> None:
        """What everybody does differently in the two situations that are compared."""
        places = [self.situation(q.conditions) for q in asked]
        pairs = [(a, b) for a, b in pairwise(places) if a.words != b.words]
        for one, two in pairs[:1]:
            for party in self.chain.labels:
                self.chain.behaviour(party, one, two)

    def _chosen(self, question: Question) -> None:
        """Whether the move that a question supposes is likely to be made, and why or why not."""
        for condition in question.conditions:
            if isinstance(condition, After):
                before = self.situation(tuple(c for c in question.conditions if c is not condition))
                self.chain.decision(condition.party, condition.move, before)
                return

    def _event(self, question: Question) -> None:
        """The move that brings an event about most, and its mover's reasons."""
        assert question.event is not None
        at = self.situation(question.conditions)
        made = {
            choice: at.world.probability(Timed("ever", MoveMade(*choice)), at.steps)
            for choice in self._makers(question.event)
        }
        likely = [choice for choice in made if made[choice] == made[choice]]
        if likely:
            party, move = max(likely, key=lambda choice: made[choice])
            self.chain.decision(party, move, at)

    def _makers(self, event: Event) -> list[tuple[str, str]]:
        """Moves that are part of an event or lead to a state that is."""
        out: dict[tuple[str, str], None] = {}
        for part in _event_parts(event):
            if isinstance(part, MoveMade):
                out[part.party, part.move] = None
                continue
            for node in mentions(part, self.lets):
                if isinstance(node, LevelTest):
                    out.update(dict.fromkeys(self._leading_to(node)))
        return list(out)

    def _leading_to(self, test: LevelTest) -> Iterator[tuple[str, str]]:
        for turn in self.scenario.turns:
            for mover in turn.movers:
                for move in mover.moves:
                    for effect in move.then:
                        levels = {level for level, _ in effect.outcomes}
                        if effect.factor == test.subject and levels & set(test.levels):
                            yield mover.party, move.name

    # ------------------------------------------------------------ beliefs
    def _belief(self, question: Question) -> None:
        for condition in question.conditions:
            if isinstance(condition, After) and condition.party == question.party:
                before = self.situation(tuple(c for c in question.conditions if c is not condition))
                self.chain.bayes(question.types, condition.party, condition.move, before)
                self.chain.decision(condition.party, condition.move, before)

    # ------------------------------------------------------------ choices
    def _choices(self, says: Comparison) -> None:
        named = next(
            (s.move for s in (says.left, says.right) if isinstance(s, MoveChoice) and s.kind == "named"), None
        )
        for side in (says.left, says.right):
            assert isinstance(side, MoveChoice)
            if side.kind == "named":
                continue
            at = self.situation(side.conditions)
            if side.kind == "least_cost":
                self._least_cost(side, at)
            self.chain.decision(side.party, named, at)

    def _least_cost(self, side: MoveChoice, at: Situation) -> None:
        """What each move costs, and whether it keeps what it has to keep."""
        assert side.keeping is not None
        for move in at.world.choices(side.party, at.steps):
            then = at.then(side.party, move)
            question = next(
                (q for part in (side.keeping.left, side.keeping.right) for q in _questions(part)), None
            )
            if question is None or question.event is None:
                continue
            value = then.world.probability(question.event, then.steps)
            kept = self._text(question)
            self.chain.add(
                "cost",
                f"After {self.chain.label(side.party, move)} `{kept}` is {percent(value)}.",
                [Figure(f"{kept} {then.words}", value, "probability")],
                [("move", f"{side.party}.{move}")],
            )

    # ------------------------------------------------------------ trends
    def _trend(self, says: Trend) -> None:
        base = World()
        size = float(judge_claim(says, self.known).size[0])
        sign = size if says.direction == "rises" else -size
        parameter = next(p for p in self.scenario.parameters if p.name == says.parameter)
        ends = [float(e[0]) for e in neighbours(parameter, self.known.draws[says.parameter])]
        unit = unit_of(says.quantity) or "number"
        shown = f"{100 * sign:+.1f} points" if unit == "probability" else f"{number(sign)} ({unit})"
        self.chain.add(
            "trend",
            f"Where `{says.parameter}` goes up by its prior interquartile range, at the slope that it has at the medians, the "
            f"quantity changes by {shown.replace('-', chr(0x2212))}.",
            [Figure(f"slope in {says.parameter}", sign, unit)],
            [("parameter", says.parameter)],
        )
        for party in self.chain.labels:
            self._enters(party, says.parameter)
        low, high = (World(base.do, base.without, base.set, (says.parameter, s)) for s in (-1, 1))
        for question in _questions(says.quantity):
            one, two = (
                self.situation(question.conditions, world, f"with {says.parameter} at {number(end)}")
                for world, end in ((high, ends[1]), (low, ends[0]))
            )
            if question.kind == "value" and question.party is not None:
                self.chain.difference(question.party, question.types, one, two)
            elif question.event is not None:
                self._event(question)

    def _enters(self, party: str, parameter: str) -> None:
        """In which terms of a party's payoff a parameter counts."""
        held = [t for t in terms_of(self.scenario, party) if ("parameter", parameter) in t.elements]
        if held:
            parts = listed(f"`{term.text}`" for term in held)
            text = f"`{parameter}` counts for {self.chain.labels[party]} in {parts}."
            self.chain.add("source", text, [], [e for term in held for e in term.elements])

    # ------------------------------------------------------------ situations
    def situation(self, conditions: tuple[Condition, ...], world: World = AS_IS, more: str = "") -> Situation:
        """Where a question with these conditions is asked."""
        steps, inner = supposed(conditions, (), world)
        words = [_condition(c) for c in conditions]
        words += [more] if more else []
        return Situation(
            self.worlds[inner],
            tuple(s for s in steps if isinstance(s, Step)),
            ", ".join(words) or "at the outset",
        )

    def _text(self, question: Question) -> str:
        conditions = ", ".join(_written(c) for c in question.conditions)
        tail = f" | {conditions}" if conditions else ""
        types = ", ".join(unparse(t) for t in question.types)
        if question.kind == "P":
            assert question.event is not None
            return f"P({_event(question.event)}{tail})"
        if question.kind == "value":
            return f"value({', '.join(x for x in (question.party or '', types) if x)}{tail})"
        return f"belief({types}{tail})"


def _questions(side: Quantity | MoveChoice) -> Iterator[Question]:
    if isinstance(side, Question):
        yield side
    elif isinstance(side, Arithmetic):
        for operand in side.operands:
            yield from _questions(operand)


def _event_parts(event: Event) -> Iterator[MoveMade | Expression]:
    match event:
        case EventLogic(operands=operands):
            for operand in operands:
                yield from _event_parts(operand)
        case Timed(event=inner):
            yield inner if isinstance(inner, MoveMade) else inner.condition
        case Before(first=inner):
            yield inner if isinstance(inner, MoveMade) else inner.condition
        case Until(release=inner):
            yield inner if isinstance(inner, MoveMade) else inner.condition


def _event(event: Event) -> str:
    """An event as it is written."""

    def plain(part: object) -> str:
        if isinstance(part, MoveMade):
            return f"{part.party}.{part.move}"
        return unparse(part.condition)  # type: ignore[attr-defined]

    match event:
        case EventLogic(operator="not", operands=(operand,)):
            return f"not ({_event(operand)})"
        case EventLogic(operator=operator, operands=operands):
            return f" {operator} ".join(f"({_event(o)})" for o in operands)
        case Timed(mode="at", event=inner, last_round=last):
            return f"{plain(inner)} at {'end' if last is None else f'round {last}'}"
        case Timed(mode=mode, event=inner, last_round=last):
            return f"{mode} {plain(inner)}{'' if last is None else f' within {last} rounds'}"
        case Before(first=first, second=second, last_round=last):
            return f"{plain(first)} before {plain(second)}{'' if last is None else f' within {last} rounds'}"
        case Until(holds=holds, release=release, last_round=last):
            return f"{plain(holds)} until {plain(release)}{'' if last is None else f' within {last} rounds'}"


def _written(condition: Condition) -> str:
    match condition:
        case After(party=party, move=move):
            return f"after {party}.{move}"
        case Do(party=party, move=move):
            return f"do({party}.{move})"
        case Without(party=party, move=move):
            return f"without({party}.{move})"
        case SetParameter(parameter=name, value=value):
            return f"set({name} = {unparse(value)})"
        case _:
            return f"see {condition.day}"


def _condition(condition: Condition) -> str:
    match condition:
        case Do(party=party, move=move):
            return f"where {party}.{move} is imposed"
        case Without(party=party, move=move):
            return f"without {party}.{move}"
        case SetParameter(parameter=name, value=value):
            return f"where {name} is {unparse(value)}"
        case _:
            return _written(condition)
