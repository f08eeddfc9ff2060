"""The verbs that the command line, the studio and Python users share; each loads on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = [
    "analyse", "catalog", "check", "find", "format", "load", "read_efg", "schema", "show", "solve", "solve_files", "study",
]  # fmt: skip

if TYPE_CHECKING:
    from goodoffices.workflow.accompanying import analyse
    from goodoffices.workflow.checking import check, format
    from goodoffices.workflow.listing import catalog, schema
    from goodoffices.workflow.loading import find, load, read_efg
    from goodoffices.workflow.showing import show
    from goodoffices.workflow.solving import solve, solve_files
    from goodoffices.workflow.studying import study

_HOMES = {
    "accompanying": ("analyse",),
    "checking": ("check", "format"),
    "listing": ("catalog", "schema"),
    "loading": ("find", "load", "read_efg"),
    "showing": ("show",),
    "solving": ("solve", "solve_files"),
    "studying": ("study",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f"goodoffices.workflow.{_HOME[name]}"), name)
    raise AttributeError(f"module 'goodoffices.workflow' has no attribute {name!r}")
