"""A seal: the SHA-256 of everything that a forecast says and was made from, so that a change later shows.

Receives plain data; returns it with its seal, or says whether a seal is right. Numbers are written in full, keys in order,
so that the same content has the same seal on every machine. A seal shows that a file was changed, not when it was made: to
prove the date, publish the seal that day.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from goodoffices.core.diagnostics import refuse

SEAL = "seal"


def sealed(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with their seal, the last entry.

    Raises:
        ValueError: A number is not finite.
    """
    return {**{k: v for k, v in data.items() if k != SEAL}, SEAL: seal_of(data)}


def seal_of(data: Mapping[str, Any]) -> str:
    """64 hexadecimal digits: the SHA-256 of everything but the seal."""
    body = {key: value for key, value in data.items() if key != SEAL}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def require_seal(data: Mapping[str, Any], *, name: str = "the file") -> None:
    """Refuse what was changed after it was sealed.

    Raises:
        Refusal: `broken-seal`, `not-a-forecast`.
    """
    if not isinstance(data.get(SEAL), str):
        raise refuse("not-a-forecast", f"{name} has no seal, so it is no forecast of ours")
    if data[SEAL] != seal_of(data):
        raise refuse(
            "broken-seal",
            f"{name} is not what was sealed: something in it was changed",
            hint="forecasts are frozen so that nobody can improve them afterwards; use the file as it was written",
        )


def text_hash(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()
