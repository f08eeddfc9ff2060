"""Syntax of an expression -> the typed tree, with every name looked up in a scope.

Receives `Syntax` and a `Scope`; returns an `Expression`. Problems are collected in the scope (never raised), and the
place of a faulty part is taken by a stand-in that is not a number, so that one reading finds all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from goodoffices.core.diagnostics import Diagnostic, Span
from goodoffices.language import tree
from goodoffices.language.functions import FUNCTIONS
from goodoffices.language.names import suggestion
from goodoffices.language.syntax import Syntax, split_names
from goodoffices.language.tree import Expression
from goodoffices.language.walk import is_condition, is_faulty

QUESTIONS = ("P", "value", "belief", "modal", "least_cost")
CONDITIONS = ("after", "do", "set", "without", "see")


@dataclass
class Scope:
    """Which names exist, and where problems and uses are recorded."""

    parameters: set[str] = field(default_factory=set[str])
    lets: set[str] = field(default_factory=set[str])
    tables: dict[str, str] = field(default_factory=dict[str, str])
    """Table -> the dimension it is looked up by."""
    levels: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Full name of a factor or `party.type` -> levels in order."""
    parties: tuple[str, ...] = ()
    moves: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Party -> every move it has in any turn."""
    used: set[str] = field(default_factory=set[str])
    broken_documents: set[str] = field(default_factory=set[str])
    """Documents that are declared but could not be read: reported once, not at each mention."""
    turns_broken: bool = False
    """Part of the turns could not be read, so that what never happens in the rest proves nothing."""
    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])

    def report(self, code: str, message: str, span: Span | None, hint: str | None = None) -> None:
        """Record one error."""
        self.diagnostics.append(Diagnostic(code, message, span, hint))

    def warn(self, code: str, message: str, span: Span | None, hint: str | None = None) -> None:
        """Record one warning."""
        self.diagnostics.append(Diagnostic(code, message, span, hint, "warning"))

    def dimension(self, name: str, own: str | None) -> str | None:
        """Full name of a factor or type; a bare type name is the own party's, or the only one of that name."""
        if name in self.levels:
            return name
        if own and f"{own}.{name}" in self.levels:
            return f"{own}.{name}"
        found = self.alike(name)
        return found[0] if len(found) == 1 else None

    def alike(self, name: str) -> list[str]:
        """Every type dimension with this bare name."""
        return [full for full in self.levels if "." in full and full.split(".", 1)[1] == name]

    def known(self) -> list[str]:
        """Names that an expression may mention."""
        bare = [full.split(".", 1)[1] for full in self.levels if "." in full]
        return [*self.parameters, *self.lets, *self.tables, *self.levels, *bare, *FUNCTIONS]


def expression(syntax: Syntax, scope: Scope, *, own: str | None = None) -> Expression:
    """Resolve an expression; `own` is the party whose bare type names it may use."""
    return _Resolver(scope, own).expression(syntax)


def condition(syntax: Syntax, scope: Scope, *, own: str | None = None) -> Expression:
    """Resolve an expression that must be true or false."""
    found = expression(syntax, scope, own=own)
    named = isinstance(found, tree.Name) and found.name in scope.lets  # judged when its definition is known
    if not named and not is_condition(found) and not is_faulty(found):
        scope.report(
            "not-a-condition",
            "a condition is needed here, and this is a number",
            syntax.span,
            "compare it with something, as in `engagement == engaged` or `x > 0`",
        )
    return found


def fault(span: Span | None) -> tree.Number:
    """What stands where something could not be resolved, so that no second error is reported about it."""
    return tree.Number(math.nan, span)


