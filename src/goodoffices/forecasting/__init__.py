"""Forecasts that are frozen when they are made and scored when the record catches up. Names load on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__all__ = [
    "BASELINES",
    "brier_score",
    "calibration",
    "log_score",
    "ranked_probability_score",
    "sealed",
    "skill",
]

if TYPE_CHECKING:
    from goodoffices.forecasting.baselines import BASELINES
    from goodoffices.forecasting.rules import (
        brier_score,
        calibration,
        log_score,
        ranked_probability_score,
        skill,
    )
    from goodoffices.forecasting.sealing import sealed

_HOMES: dict[str, tuple[str, ...]] = {
    "baselines": ("BASELINES",),
    "rules": ("brier_score", "calibration", "log_score", "ranked_probability_score", "skill"),
    "sealing": ("sealed",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"goodoffices.forecasting has no {name!r}")
    return getattr(import_module(f"goodoffices.forecasting.{_HOME[name]}"), name)
