"""A shard as bytes: one netCDF file (classic format with 64-bit offsets), which xarray, R and most others open.

Receives named arrays with their dimensions and a few attributes; returns bytes, the same for the same contents. Reading
raises `Damaged` where the bytes are no such file. The checksum is not in the file but in its name: see `run`.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from goodoffices.store.damage import Damaged
from goodoffices.store.netcdf import parse

FORMAT = 1
"""Version of what a shard and a run hold; raised whenever older programs could not read them any more."""
_FORMAT_KEY = "goodoffices_format"


@dataclass(frozen=True, eq=False)
class Shard:
    """Solved draws of one game."""

    arrays: Mapping[str, tuple[tuple[str, ...], NDArray[Any]]]
    """Name -> names of the dimensions, and the numbers (64-bit floats, or 8-bit or 32-bit integers)."""
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.arrays[name][1]


def encode(shard: Shard) -> bytes:
    """The bytes of a file. An array without elements is left out: its dimension of length zero would mean `unlimited`."""
    buffer = io.BytesIO()
    file = _netcdf()(buffer, "w", version=2)
    setattr(file, _FORMAT_KEY, FORMAT)
    for name, text in shard.attributes.items():
        setattr(file, name, text.encode())
    for name, (dimensions, array) in shard.arrays.items():
        if not array.size:
            continue
        for dimension, length in zip(dimensions, array.shape, strict=True):
            if file.dimensions.setdefault(dimension, length) != length:
                raise ValueError(f"two lengths of the dimension {dimension!r}")
            if dimension not in file._dims:  # scipy writes dimensions in the order of this list
                file._dims.append(dimension)
        variable = file.createVariable(name, array.dtype.newbyteorder(">"), dimensions)
        variable[:] = array
    file.flush()
    contents = buffer.getvalue()
    file.close()
    return contents


def decode(contents: bytes) -> Shard:
    """What `encode` was given, but for arrays without elements.

    Raises:
        Damaged: these are not the bytes of a shard of this format.
    """
    try:
        arrays, attributes = parse(contents)
    except (ValueError, IndexError, KeyError, struct.error) as error:
        raise Damaged(f"it cannot be read as netCDF ({type(error).__name__})") from error
    if attributes.pop(_FORMAT_KEY, "") != str(FORMAT):
        raise Damaged("it has another format")
    return Shard(arrays, attributes)


def _netcdf() -> Any:
    """SciPy's class, loaded on first use; it has no types."""
    import importlib

    return importlib.import_module("scipy.io").netcdf_file
