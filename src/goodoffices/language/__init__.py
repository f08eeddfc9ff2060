"""The language: a scenario file in YAML -> a checked `Scenario`, and back. Public names are loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__all__ = ["PRIORS", "Environment", "Scenario", "ScenarioFile", "check", "compile_expression", "density"]
__all__ += ["do", "environment", "evaluate", "format_text", "json_schema", "load", "median", "medians"]
__all__ += ["quantile", "read", "render", "sample", "set_parameters", "support", "unparse", "without"]

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

_HOMES: dict[str, tuple[str, ...]] = {
    "changes": ("do", "set_parameters", "without"),
    "evaluation": ("Environment", "compile_expression", "environment", "evaluate"),
    "files": ("ScenarioFile", "check", "load", "read"),
    "layout": ("format_text",),
    "priors": ("PRIORS", "density", "median", "quantile", "support"),
    "sampling": ("medians", "sample"),
}
_HOMES.update(rendering=("render",), scenario=("Scenario",), schema=("json_schema",), writing=("unparse",))
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"goodoffices.language has no {name!r}")
    return getattr(import_module(f"goodoffices.language.{_HOME[name]}"), name)
