"""Syntax of an event -> the typed tree: moves made, conditions on the state, and when.

Receives `Syntax`, a `Scope` and the calendar; returns an `Event`. Problems are collected in the scope, and `Stop` ends the
reading of the claim that the event belongs to.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass

from goodoffices.core.diagnostics import Span
from goodoffices.language import tree
from goodoffices.language.names import suggestion
from goodoffices.language.reach import constant_truth
from goodoffices.language.resolve import Scope, condition
from goodoffices.language.syntax import Syntax, split_names


@dataclass(frozen=True)
class Calendar:
    """What events need to know of time."""

    round_days: float
    start: datetime.date | None
    rounds: int | None
    outset: Mapping[str, str]
    """Factor -> level at the start."""
    record: datetime.date | None = None
    """First day of the record, where there is one."""

    def on(self, day: datetime.date) -> Calendar:
        """The calendar of a question that starts when a day of the record has ended: its round is round one."""
        if self.record is None:
            return self
        length = self.round_days
        passed = math.floor(((day - self.record).days + 1) / length)
        begins = self.record + datetime.timedelta(math.ceil(passed * length))
        before = round((self.start - self.record).days / length) if self.start else 0
        left = None if self.rounds is None else max(0, self.rounds + before - passed)
        return Calendar(length, begins, left, {}, self.record)


class Stop(Exception):
    """The claim cannot be read further; the reason is recorded already."""


class Events:
    """Reads events; claims build on it."""

    def __init__(self, scope: Scope, calendar: Calendar) -> None:
        self.scope, self.calendar = scope, calendar

    def stop(self, code: str, message: str, span: Span, hint: str | None = None) -> Stop:
        self.scope.report(code, message, span, hint)
        return Stop()

    # ------------------------------------------------------------ names
    def party(self, node: Syntax) -> str:
        if node.form == "name" and node.text in self.scope.parties:
            return node.text
        hint = suggestion(node.text, self.scope.parties)
        raise self.stop("unknown-party", f"no party is called `{node.text}`", node.span, hint)

    def move(self, node: Syntax) -> tuple[str, str]:
        party, _, move = node.text.partition(".")
        if node.form != "name" or not move:
            raise self.stop("not-a-move", "a move is written `party.move`", node.span)
        if party not in self.scope.parties:
            hint = suggestion(party, self.scope.parties)
            raise self.stop("unknown-party", f"no party is called `{party}`", node.span, hint)
        moves = self.scope.moves.get(party, ())
        if move not in moves:
            every = [f"{party}.{known}" for known in moves]
            raise self.stop(
                "unknown-move",
                f"`{party}` has no move `{move}`",
                node.span,
                suggestion(node.text, every, least=50),
            )
        return party, move

    # ------------------------------------------------------------ events
    def event(self, node: Syntax) -> tree.Event:
        if self._is_state(node):
            return self._ever(self._state(node), None, node.span)
        match node.form:
            case "unary" if node.text == "not":
                return tree.EventLogic("not", (self.event(node.parts[0]),), node.span)
            case "binary" if node.text in ("and", "or"):
                operands = tuple(self.event(part) for part in flatten(node))
                return tree.EventLogic(node.text, operands, node.span)  # type: ignore[arg-type]
            case "name":
                return tree.Timed("ever", self._simple(node), None, node.span)
            case "timed":
                return self._timed(node)
            case "before":
                return tree.Before(self._simple(node.parts[0]), self._simple(node.parts[1]), None, node.span)
            case "until":
                return tree.Until(self._state(node.parts[0]), self._simple(node.parts[1]), None, node.span)
            case "margin":
                raise self.stop(
                    "bad-date", "`by` in an event takes a date", node.parts[1].span, "as in `by 2025-12-31`"
                )
            case _:
                raise self.stop(
                    "not-an-event",
                    "an event is a move (`us.withdraw`) or a condition on the state (`fighting == truce`)",
                    node.span,
                )

    def _timed(self, node: Syntax) -> tree.Event:
        inner = node.parts[0]
        if node.text in ("ever", "always"):
            if inner.form == "timed" and inner.text in ("within", "by"):
                return self._limited(node.text, inner.parts[0], self._last_round(inner), node.span)
            return self._limited(node.text, inner, None, node.span)
        if node.text == "end":
            return tree.Timed("at", self._state(inner), None, node.span)
        last = self._last_round(node)
        if node.text == "at":
            return tree.Timed("at", self._state(inner), last, node.span)
        if inner.form == "timed" and inner.text in ("ever", "always"):
            return self._limited(inner.text, inner.parts[0], last, node.span)
        if inner.form == "before":
            first, second = (self._simple(part) for part in inner.parts)
            return tree.Before(first, second, last, node.span)
        if inner.form == "until":
            return tree.Until(self._state(inner.parts[0]), self._simple(inner.parts[1]), last, node.span)
        return self._limited("ever", inner, last, node.span)

    def _limited(self, mode: str, inner: Syntax, last: int | None, span: Span) -> tree.Event:
        if mode == "always":
            return tree.Timed("always", self._state(inner), last, span)
        return self._ever(self._simple(inner), last, span)

    def _ever(self, event: tree.MoveMade | tree.StateIs, last: int | None, span: Span) -> tree.Timed:
        if isinstance(event, tree.StateIs) and constant_truth(event.condition, self.calendar.outset) is True:
            limit = f" within {last} rounds" if last else ""
            self.scope.warn(
                "true-at-the-start",
                "the event is true already at the start, so it happens unless the first turn ends it",
                span,
                f"to say that it stays so, write `always ...{limit}`",
            )
        return tree.Timed("ever", event, last, span)

    def _last_round(self, node: Syntax) -> int:
        limit = node.parts[1]
        calendar = self.calendar
        if limit.form == "number":
            last = int(limit.text)
        else:
            try:
                day = datetime.date.fromisoformat(limit.text)
            except ValueError:
                raise self.stop(
                    "bad-date", f"`{limit.text}` is not a day of the calendar", limit.span
                ) from None
            if calendar.start is None:
                raise self.stop(
                    "date-without-start",
                    "a date needs the day on which round one begins",
                    limit.span,
                    "add `from` to `time`",
                )
            last = int(((day - calendar.start).days + 1) // calendar.round_days)
            if last < 1:
                raise self.stop("date-too-early", "no round has ended by that date", limit.span)
        if calendar.rounds is not None and last > calendar.rounds:
            self.scope.warn(
                "beyond-the-horizon",
                f"the scenario has {calendar.rounds} rounds, so round {last} is never reached",
                limit.span,
                "the horizon is taken instead",
            )
        return last

    def _simple(self, node: Syntax) -> tree.MoveMade | tree.StateIs:
        if node.form == "name" and "." in node.text:
            return tree.MoveMade(*self.move(node), span=node.span)
        return self._state(node)

    def _state(self, node: Syntax) -> tree.StateIs:
        if not self._is_state(node):
            if node.form == "name" and node.text in self.scope.parties:
                moves = self.scope.moves.get(node.text, ())
                raise self.stop(
                    "party-as-event",
                    f"`{node.text}` is a party, and an event is something that it does",
                    node.span,
                    f"such as `{node.text}.{moves[0]}`" if moves else None,
                )
            if node.form == "name" and split_names(node.text)[0] in self.scope.parties:
                raise self.stop(
                    "move-as-state",
                    f"`{node.text}` happens at a moment; here a lasting condition is needed",
                    node.span,
                    f"a move goes with `{node.text} within 2 rounds` or `{node.text} before ...`",
                )
            raise self.stop(
                "nested-event",
                "here only a condition on the state can stand",
                node.span,
                "such as `fighting == truce`",
            )
        return tree.StateIs(condition(node, self.scope), node.span)

    def _is_state(self, node: Syntax) -> bool:
        """A condition without any time word or move is one condition on the state."""
        if node.form in ("timed", "before", "until", "trend", "margin"):
            return False
        if node.form == "name":  # a named expression, or a mistake that reading it as one explains
            return "." not in node.text and node.text not in self.scope.parties
        if node.form == "unary" or (node.form == "binary" and node.text in ("and", "or")):
            return all(self._is_state(part) for part in node.parts)
        return node.form in ("compare", "in")


def flatten(node: Syntax) -> list[Syntax]:
    """Operands of a row of the same connective."""
    out: list[Syntax] = []
    todo = [node]
    while todo:
        item = todo.pop()
        if item.form == "binary" and item.text == node.text:
            todo.extend(reversed(item.parts))
        else:
            out.append(item)
    return out
