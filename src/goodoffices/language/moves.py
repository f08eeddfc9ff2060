"""The turns of a scenario file: moves, their conditions, effects and costs, and the outcomes of chance.

Receives the `turns` node and the reader; returns `Turn`s. Move names are declared before any expression is read, since
claims mention them.
"""

from __future__ import annotations

from typing import Any

from goodoffices.core.diagnostics import Span
from goodoffices.language import tree
from goodoffices.language.names import is_name, suggestion
from goodoffices.language.reader import Reader, head, is_empty
from goodoffices.language.scenario import ChanceOutcome, Effect, Move, Mover, Turn
from goodoffices.language.yaml_text import Entry, Mapping, Node, Sequence
from goodoffices.language.yaml_text import Text as Scalar

Costs = tuple[tuple[tuple[tuple[str, str], ...], tree.Expression], ...]


def read_turns(reader: Reader, node: Node | None) -> tuple[Turn, ...]:
    """Every turn of a round, in order."""
    if node is None:
        return ()
    if not isinstance(node, Sequence) or not node.items:
        reader.report(
            "wrong-shape",
            "`turns` is a list with one turn at least",
            head(node),
            "begin each with `- party: ...`",
        )
        return ()
    return tuple(_turn(reader, item) for item in node.items)


def _turn(reader: Reader, node: Node) -> Turn:
    fields = reader.fields(node, "turn", what="a turn")
    kinds = [key for key in ("party", "together", "chance") if key in fields]
    if len(kinds) != 1:
        reader.report(
            "bad-turn",
            "a turn is of one `party`, of several `together`, or of `chance`",
            head(node),
            "keep exactly one of the three keys",
        )
    note = reader.note(fields, head(node))
    if "chance" in kinds:
        outcomes = tuple(_outcome(reader, entry) for entry in reader.named(fields["chance"], "an outcome"))
        if not outcomes:
            reader.report("bad-turn", "a turn of chance needs outcomes", head(node))
        return Turn((), outcomes, note)
    if "together" in kinds:
        movers = [
            _mover(
                reader,
                entry.key.value,
                entry.key.span,
                reader.fields(entry.value, "mover", what="a part in a turn"),
            )
            for entry in reader.named(fields["together"], "a party")
        ]
        return Turn(tuple(m for m in movers if m), (), note)
    if "party" in kinds:
        name = reader.text(fields["party"], "`party`")
        mover = _mover(reader, name, fields["party"].span, fields)
        return Turn((mover,) if mover else (), (), note)
    return Turn((), (), note)


def _mover(reader: Reader, party: str, span: Span, fields: dict[str, Node]) -> Mover | None:
    scope = reader.scope
    if party not in scope.parties:
        reader.report(
            "unknown-party", f"no party is called `{party}`", span, suggestion(party, scope.parties)
        )
        return None
    entries = list(reader.named(fields.get("moves"), "a move"))
    if not entries:
        reader.report("no-moves", f"`{party}` has no moves at this turn", span)
        return None
    names = tuple(entry.key.value for entry in entries)
    scope.moves[party] = tuple(dict.fromkeys((*scope.moves.get(party, ()), *names)))
    moves = tuple(_move(reader, party, entry) for entry in entries)
    first = next((move.name for move in moves if move.when is None), names[0])
    default = reader.text(fields.get("default"), "`default`", default=first)
    if default not in names:
        reader.report(
            "unknown-move",
            f"the default `{default}` is not one of the moves",
            fields["default"].span,
            suggestion(default, names) or f"there are {', '.join(f'`{n}`' for n in names)}",
        )
        default = first
    return Mover(party, moves, default)


def _move(reader: Reader, party: str, entry: Entry) -> Move:
    fields = reader.fields(entry.value, "move", what="a move")
    return Move(
        name=entry.key.value,
        label=reader.text(fields.get("label"), "`label`", default=entry.key.value.replace("_", " ")),
        when=reader.condition(fields.get("when"), "`when`"),
        then=_effects(reader, fields.get("then")),
        costs=_costs(reader, party, fields.get("costs")),
        lever=reader.text(fields.get("lever"), "`lever`") or None,
        note=reader.note(fields, entry.key.span),
    )


