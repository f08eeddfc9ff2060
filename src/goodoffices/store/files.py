"""Files that are there as a whole or not at all, whatever stops the program or the machine.

Receives a path and bytes; writes under another name first, forces it to the disk, and renames. Raises `OSError`.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from pathlib import Path

TEMPORARY = ".tmp"
STALE = 3600.0
"""Seconds after which an unfinished file must have been left by a program that was stopped."""


def write_whole(path: Path, contents: bytes) -> None:
    """Put a file in its place, or leave what was there before."""
    temporary = path.with_name(f".{secrets.token_hex(8)}{TEMPORARY}")
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
    _sync_folder(path.parent)


def remove_stale(folder: Path) -> None:
    """Remove files that were never finished."""
    for path in folder.glob(f".*{TEMPORARY}"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > STALE:
                path.unlink()


def is_writable(folder: Path) -> bool:
    """Whether files can be made in a folder, found out by making one."""
    probe = folder / f".{secrets.token_hex(8)}{TEMPORARY}"
    try:
        probe.open("xb").close()
    except OSError:
        return False
    with contextlib.suppress(OSError):
        probe.unlink()
    return True


def _sync_folder(folder: Path) -> None:
    """Have the renaming itself reach the disk; not every system lets a folder be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
