"""From what a person names to a scenario: a file, or a name from the catalogue.

Receives a path or a name; returns the path or the checked `Scenario`; refuses a name that is neither, with the names
that come nearest.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from goodoffices.core.diagnostics import refuse

if TYPE_CHECKING:
    from goodoffices.language.scenario import Scenario

_SUFFIXES = (".yaml", ".yml", ".efg")


def find(source: str | Path) -> Path:
    """The file that a person means: the catalogue's when the name is exactly one of its own, else a path.

    Raises:
        Refusal: `unknown-scenario` for a name that is neither in the catalogue nor a file.
    """
    from goodoffices import catalog

    text = os.fspath(source)
    names = catalog.names()
    if text in names:
        return Path(catalog.path(text))
    path = Path(text)
    meant_as_path = isinstance(source, Path) or os.sep in text or path.suffix in _SUFFIXES
    if meant_as_path or path.exists():
        return path

    from rapidfuzz import process

    near = [name for name, _, _ in process.extract(text, names, limit=2, score_cutoff=55)]
    hint = f"did you mean {' or '.join(f'`{name}`' for name in near)}? " if near else ""
    raise refuse(
        "unknown-scenario",
        f"`{text}` is neither a file nor a scenario in the catalogue",
        hint=f"{hint}the catalogue has {', '.join(f'`{name}`' for name in names)}",
    )


def load(source: str | Path, *, set: Mapping[str, float] | None = None) -> Scenario:
    """Load a scenario from a file or the catalogue, with parameters fixed at the values given.

    Args:
        source: path of a scenario file, or a name that `catalog()` lists.
        set: parameter name -> value, in the parameter's own unit; each change is recorded in `Scenario.changes`.

    Raises:
        Refusal: with every problem of the file, each with its place; or for an unknown name or parameter.
    """
    from goodoffices import language

    return language.set_parameters(language.load(find(source)), **(set or {}))
