"""Small readers that the sections of a scenario file share: mappings, words, expressions, reasons, sources.

Receives nodes with places and a `Scope` in which problems are collected; returns values, with a stand-in where a
problem was recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from goodoffices.core.diagnostics import Refusal, Span
from goodoffices.documents import DocumentError, Text, find_quote, find_sentence
from goodoffices.language import resolve, syntax, tree
from goodoffices.language.keys import FORMS
from goodoffices.language.names import is_name, is_reserved, suggestion
from goodoffices.language.resolve import Scope
from goodoffices.language.scenario import Anchor, Note
from goodoffices.language.yaml_text import Entry, Mapping, Node, Sequence
from goodoffices.language.yaml_text import Text as Scalar

EMPTY = ("", "~", "null")


@dataclass
class Reader:
    """Reads values at their places and records what is wrong."""

    scope: Scope = field(default_factory=Scope)
    documents: dict[str, Text] = field(default_factory=dict[str, Text])

    def report(self, code: str, message: str, span: Span | None, hint: str | None = None) -> None:
        """Record one error."""
        self.scope.report(code, message, span, hint)

    # ------------------------------------------------------------ shapes
    def fields(self, node: Node | None, form: str, *, what: str) -> dict[str, Node]:
        """Values of a mapping by key, unknown and missing keys reported against the table of keys."""
        if is_empty(node):
            node = None
        if node is not None and not isinstance(node, Mapping):
            self.report("wrong-shape", f"{what} needs keys and values here", node.span, _example(form))
            return {}
        known = {key.name: key for key in FORMS[form]}
        entries = node.entries if node else ()
        for entry in entries:
            if entry.key.value not in known:
                hint = (
                    suggestion(entry.key.value, known) or f"{what} takes {', '.join(f'`{k}`' for k in known)}"
                )
                self.report("unknown-key", f"{what} has no key `{entry.key.value}`", entry.key.span, hint)
        present = {entry.key.value: entry.value for entry in entries if entry.key.value in known}
        for key in known.values():
            if key.required and key.name not in present and node is not None:
                hint = f"{key.doc}{f' For instance `{key.name}: {key.example}`.' if key.example else ''}"
                self.report("missing-key", f"{what} needs `{key.name}`", head(node), hint)
        return present

    def named(self, node: Node | None, what: str, *, dotted: bool = False) -> Iterator[Entry]:
        """Entries of a mapping whose keys are names of our own; others are reported and left out."""
        if node is None or is_empty(node):
            return
        if not isinstance(node, Mapping):
            self.report("wrong-shape", f"here go names of {what} with what they mean", node.span)
            return
        for entry in node.entries:
            parts = entry.key.value.split(".") if dotted else [entry.key.value]
            if not all(is_name(part) for part in parts) or (dotted and len(parts) != 2):
                self.report(
                    "bad-name",
                    f"`{entry.key.value}` cannot be the name of {what}",
                    entry.key.span,
                    "write `party.trait`" if dotted else "a name is a letter, then letters, digits and `_`",
                )
            else:
                yield entry

    def free_name(self, entry: Entry, what: str, taken: dict[str, Span]) -> bool:
        """Record a name that expressions mention; False where it is reserved or taken."""
        name = entry.key.value
        if is_reserved(name):
            self.report("reserved-name", f"`{name}` has a meaning in expressions already", entry.key.span)
            return False
        if name in taken:
            self.report(
                "name-taken",
                f"{what} cannot be called `{name}`: the name is taken at line {taken[name].line}",
                entry.key.span,
                "expressions must be able to tell them apart",
            )
            return False
        taken[name] = entry.key.span
        return True

    def text(self, node: Node | None, what: str, *, default: str = "") -> str:
        """Words; white space of folded lines becomes single spaces."""
        if node is None:
            return default
        if not isinstance(node, Scalar):
            self.report("wrong-shape", f"{what} must be words", head(node))
            return default
        return " ".join(node.value.split()) or default

    def texts(self, node: Node | None, what: str) -> tuple[str, ...]:
        """A list of texts; one text stands for a list of one."""
        if node is None or is_empty(node):
            return ()
        items = node.items if isinstance(node, Sequence) else (node,)
        return tuple(self.text(item, what) for item in items)

    def levels(self, node: Node | None, what: str) -> tuple[str, ...]:
        """A list of distinct level names."""
        if not isinstance(node, Sequence) or not node.items:
            self.report(
                "wrong-shape",
                f"{what} needs a list of levels",
                head(node) if node else None,
                "as in `[war, truce]`",
            )
            return ()
        found: list[str] = []
        for item in node.items:
            name = item.value if isinstance(item, Scalar) else ""
            if not is_name(name):
                self.report(
                    "bad-name",
                    f"`{name}` cannot be the name of a level",
                    item.span,
                    "a letter, then letters, digits, `_`",
                )
            elif name in found:
                self.report("duplicate-level", f"the level `{name}` stands twice", item.span)
            else:
                found.append(name)
        return tuple(found)

    # ------------------------------------------------------------ expressions
    def syntax(self, node: Node | None, what: str, span: Span | None = None) -> syntax.Syntax | None:
        """Parse the text of an expression or claim; None where that failed."""
        if node is None:
            self.report("missing-expression", f"{what} is missing", span)
            return None
        if not isinstance(node, Scalar):
            self.report("wrong-shape", f"{what} must be an expression", head(node))
            return None
        try:
            return syntax.parse(node.value, node.place)
        except Refusal as refusal:
            self.scope.diagnostics.extend(refusal.diagnostics)
            return None

    def expression(self, node: Node | None, what: str, *, own: str | None = None) -> tree.Expression:
        """An expression; a stand-in (not a number) where a problem was recorded."""
        parsed = self.syntax(node, what)
        if parsed is None:
            return resolve.fault(node.span if node else None)
        return resolve.expression(parsed, self.scope, own=own)

    def condition(self, node: Node | None, what: str, *, own: str | None = None) -> tree.Expression | None:
        """A condition, or None where the key is absent or wrong."""
        if node is None:
            return None
        parsed = self.syntax(node, what)
        return resolve.condition(parsed, self.scope, own=own) if parsed else resolve.fault(node.span)

    # ------------------------------------------------------------ reasons and sources
    def note(self, fields: dict[str, Node], span: Span | None) -> Note:
        """The `why` and `source` of an element."""
        why = self.text(fields.get("why"), "`why`") or None
        source = fields.get("source")
        return Note(why, self.anchor(source) if source is not None else None, span)

    def anchor(self, node: Node) -> Anchor | None:
        """A verified anchor: `document#s12`, or a mapping with a quote or sentence."""
        if isinstance(node, Scalar):
            name, mark, rest = node.value.strip().partition("#s")
            if not mark or not rest.isdigit():
                self.report(
                    "bad-source",
                    f"`{node.value}` is not a source",
                    node.span,
                    "write `document#s12` for sentence 12, or `{document: ..., quote: ...}`",
                )
                return None
            return self._sentence(name, int(rest[:9]), node.span)
        fields = self.fields(node, "source", what="a source")
        name = self.text(fields.get("document"), "`document`")
        if "document" not in fields:
            return None
        if ("quote" in fields) == ("sentence" in fields):
            self.report("bad-source", "a source gives either a `quote` or a `sentence`", head(node))
            return None
        if "sentence" in fields:
            number = self.text(fields["sentence"], "`sentence`")
            if not number.isdigit():
                self.report("bad-source", "`sentence` is a whole number", fields["sentence"].span)
                return None
            return self._sentence(name, int(number[:9]), fields["sentence"].span)
        document = self._document(name, fields["document"].span)
        if document is None:
            return None
        quote = self.text(fields["quote"], "`quote`")
        prefix, suffix = (self.text(fields.get(key), f"`{key}`") for key in ("prefix", "suffix"))
        try:
            start, end = find_quote(document, quote, prefix=prefix, suffix=suffix)
        except DocumentError as error:
            self.report(error.code, f"{error.message} (`{name}`)", fields["quote"].span, error.hint)
            return None
        return Anchor(name, None, document.text[start:end], start, end)

    def _sentence(self, name: str, number: int, span: Span) -> Anchor | None:
        document = self._document(name, span)
        if document is None:
            return None
        try:
            start, end = find_sentence(document, number)
        except DocumentError as error:
            self.report(error.code, f"{error.message} (`{name}`)", span, error.hint)
            return None
        return Anchor(name, number, document.text[start:end], start, end)

    def _document(self, name: str, span: Span) -> Text | None:
        if name in self.documents:
            return self.documents[name]
        if name not in self.scope.broken_documents:
            hint = suggestion(name, self.documents) or "name it under `documents:`"
            self.report("unknown-document", f"no document is called `{name}`", span, hint)
        return None


def is_empty(node: Node | None) -> bool:
    """Whether nothing was written (`key:` or `key: ~`)."""
    return isinstance(node, Scalar) and node.plain and node.value in EMPTY


def head(node: Node) -> Span:
    """The first line of a node, so that a caret does not underline a page."""
    span = node.span
    if span.end_line == span.line:
        return span
    if isinstance(node, Mapping) and node.entries:
        return node.entries[0].key.span
    return Span(span.file, span.line, span.column, span.line, span.column + 1)


def _example(form: str) -> str | None:
    shown = [f"{key.name}: {key.example}" for key in FORMS[form] if key.example]
    return "for instance `{" + ", ".join(shown[:2]) + "}`" if shown else None
