"""Text of an expression, event or claim -> a syntax tree that knows places but not yet what names mean.

Receives text and a function from character ranges to spans; returns `Syntax`. Refuses whatever the grammar does not
allow, with the place. One grammar serves payoffs, events and claims; `resolve` and `questions` say which parts of it
belong where, so that `within 8 rounds` in a payoff is answered with a sentence instead of a parse error.

Binding, from loosest to tightest: `x if c else y`; `or`; `and`; `not`; time words and trends (`within 8 rounds`,
`at end`, `by 2025-12-31`, `by 0.1`, `until`, `before`, `ever`, `always`, `rises with p`); comparisons and `in`;
`+ -`; `* /`; unary `-`; `**` (to the right); calls and look-ups. The method is top-down operator precedence (Pratt 1973).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from goodoffices.core.diagnostics import Refusal, Span, refuse

MAX_LENGTH = 20_000
MAX_DEPTH = 30
"""Brackets within brackets; also bounds the stack of everything that later walks the tree."""
MAX_TERMS = 200
"""Terms in one sum, product or chain of `and`."""
MAX_HEIGHT = 250

Places = Callable[[int, int], Span]


@dataclass(frozen=True)
class Syntax:
    """One node: `form` says which, `text` carries the word, operator or number, `parts` the operands.

    Forms: number, date, name (dotted), unary, binary, compare (chained; `text` holds the operators, space-separated),
    in, if, call (`parts` are arguments, `conditions` what follows `|`), index, timed, trend, margin, before, until,
    keeping, after, see, assign.
    """

    form: str
    text: str
    span: Span
    parts: tuple[Syntax, ...] = ()
    conditions: tuple[Syntax, ...] = ()
    name_span: Span | None = field(default=None)
    """Place of the function's name in a call."""


@dataclass(frozen=True)
class _Token:
    kind: str  # number, date, word, operator, end
    text: str
    start: int
    end: int


