"""Settings that every test shares: seeds that do not change from run to run, and compiled code kept between runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from goodoffices.cli.cache import keep_compiled_code

settings.register_profile("repeatable", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("repeatable")

ROOT = Path(__file__).resolve().parents[1]
# Before anything loads JAX, and inherited by every command that a test runs.
os.environ.setdefault("XDG_CACHE_HOME", str(ROOT / ".pytest_cache" / "cache"))
os.environ.setdefault("JAX_PLATFORMS", "cpu")
keep_compiled_code()

# A shell starts what runs in the background with interrupts ignored, and children inherit that: tests of interruption
# would wait for ever. Worker processes of the test run reach this in a thread that may set no handler.
if (
    threading.current_thread() is threading.main_thread()
    and signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):
    signal.signal(signal.SIGINT, signal.default_int_handler)

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def goodoffices(tmp_path: Path) -> Run:
    """Run the installed command in an empty folder; returns exit code, stdout and stderr."""
    program = Path(sys.executable).with_name("goodoffices")

    def run(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"COLUMNS": "100"}
        settings: dict[str, object] = {"cwd": tmp_path, "env": environment, "timeout": 300, **options}
        return subprocess.run(
            [program, *map(str, arguments)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            **settings,
        )

    return run
