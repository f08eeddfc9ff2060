"""Where compiled code is kept between runs, so that the second run starts fast.

Sets JAX's own environment variables before JAX is loaded; a value that the user has set stays. Does nothing where the
cache folder cannot be made.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def folder() -> Path:
    """This program's folder in the user's cache, by the XDG rules (and the platform's own on macOS and Windows)."""
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "goodoffices"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "goodoffices"
    if local := os.environ.get("LOCALAPPDATA"):
        return Path(local) / "goodoffices"
    return Path.home() / ".cache" / "goodoffices"


def keep_compiled_code() -> None:
    """Have JAX keep what it compiles in `folder()`."""
    try:
        place = folder() / "jax"
        place.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # RuntimeError: no home folder can be found
        return
    if not os.access(place, os.W_OK):
        return
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(place))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.2")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
