"""`goodoffices catalog` and `goodoffices schema`: what ships with the program, and the forms of its files."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from cyclopts import Parameter

from goodoffices.cli.streams import output


def catalog() -> None:
    """List the scenarios that ship with the program."""
    from rich.table import Table
    from rich.text import Text

    from goodoffices import workflow

    table = Table("name", "title", box=None, pad_edge=False, header_style="bold")
    for name, title in workflow.catalog().items():
        table.add_row(Text(name), Text(title))
    output().print(table)


def schema(
    *,
    of: Annotated[
        Literal[
            "scenario",
            "study",
            "decide",
            "tipping",
            "discover",
            "slopes",
            "levers",
            "inverse",
            "signals",
            "why",
            "compare",
            "beliefs",
            "learn",
            "rivals",
            "forecast",
            "score",
            "backtest",
        ],
        Parameter(help="A scenario file, the study.json of a study, or what a command prints with --json."),
    ] = "scenario",
) -> None:
    """Print the JSON Schema of scenario files (for completion in an editor), of study.json or of an analysis."""
    from goodoffices import workflow

    print(json.dumps(workflow.schema(of=of), indent=2, ensure_ascii=False))
