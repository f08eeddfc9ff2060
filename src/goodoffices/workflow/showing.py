"""The forms that a scenario passes through, as text for a person.

Receives what a person names; returns text; refuses what cannot be loaded or unrolled.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from goodoffices.workflow.loading import load


def show(
    source: str | Path,
    *,
    stage: Literal["scenario", "game", "tree"] = "scenario",
    rounds: int | None = None,
    set: Mapping[str, float] | None = None,
) -> str:
    """Print a scenario as it was understood, as the arrays it compiles to, or as its unrolled histories.

    Args:
        source: path of a scenario file, or a name from the catalogue.
        stage: which form.
        rounds: number of rounds to unroll, instead of the scenario's own.
        set: parameter name -> value, in the parameter's own unit.
    """
    scenario = load(source, set=set)
    if stage == "scenario":
        from goodoffices import language

        return language.render(scenario).rstrip("\n")
    from goodoffices import compiler

    if stage == "game":
        return compiler.describe_game(scenario, rounds=rounds).rstrip("\n")
    return compiler.describe_tree(scenario, rounds=rounds).rstrip("\n")
