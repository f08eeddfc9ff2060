"""The classic netCDF format with 64-bit offsets, read: what a shard needs of it, which takes SciPy a tenth of a second to load.

Receives the bytes of a file; returns its variables and its attributes. Refuses (`ValueError`, `struct.error`, `IndexError`,
`KeyError`) bytes that are no such file. Record variables (an `unlimited` dimension) are none of a shard's.

Source: NetCDF Users' Guide, appendix B, file format specification of the classic formats.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"CDF\x02"
DIMENSIONS, VARIABLES, ATTRIBUTES = 10, 11, 12
TYPES = {1: ">i1", 2: "S1", 3: ">i2", 4: ">i4", 5: ">f4", 6: ">f8"}
CHARACTERS = 2

Variables = dict[str, tuple[tuple[str, ...], NDArray[Any]]]


def parse(contents: bytes) -> tuple[Variables, dict[str, str]]:
    """The variables, as name -> (names of dimensions, numbers in the machine's order), and the attributes as text."""
    if contents[:4] != MAGIC:
        raise ValueError("not a netCDF file with 64-bit offsets")
    return _Header(contents).parse()


class _Header:
    """A place in the bytes that moves on."""

    def __init__(self, contents: bytes) -> None:
        self.contents, self.at = contents, 8  # after the magic number and the number of records

    def parse(self) -> tuple[Variables, dict[str, str]]:
        dimensions = [(self._name(), self._whole()) for _ in range(self._list(DIMENSIONS))]
        attributes = self._attributes()
        variables: Variables = {}
        for _ in range(self._list(VARIABLES)):
            name = self._name()
            along = [dimensions[self._whole()] for _ in range(self._whole())]
            self._attributes()
            kind = np.dtype(TYPES[self._whole()])
            self._whole()  # the size, which follows from the dimensions
            (begin,) = struct.unpack_from(">q", self.contents, self.at)
            self.at += 8
            shape = tuple(length for _, length in along)
            if 0 in shape or begin < 0:
                raise ValueError("a record variable, or one outside the file")
            values = np.frombuffer(self.contents, kind, count=int(np.prod(shape)), offset=begin)
            own = values.astype(kind.newbyteorder("=")).reshape(shape)
            variables[name] = tuple(label for label, _ in along), own
        return variables, attributes

    def _attributes(self) -> dict[str, str]:
        out: dict[str, str] = {}
        for _ in range(self._list(ATTRIBUTES)):
            name = self._name()
            kind, count = self._whole(), self._whole()
            raw = self._bytes(count * np.dtype(TYPES[kind]).itemsize)
            out[name] = (
                raw.decode()
                if kind == CHARACTERS
                else " ".join(map(str, np.frombuffer(raw, TYPES[kind]).tolist()))
            )
        return out

    def _list(self, tag: int) -> int:
        """The length of a list of one kind; an absent one has no tag."""
        found, length = self._whole(), self._whole()
        if found != tag and (found or length):
            raise ValueError(f"a list of kind {found} instead of {tag}")
        return length

    def _name(self) -> str:
        return self._bytes(self._whole()).decode()

    def _whole(self) -> int:
        (value,) = struct.unpack_from(">i", self.contents, self.at)
        self.at += 4
        if value < 0:
            raise ValueError("a negative length")
        return value

    def _bytes(self, length: int) -> bytes:
        """So many bytes, and past the padding to a multiple of four."""
        found = self.contents[self.at : self.at + length]
        if len(found) != length:
            raise ValueError("the file ends early")
        self.at += length + (-length) % 4
        return found
