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
    "compiling": ("compile_scenario",),
    "directions": ("parameter_directions",),
    "recursive": ("ScenarioRound", "compile_round"),
    "scenario_tree": ("ScenarioTree",),
    "text": ("describe_game", "describe_tree", "game_text", "tree_text"),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"goodoffices.compiler.{home}"), name)
    raise AttributeError(f"module 'goodoffices.compiler' has no attribute {name!r}")
