"""What a command may do to the outside: print, refuse, be interrupted, and end with an exit code.

Receives a command as a function without arguments; turns a `Refusal` into diagnostics on standard error and exit
code 1, an interruption into 130, a closed pipe into silence. Any other exception is a bug of ours and passes through
with its traceback.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from goodoffices.core.diagnostics import Refusal, render
from goodoffices.core.reading import read_sources

if TYPE_CHECKING:
    from rich.console import Console

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Errors of the outside world, not of the input and not of ours."""
OK, REFUSED, USAGE, INTERRUPTED = 0, 1, 2, 130


class Interrupted(Exception):
    """A Ctrl-C, with a sentence saying what was kept of the work."""


class Misuse(Exception):
    """The command line itself is wrong; the message says what was expected."""


def output() -> Console:
    """The console on standard output: colours only on a terminal and without NO_COLOR."""
    from rich.console import Console

    return Console(highlight=False)


def messages(*, quiet: bool = False) -> Console:
    """The console on standard error, for progress and remarks."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, quiet=quiet)


def complain(text: str) -> None:
    """Write one message to standard error as it stands."""
    print(text, file=sys.stderr)


def guard(command: Callable[[], int | None]) -> int:
    """Run a command and return its exit code; only our own bugs leave a traceback."""
    try:
        code = command()
        if sys.stdout is not None:  # pyright: ignore[reportUnnecessaryComparison] (None where it was closed)
            sys.stdout.flush()
    except Refusal as refusal:
        complain(render(refusal.diagnostics, read_sources(refusal.diagnostics, refusal.sources)))
        return REFUSED
    except Misuse as misuse:
        complain(f"error: {misuse}")
        return USAGE
    except Interrupted as interrupted:
        complain(f"Interrupted. {interrupted}")
        return INTERRUPTED
    except KeyboardInterrupt:
        complain("Interrupted. Nothing was written.")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`| head`), which is no error.
        _silence()
        return OK
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        _silence()
        complain(f"error: the output cannot be written: {error.strerror}")
        return REFUSED
    return code or OK


def _silence() -> None:
    """Point standard output at nothing, so that what is left in its buffer does not fail again at the exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
