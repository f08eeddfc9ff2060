"""Output held against the schema that the package ships for it."""

from __future__ import annotations

import jsonschema

from goodoffices import workflow


def follows_schema(name: str, data: object) -> None:
    """Fail where something is missing, left over or of another kind."""
    jsonschema.Draft202012Validator(workflow.schema(of=name)).validate(data)
