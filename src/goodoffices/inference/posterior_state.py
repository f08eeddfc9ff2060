"""A fit on disk: what was reached, checksummed, so that it can be taken up again.

Receives the batches of every repeat and the key of what they belong to; writes one file, whole or not at all; gives them
back bit by bit. Refuses a file that is damaged, and one that belongs to another fit.
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
from goodoffices.inference.importance import Batch

MAGIC = b"goodoffices-fit-3 "
"""Begins the file; the SHA-256 of everything after the first line follows."""


def save_state(path: Path, key: str, repeats: Sequence[Sequence[Batch]]) -> None:
    """Write the batches of every repeat that was begun.

    Raises:
        OSError: The file cannot be written.
    """
    arrays: dict[str, Any] = {"key": np.array(key), "counts": np.array([len(batches) for batches in repeats])}
    for r, batches in enumerate(repeats):
        for k, batch in enumerate(batches):
            for field in dataclasses.fields(batch):
                arrays[f"{r}/{k}/{field.name}"] = np.asarray(getattr(batch, field.name))
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    body = buffer.getvalue()
    write_whole(path, MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


def load_state(path: Path, key: str) -> list[list[Batch]]:
    """The batches of every repeat.

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
        return [[_batch(arrays, f"{r}/{k}/") for k in range(count)] for r, count in enumerate(counts)]


def _batch(arrays: Any, at: str) -> Batch:
    found = {field.name: arrays[at + field.name] for field in dataclasses.fields(Batch)}
    return Batch(**{name: value if value.ndim else value.item() for name, value in found.items()})


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
