"""Labels that must tell things apart: repeated ones get a number, none is lost."""

from __future__ import annotations

from collections.abc import Iterable


def distinct(labels: Iterable[str]) -> list[str]:
    """The labels in order; an empty or repeated one is made distinct with its place: `a`, `a#2`, `#3`."""
    taken: set[str] = set()
    out: list[str] = []
    for place, label in enumerate(labels, start=1):
        name = label if label and label not in taken else f"{label}#{place}"
        while name in taken:
            name += "'"
        taken.add(name)
        out.append(name)
    return out
