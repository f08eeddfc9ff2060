"""What ships with the program: the catalogue of scenarios, and the JSON Schemas of its files."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any, Literal


def catalog() -> dict[str, str]:
    """Name -> title of every scenario in the catalogue, in the catalogue's order."""
    from goodoffices import catalog as shelf

    return {name: shelf.describe(name) for name in shelf.names()}


def schema(*, of: Literal["scenario", "study"] = "scenario") -> dict[str, Any]:
    """The JSON Schema (2020-12) of scenario files, or of the `study.json` that a study writes."""
    if of == "study":
        return json.loads(
            resources.files("goodoffices.reports").joinpath("study.schema.json").read_text("utf-8")
        )
    from goodoffices import language

    return language.json_schema()
