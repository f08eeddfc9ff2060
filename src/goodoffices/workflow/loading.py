"""From what a person names to a scenario: a file, or a name from the catalogue.

Receives a path or a name; returns the path, the checked `Scenario`, or a game; refuses a name that is neither, with the
names that come nearest, and files that cannot be read.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from goodoffices.core.diagnostics import refuse

if TYPE_CHECKING:
    from goodoffices.games.extensive import ExtensiveGame
    from goodoffices.language.scenario import Scenario

_SUFFIXES = (".yaml", ".yml", ".efg")


def find(source: str | Path) -> Path:
    """The file that a person means: a scenario of the catalogue when the name is one of its own, else a path.

    The last part of a catalogue name is enough (`beer-quiche` for `teaching/beer-quiche`) where only one ends so.

    Raises:
        Refusal: `unknown-scenario` for a name that is neither in the catalogue nor a file.
    """
    from goodoffices import catalog

    text = os.fspath(source)
    names = catalog.names()
    if text in names:
        return catalog.path(text)
    path = Path(text)
    if isinstance(source, Path) or path.suffix in _SUFFIXES or path.is_absolute() or path.exists():
        return path
    ending = [name for name in names if name.rpartition("/")[2] == text]
    if len(ending) == 1:
        return catalog.path(ending[0])

    from rapidfuzz import process

    near = ending or [name for name, _, _ in process.extract(text, names, limit=2, score_cutoff=60)]
    hint = f"did you mean {' or '.join(f'`{name}`' for name in near)}? " if near else ""
    raise refuse(
        "unknown-scenario",
        f"`{text}` is neither a file nor a scenario in the catalogue",
        hint=f"{hint}(the catalogue has {', '.join(f'`{name}`' for name in names)})",
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

    path = find(source)
    if path.suffix.lower() == ".efg":
        raise refuse(
            "not-a-scenario",
            f"`{path}` is a game, and a scenario is needed here",
            hint="`goodoffices solve` reads games",
        )
    return language.set_parameters(language.load(path), **(set or {}))


def read_efg(path: str | Path) -> ExtensiveGame:
    """Read a game from a file in Gambit's extensive-form format (`.efg`).

    Raises:
        Refusal: the file cannot be read, is not such a game (with the place of each problem), or a player forgets
            in it what it once knew.
    """
    from goodoffices.workflow.solving import read_game

    return read_game(Path(path))
