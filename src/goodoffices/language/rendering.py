"""A `Scenario` -> the text of a scenario file.

Receives a scenario; returns YAML that loads as an equal scenario (places in the file apart) where its documents lie
beside it. Refuses, by raising `Refusal`, the few things that can be built in Python and not be written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from goodoffices.core.diagnostics import refuse
from goodoffices.documents import DocumentError, Text, find_quote
from goodoffices.language import tree
from goodoffices.language.record_text import write_record
from goodoffices.language.scenario import Anchor, ChanceOutcome, Effect, Move, Mover, Note, Scenario, Turn
from goodoffices.language.writing import number, unparse

Value = Any
"""Text, or a list or mapping of values; `_Row` is a list that is written on one line."""


Write = Callable[[tree.Expression], str]


class _Row(list[str]):
    pass


def render(scenario: Scenario) -> str:
    """The scenario as a file's text."""
    return _Renderer(scenario).text()


class _Renderer:
    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.levels = {f.name: f.levels for f in scenario.factors}
        self.levels |= {f"{t.party}.{t.name}": t.levels for t in scenario.types}
        self.documents = {d.name: Text(d.text, d.sentences) for d in scenario.documents}

    def write(self, expression: tree.Expression) -> str:
        return unparse(expression, levels=self.levels)

    def text(self) -> str:
        s = self.scenario
        sections: dict[str, Value] = {
            "goodoffices": "1",
            "title": s.title,
            "summary": list(s.summary),
            "documents": {d.name: _kept(file=d.file, cites=dict(d.cites)) for d in s.documents},
            "time": self._time(),
            "parties": {
                p.name: _kept(
                    name=p.label,
                    role=p.role,
                    rationality="" if p.rationality == tree.Number(1.0) else self.write(p.rationality),
                    **self._note(p.note),
                )
                for p in s.parties
            },
            "types": {
                f"{t.party}.{t.name}": self._long(
                    "levels",
                    {level: self.write(o) for level, o in zip(t.levels, t.odds, strict=True)},
                    t.note,
                )
                for t in s.types
            },
            "factors": {
                f.name: _kept(levels=_Row(f.levels), start=f.start, **self._note(f.note))
                if f.start != f.levels[0] or self._note(f.note)
                else _Row(f.levels)
                for f in s.factors
            },
            "parameters": {
                p.name: {"prior": p.prior.text, **_kept(unit=p.unit or "", **self._note(p.note))}
                if p.unit or self._note(p.note)
                else p.prior.text
                for p in s.parameters
            },
            "let": {let.name: self._let(let) for let in s.lets},
            "turns": [self._turn(turn) for turn in s.turns],
            "values": {party: self.write(e) for party, e in s.values.items()},
            "end": {party: self.write(e) for party, e in s.end_values.items()},
            "claims": {
                c.name: _kept(
                    text="" if c.text == c.name.replace("_", " ") else c.text,
                    says=c.says_text,
                    **self._note(c.note),
                )
                for c in s.claims
            },
            "record": write_record(s.record, _scalar, _Row) if s.record is not None else {},
            "imposed": list(s.imposed),
            "changes": list(s.changes),
        }
        needed = ("goodoffices", "title", "time", "parties", "turns", "values")
        blocks = [_emit({key: value}, 0) for key, value in sections.items() if value or key in needed]
        return "\n".join(blocks)

    def _time(self) -> dict[str, Value]:
        time, stops = self.scenario.time, self.scenario.stops
        weeks = time.round_days / 7
        length = (
            f"{number(weeks)} week{'' if weeks == 1 else 's'}"
            if weeks == int(weeks)
            else f"{time.round_days!r} days"
        )
        return _kept(
            round=length,
            **{"from": time.start.isoformat() if time.start else ""},
            rounds="open-ended" if time.rounds is None else str(time.rounds),
            discount="" if time.discount == tree.Number(1.0) else self.write(time.discount),
            stops=self.write(stops) if stops is not None else "",
        )

    def _note(self, note: Note) -> dict[str, Value]:
        return _kept(why=note.why or "", source=self._source(note.source) if note.source else "")

    def _source(self, anchor: Anchor) -> Value:
        if anchor.sentence is not None:
            return f"{anchor.document}#s{anchor.sentence}"
        document = self.documents[anchor.document]
        before, after = document.text[: anchor.start].split(), document.text[anchor.end :].split()
        for words in (0, 1, 2, 4, 8, 16, 32, 64):
            prefix, suffix = " ".join(before[len(before) - words :] if words else []), " ".join(after[:words])
            try:
                if find_quote(document, anchor.text, prefix=prefix, suffix=suffix) == (
                    anchor.start,
                    anchor.end,
                ):
                    return _kept(document=anchor.document, quote=anchor.text, prefix=prefix, suffix=suffix)
            except DocumentError:
                continue
        raise refuse(
            "cannot-render", f"the words `{anchor.text[:60]}` cannot be told apart in `{anchor.document}`"
        )

    def _long(self, key: str, value: Value, note: Note) -> Value:
        extra = self._note(note)
        return {key: value, **extra} if extra else value

    def _let(self, let: Any) -> Value:
        if let.expression is not None:
            return self._long("is", self.write(let.expression), let.note)
        return {
            "by": let.key,
            "levels": {level: self.write(e) for level, e in let.table.items()},
            **self._note(let.note),
        }

    def _turn(self, turn: Turn) -> Value:
        note = self._note(turn.note)
        if turn.outcomes:
            return {"chance": {o.name: self._outcome(o) for o in turn.outcomes}, **note}
        if len(turn.movers) == 1:
            mover = turn.movers[0]
            return {"party": mover.party, **self._mover(mover), **note}
        return {"together": {m.party: self._mover(m) for m in turn.movers}, **note}

    def _mover(self, mover: Mover) -> dict[str, Value]:
        first = next((m.name for m in mover.moves if m.when is None), mover.moves[0].name)
        default = "" if mover.default == first else mover.default
        return _kept(default=default, moves={m.name: self._move(m) for m in mover.moves})

    def _move(self, move: Move) -> dict[str, Value]:
        return _kept(
            label="" if move.label == move.name.replace("_", " ") else move.label,
            when=self.write(move.when) if move.when is not None else "",
            then={e.factor: _effect(e, self.write) for e in move.then},
            costs=_costs(move, self.write),
            lever=move.lever or "",
            **self._note(move.note),
        )

    def _outcome(self, outcome: ChanceOutcome) -> dict[str, Value]:
        return _kept(
            label="" if outcome.label == outcome.name.replace("_", " ") else outcome.label,
            odds=self.write(outcome.odds),
            when=self.write(outcome.when) if outcome.when is not None else "",
            then={e.factor: _effect(e, self.write) for e in outcome.then},
            **self._note(outcome.note),
        )


