"""The record against the model: coding, filtering, likelihood. Public names are loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__all__ = [
    "CodedRecord",
    "Fate",
    "Filtered",
    "Observation",
    "RecordLikelihood",
    "Standing",
    "Step",
    "Timetable",
]
__all__ += ["code_record", "follow", "record_likelihood", "state_at", "timetable"]

if TYPE_CHECKING:
    from goodoffices.inference.calendar import Timetable, timetable
    from goodoffices.inference.coding import CodedRecord, Fate, Step, code_record
    from goodoffices.inference.filtering import Filtered, Observation, follow, state_at
    from goodoffices.inference.likelihood import RecordLikelihood, record_likelihood
    from goodoffices.inference.standing import Standing

_HOMES: dict[str, tuple[str, ...]] = {
    "calendar": ("Timetable", "timetable"),
    "coding": ("CodedRecord", "Fate", "Step", "code_record"),
    "filtering": ("Filtered", "Observation", "follow", "state_at"),
    "likelihood": ("RecordLikelihood", "record_likelihood"),
    "standing": ("Standing",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"goodoffices.inference has no {name!r}")
    return getattr(import_module(f"goodoffices.inference.{_HOME[name]}"), name)
