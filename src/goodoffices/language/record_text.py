"""The `record:` section of a scenario file -> a `RecordSection`, and back to keys and values.

Receives the node and the reader once parties, moves, factors and outcomes are known; returns the section, or None where
there is none. Problems are recorded in the reader. The events themselves are not read here.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from goodoffices.core.diagnostics import Span
from goodoffices.language.names import suggestion
from goodoffices.language.reader import Reader, head, is_empty
from goodoffices.language.record_section import (
    CHANCE,
    NEXT,
    PATTERN_FIELDS,
    REFUSE,
    EventPattern,
    EventRule,
    RecordSection,
)
from goodoffices.language.scenario import Time, Turn
from goodoffices.language.yaml_text import Mapping as Table
from goodoffices.language.yaml_text import Node, Sequence
from goodoffices.language.yaml_text import Text as Scalar

SLACK = 0.5
"""Days by which rounds before the scenario's first may miss its first day: a month has no whole number of days."""


def read_record(
    reader: Reader, node: Node | None, *, time: Time, turns: tuple[Turn, ...]
) -> RecordSection | None:
    """The section, every name in it checked against the scenario's."""
    if node is None or is_empty(node):
        return None
    fields = reader.fields(node, "record", what="`record`")
    outcomes = _outcomes(turns)
    names = {f"{party}.{move}" for party, moves in reader.scope.moves.items() for move in moves}
    start = _day(reader, fields.get("from"), "`from`")
    until = _day(reader, fields.get("until"), "`until`")
    _check_calendar(reader, head(node), fields, time, start, until)
    return RecordSection(
        file=reader.text(fields.get("file"), "`file`"),
        start=start,
        until=until,
        moves=_rules(reader, fields.get("moves"), names, "a move", "moves are written `party.move`"),
        chance=_rules(
            reader,
            fields.get("chance"),
            outcomes,
            "an outcome of chance",
            "there are outcomes of `chance` turns, and `factor.level` where a move starts a lottery",
        ),
        precedence=_precedence(reader, fields.get("precedence"), outcomes),
        unseen=tuple(
            name
            for name, span in _named_list(reader, fields.get("unseen"), "`unseen`")
            if _known(reader, name, outcomes, span, "an outcome of chance", None)
        ),
        confidence=_confidence(reader, fields.get("confidence")),
        impossible=_impossible(reader, fields.get("impossible")),
        why=reader.text(fields.get("why"), "`why`") or None,
        span=head(node),
    )


def write_record(record: RecordSection, scalar: Any, row: Any) -> dict[str, Any]:
    """Keys and values that read back as the section; `scalar` quotes a word and `row` makes a list on one line."""

    def rules(given: Iterable[EventRule]) -> dict[str, Any]:
        return {rule.what: [_pattern_keys(p, scalar, row) for p in rule.patterns] for rule in given}

    found = {
        "file": record.file,
        "from": record.start.isoformat() if record.start else "",
        "until": record.until.isoformat() if record.until else "",
        "moves": rules(record.moves),
        "chance": rules(record.chance),
        "precedence": {
            who: row([scalar(name) for name in names]) for who, names in record.precedence.items()
        },
        "unseen": row([scalar(name) for name in record.unseen]),
        "confidence": {level: repr(weight) for level, weight in record.confidence.items()},
        "impossible": "" if record.impossible == REFUSE else record.impossible,
        "why": record.why or "",
    }
    return {key: value for key, value in found.items() if value}


