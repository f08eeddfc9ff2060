"""What ships with the program: the catalogue of scenarios, and the JSON Schemas of its files."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from goodoffices.core.diagnostics import refuse

ANALYSES = (
    "decide", "tipping", "discover", "slopes", "levers", "inverse", "signals", "why", "compare", "beliefs",
    "learn", "rivals", "forecast", "score", "backtest",
)  # fmt: skip
"""Commands whose JSON has a schema, in the order of the commands."""


def catalog() -> dict[str, str]:
    """Name -> title of every scenario in the catalogue, in the catalogue's order."""
    from goodoffices import catalog as shelf

    return {name: shelf.describe(name) for name in shelf.names()}


def schema(*, of: str = "scenario") -> dict[str, Any]:
    """A JSON Schema (2020-12): of scenario files, of `study.json`, or of what the analysis of a name writes.

    Raises:
        Refusal: `no-such-schema`.
    """
    if of == "scenario":
        from goodoffices import language

        return language.json_schema()
    if of == "study":
        shelf, file = "goodoffices.reports", "study.schema.json"
    elif of in ANALYSES:
        shelf, file = "goodoffices.reports.schemas", f"{of}.schema.json"
    else:
        raise refuse(
            "no-such-schema",
            f"there is no schema of `{of}`",
            hint=f"there are `scenario`, `study`, {', '.join(f'`{name}`' for name in ANALYSES)}",
        )
    return json.loads(resources.files(shelf).joinpath(file).read_text("utf-8"))
