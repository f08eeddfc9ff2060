"""The table of keys -> a JSON Schema (draft 2020-12) that editors use for completion and first checks.

Receives nothing; returns the schema as plain data. It knows shapes only: names, units and reachability are for `check`.
"""

from __future__ import annotations

from typing import Any

from goodoffices.language.keys import FORMS

Schema = dict[str, Any]

_NAME = r"^[^\W\d]\w*(\.[^\W\d]\w*)?$"
_SCALAR = ["string", "number", "boolean"]
_SHAPES: dict[str, Schema] = {
    "text": {"type": [*_SCALAR, "null"]},
    "texts": {"anyOf": [{"type": "array", "items": {"type": _SCALAR}}, {"type": ["string", "null"]}]},
    "expression": {"type": _SCALAR},
    "prior": {"type": _SCALAR},
    "integer": {"type": "integer", "minimum": 1},
    "date": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    "name": {"type": "string"},
    "version": {"const": 1},
    "levels": {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True},
    "free": {"type": "object"},
}


def json_schema() -> Schema:
    """The schema of a scenario file."""
    definitions = {form: _form(form) for form in FORMS if form != "scenario"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A goodoffices scenario",
        **_form("scenario"),
        "$defs": definitions,
    }


def _form(form: str) -> Schema:
    keys = FORMS[form]
    out: Schema = {
        "type": "object",
        "properties": {
            key.name: {
                **_shape(key.shape),
                "description": key.doc,
                **({"examples": [key.example]} if key.example else {}),
            }
            for key in keys
        },
        "additionalProperties": False,
    }
    required = [key.name for key in keys if key.required]
    if required:
        out["required"] = required
    elif form == "move":
        out["type"] = ["object", "null"]
    return out


def _shape(shape: str) -> Schema:
    kind, _, inner = shape.partition(": ")
    if kind == "each":
        return {
            "type": ["object", "null"],
            "propertyNames": {"pattern": _NAME},
            "additionalProperties": _shape(inner),
        }
    if kind == "list":
        return {"type": "array", "items": _shape(inner), "minItems": 1}
    choices = shape.split(" | ", 1)
    if len(choices) == 2:
        return {"anyOf": [_shape(choices[0]), _shape(choices[1])]}
    if shape in ("odds", "lottery"):
        return _shape("each: expression")
    if shape in _SHAPES:
        return dict(_SHAPES[shape])
    return {"$ref": f"#/$defs/{shape}"}