_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<date>\d{4}-\d{2}-\d{2}(?!\w))
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?!\w))
    |(?P<word>[^\W\d]\w*(?:\.[^\W\d]\w*)*)
    |(?P<operator>\*\*|<=|>=|==|!=|[-+*/<>()\[\],|=])""",
    re.VERBOSE,
)
_RESERVED = "and or not if else in ever always until before within at by rises falls keeping after"
RESERVED = frozenset(_RESERVED.split())
"""Words that no parameter, named expression, factor or party may take."""
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_TIME_WORDS = ("within", "at", "by", "ever", "always", "until", "before", "rises", "falls")
_FOREIGN = {
    "^": "powers are written `**`",
    "&": "write `and`",
    "&&": "write `and`",
    "!": "write `not`",
    "%": "write the share as a number: 5% is 0.05",
    "×": "write `*`",
    "−": "write `-`",
    "–": "write `-`",
    "≤": "write `<=`",
    "≥": "write `>=`",
    "≠": "write `!=`",
    "{": "a table belongs in `let:`",
    "'": "level names are written without quotes",
    '"': "level names are written without quotes",
}


def parse(text: str, places: Places) -> Syntax:
    """Read one expression, event or claim.

    Raises:
        Refusal: with one diagnostic, at the first place where the text leaves the grammar.
    """
    if not text.strip():
        raise refuse("empty-expression", "an expression is missing here", span=places(0, max(len(text), 1)))
    if len(text) > MAX_LENGTH:
        raise refuse(
            "expression-too-long",
            f"an expression may have at most {MAX_LENGTH:,} characters; this one has {len(text):,}",
            span=places(0, 1),
            hint="name its parts under `let:`",
        )
    parser = _Parser(_tokens(text, places), places)
    tree = parser.ternary()
    parser.expect_end()
    if _height(tree) > MAX_HEIGHT:
        raise refuse(
            "expression-too-deep", "the expression is too long for one", span=tree.span, hint="use `let:`"
        )
    return tree


def _height(tree: Syntax) -> int:
    height, level = 0, [tree]
    while level:
        height += 1
        level = [part for node in level for part in (*node.parts, *node.conditions)]
    return height


def split_names(text: str) -> tuple[str, ...]:
    """The parts of a dotted name."""
    return tuple(text.split("."))


def _tokens(text: str, places: Places) -> list[_Token]:
    out: list[_Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            character = text[position]
            hint = _FOREIGN.get(character)
            if character.isdigit():
                found = re.match(r"\w+", text[position:])
                word = found[0] if found else character
                raise refuse(
                    "bad-number",
                    f"`{word}` is neither a number nor a name",
                    span=places(position, position + len(word)),
                    hint="names begin with a letter; between a number and a name goes an operator, as in `2 * x`",
                )
            raise refuse(
                "bad-character",
                f"`{character}` has no meaning in an expression",
                span=places(position, position + 1),
                hint=hint,
            )
        if match.lastgroup != "space":
            out.append(_Token(match.lastgroup or "", match[0], position, match.end()))
        position = match.end()
    out.append(_Token("end", "", len(text.rstrip()), len(text.rstrip()) + 1))
    return out


class _Parser:
    def __init__(self, tokens: list[_Token], places: Places) -> None:
        self.tokens, self.places = tokens, places
        self.at, self.depth = 0, 0

    # ------------------------------------------------------------ tokens
    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def take(self) -> _Token:
        token = self.tokens[self.at]
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def sees(self, *words: str) -> bool:
        return self.token.kind in ("word", "operator") and self.token.text in words

    def expect(self, text: str, what: str) -> _Token:
        if not self.sees(text):
            raise self.surprise(f"expected `{text}` {what}")
        return self.take()

    def expect_end(self) -> None:
        if self.token.kind == "end":
            return
        hint = None
        if self.sees("|"):
            hint = "conditions go inside the brackets: `value(us | after us.withdraw)`"
        elif self.sees(*_COMPARISONS):
            hint = "the probability of an event is written `P(...)`"
        elif self.token.kind in ("word", "number"):
            hint = "an operator may be missing before it"
        raise self.surprise("expected the end of the expression", hint)

    def surprise(self, wanted: str, hint: str | None = None) -> Refusal:
        token = self.token
        if self.sees("=") and hint is None:
            hint = "a comparison is written `==`"
        found = "the text ends" if token.kind == "end" else f"found `{token.text}`"
        return refuse("syntax", f"{wanted}, but {found}", span=self.places(token.start, token.end), hint=hint)

    def span(self, start: int) -> Span:
        return self.places(start, self.tokens[max(self.at - 1, 0)].end)

    def node(
        self, form: str, text: str, start: int, *parts: Syntax, conditions: tuple[Syntax, ...] = ()
    ) -> Syntax:
        return Syntax(form, text, self.span(start), parts, conditions)

    # ------------------------------------------------------------ grammar
    def ternary(self) -> Syntax:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise refuse(
                "expression-too-deep",
                f"an expression may be nested at most {MAX_DEPTH} deep",
                span=self.places(self.token.start, self.token.end),
                hint="name its parts under `let:`",
            )
        start = self.token.start
        left = self.disjunction()
        if self.sees("if"):
            self.take()
            condition = self.disjunction()
            self.expect("else", "after the condition of `if`")
            left = self.node("if", "if", start, condition, left, self.ternary())
        self.depth -= 1
        return left

    def disjunction(self) -> Syntax:
        return self._left(("or",), lambda: self._left(("and",), self.negation))

    def _left(self, operators: tuple[str, ...], operand: Callable[[], Syntax]) -> Syntax:
        start = self.token.start
        left = operand()
        count = 0
        while self.token.kind in ("word", "operator") and self.token.text in operators:
            count += 1
            if count > MAX_TERMS:
                raise refuse(
                    "expression-too-long",
                    f"at most {MAX_TERMS} terms may stand in one row",
                    span=left.span,
                    hint="name parts of it under `let:`",
                )
            operator = self.take().text
            left = self.node("binary", operator, start, left, operand())
        return left

    def negation(self) -> Syntax:
        starts: list[int] = []
        while self.sees("not"):
            starts.append(self.take().start)
            if len(starts) > MAX_DEPTH:
                raise self.surprise("expected fewer `not`")
        node = self.timed()
        for start in reversed(starts):
            node = self.node("unary", "not", start, node)
        return node

    def timed(self) -> Syntax:
        start = self.token.start
        prefix = self.take().text if self.sees("ever", "always") else None
        left = self.comparison()
        if prefix:
            left = self.node("timed", prefix, start, left)
        count = 0
        while self.sees(*_TIME_WORDS):
            count += 1
            if count > MAX_DEPTH:
                raise self.surprise("expected fewer time words")
            left = self._time_suffix(left, start)
        return left

    def _time_suffix(self, left: Syntax, start: int) -> Syntax:
        word = self.take()
        if word.text in ("ever", "always"):
            return self.node("timed", word.text, start, left)
        if word.text in ("until", "before"):
            return self.node(word.text, word.text, start, left, self.comparison())
        if word.text in ("rises", "falls"):
            self.expect("with", f"after `{word.text}`")
            return self.node("trend", word.text, start, left, self._name("a parameter"))
        if word.text == "within":
            number = self._whole("after `within`")
            self._round_word()
            return self.node("timed", "within", start, left, number)
        if word.text == "by":
            if self.token.kind == "date":
                date = self.take()
                day = Syntax("date", date.text, self.places(date.start, date.end))
                return self.node("timed", "by", start, left, day)
            return self.node("margin", "by", start, left, self.sum())
        if self.sees("end"):
            self.take()
            return self.node("timed", "end", start, left)
        if not self.sees("round"):
            raise self.surprise("expected `round N` or `end` after `at`")
        self.take()
        return self.node("timed", "at", start, left, self._whole("after `at round`"))

    def _round_word(self) -> None:
        if not self.sees("rounds", "round"):
            raise self.surprise("expected `rounds` after the number", "as in `within 8 rounds`")
        self.take()

    def _whole(self, where: str) -> Syntax:
        token = self.token
        if token.kind != "number" or not token.text.isdigit() or not 1 <= int(token.text[:9]) <= 100_000:
            raise self.surprise(f"expected a whole number of rounds, from 1, {where}")
        self.take()
        return Syntax("number", token.text, self.places(token.start, token.end))

    def _name(self, what: str) -> Syntax:
        token = self.token
        if token.kind != "word" or token.text in RESERVED:
            raise self.surprise(f"expected the name of {what}")
        self.take()
        return Syntax("name", token.text, self.places(token.start, token.end))

    def comparison(self) -> Syntax:
        start = self.token.start
        operands, operators = [self.sum()], list[str]()
        while self.sees(*_COMPARISONS):
            operators.append(self.take().text)
            operands.append(self.sum())
            if len(operands) > MAX_DEPTH:
                raise self.surprise("expected a shorter chain of comparisons")
        if operators:
            return self.node("compare", " ".join(operators), start, *operands)
        negative = self.sees("not") and self.tokens[self.at + 1].text == "in"
        if not (negative or self.sees("in")):
            return operands[0]
        if negative:
            self.take()
        self.take()
        self.expect("(", "after `in`")
        levels = [self._name("a level")]
        while self.sees(","):
            self.take()
            if self.sees(")"):
                break
            levels.append(self._name("a level"))
        self.expect(")", "after the levels")
        node = self.node("in", "in", start, operands[0], *levels)
        return self.node("unary", "not", start, node) if negative else node

    def sum(self) -> Syntax:
        return self._left(("+", "-"), lambda: self._left(("*", "/"), self.sign))

    def sign(self) -> Syntax:
        starts: list[int] = []
        while self.sees("-", "+"):
            token = self.take()
            if token.text == "-":
                starts.append(token.start)
            if len(starts) > MAX_DEPTH:
                raise self.surprise("expected fewer signs")
        node = self.power()
        for start in reversed(starts):
            node = self.node("unary", "-", start, node)
        return node

    def power(self) -> Syntax:
        start = self.token.start
        base = self.postfix()
        if not self.sees("**"):
            return base
        self.take()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.surprise("expected fewer powers of powers")
        exponent = self.sign()
        self.depth -= 1
        return self.node("binary", "**", start, base, exponent)

    def postfix(self) -> Syntax:
        token = self.token
        if token.kind == "number":
            self.take()
            return Syntax("number", token.text, self.places(token.start, token.end))
        if self.sees("("):
            self.take()
            inner = self.ternary()
            self.expect(")", "to close the bracket")
            return Syntax(
                inner.form, inner.text, self.span(token.start), inner.parts, inner.conditions, inner.name_span
            )
        name = self._name("a parameter, a factor or a function") if token.kind == "word" else None
        if name is None:
            raise self.surprise("expected a number, a name or a bracket")
        if self.sees("("):
            return self._call(name, token.start)
        if self.sees("["):
            self.take()
            key = self._name("a factor or a type")
            self.expect("]", "to close the look-up")
            return self.node("index", name.text, token.start, key)
        return name

    def _call(self, name: Syntax, start: int) -> Syntax:
        self.take()
        arguments: list[Syntax] = []
        conditions: list[Syntax] = []
        while not self.sees(")", "|"):
            arguments.append(self._argument())
            if not self.sees(","):
                break
            self.take()
        if self.sees("|"):
            self.take()
            conditions.append(self._condition())
            while self.sees(","):
                self.take()
                conditions.append(self._condition())
            if not self.sees(")"):
                raise self._odd_condition(conditions[-1])
        self.expect(")", f"to close `{name.text}(`")
        return Syntax("call", name.text, self.span(start), tuple(arguments), tuple(conditions), name.span)

    def _odd_condition(self, last: Syntax) -> Refusal:
        word = last.text
        if last.form == "name" and word in ("do", "without", "set"):
            wanted = "parameter = value" if word == "set" else "us.withdraw"
            return self.surprise(f"expected `(` after `{word}`", f"write `{word}({wanted})`")
        return self.surprise(
            "expected `,` or the closing bracket after a condition",
            "conditions are `after us.move`, `do(us.move)`, `set(parameter = value)`, `without(us.move)` and "
            "`see 2025-04-19`",
        )

    def _argument(self) -> Syntax:
        start = self.token.start
        if self.sees("keeping"):
            self.take()
            return self.node("keeping", "keeping", start, self.ternary())
        value = self.ternary()
        if value.form == "name" and self.sees("="):
            self.take()
            return self.node("assign", "=", start, value, self.ternary())
        return value

    def _condition(self) -> Syntax:
        start = self.token.start
        if self.sees("after"):
            self.take()
            return self.node("after", "after", start, self._name("a move, as in `us.withdraw`"))
        if self.sees("see") and self.tokens[self.at + 1].kind == "date":
            self.take()
            day = self.take()
            return self.node("see", "see", start, Syntax("date", day.text, self.places(day.start, day.end)))
        return self.postfix()
