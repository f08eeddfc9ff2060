"""Text of a YAML 1.2 file -> a tree of mappings, lists and texts in which everything knows its place.

Receives text; returns `Node`s. Nothing is converted: `NO`, `12:30` and `1e-3` stay the text that was written, and the
reader of each key decides what it expects there. Refuses what YAML cannot mean, and bounds size, depth and aliases.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import yaml

from goodoffices.core.diagnostics import Diagnostic, Refusal, Span, refuse

MAX_BYTES = 2_000_000
"""Largest file that is read; an argument in words is a thousand times smaller."""
MAX_DEPTH = 40
MAX_NODES = 50_000
"""Bound on nodes counted after aliases are expanded, so that a few lines cannot become a billion values."""

_yaml: Any = yaml  # without type stubs
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Text:
    """A scalar, as text."""

    value: str
    span: Span
    plain: bool
    """Written without quotes and not as a block."""
    places: tuple[tuple[int, int], ...] = field(default=(), repr=False)
    """(line, column) of each character where they do not simply follow each other."""
    extent: tuple[int, int] = field(default=(0, 0), repr=False)
    """Offsets of its first and past its last character in the file."""

    def place(self, start: int, end: int) -> Span:
        """Span of the characters from `start` to `end` of the value."""
        span = self.span
        if self.places:
            if not self.value:
                return span
            first = self.places[min(start, len(self.places) - 1)]
            last = self.places[min(max(end - 1, start), len(self.places) - 1)]
            return Span(span.file, first[0], first[1], last[0], last[1] + 1)
        if span.end_line != span.line or span.end_column - span.column < len(self.value):
            return span
        offset = span.column + (0 if self.plain else 1)
        return Span(span.file, span.line, offset + start, span.line, offset + max(end, start + 1))


@dataclass(frozen=True)
class Entry:
    """One key of a mapping with its value."""

    key: Text
    value: Node


@dataclass(frozen=True)
class Mapping:
    """Keys in the order written; duplicates were reported and only the first is kept."""

    entries: tuple[Entry, ...]
    span: Span

    def get(self, key: str) -> Node | None:
        """Value of a key, or None."""
        return next((e.value for e in self.entries if e.key.value == key), None)

    def key_span(self, key: str) -> Span:
        """Place of a key, or of the whole mapping where it is missing."""
        return next((e.key.span for e in self.entries if e.key.value == key), self.span)


@dataclass(frozen=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    span: Span


Node = Text | Mapping | Sequence


def parse(text: str, *, file: str) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    """Read YAML text; returns the root node (None for an empty file) and duplicate-key diagnostics.

    Raises:
        Refusal: the text is not YAML, or is larger, deeper or more aliased than allowed.
    """
    if len(text) > MAX_BYTES:
        raise refuse(
            "too-large",
            f"the file has {len(text):,} characters; at most {MAX_BYTES:,} are read",
            span=Span(file, 1, 1, 1, 2),
            hint="long texts belong in a document beside the scenario (`documents:`)",
        )
    try:
        return _Builder(text, file).run()
    except yaml.YAMLError as error:
        raise _syntax_refusal(error, text, file) from None


class _Builder:
    """Folds parser events into nodes without recursion, so that depth is bounded by us and not by the stack."""

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file
        self.lines = text.split("\n")
        self.starts = list(accumulate((len(line) + 1 for line in self.lines[:-1]), initial=0))
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.diagnostics: list[Diagnostic] = []

    def run(self) -> tuple[Node | None, tuple[Diagnostic, ...]]:
        # A frame is (anchor, start span, is mapping, children, size of the children).
        stack: list[tuple[str | None, Any, bool, list[Node], list[int]]] = []
        open_anchors: set[str] = set()
        root: Node | None = None
        documents = 0
        events: Iterator[Any] = _yaml.parse(self.text, Loader=_Loader)
        for event in events:
            node: Node | None = None
            size = 1
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise refuse(
                        "several-documents",
                        "a scenario file holds one YAML document; a second begins here",
                        span=self._span(event),
                        hint="remove the `---` line",
                    )
            elif getattr(event, "tag", None):
                raise refuse(
                    "yaml-tag",
                    f"the tag `{event.tag}` has no meaning here",
                    span=self._span(event),
                    hint="leave it out: every key knows what it expects",
                )
            elif isinstance(event, yaml.ScalarEvent):
                node = self._text(event)
                if event.anchor:
                    self.anchors[event.anchor] = (node, 1)
            elif isinstance(event, yaml.AliasEvent):
                node, size = self._alias(event, open_anchors)
            elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                if len(stack) >= MAX_DEPTH:
                    raise refuse(
                        "too-deep",
                        f"lists and mappings are nested more than {MAX_DEPTH} deep",
                        span=self._span(event),
                    )
                if event.anchor:
                    open_anchors.add(event.anchor)
                stack.append((event.anchor, event, isinstance(event, yaml.MappingStartEvent), [], []))
                continue
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                anchor, start, is_mapping, children, sizes = stack.pop()
                span = self._span(start, event)
                size = 1 + sum(sizes)
                if start.flow_style:
                    children = self._mend(children, 2 if is_mapping else 1)
                node = self._mapping(children, span) if is_mapping else Sequence(tuple(children), span)
                if anchor:
                    open_anchors.discard(anchor)
                    self.anchors[anchor] = (node, size)
            if node is None:
                continue
            if size > MAX_NODES:
                raise self._too_many(event)
            if stack:
                stack[-1][3].append(node)
                stack[-1][4].append(size)
            else:
                root = node
        return root, tuple(self.diagnostics)

    def _too_many(self, event: Any) -> Refusal:
        if not self.anchors:
            return refuse(
                "too-many-values",
                f"the file holds more than {MAX_NODES:,} values",
                span=self._span(event),
                hint="an argument that can be read has a few hundred",
            )
        return refuse(
            "alias-expansion",
            f"the file expands to more than {MAX_NODES:,} values",
            span=self._span(event),
            hint="aliases (`*name`) that contain aliases multiply; write the values out",
        )

    def _alias(self, event: Any, open_anchors: set[str]) -> tuple[Node, int]:
        if event.anchor in self.anchors and event.anchor not in open_anchors:
            return self.anchors[event.anchor]
        inside = event.anchor in open_anchors
        raise refuse(
            "recursive-alias" if inside else "unknown-alias",
            f"`*{event.anchor}` stands inside what it names"
            if inside
            else f"`*{event.anchor}` names nothing above",
            span=self._span(event),
            hint=None if inside else "text that begins with `*` needs quotes",
        )

    def _mend(self, children: list[Node], step: int) -> list[Node]:
        """Join values that a comma inside round brackets has cut: `{prior: beta(2, 6)}` is what people write.

        YAML ends an unquoted value at a comma between braces. An open bracket that never closes means nothing else, so
        the pieces are joined, and a warning says that other YAML readers would not do so.
        """
        out: list[Node] = []
        position = 0
        while position < len(children):
            group = children[position : position + step]
            position += step
            last = group[-1]
            end = last.extent[1] if isinstance(last, Text) else 0
            still_open = (
                _open(self.text[last.extent[0] : end]) if isinstance(last, Text) and last.plain else 0
            )
            while still_open > 0:
                following = children[position : position + step]
                if not following or not self._is_cut(following):
                    break
                before, end = end, following[0].extent[1] if isinstance(following[0], Text) else end
                still_open += _open(self.text[before:end])
                position += step
            if isinstance(last, Text) and end > last.extent[1]:
                group[-1] = self._joined(last, end)
            out.extend(group)
        return out

    def _is_cut(self, group: list[Node]) -> bool:
        """Whether a piece looks like the rest of a cut value: an unquoted word without a value of its own."""
        first, last = group[0], group[-1]
        if not (isinstance(first, Text) and first.plain and isinstance(last, Text)):
            return False
        return len(group) == 1 or (last.plain and last.extent[0] == last.extent[1])

    def _joined(self, node: Text, end: int) -> Text:
        written = self.text[node.extent[0] : end]
        line = bisect_right(self.starts, end)
        span = Span(self.file, node.span.line, node.span.column, line, end - self.starts[line - 1] + 1)
        value = " ".join(written.split())
        self.diagnostics.append(
            Diagnostic(
                "comma-in-braces",
                f"between braces a comma ends an unquoted value; `{value}` was put together again",
                span,
                "put it in quotes, so that every YAML reader agrees (`goodoffices format` does it)",
                "warning",
            )
        )
        return Text(value, span, True, self._align(value, written, span, None), (node.extent[0], end))

    def _mapping(self, children: list[Node], span: Span) -> Mapping:
        own: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        for key, value in zip(children[::2], children[1::2], strict=True):
            if not isinstance(key, Text):
                self.diagnostics.append(
                    Diagnostic("key-not-text", "a key must be a word, not a list or mapping", key.span)
                )
            elif key.value == "<<" and key.plain:
                for source in value.items if isinstance(value, Sequence) else (value,):
                    if not isinstance(source, Mapping):
                        self.diagnostics.append(
                            Diagnostic("merge-not-mapping", "`<<` merges mappings only", source.span)
                        )
                        continue
                    for entry in source.entries:
                        merged.setdefault(entry.key.value, entry)
            elif key.value in own:
                first = own[key.value].key.span
                self.diagnostics.append(
                    Diagnostic(
                        "duplicate-key",
                        f"`{key.value}` stands twice in this mapping (first at line {first.line})",
                        key.span,
                        "keep one of the two",
                    )
                )
            else:
                own[key.value] = Entry(key, value)
        inherited = [entry for name, entry in merged.items() if name not in own]
        return Mapping((*own.values(), *inherited), span)

    def _span(self, first: Any, last: Any = None) -> Span:
        start: Any = first.start_mark
        end: Any = (last or first).end_mark
        if last is not None and end.column == 0 and end.line > start.line:
            # A block mapping ends where the next line begins; point at its last written line instead.
            line: int = end.line - 1
            while line > start.line and not self.lines[line].strip():
                line -= 1
            return Span(self.file, start.line + 1, start.column + 1, line + 1, len(self.lines[line]) + 1)
        return Span(self.file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def _text(self, event: Any) -> Text:
        span = self._span(event)
        start, end = event.start_mark.index, event.end_mark.index
        written = self.text[start:end]
        plain = event.style is None or event.style == ""
        straight = written == event.value if plain else written[1:-1] == event.value
        if straight and span.line == span.end_line:
            return Text(event.value, span, plain, (), (start, end))
        return Text(
            event.value, span, plain, self._align(event.value, written, span, event.style), (start, end)
        )

    def _align(self, value: str, written: str, span: Span, style: str | None) -> tuple[tuple[int, int], ...]:
        """Match each character of a folded or quoted value with where it stands in the file."""
        index, line, column = 0, span.line, span.column
        if style in ("|", ">"):  # the header line is not part of the value
            index = written.find("\n") + 1
            line, column = line + 1, 1
        elif style in ("'", '"'):
            index, column = 1, column + 1
        places: list[tuple[int, int]] = []
        for character in value:
            if not character.isspace():
                while index < len(written) and written[index] != character:
                    line, column = (line + 1, 1) if written[index] == "\n" else (line, column + 1)
                    index += 1
                if index >= len(
                    written
                ):  # an escape: the plain text cannot be found, the whole scalar is the place
                    return ()
            places.append((line, column))
            if index < len(written) and not (character.isspace() and written[index] not in " \t"):
                column += 1
                index += 1
        return tuple(places)


def _open(text: str) -> int:
    """How many round brackets stay open."""
    return text.count("(") - text.count(")")


_WORDS = {
    "found character that cannot start any token": "a tab or a special character cannot begin a value here",
    "mapping values are not allowed in this context": "a colon is not expected here",
    "did not find expected node content": "a value is missing here",
    "did not find expected key": "a key is expected here, at the same indentation as the others",
    "could not find expected ':'": "a colon is missing after this key",
    "did not find expected ',' or ']'": "a list that was opened with `[` is not closed",
    "did not find expected ',' or '}'": "a mapping that was opened with `{` is not closed",
}


def _syntax_refusal(error: yaml.YAMLError, text: str, file: str) -> Refusal:
    position = getattr(error, "position", None)
    if isinstance(position, int):  # a ReaderError: a character that YAML forbids
        before = text[:position]
        line, column = before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1
        found = ord(text[position]) if position < len(text) else 0
        return refuse(
            "forbidden-character",
            f"the character U+{found:04X} is not allowed in YAML",
            span=Span(file, line, column, line, column + 1),
        )
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or error)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.split("\n")
    hint = None
    shown = lines[line - 1] if line <= len(lines) else ""
    if "\t" in shown[: max(column, 1)]:
        hint = "indent with spaces, never with tabs"
    elif "mapping values" in problem:
        hint = "text that contains `: ` needs quotes"
    elif shown.lstrip()[column - 1 - (len(shown) - len(shown.lstrip())) :][:1] in (
        "@",
        "`",
        "%",
        "*",
        "&",
        "!",
        "|",
    ):
        hint = "text that begins with a special character needs quotes"
    message = next((words for key, words in _WORDS.items() if key in problem), problem)
    return refuse(
        "yaml-syntax",
        f"not valid YAML: {message}",
        span=Span(file, line, column, line, column + 1),
        hint=hint,
    )
