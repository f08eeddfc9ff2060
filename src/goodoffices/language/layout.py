"""The text of a scenario file -> the same file in the canonical layout, comments kept.

Receives text; returns text with two-space indentation, one space after colons, no trailing space, values that contain
commas between braces in quotes, and one newline at the end. Order, comments, quotes and blank lines stay as they are.
Nothing is changed that would change what the file says: the result is read again and compared. Refuses text that is
not YAML.
"""

from __future__ import annotations

from io import StringIO
from typing import Any

from goodoffices.core.diagnostics import Diagnostic, Refusal
from goodoffices.language import yaml_text
from goodoffices.language.yaml_text import Mapping, Node, Sequence

WIDTH = 4096
"""Lines are never folded: a break inside an expression helps nobody."""


def format_text(text: str, *, file: str = "scenario.yaml") -> str:
    """Canonical layout; formatting twice changes nothing more.

    Raises:
        Refusal: the text is not YAML, or has duplicate keys.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    try:
        root, diagnostics = yaml_text.parse(text, file=file)
    except Refusal as refusal:
        raise Refusal(refusal.diagnostics, sources={file: text}) from None
    errors = [d for d in diagnostics if d.severity == "error"]
    if errors:
        raise Refusal(errors, sources={file: text})
    trimmed = _trimmed(_quoted(text, diagnostics))
    if root is None:
        return trimmed
    laid_out = trimmed
    for _ in range(3):  # the writer may need a second pass to come to rest
        following = _trimmed(_rewritten(laid_out))
        if not _same(root, following, file) or following.count("#") != text.count("#"):
            return trimmed
        if following == laid_out:
            return laid_out
        laid_out = following
    return trimmed


def _quoted(text: str, diagnostics: tuple[Diagnostic, ...]) -> str:
    """Put quotes around the values that a comma between braces had cut."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    spans = [d.span for d in diagnostics if d.code == "comma-in-braces" and d.span]
    places = [(starts[s.line - 1] + s.column - 1, starts[s.end_line - 1] + s.end_column - 1) for s in spans]
    for start, end in sorted(set(places), reverse=True):
        inside = text[start:end].replace("\\", "\\\\").replace('"', '\\"')
        text = f'{text[:start]}"{" ".join(inside.split())}"{text[end:]}'
    return text


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.rstrip().split("\n")) + "\n"


def _rewritten(text: str) -> str:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.resolver import VersionedResolver

    class AllText(VersionedResolver):
        """Resolves every plain value as text, so that none is written differently from how it was read."""

        @property
        def versioned_resolver(self) -> dict[str, list[Any]]:
            return {}

    writer: Any = YAML()
    writer.Resolver = AllText
    writer.preserve_quotes = True
    writer.width = WIDTH
    writer.allow_duplicate_keys = True
    writer.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    try:
        writer.dump(writer.load(text), out)
    except (YAMLError, NotImplementedError):
        return text
    return out.getvalue()


def _same(root: Node, text: str, file: str) -> bool:
    try:
        other, _ = yaml_text.parse(text, file=file)
    except Refusal:
        return False
    return other is not None and _plain(root) == _plain(other)


def _plain(node: Node) -> object:
    """What a node says, without places or style."""
    if isinstance(node, Mapping):
        return {entry.key.value: _plain(entry.value) for entry in node.entries}
    if isinstance(node, Sequence):
        return [_plain(item) for item in node.items]
    return " ".join(node.value.split())
