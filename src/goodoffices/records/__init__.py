"""Dated events: files in many formats -> a `Record`. Public names are loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__all__ = ["FORMATS", "Duplicate", "Event", "Record", "Selection", "find_duplicates", "join_records"]
__all__ += ["read_record", "stream_events"]

if TYPE_CHECKING:
    from goodoffices.records.duplicates import Duplicate, find_duplicates
    from goodoffices.records.event import Event, Record, Selection
    from goodoffices.records.formats import FORMATS
    from goodoffices.records.reading import join_records, read_record, stream_events

_HOMES: dict[str, tuple[str, ...]] = {
    "duplicates": ("Duplicate", "find_duplicates"),
    "event": ("Event", "Record", "Selection"),
    "formats": ("FORMATS",),
    "reading": ("join_records", "read_record", "stream_events"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"goodoffices.records has no {name!r}")
    return getattr(import_module(f"goodoffices.records.{_HOME[name]}"), name)