def _outcome(reader: Reader, entry: Entry) -> ChanceOutcome:
    short = isinstance(entry.value, Scalar) and not is_empty(entry.value)
    fields = {"odds": entry.value} if short else reader.fields(entry.value, "outcome", what="an outcome")
    if is_empty(entry.value):
        reader.report("missing-key", "an outcome needs `odds`", entry.key.span)
    return ChanceOutcome(
        name=entry.key.value,
        label=reader.text(fields.get("label"), "`label`", default=entry.key.value.replace("_", " ")),
        odds=reader.expression(fields["odds"], "`odds`") if "odds" in fields else tree.Number(float("nan")),
        when=reader.condition(fields.get("when"), "`when`"),
        then=_effects(reader, fields.get("then")),
        note=reader.note(fields, entry.key.span),
    )


def _effects(reader: Reader, node: Node | None) -> tuple[Effect, ...]:
    found: list[Effect] = []
    levels = reader.scope.levels
    for entry in reader.named(node, "a factor"):
        factor, value = entry.key.value, entry.value
        if factor not in levels:
            known = [name for name in levels if "." not in name]
            reader.report(
                "unknown-factor", f"no factor is called `{factor}`", entry.key.span, suggestion(factor, known)
            )
            continue
        outcomes: list[tuple[str, tree.Expression]] = []
        if isinstance(value, Mapping):
            for outcome in reader.named(value, "a level"):
                odds = reader.expression(outcome.value, "the odds")
                if _known_level(reader, factor, outcome.key.value, outcome.key.span):
                    outcomes.append((outcome.key.value, odds))
        elif isinstance(value, Scalar):
            name = value.value.strip()
            if _known_level(reader, factor, name, value.span):
                outcomes.append((name, tree.Number(1.0)))
        else:
            reader.report("wrong-shape", f"`{factor}` goes to one level, or to levels with odds", head(value))
        if outcomes:
            found.append(Effect(factor, tuple(outcomes)))
    return tuple(found)


def _known_level(reader: Reader, factor: str, level: str, span: Span) -> bool:
    levels = reader.scope.levels[factor]
    if level in levels:
        return True
    hint: Any = suggestion(level, levels) if is_name(level) else None
    choices = ", ".join(f"`{name}`" for name in levels)
    reader.report(
        "unknown-level", f"`{level}` is not a level of `{factor}`", span, hint or f"it has {choices}"
    )
    return False


def _costs(reader: Reader, party: str, node: Node | None) -> Costs:
    """Costs by expression, or by the level of one of the mover's own types; every level of it must be there."""
    if node is None or is_empty(node):
        return ()
    if not isinstance(node, Mapping):
        return (((), reader.expression(node, "`costs`", own=party)),)
    own = {full: levels for full, levels in reader.scope.levels.items() if full.startswith(f"{party}.")}
    given = [entry.key.value for entry in reader.named(node, "a level")]
    fits = [full for full, levels in own.items() if set(levels) == set(given)]
    if len(fits) != 1:
        for name in given:
            everything = [level for levels in own.values() for level in levels]
            if name not in everything:
                span = node.key_span(name)
                hint = suggestion(name, everything) or (
                    f"`{party}` has {', '.join(f'`{x}`' for x in everything)}"
                    if everything
                    else f"`{party}` has no types"
                )
                reader.report("unknown-level", f"`{name}` is not a type level of `{party}`", span, hint)
                return ()
        reader.report(
            "costs-by-type",
            "costs by type name every level of exactly one of the party's types",
            head(node),
            "combinations are written as an expression: `8 if aim == maximalist else 1`",
        )
        return ()
    dimension = fits[0]
    return tuple(
        (((dimension, entry.key.value),), reader.expression(entry.value, "the cost", own=party))
        for entry in node.entries
    )
