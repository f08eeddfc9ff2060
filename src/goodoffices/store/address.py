"""Addresses: the same contents, whatever their identity in memory, come to the same digest.

Receives frozen dataclasses, mappings, sequences, sets, numbers, texts, dates and arrays; returns JSON text in one
canonical form, and its SHA-256. Refuses anything else with a `TypeError`, since a guess would give unlike things one
address.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
from collections.abc import Iterable, Mapping, Set
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray


def digest(value: object, *, leave_out: Iterable[str] = ()) -> str:
    """64 hexadecimal digits: the SHA-256 of `canonical`."""
    return hashlib.sha256(canonical(value, leave_out=leave_out).encode()).hexdigest()


def canonical(value: object, *, leave_out: Iterable[str] = ()) -> str:
    """A text that two values share only where they are equal.

    Args:
        value: what to write; fields of dataclasses are written in the order of their declaration, sets and mappings
            sorted, floats exactly.
        leave_out: names of fields that do not count, wherever they occur.
    """
    return json.dumps(_plain(value, frozenset(leave_out)), separators=(",", ":"), ensure_ascii=True)


def _plain(value: Any, out: frozenset[str]) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, np.generic):
        return _plain(value.item(), out)
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return {"float": value.hex()}
    if isinstance(value, datetime.date):
        return {"date": value.isoformat()}
    if isinstance(value, np.ndarray):
        return {"array": array_digest(cast("NDArray[Any]", value))}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [f.name for f in dataclasses.fields(value) if f.name not in out]
        return [type(value).__name__, *([name, _plain(getattr(value, name), out)] for name in fields)]
    if isinstance(value, Mapping):
        entries = cast("Mapping[Any, Any]", value).items()
        return {"map": sorted(([_plain(k, out), _plain(v, out)] for k, v in entries), key=json.dumps)}
    if isinstance(value, Set):
        return {"set": sorted((_plain(v, out) for v in cast("Set[Any]", value)), key=json.dumps)}
    if isinstance(value, list | tuple):
        return [_plain(v, out) for v in cast("list[Any]", value)]
    raise TypeError(f"no address can be made of a {type(value).__name__}")


def array_digest(array: NDArray[Any]) -> str:
    """SHA-256 of an array's kind, shape and bytes, whatever its layout in memory or the machine's byte order."""
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    head = f"{little.dtype.str}{little.shape}".encode()
    return hashlib.sha256(head + little.tobytes()).hexdigest()
