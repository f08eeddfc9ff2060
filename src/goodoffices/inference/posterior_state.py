"""A fit on disk: what was reached, checksummed, so that it can be taken up again.

Receives the clouds of every repeat and the key of what they belong to; writes one file, whole or not at all; gives the
clouds back bit by bit. Refuses a file that is damaged, and one that belongs to another fit.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from goodoffices.core.diagnostics import refuse
from goodoffices.inference.tempering import Cloud

MAGIC = b"goodoffices-fit-1 "
"""Begins the file; the SHA-256 of everything after the first line follows."""


def save_state(path: Path, key: str, repeats: Sequence[Sequence[Cloud]]) -> None:
    """Write the clouds of every repeat that was begun.

    Raises:
        OSError: The file cannot be written.
    """
    arrays: dict[str, Any] = {"key": np.array(key), "counts": np.array([len(clouds) for clouds in repeats])}
    for r, clouds in enumerate(repeats):
        for k, cloud in enumerate(clouds):
            for field in dataclasses.fields(cloud):
                arrays[f"{r}/{k}/{field.name}"] = np.asarray(getattr(cloud, field.name))
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    body = buffer.getvalue()
    write_whole(path, MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


def load_state(path: Path, key: str) -> list[list[Cloud]]:
    """The clouds of every repeat.

    Raises:
        Refusal: `damaged-fit`, `another-fit`.
        OSError: The file cannot be read.
    """
    head, _, body = path.read_bytes().partition(b"\n")
    if head != MAGIC + hashlib.sha256(body).hexdigest().encode():
        raise refuse(
            "damaged-fit",
            f"`{path.name}` is damaged, or is no fit",
            hint="remove it, or fit into another folder",
        )
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        if str(arrays["key"]) != key:
            raise refuse(
                "another-fit",
                f"`{path.name}` belongs to a fit with another scenario, record, or other settings",
                hint="fit into another folder, or leave out `--resume` to begin anew",
            )
        counts: list[int] = arrays["counts"].tolist()
        return [[_cloud(arrays, f"{r}/{k}/") for k in range(count)] for r, count in enumerate(counts)]


def _cloud(arrays: Any, at: str) -> Cloud:
    found: dict[str, Any] = {}
    for field in dataclasses.fields(Cloud):
        value = arrays[at + field.name]
        if field.name in ("points", "terms", "base"):
            found[field.name] = value
        else:
            found[field.name] = tuple(value.tolist()) if value.ndim else value.item()
    return Cloud(**found)


def write_whole(path: Path, contents: bytes) -> None:
    """Put a file in its place, or leave what was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(contents)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
