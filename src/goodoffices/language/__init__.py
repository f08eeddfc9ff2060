"""The language: a scenario file in YAML -> a checked `Scenario`, and back. Public names are loaded on first use."""

# ruff: noqa: F401 (the imports for type checkers)
from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goodoffices.language.changes import do, set_parameters, without
    from goodoffices.language.evaluation import Environment, compile_expression, environment, evaluate
    from goodoffices.language.files import ScenarioFile, check, load, read
    from goodoffices.language.layout import format_text
    from goodoffices.language.priors import PRIORS, density, median, quantile, support
    from goodoffices.language.rendering import render
    from goodoffices.language.sampling import medians, sample
    from goodoffices.language.scenario import Scenario
    from goodoffices.language.schema import json_schema
    from goodoffices.language.writing import unparse

_HOMES = {
    "changes": ("do", "set_parameters", "without"),
    "evaluation": ("Environment", "compile_expression", "environment", "evaluate"),
    "files": ("ScenarioFile", "check", "load", "read"),
    "layout": ("format_text",),
    "priors": ("PRIORS", "density", "median", "quantile", "support"),
    "rendering": ("render",),
    "sampling": ("medians", "sample"),
    "scenario": ("Scenario",),
    "schema": ("json_schema",),
    "writing": ("unparse",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"goodoffices.language has no {name!r}")
    return getattr(import_module(f"goodoffices.language.{_HOME[name]}"), name)
