"""`goodoffices show`: the forms that a scenario passes through, as text."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from goodoffices.cli.settings import Changes, Whole, at_least, read_changes


def show(
    scenario: Annotated[str, Parameter(help="A scenario file, or a name from the catalogue.")],
    /,
    *,
    stage: Annotated[
        Literal["scenario", "game", "tree"],
        Parameter(help="scenario: checked and resolved; game: its arrays; tree: the unrolled histories."),
    ] = "scenario",
    rounds: Annotated[
        int | None, Whole, Parameter(help="Number of rounds to unroll, instead of the scenario's own.")
    ] = None,
    changes: Changes = (),
) -> None:
    """Print one of the forms that a scenario passes through on its way to a solution."""
    at_least("--rounds", rounds, 1)
    from goodoffices import workflow

    print(workflow.show(scenario, stage=stage, rounds=rounds, set=read_changes(changes)))
