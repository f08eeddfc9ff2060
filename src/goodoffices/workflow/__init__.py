"""The verbs that the command line, the studio and Python users share; each loads on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = [
    "catalog",
    "check",
    "find",
    "format",
    "load",
    "read_efg",
    "schema",
    "show",
    "solve",
    "solve_files",
    "study",
]

if TYPE_CHECKING:
    from goodoffices.workflow.checking import check, format
    from goodoffices.workflow.listing import catalog, schema
    from goodoffices.workflow.loading import find, load, read_efg
    from goodoffices.workflow.showing import show
    from goodoffices.workflow.solving import solve, solve_files
    from goodoffices.workflow.studying import study

_HOMES = {
    "catalog": "listing",
    "check": "checking",
    "find": "loading",
    "format": "checking",
    "load": "loading",
    "read_efg": "loading",
    "schema": "listing",
    "show": "showing",
    "solve": "solving",
    "solve_files": "solving",
    "study": "studying",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"goodoffices.workflow.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'goodoffices.workflow' has no attribute {name!r}")
