"""A fit on disk: what was reached, checksummed, so that it can be taken up again.

Receives what every repeat has computed and the key of what that belongs to; writes one file, whole or not at all; gives them
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
from goodoffices.inference.chain_run import Slice
from goodoffices.inference.chains import Block
from goodoffices.inference.importance import Batch
from goodoffices.inference.proposals import Proposal
from goodoffices.inference.sampling import Progress

MAGIC = b"goodoffices-fit-4 "
"""Begins the file; the SHA-256 of everything after the first line follows."""
KINDS = {"batches": Batch, "blocks": Block, "slices": Slice}
"""What a repeat's progress consists of."""


def save_state(path: Path, key: str, repeats: Sequence[Progress]) -> None:
    """Write what every repeat that was begun has computed.

    Raises:
        OSError: The file cannot be written.
    """
    counts = [[len(getattr(progress, name)) for name in KINDS] for progress in repeats]
    arrays: dict[str, Any] = {"key": np.array(key), "counts": np.array(counts)}
    for r, progress in enumerate(repeats):
        for name in KINDS:
            for k, item in enumerate(getattr(progress, name)):
                _put(arrays, f"{r}/{name}/{k}/", item)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    body = buffer.getvalue()
    write_whole(path, MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


def load_state(path: Path, key: str) -> list[Progress]:
    """What every repeat has computed.

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
        counts: list[list[int]] = arrays["counts"].tolist()
        return [_progress(arrays, r, count) for r, count in enumerate(counts)]


def _progress(arrays: Any, r: int, counts: list[int]) -> Progress:
    items = {
        name: tuple(_get(arrays, f"{r}/{name}/{k}/", kind) for k in range(count))
        for (name, kind), count in zip(KINDS.items(), counts, strict=True)
    }
    return Progress(**items)


def _put(arrays: dict[str, Any], at: str, item: Any) -> None:
    for field in dataclasses.fields(item):
        value = getattr(item, field.name)
        if isinstance(value, Proposal):
            _put(arrays, f"{at}{field.name}/", value)
        else:
            arrays[at + field.name] = np.asarray(value)


def _get(arrays: Any, at: str, kind: Any) -> Any:
    found: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        if at + field.name in arrays:
            value = arrays[at + field.name]
            found[field.name] = value if value.ndim else value.item()
        else:
            found[field.name] = _get(arrays, f"{at}{field.name}/", Proposal)
    return kind(**found)


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