class _Resolver:
    def __init__(self, scope: Scope, own: str | None) -> None:
        self.scope, self.own = scope, own

    def fault(self, code: str, message: str, span: Span, hint: str | None = None) -> Expression:
        self.scope.report(code, message, span, hint)
        return fault(span)

    def expression(self, node: Syntax) -> Expression:
        match node.form:
            case "number":
                return self._number(node)
            case "name":
                return self._name(node)
            case "unary" if node.text == "-":
                return tree.Unary("-", self.expression(node.parts[0]), node.span)
            case "unary":
                return tree.Unary("not", self.condition(node.parts[0]), node.span)
            case "binary" if node.text in ("and", "or"):
                left, right = (self.condition(part) for part in node.parts)
                return tree.Binary(node.text, left, right, node.span)  # type: ignore[arg-type]
            case "binary":
                left, right = (self.expression(part) for part in node.parts)
                return tree.Binary(node.text, left, right, node.span)  # type: ignore[arg-type]
            case "compare":
                return self._comparisons(node)
            case "in":
                return self._member(node)
            case "if":
                test = self.condition(node.parts[0])
                return tree.Conditional(
                    test, self.expression(node.parts[1]), self.expression(node.parts[2]), node.span
                )
            case "call":
                return self._call(node)
            case "index":
                return self._lookup(node)
            case "date":
                return self.fault(
                    "date-in-expression",
                    "a date is not a number",
                    node.span,
                    "dates follow `by` in a claim's event",
                )
            case "assign":
                return self.fault("assignment", "`=` is not a comparison", node.span, "write `==`")
            case _:
                return self.fault(
                    "time-word-in-expression",
                    f"`{node.text}` belongs in the events of claims, not in an expression",
                    node.span,
                    "payoffs and conditions see the present state only",
                )

    def condition(self, node: Syntax) -> Expression:
        return condition(node, self.scope, own=self.own)

    def _number(self, node: Syntax) -> Expression:
        value = float(node.text)
        if value in (float("inf"),):
            return self.fault(
                "number-too-large", f"`{node.text}` is larger than any number that is kept", node.span
            )
        return tree.Number(value, node.span)

    def _name(self, node: Syntax) -> Expression:
        name, scope = node.text, self.scope
        if name in scope.parameters or name in scope.lets:
            scope.used.add(name)
            return tree.Name(name, node.span)
        if name in scope.tables:
            key = scope.tables[name]
            return self.fault(
                "table-without-key",
                f"`{name}` is a table by `{key}`; here a number is needed",
                node.span,
                f"write `{name}[{key.split('.')[-1]}]`",
            )
        dimension = scope.dimension(name, self.own)
        if dimension:
            first = scope.levels[dimension][0]
            return self.fault(
                "level-as-number",
                f"`{name}` has levels and is not a number",
                node.span,
                f"compare it: `{name} == {first}`",
            )
        return self.unknown(node)

    def unknown(self, node: Syntax, *, wanted: str = "name") -> Expression:
        """Report a name that nothing defines, with the best hint there is."""
        name, scope = node.text, self.scope
        if len(scope.alike(name)) > 1:
            choices = ", ".join(f"`{full}`" for full in scope.alike(name))
            return self.fault(
                "ambiguous-name",
                f"`{name}` may mean {choices}",
                node.span,
                "write the party before the point",
            )
        homes = self._homes(node)
        if homes:
            hint = f"`{name}` is a level: write `{homes[0]} == {name}`"
            return self.fault("bare-level", f"the level `{name}` cannot stand alone", node.span, hint)
        parts = split_names(name)
        if len(parts) == 2 and parts[1] in scope.moves.get(parts[0], ()):
            return self.fault(
                "move-in-expression", f"`{name}` is a move, and an expression sees only the state", node.span
            )
        if name in QUESTIONS or name in CONDITIONS:
            return self.fault("question-in-expression", f"`{name}(...)` belongs in claims", node.span)
        return self.fault(
            "unknown-name", f"nothing is called `{name}`", node.span, suggestion(name, scope.known())
        )

    def _comparisons(self, node: Syntax) -> Expression:
        operators = node.text.split(" ")
        pairs = zip(operators, node.parts, node.parts[1:], strict=False)
        tests = [self._comparison(operator, left, right, node) for operator, left, right in pairs]
        out = tests[0]
        for test in tests[1:]:
            out = tree.Binary("and", out, test, node.span)
        return out

    def _comparison(self, operator: str, left: Syntax, right: Syntax, node: Syntax) -> Expression:
        for subject, level in ((left, right), (right, left)):
            dimension = self._dimension_of(subject)
            if dimension:
                return self._level_test(operator, dimension, subject, level, node)
        for subject, level in ((left, right), (right, left)):
            # A misspelt factor beside one of its levels is one mistake, not two.
            misspelt = self._is_unknown(subject) and not self._homes(subject)
            if misspelt and self._is_unknown(level) and self._homes(level):
                return self.unknown(subject)
        return tree.Binary(operator, self.expression(left), self.expression(right), node.span)  # type: ignore[arg-type]

    def _is_unknown(self, node: Syntax) -> bool:
        known = self.scope.parameters | self.scope.lets | set(self.scope.tables)
        return (
            node.form == "name" and node.text not in known and not self.scope.dimension(node.text, self.own)
        )

    def _homes(self, node: Syntax) -> list[str]:
        """Dimensions that have a level of this name."""
        return [full for full, levels in self.scope.levels.items() if node.text in levels]

    def _dimension_of(self, node: Syntax) -> str | None:
        if node.form != "name" or node.text in self.scope.parameters | self.scope.lets:
            return None
        return self.scope.dimension(node.text, self.own)

    def _level_test(
        self, operator: str, dimension: str, subject: Syntax, level: Syntax, node: Syntax
    ) -> Expression:
        if operator not in ("==", "!="):
            return self.fault(
                "levels-have-no-order",
                f"the levels of `{subject.text}` have no order, so `{operator}` means nothing",
                node.span,
                f"write `{subject.text} in (...)`",
            )
        self.scope.used.add(dimension)
        levels = self.scope.levels[dimension]
        if not self._is_level(dimension, level):
            return fault(node.span)
        chosen = (level.text,) if operator == "==" else tuple(x for x in levels if x != level.text)
        return tree.LevelTest(dimension, chosen, node.span)

    def _is_level(self, dimension: str, node: Syntax) -> bool:
        levels = self.scope.levels[dimension]
        if node.form == "name" and node.text in levels:
            return True
        choices = ", ".join(f"`{level}`" for level in levels)
        self.fault(
            "unknown-level",
            f"`{node.text}` is not a level of `{dimension}`, which has {choices}",
            node.span,
            suggestion(node.text, levels),
        )
        return False

    def _member(self, node: Syntax) -> Expression:
        subject, *levels = node.parts
        dimension = self._dimension_of(subject)
        if dimension is None:
            if subject.form == "name" and subject.text not in self.scope.parameters | self.scope.lets:
                return self.unknown(subject)
            return self.fault(
                "in-needs-levels",
                "`in` asks for the level of a factor or type",
                node.span,
                "compare numbers with `<`",
            )
        self.scope.used.add(dimension)
        known = [self._is_level(dimension, level) for level in levels]  # a list, so that each one is reported
        if not all(known):
            return fault(node.span)
        return tree.LevelTest(dimension, tuple(dict.fromkeys(level.text for level in levels)), node.span)

    def _call(self, node: Syntax) -> Expression:
        function = FUNCTIONS.get(node.text)
        place = node.name_span or node.span
        if function is None:
            if node.text in QUESTIONS or node.text in CONDITIONS:
                return self.fault(
                    "question-in-expression",
                    f"`{node.text}(...)` belongs in claims, not in an expression",
                    place,
                )
            return self.fault(
                "unknown-function",
                f"no function is called `{node.text}`",
                place,
                suggestion(node.text, FUNCTIONS),
            )
        if node.conditions:
            return self.fault(
                "condition-in-expression", f"`{node.text}` takes no conditions", node.conditions[0].span
            )
        count = len(node.parts)
        if count < function.least or (function.most is not None and count > function.most):
            return self.fault(
                "wrong-arguments",
                f"`{function.signature}` was given {count} argument{'' if count == 1 else 's'}",
                node.span,
                f"for instance `{function.example}`",
            )
        arguments = tuple(self.expression(part) for part in node.parts)
        return tree.Call(node.text, arguments, node.span)

    def _lookup(self, node: Syntax) -> Expression:
        scope, key = self.scope, node.parts[0]
        table = scope.tables.get(node.text)
        if table is None:
            return self.fault(
                "unknown-table",
                f"no table is called `{node.text}`",
                node.span,
                suggestion(node.text, scope.tables),
            )
        scope.used.add(node.text)
        dimension = scope.dimension(key.text, self.own)
        if dimension is None and any(full == table for full in scope.alike(key.text)):
            dimension = table  # the table itself says whose type is meant
        if dimension != table:
            return self.fault(
                "wrong-key",
                f"`{node.text}` is a table by `{table}`, not by `{key.text}`",
                key.span,
                f"write `{node.text}[{table}]`",
            )
        scope.used.add(table)
        return tree.Lookup(node.text, table, node.span)
