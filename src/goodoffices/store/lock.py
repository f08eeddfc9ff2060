"""A lock that says "somebody works with this run"; many may hold it, and none while the run is removed.

Shards need no lock: they are renamed into place, and whoever solves one writes the same bytes. The operating system
frees the lock when its holder ends, however that happens.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # Windows has no such locks; there an open file cannot be removed anyway
    fcntl = None


class InUse(Exception):
    """Somebody else holds the lock."""


class Lock:
    """A lock that is held until `release`, or not at all where the file system has no locks."""

    def __init__(self, path: Path, *, alone: bool) -> None:
        """Raises `InUse` where others stand in the way."""
        self._handle: int | None = None
        if fcntl is None:
            return
        known: Any = fcntl
        try:
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError:  # a folder that can only be read: nobody can remove the run either
            return
        kind = known.LOCK_EX if alone else known.LOCK_SH
        try:
            known.flock(self._handle, kind | known.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise InUse from None
        except OSError:
            self.release()

    def release(self) -> None:
        """Let go; doing so twice does no harm."""
        handle, self._handle = self._handle, None
        if handle is not None:
            with contextlib.suppress(OSError):
                os.close(handle)
