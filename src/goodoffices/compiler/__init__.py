"""From a scenario to the arrays of its game: `compile_scenario` for trees, `compile_round` for long talks."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = [
    "ScenarioRound",
    "ScenarioTree",
    "compile_round",
    "compile_scenario",
    "describe_game",
    "describe_tree",
    "game_text",
    "parameter_directions",
    "tree_text",
]

if TYPE_CHECKING:
    from goodoffices.compiler.compiling import compile_scenario
    from goodoffices.compiler.directions import parameter_directions
    from goodoffices.compiler.recursive import ScenarioRound, compile_round
    from goodoffices.compiler.scenario_tree import ScenarioTree
    from goodoffices.compiler.text import describe_game, describe_tree, game_text, tree_text

_HOMES = {
    "ScenarioRound": "recursive",
    "compile_round": "recursive",
    "parameter_directions": "directions",
    "ScenarioTree": "scenario_tree",
    "compile_scenario": "compiling",
    "describe_game": "text",
    "describe_tree": "text",
    "game_text": "text",
    "tree_text": "text",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"goodoffices.compiler.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'goodoffices.compiler' has no attribute {name!r}")
