"""A scenario file's sections -> a `Scenario`, every name resolved and every expression parsed.

Receives the root mapping and the folder for documents; returns the scenario, or None where a section is missing
altogether, with the problems in the reader's scope. Names are declared first, so that the order of sections is free.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from goodoffices.core.diagnostics import Refusal, Span
from goodoffices.documents import DocumentError, read_document
from goodoffices.language import questions, resolve, tree
from goodoffices.language.events import Calendar
from goodoffices.language.moves import read_turns
from goodoffices.language.prior_text import read_prior
from goodoffices.language.reader import Reader, head, is_empty
from goodoffices.language.record_text import read_record
from goodoffices.language.scenario import (
    Claim,
    Document,
    Factor,
    Let,
    Note,
    Parameter,
    Party,
    Prior,
    Scenario,
    TypeDimension,
)
from goodoffices.language.times import read_time
from goodoffices.language.walk import is_faulty
from goodoffices.language.yaml_text import Entry, Mapping, Node, Sequence
from goodoffices.language.yaml_text import Text as Scalar

VERSION = "1"
STRUCTURAL = frozenset(
    [
        "bad-turn",
        "no-moves",
        "wrong-shape",
        "bad-name",
        "unknown-key",
        "unknown-party",
        "unknown-factor",
        "unknown-level",
    ]
)
"""Problems of a turn that leave out something that could have happened."""
MOST_PARAMETERS = 500
"""Every parameter is tried at its extremes and at hundreds of draws while a file is checked."""


@dataclass
class Builder(Reader):
    """Reads one file; `run` gives the scenario."""

    title_span: Span | None = None
    unit_spans: dict[str, Span] = field(default_factory=dict[str, Span])
    """Parameter -> where its unit is declared."""

    def run(self, root: Mapping, *, folder: Path, source: str) -> Scenario | None:
        fields = self.fields(root, "scenario", what="a scenario")
        self._version(fields.get("goodoffices"))
        documents = self._documents(fields.get("documents"), folder)
        taken: dict[str, Span] = {}
        self._declare(fields, taken)
        factors = self._factors(fields.get("factors"))
        type_nodes = self._declare_types(fields.get("types"), taken)
        self._declare_lets(fields.get("let"))
        time = read_time(self, fields.get("time"))
        stops = self._stops(fields.get("time"))
        parties = self._parties(fields.get("parties"))
        types = self._types(type_nodes)
        parameters = self._parameters(fields.get("parameters"))
        lets = self._lets(fields.get("let"))
        before = len(self.scope.diagnostics)
        turns = read_turns(self, fields.get("turns"))
        self.scope.turns_broken = any(d.code in STRUCTURAL for d in self.scope.diagnostics[before:])
        values = self._payoffs(fields.get("values"), "`values`")
        end = self._payoffs(fields.get("end"), "`end`")
        record = read_record(self, fields.get("record"), time=time, turns=turns)
        outset = {f.name: f.start for f in factors}
        recorded = (record.start or time.start) if record is not None else None
        calendar = Calendar(time.round_days, time.start, time.rounds, outset, recorded)
        claims = self._claims(fields.get("claims"), calendar)
        self.title_span = fields["title"].span if "title" in fields else None
        return Scenario(
            title=self.text(fields.get("title"), "`title`"),
            summary=self.texts(fields.get("summary"), "`summary`"),
            documents=documents,
            time=time,
            parties=parties,
            types=types,
            factors=factors,
            parameters=parameters,
            lets=lets,
            turns=turns,
            values=values,
            end_values=end,
            claims=claims,
            stops=stops,
            changes=self.texts(fields.get("changes"), "`changes`"),
            imposed=self._imposed(fields.get("imposed")),
            source=source,
            record=record,
        )

    def _version(self, node: Node | None) -> None:
        if isinstance(node, Scalar) and node.value.strip() != VERSION:
            self.report(
                "wrong-version",
                f"this file is written for version {node.value} of the dialect; version {VERSION} is read",
                node.span,
                "a newer goodoffices may read it"
                if node.value.strip().isdigit()
                else "write `goodoffices: 1`",
            )

    # ------------------------------------------------------------ declarations
    def _declare(self, fields: dict[str, Node], taken: dict[str, Span]) -> None:
        """Collect the names of parties, parameters, lets and factors before any expression is read."""
        scope = self.scope
        parties = list(self.named(fields.get("parties"), "a party"))
        scope.parties = tuple(entry.key.value for entry in parties)
        for key, what, names in (
            ("parties", "a party", None),
            ("factors", "a factor", None),
            ("parameters", "a parameter", scope.parameters),
            ("let", "a named expression", scope.lets),
        ):
            for entry in parties if key == "parties" else self.named(fields.get(key), what):
                if self.free_name(entry, what, taken) and names is not None:
                    names.add(entry.key.value)

    def _declare_types(self, node: Node | None, taken: dict[str, Span]) -> list[Entry]:
        entries: list[Entry] = []
        for entry in self.named(node, "a type", dotted=True):
            party, trait = entry.key.value.split(".")
            if party not in self.scope.parties:
                self.report("unknown-party", f"no party is called `{party}`", entry.key.span)
                continue
            if trait in taken:
                self.report(
                    "name-taken",
                    f"`{trait}` is the name of something else (line {taken[trait].line})",
                    entry.key.span,
                )
                continue
            odds = _long(entry.value, "levels")
            levels = tuple(e.key.value for e in self.named(odds, "a level"))
            if not levels:
                self.report(
                    "wrong-shape",
                    "a type needs levels with odds",
                    entry.key.span,
                    "as in `{hawk: p, dove: 1 - p}`",
                )
                continue
            self.scope.levels[entry.key.value] = levels
            entries.append(entry)
        return entries

    def _declare_lets(self, node: Node | None) -> None:
        """Find which named expressions are tables, and by what."""
        for entry in self.named(node, "a named expression"):
            value = entry.value
            if not isinstance(value, Mapping) or entry.key.value not in self.scope.lets:
                continue
            if value.get("is") is not None:
                continue
            self.scope.lets.discard(entry.key.value)
            key = self._table_key(entry, value)
            if key:
                self.scope.tables[entry.key.value] = key

    def _table_key(self, entry: Entry, value: Mapping) -> str | None:
        by, levels = value.get("by"), value.get("levels")
        if by is not None and isinstance(levels, Mapping):
            name = self.text(by, "`by`")
            key = self.scope.dimension(name, None)
            if key is None:
                found = resolve.expression(self.syntax(by, "`by`") or _nothing(by.span), self.scope)
                if not is_faulty(found):
                    self.report("bad-table", f"`{name}` is neither a factor nor a type", by.span)
                return None
            given, place = {e.key.value for e in levels.entries}, levels.span
        else:
            given, place = {e.key.value for e in value.entries}, entry.key.span
            fits = [full for full, names in self.scope.levels.items() if set(names) == given]
            if len(fits) == 1:
                return fits[0]
            near = [full for full, names in self.scope.levels.items() if given & set(names)]
            self.report(
                "bad-table",
                f"the keys of `{entry.key.value}` are the levels of several dimensions"
                if fits
                else f"the keys of `{entry.key.value}` are not exactly the levels of one factor or type",
                place,
                f"say which: `{{by: {(fits or near or ['engagement'])[0]}, levels: {{...}}}}`",
            )
            return None
        wanted = set(self.scope.levels[key])
        if given != wanted:
            for name in sorted(wanted - given):
                self.report(
                    "missing-level", f"the table has no entry for `{name}` of `{key}`", entry.key.span
                )
            for e in levels.entries:
                if e.key.value not in wanted:
                    self.report("unknown-level", f"`{e.key.value}` is not a level of `{key}`", e.key.span)
        return key

    # ------------------------------------------------------------ sections
    def _documents(self, node: Node | None, folder: Path) -> tuple[Document, ...]:
        found: list[Document] = []
        for entry in self.named(node, "a document"):
            fields = self.fields(entry.value, "document", what="a document")
            name, file = entry.key.value, self.text(fields.get("file"), "`file`")
            cited = fields.get("cites")
            cites = {
                e.key.value: self.text(e.value, "a citation")
                for e in (cited.entries if isinstance(cited, Mapping) else ())
            }
            self.scope.broken_documents.add(name)
            if not file:
                continue
            try:
                text = read_document(folder, file)
            except DocumentError as error:
                self.report(error.code, error.message, fields["file"].span, error.hint)
                continue
            self.scope.broken_documents.discard(name)
            self.documents[name] = text
            found.append(Document(name, file, cites, text.text, text.sentences))
        return tuple(found)

    def _stops(self, node: Node | None) -> tree.Expression | None:
        stops = node.get("stops") if isinstance(node, Mapping) else None
        return self.condition(stops, "`stops`")

    def _parties(self, node: Node | None) -> tuple[Party, ...]:
        found: list[Party] = []
        for entry in self.named(node, "a party"):
            name = entry.key.value
            if isinstance(entry.value, Scalar):
                label = entry.value.value if not is_empty(entry.value) else name
                found.append(Party(name, label, "", tree.Number(1.0), Note(span=entry.key.span)))
                continue
            fields = self.fields(entry.value, "party", what="a party")
            rationality = (
                self.expression(fields["rationality"], "`rationality`")
                if "rationality" in fields
                else tree.Number(1.0)
            )
            found.append(
                Party(
                    name,
                    self.text(fields.get("name"), "`name`", default=name),
                    self.text(fields.get("role"), "`role`"),
                    rationality,
                    self.note(fields, entry.key.span),
                )
            )
        return tuple(found)

    def _types(self, entries: list[Entry]) -> tuple[TypeDimension, ...]:
        found: list[TypeDimension] = []
        for entry in entries:
            party, trait = entry.key.value.split(".")
            long = _long(entry.value, "levels")
            fields = self.fields(entry.value, "type", what="a type") if long is not entry.value else {}
            odds = tuple(self.expression(e.value, "the odds") for e in self.named(long, "a level"))
            levels = self.scope.levels[entry.key.value]
            found.append(TypeDimension(party, trait, levels, odds, self.note(fields, entry.key.span)))
        return tuple(found)

    def _factors(self, node: Node | None) -> tuple[Factor, ...]:
        found: list[Factor] = []
        for entry in self.named(node, "a factor"):
            fields: dict[str, Node] = {}
            listed: Node | None = entry.value
            if isinstance(entry.value, Mapping):
                fields = self.fields(entry.value, "factor", what="a factor")
                listed = fields.get("levels")
            levels = self.levels(listed, "a factor") if listed is not None else ()
            if not levels:
                continue
            start = self.text(fields.get("start"), "`start`", default=levels[0])
            if start not in levels:
                self.report(
                    "unknown-level", f"`{start}` is not a level of `{entry.key.value}`", fields["start"].span
                )
                start = levels[0]
            self.scope.levels[entry.key.value] = levels
            found.append(Factor(entry.key.value, levels, start, self.note(fields, entry.key.span)))
        return tuple(found)

    def _parameters(self, node: Node | None) -> tuple[Parameter, ...]:
        found: list[Parameter] = []
        for count, entry in enumerate(self.named(node, "a parameter")):
            if count == MOST_PARAMETERS:
                self.report(
                    "too-many-parameters",
                    f"a scenario has at most {MOST_PARAMETERS} parameters",
                    entry.key.span,
                    "an argument that rests on more can hardly be judged; fix some at their values",
                )
                break
            fields: dict[str, Node] = {"prior": entry.value}
            if isinstance(entry.value, Mapping):
                fields = self.fields(entry.value, "parameter", what="a parameter")
            unit = self.text(fields.get("unit"), "`unit`") or None
            prior = self._prior(fields.get("prior"), unit)
            if unit and fields.get("unit"):
                self.unit_spans[entry.key.value] = fields["unit"].span
            found.append(Parameter(entry.key.value, prior, unit, self.note(fields, entry.key.span)))
        return tuple(found)

    def _prior(self, node: Node | None, unit: str | None) -> Prior:
        stand_in = Prior("fixed", (float("nan"),), "?")
        if not isinstance(node, Scalar):
            if node is not None:
                self.report(
                    "wrong-shape", "a prior is text", head(node), "such as `beta(2, 6)` or `0.2 to 0.6`"
                )
            return stand_in
        try:
            return read_prior(node.value, node.place, unit=unit)
        except Refusal as refusal:
            self.scope.diagnostics.extend(refusal.diagnostics)
            return stand_in

    def _lets(self, node: Node | None) -> tuple[Let, ...]:
        found: list[Let] = []
        for entry in self.named(node, "a named expression"):
            name, value = entry.key.value, entry.value
            if isinstance(value, Sequence) or (name not in self.scope.lets and name not in self.scope.tables):
                if isinstance(value, Sequence):
                    self.report("wrong-shape", "a named expression is an expression or a table", head(value))
                continue
            long = isinstance(value, Mapping) and any(
                value.get(key) is not None for key in ("is", "by", "levels")
            )
            fields = self.fields(value, "let", what="a named expression") if long else {}
            note = self.note(fields, entry.key.span)
            if name in self.scope.lets:
                found.append(Let(name, self.expression(fields.get("is", value), f"`{name}`"), note=note))
                continue
            key = self.scope.tables[name]
            levels = fields.get("levels", value)
            own = key.split(".")[0] if "." in key else None
            given = {e.key.value: e.value for e in self.named(levels, "a level")}
            table = {
                level: self.expression(given[level], "the entry", own=own)
                if level in given
                else resolve.fault(None)  # reported where the table was declared
                for level in self.scope.levels[key]
            }
            found.append(Let(name, None, key, table, note))
        return tuple(found)

    def _payoffs(self, node: Node | None, what: str) -> dict[str, tree.Expression]:
        found: dict[str, tree.Expression] = {}
        for entry in self.named(node, "a party"):
            party = entry.key.value
            if party not in self.scope.parties:
                self.report(
                    "unknown-party",
                    f"no party is called `{party}`",
                    entry.key.span,
                    f"{what} goes by party: {', '.join(f'`{p}`' for p in self.scope.parties)}",
                )
                continue
            found[party] = self.expression(entry.value, f"{what} of `{party}`", own=party)
        return found

    def _claims(self, node: Node | None, calendar: Calendar) -> tuple[Claim, ...]:
        found: list[Claim] = []
        for entry in self.named(node, "a claim"):
            fields: dict[str, Node] = {"says": entry.value}
            if isinstance(entry.value, Mapping):
                fields = self.fields(entry.value, "claim", what="a claim")
            note = self.note(fields, entry.key.span)
            text = self.text(fields.get("text"), "`text`", default=entry.key.value.replace("_", " "))
            says = fields.get("says")
            parsed = self.syntax(says, "`says`", entry.key.span) if says is not None else None
            resolved = questions.claim(parsed, self.scope, calendar) if parsed else None
            if resolved is not None and isinstance(says, Scalar):
                found.append(Claim(entry.key.value, text, resolved, " ".join(says.value.split()), note))
        return tuple(found)

    def _imposed(self, node: Node | None) -> tuple[str, ...]:
        found = self.texts(node, "`imposed`")
        for name in found:
            party, _, move = name.partition(".")
            if move not in self.scope.moves.get(party, ()):
                self.report("unknown-move", f"`{party}` has no move `{move}`", node.span if node else None)
        return found


def _long(node: Node, key: str) -> Node:
    """The inner mapping of a long form, or the node itself where it is the short form."""
    inner = node.get(key) if isinstance(node, Mapping) else None
    return inner if isinstance(inner, Mapping) else node


def _nothing(span: Span) -> resolve.Syntax:
    return resolve.Syntax("number", "0", span)