def _pattern_keys(pattern: EventPattern, scalar: Any, row: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in PATTERN_FIELDS:
        values: tuple[str, ...] = getattr(pattern, name)
        if values:
            found[name] = values[0] if len(values) == 1 else row([scalar(value) for value in values])
    return found | ({"why": pattern.why} if pattern.why else {})


# ---------------------------------------------------------------- parts
def _outcomes(turns: tuple[Turn, ...]) -> set[str]:
    """Outcomes of chance by name, and levels that lotteries can give."""
    found = {outcome.name for turn in turns for outcome in turn.outcomes}
    effects = [e for turn in turns for mover in turn.movers for move in mover.moves for e in move.then]
    effects += [e for turn in turns for outcome in turn.outcomes for e in outcome.then]
    return found | {f"{e.factor}.{level}" for e in effects if len(e.outcomes) > 1 for level, _ in e.outcomes}


def _rules(reader: Reader, node: Node | None, known: set[str], what: str, hint: str) -> tuple[EventRule, ...]:
    found: list[EventRule] = []
    if node is None or is_empty(node):
        return ()
    if not isinstance(node, Table):
        reader.report("wrong-shape", f"here go names of {what} with the events that count as it", head(node))
        return ()
    for entry in node.entries:
        if not _known(reader, entry.key.value, known, entry.key.span, what, hint):
            continue
        items = entry.value.items if isinstance(entry.value, Sequence) else (entry.value,)
        patterns = tuple(_pattern(reader, item) for item in items)
        found.append(EventRule(entry.key.value, patterns, entry.key.span))
    return tuple(found)


def _pattern(reader: Reader, node: Node) -> EventPattern:
    fields = reader.fields(node, "pattern", what="a pattern of events")
    given = {name: reader.texts(fields.get(name), f"`{name}`") for name in PATTERN_FIELDS}
    if not any(given.values()):
        reader.report(
            "empty-pattern",
            "a pattern that names nothing would fit every event",
            head(node),
            "name an `actor`, `target`, `type`, `lever`, `code` or `id`",
        )
    return EventPattern(**given, why=reader.text(fields.get("why"), "`why`") or None)


def _known(
    reader: Reader, name: str, known: Iterable[str], span: Span | None, what: str, hint: str | None
) -> bool:
    if name in known:
        return True
    code = "unknown-move" if what == "a move" else "unknown-outcome"
    reader.report(code, f"`{name}` is not {what} of this scenario", span, suggestion(name, known) or hint)
    return False


def _named_list(reader: Reader, node: Node | None, what: str) -> list[tuple[str, Span]]:
    """Words of a list with their places; one word stands for a list of one."""
    if node is None or is_empty(node):
        return []
    items = node.items if isinstance(node, Sequence) else (node,)
    return [(reader.text(item, what), head(item)) for item in items]


def _precedence(reader: Reader, node: Node | None, outcomes: set[str]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for entry in reader.named(node, "a party, or `chance`"):
        who = entry.key.value
        if who != CHANCE and who not in reader.scope.parties:
            reader.report(
                "unknown-party",
                f"no party is called `{who}`",
                entry.key.span,
                suggestion(who, (*reader.scope.parties, CHANCE)),
            )
            continue
        known = outcomes if who == CHANCE else set(reader.scope.moves.get(who, ()))
        what = "an outcome of chance" if who == CHANCE else "a move"
        names: list[str] = []
        for name, span in _named_list(reader, entry.value, "`precedence`"):
            if name in names:
                reader.report("repeated-name", f"`{name}` stands twice in the order of precedence", span)
            elif _known(reader, name, known, span, what, None):
                names.append(name)
        found[who] = tuple(names)
    return found


def _confidence(reader: Reader, node: Node | None) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for entry in reader.named(node, "a level of confidence"):
        text = reader.text(entry.value, "a weight")
        try:
            weight = float(text)
        except ValueError:
            weight = -1.0
        if not 0 <= weight <= 1:
            reader.report(
                "bad-weight",
                f"the weight of `{entry.key.value}` must be a number from 0 to 1",
                head(entry.value),
                "0 leaves such events out, 1 takes them as they are",
            )
            continue
        found[entry.key.value] = weight
    return found


def _impossible(reader: Reader, node: Node | None) -> str:
    text = reader.text(node, "`impossible`", default=REFUSE)
    if text not in (REFUSE, NEXT):
        reader.report(
            "unknown-choice",
            f"`impossible` is `{REFUSE}` or `{NEXT}`, not `{text}`",
            head(node) if node else None,
            f"`{NEXT}` takes what comes next in precedence where the model forbids a recorded move",
        )
        return REFUSE
    return text


def _day(reader: Reader, node: Node | None, what: str) -> datetime.date | None:
    if node is None:
        return None
    text = node.value.strip() if isinstance(node, Scalar) else ""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        reader.report("bad-date", f"{what} must be a day", head(node), "as in `2025-01-20`")
        return None


def _check_calendar(
    reader: Reader,
    place: Span,
    fields: Mapping[str, Node],
    time: Time,
    start: datetime.date | None,
    until: datetime.date | None,
) -> None:
    first = start or time.start
    if first is None:
        if "from" not in fields:  # else its own problem is reported already
            reader.report(
                "record-without-start",
                "the record needs the first day of a round",
                place,
                "give `from` in `time`, or in `record`",
            )
        return
    if until is not None and until < first:
        reader.report("bad-date", f"the record ends before it begins on {first}", head(fields["until"]))
    if start is None or time.start is None:
        return
    days = (time.start - start).days
    if days < 0:
        reader.report(
            "record-after-start",
            f"the record begins after round one, which begins on {time.start}",
            head(fields["from"]),
            "leave `from` out; rounds before the first event then hold silence",
        )
        return
    off = abs(days - round(days / time.round_days) * time.round_days)
    if off > SLACK:
        reader.report(
            "record-off-beat",
            f"from {start} to round one on {time.start} is not a whole number of rounds of {time.round_days:g} days",
            head(fields["from"]),
            f"such as {time.start - datetime.timedelta(round((days // time.round_days + 1) * time.round_days))}",
        )
