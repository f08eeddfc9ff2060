"""Reading a file without trusting its size: devices and pipes have none, and a file may grow.

Receives a path and a bound; returns the bytes, or None where there are more. Errors of the system pass through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from goodoffices.core.diagnostics import Diagnostic

MOST_SHOWN = 2_000_000
"""Bytes of the largest file that is read again to show a line of it."""


def read_at_most(path: Path, most: int) -> bytes | None:
    """The content of a file, or None where it holds more than `most` bytes; never holds more than that in memory."""
    with path.open("rb") as stream:
        content = stream.read(most + 1)
    return content if len(content) <= most else None


def read_sources(diagnostics: Iterable[Diagnostic], known: Mapping[str, str]) -> dict[str, str]:
    """The texts that diagnostics point into, so that their lines can be shown; what cannot be read is left out."""
    texts = dict(known)
    for file in {d.span.file for d in diagnostics if d.span} - texts.keys():
        try:
            content = read_at_most(Path(file), MOST_SHOWN) if Path(file).is_file() else None
            if content is not None:
                texts[file] = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        except (OSError, ValueError):
            continue
    return texts
