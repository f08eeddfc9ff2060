"""Errors as values: a diagnostic has a code, a message, a place and a hint, and many are shown at once.

Receives spans (one-based lines and columns) from whoever reads text; returns rendered text; `Refusal` is the one
exception that means "the user's input is at fault" and it always carries at least one diagnostic.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one source text; lines and columns count from one, the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem found in a user's input."""

    code: str
    """A stable short name, such as `unknown-name`."""
    message: str
    """One sentence saying what is wrong."""
    span: Span | None = None
    """Where; None when the problem has no place in a text."""
    hint: str | None = None
    """What to do next."""
    severity: Literal["error", "warning"] = "error"


class Refusal(Exception):
    """The user's input cannot be used; carries every diagnostic that was found."""

    def __init__(
        self, diagnostics: Iterable[Diagnostic] | Diagnostic, *, sources: Mapping[str, str] | None = None
    ) -> None:
        found = (diagnostics,) if isinstance(diagnostics, Diagnostic) else tuple(diagnostics)
        self.diagnostics: tuple[Diagnostic, ...] = found
        self.sources: dict[str, str] = dict(sources or {})
        super().__init__("; ".join(d.message for d in found))


def refuse(code: str, message: str, *, span: Span | None = None, hint: str | None = None) -> Refusal:
    """Build a `Refusal` of a single diagnostic."""
    return Refusal(Diagnostic(code, message, span, hint))


def render(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str] | None = None) -> str:
    """Show each diagnostic as `file:line:column: severity[code]: message`, the source line with a caret, and a hint."""
    texts = {name: text.splitlines() for name, text in (sources or {}).items()}
    return "\n".join(_render_one(d, texts) for d in diagnostics)


def _render_one(diagnostic: Diagnostic, texts: Mapping[str, list[str]]) -> str:
    span = diagnostic.span
    place = f"{span}: " if span else ""
    out = [f"{place}{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}"]
    lines = texts.get(span.file, []) if span else []
    if span and 1 <= span.line <= len(lines):
        line, start, width = _window(lines[span.line - 1].expandtabs(1), span)
        out.append(f"    {line}")
        out.append("    " + " " * start + "^" * width)
    if diagnostic.hint:
        out.append(f"    hint: {diagnostic.hint}")
    return "\n".join(out)


def _window(line: str, span: Span, limit: int = 160) -> tuple[str, int, int]:
    """Cut a long line around the span; return the text shown, the caret's offset and its width."""
    start = max(span.column - 1, 0)
    end = span.end_column - 1 if span.end_line == span.line else len(line)
    left = max(0, start - limit // 2) if len(line) > limit else 0
    shown = line[left : left + limit]
    offset = min(start - left, len(shown))
    return shown, offset, max(1, min(end - start, len(shown) - offset))
