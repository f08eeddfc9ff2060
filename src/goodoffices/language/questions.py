"""Syntax of a claim -> the typed tree of questions, events and comparisons.

Receives `Syntax`, a `Scope` and the calendar; returns a `ClaimExpression`. Problems are collected in the scope. A fault
inside a claim ends the reading of that claim only.
"""

from __future__ import annotations

import datetime
from typing import Any

from goodoffices.core.diagnostics import Span
from goodoffices.language import tree
from goodoffices.language.events import Calendar, Events, Stop, flatten
from goodoffices.language.functions import FORMS, FUNCTIONS
from goodoffices.language.names import suggestion
from goodoffices.language.resolve import CONDITIONS, Scope, condition, expression
from goodoffices.language.syntax import Syntax, split_names

_FLIP = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def claim(syntax: Syntax, scope: Scope, calendar: Calendar) -> tree.ClaimExpression | None:
    """Resolve a claim; None where a problem was recorded."""
    before = len([d for d in scope.diagnostics if d.severity == "error"])
    try:
        found = _Claims(scope, calendar).claim(syntax)
    except Stop:
        return None
    return found if len([d for d in scope.diagnostics if d.severity == "error"]) == before else None


class _Claims(Events):
    def claim(self, node: Syntax) -> tree.ClaimExpression:
        match node.form:
            case "unary" if node.text == "not":
                return tree.ClaimLogic("not", (self.claim(node.parts[0]),), node.span)
            case "binary" if node.text in ("and", "or"):
                operands = tuple(self.claim(part) for part in flatten(node))
                return tree.ClaimLogic(node.text, operands, node.span)  # type: ignore[arg-type]
            case "compare":
                return self._comparison(node, 0.0, node.span)
            case "margin":
                inner = node.parts[0]
                if inner.form != "compare" or " " in inner.text:
                    raise self.stop(
                        "margin-without-comparison", "`by` gives the margin of one comparison", node.span
                    )
                return self._comparison(inner, self._margin(node.parts[1]), node.span)
            case "trend":
                return self._trend(node)
            case _:
                raise self.stop(
                    "not-a-claim",
                    "a claim compares two things, or says that one rises or falls with a parameter",
                    node.span,
                    f"for instance `{FORMS['QUANTITY < QUANTITY [by MARGIN]'].example}`",
                )

    def _margin(self, node: Syntax) -> float:
        if node.form != "number":
            raise self.stop("bad-margin", "a margin is a number that is not negative", node.span)
        return float(node.text)

    def _comparison(self, node: Syntax, by: float, span: Span) -> tree.ClaimExpression:
        operators = node.text.split(" ")
        tests = [
            self._one_comparison(operator, left, right, by, span)
            for operator, left, right in zip(operators, node.parts, node.parts[1:], strict=False)
        ]
        return tests[0] if len(tests) == 1 else tree.ClaimLogic("and", tuple(tests), span)

    def _one_comparison(
        self, operator: Any, left: Syntax, right: Syntax, by: float, span: Span
    ) -> tree.Comparison:
        sides = [self._choice(side) or side for side in (left, right)]
        choices = [side for side in sides if isinstance(side, tree.MoveChoice)]
        if len(choices) == 1:
            raise self.stop(
                "choice-and-number",
                "a choice of move can only be compared with another, or with a move",
                span,
                f"for instance `{FORMS['CHOICE == CHOICE'].example}`",
            )
        if choices:
            if operator not in ("==", "!=") or by:
                raise self.stop("moves-have-no-order", "moves are compared by `==` or `!=` only", span)
            if all(choice.kind == "named" for choice in choices):
                raise self.stop("nothing-to-find-out", "both sides are moves that are named", span)
            self._same_mover(*choices)
            return tree.Comparison(operator, choices[0], choices[1], 0.0, span)
        if operator == "!=" and by:
            raise self.stop("bad-margin", "`!=` takes no margin", span)
        return tree.Comparison(operator, self.quantity(left), self.quantity(right), by, span)

    def _same_mover(self, one: tree.MoveChoice, two: tree.MoveChoice) -> None:
        """A choice can only come to be a named move of the same party."""
        for named, asked in ((one, two), (two, one)):
            if named.kind == "named" and named.party != asked.party:
                every = [f"`{asked.party}.{move}`" for move in self.scope.moves.get(asked.party, ())]
                raise self.stop(
                    "move-of-another",
                    f"`{named.party}.{named.move}` is not a move of `{asked.party}`",
                    named.span or Span("", 1, 1, 1, 1),
                    f"its moves are {', '.join(every)}" if every else None,
                )

    def _trend(self, node: Syntax) -> tree.Trend:
        quantity, parameter = node.parts
        if parameter.text not in self.scope.parameters:
            raise self.stop(
                "unknown-parameter",
                f"no parameter is called `{parameter.text}`",
                parameter.span,
                suggestion(parameter.text, self.scope.parameters),
            )
        self.scope.used.add(parameter.text)
        direction: Any = node.text
        return tree.Trend(self.quantity(quantity), direction, parameter.text, node.span)

    # ------------------------------------------------------------ quantities
    def quantity(self, node: Syntax) -> tree.Quantity:
        match node.form:
            case "number":
                return tree.Number(float(node.text), node.span)
            case "name":
                return self._plain_name(node)
            case "unary" if node.text == "-":
                return tree.Arithmetic("neg", (self.quantity(node.parts[0]),), node.span)
            case "binary" if node.text not in ("and", "or"):
                left, right = (self.quantity(part) for part in node.parts)
                return tree.Arithmetic(node.text, (left, right), node.span)
            case "call" if node.text in ("P", "value", "belief"):
                return self._question(node)
            case "call" if node.text in FUNCTIONS:
                function, count = FUNCTIONS[node.text], len(node.parts)
                if count < function.least or (function.most is not None and count > function.most):
                    raise self.stop("wrong-arguments", f"`{function.signature}` was given {count}", node.span)
                return tree.Arithmetic(
                    node.text, tuple(self.quantity(part) for part in node.parts), node.span
                )
            case "call":
                known = [*FUNCTIONS, "P", "value", "belief", "modal", "least_cost"]
                raise self.stop(
                    "unknown-function",
                    f"no question or function is called `{node.text}`",
                    node.name_span or node.span,
                    suggestion(node.text, known),
                )
            case "timed" | "before" | "until" | "in" | "compare":
                raise self.stop(
                    "event-without-probability",
                    "an event happens or not; a claim needs its probability",
                    node.span,
                    "write `P(...)` around it",
                )
            case _:
                raise self.stop("not-a-quantity", "a number is needed here", node.span)

    def _plain_name(self, node: Syntax) -> tree.Name:
        if node.text in self.scope.parameters or node.text in self.scope.lets:
            self.scope.used.add(node.text)
            return tree.Name(node.text, node.span)
        parts = split_names(node.text)
        if len(parts) == 2 and parts[0] in self.scope.parties:
            self.move(node)
            raise self.stop(
                "event-without-probability",
                f"`{node.text}` is a move, not a number",
                node.span,
                f"write `P({node.text})`",
            )
        known = [*self.scope.parameters, *self.scope.lets]
        raise self.stop(
            "unknown-name", f"no number is called `{node.text}`", node.span, suggestion(node.text, known)
        )

    def _question(self, node: Syntax) -> tree.Question:
        conditions = self._conditions(node)
        seen = next((c for c in conditions if isinstance(c, tree.See)), None)
        if seen is not None:
            return _Claims(self.scope, self.calendar.on(seen.day)).asked(node, conditions)
        return self.asked(node, conditions)

    def asked(self, node: Syntax, conditions: tuple[tree.Condition, ...]) -> tree.Question:
        """The question itself, its dates counted by the calendar as it is where the question starts."""
        if node.text == "P":
            if len(node.parts) != 1:
                raise self.stop("wrong-arguments", "`P(EVENT | CONDITIONS)` takes one event", node.span)
            return tree.Question("P", event=self.event(node.parts[0]), conditions=conditions, span=node.span)
        if node.text == "value":
            if not node.parts:
                raise self.stop("wrong-arguments", "`value(PARTY | CONDITIONS)` needs a party", node.span)
            party = self.party(node.parts[0])
            types = tuple(self._type_test(part, party) for part in node.parts[1:])
            return tree.Question("value", party=party, types=types, conditions=conditions, span=node.span)
        if not node.parts:
            raise self.stop(
                "wrong-arguments", "`belief(PARTY.TYPE == LEVEL)` needs a type and its level", node.span
            )
        types = tuple(self._type_test(part, None) for part in node.parts)
        parties = {test.subject.split(".")[0] for test in types}
        if len(parties) > 1:
            raise self.stop("belief-about-two", "a belief is about the type of one party", node.span)
        return tree.Question(
            "belief", party=parties.pop(), types=types, conditions=conditions, span=node.span
        )

    def _choice(self, node: Syntax) -> tree.MoveChoice | None:
        if node.form == "name" and node.text not in self.scope.parameters | self.scope.lets:
            parts = split_names(node.text)
            if len(parts) == 2 and parts[0] in self.scope.parties:
                party, move = self.move(node)
                return tree.MoveChoice("named", party, move, span=node.span)
            return None
        if node.form != "call" or node.text not in ("modal", "least_cost"):
            return None
        if not node.parts:
            raise self.stop("wrong-arguments", f"`{node.text}` needs a party", node.span)
        party = self.party(node.parts[0])
        keeping: tree.Comparison | None = None
        types: list[tree.LevelTest] = []
        for part in node.parts[1:]:
            if part.form == "keeping" and node.text == "least_cost" and keeping is None:
                found = self.claim(part.parts[0])
                if not isinstance(found, tree.Comparison) or isinstance(found.left, tree.MoveChoice):
                    raise self.stop("bad-keeping", "`keeping` takes one comparison of numbers", part.span)
                keeping = found
            else:
                types.append(self._type_test(part, party))
        if node.text == "least_cost" and keeping is None:
            raise self.stop(
                "keeping-missing",
                "`least_cost` needs what the move must keep",
                node.span,
                f"for instance `{FORMS['least_cost(PARTY, keeping COMPARISON | CONDITIONS)'].example}`",
            )
        kind: Any = node.text
        return tree.MoveChoice(
            kind,
            party,
            keeping=keeping,
            types=tuple(types),
            conditions=self._conditions(node),
            span=node.span,
        )

    def _type_test(self, node: Syntax, party: str | None) -> tree.LevelTest:
        if node.form == "assign":
            node = Syntax("compare", "==", node.span, node.parts)
        found = condition(node, self.scope, own=party)
        if isinstance(found, tree.LevelTest) and "." in found.subject:
            if party is None or found.subject.split(".")[0] == party:
                return found
            raise self.stop("type-of-another", f"`{found.subject}` is not a type of `{party}`", node.span)
        if isinstance(found, tree.Number):  # a fault that is reported already
            raise Stop
        raise self.stop(
            "not-a-type", "a type and its level are needed, as in `russia.aim == settler`", node.span
        )

    def _conditions(self, node: Syntax) -> tuple[tree.Condition, ...]:
        found = tuple(self._condition(part) for part in node.conditions)
        points = [c for c in found if isinstance(c, (tree.After, tree.Do))]
        if len(points) > 1 and len({(c.party, c.move) for c in points}) < len(points):
            self.scope.report("repeated-condition", "the same move stands in two conditions", node.span)
        if len([c for c in found if isinstance(c, tree.See)]) > 1:
            self.scope.report("repeated-condition", "a question starts on one day only", node.span)
        return found

    def _condition(self, node: Syntax) -> tree.Condition:
        if node.form == "after":
            return tree.After(*self.move(node.parts[0]), span=node.span)
        if node.form == "see":
            return self._see(node.parts[0])
        if node.form == "call" and node.text in ("do", "without") and len(node.parts) == 1:
            make = tree.Do if node.text == "do" else tree.Without
            return make(*self.move(node.parts[0]), span=node.span)
        if (
            node.form == "call"
            and node.text == "set"
            and len(node.parts) == 1
            and node.parts[0].form == "assign"
        ):
            name, value = node.parts[0].parts
            if name.text not in self.scope.parameters:
                hint = suggestion(name.text, self.scope.parameters)
                raise self.stop("unknown-parameter", f"no parameter is called `{name.text}`", name.span, hint)
            self.scope.used.add(name.text)
            return tree.SetParameter(name.text, expression(value, self.scope), node.span)
        raise self.stop(
            "unknown-condition",
            "this is not a condition",
            node.span,
            "conditions are `after us.move`, `do(us.move)`, `set(parameter = value)`, `without(us.move)` and "
            "`see 2025-04-19`"
            if node.text not in CONDITIONS
            else f"for instance `{next(f.example for f in FORMS.values() if f.name == node.text)}`",
        )

    def _see(self, node: Syntax) -> tree.See:
        try:
            day = datetime.date.fromisoformat(node.text)
        except ValueError:
            raise self.stop("bad-date", f"`{node.text}` is not a day of the calendar", node.span) from None
        if self.calendar.record is None:
            raise self.stop(
                "see-without-record",
                "what had happened by a day is known from a record, and the scenario has none",
                node.span,
                "add a `record:` section",
            )
        if day < self.calendar.record:
            raise self.stop(
                "date-too-early", f"the record begins on {self.calendar.record}, after that day", node.span
            )
        return tree.See(day, node.span)