def _effect(effect: Effect, write: Write) -> Value:
    if len(effect.outcomes) == 1 and effect.outcomes[0][1] == tree.Number(1.0):
        return effect.outcomes[0][0]
    return {level: write(odds) for level, odds in effect.outcomes}


def _costs(move: Move, write: Write) -> Value:
    if not move.costs:
        return ""
    if len(move.costs) == 1 and not move.costs[0][0]:
        return write(move.costs[0][1])
    if any(len(levels) != 1 for levels, _ in move.costs):
        raise refuse(
            "cannot-render",
            f"the costs of `{move.name}` combine several types",
            hint="write them as one expression: `8 if aim == maximalist else 1`",
        )
    return {levels[0][1]: write(cost) for levels, cost in move.costs}


def _kept(**values: Value) -> dict[str, Value]:
    """The values that say something."""
    return {key: value for key, value in values.items() if value}


# ---------------------------------------------------------------- YAML
_PLAIN = re.compile(r"[^\W_][\w .()*/+<>=!|'%$€–’-]*")


def _scalar(text: str) -> str:
    """A text without quotes where every YAML reader agrees on it, otherwise in double quotes with escapes."""
    if (
        _PLAIN.fullmatch(text)
        and text == text.strip()
        and text.lower() not in ("null", "true", "false", "yes", "no", "on", "off")
    ):
        return text
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else f"\\U{ord(character):08X}"


def _emit(value: Value, depth: int) -> str:
    """Block text of a mapping, each line ended."""
    pad = "  " * depth
    out: list[str] = []
    for key, item in value.items():
        if isinstance(item, _Row):
            out.append(f"{pad}{key}: [{', '.join(item)}]\n")
        elif isinstance(item, str):
            out.append(f"{pad}{key}: {_scalar(item)}\n")
        elif isinstance(item, dict):
            out.append(f"{pad}{key}:\n{_emit(item, depth + 1)}" if item else f"{pad}{key}: {{}}\n")
        elif not item:
            out.append(f"{pad}{key}: []\n")
        else:
            out.append(f"{pad}{key}:\n")
            for element in item:
                if isinstance(element, str):
                    out.append(f"{pad}  - {_scalar(element)}\n")
                else:
                    inner = _emit(element, depth + 2)
                    out.append(f"{pad}  - {inner.lstrip(' ')}")
    return "".join(out)
