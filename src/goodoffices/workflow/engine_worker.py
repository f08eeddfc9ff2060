"""What runs in a worker process: shards in on standard input, solved shards out on standard output.

Ends when its input ends, which it does when the process that started it ends, however that happens. Ctrl-C is that
process's business.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import traceback
from typing import BinaryIO

from goodoffices.core.diagnostics import Refusal


def main() -> None:
    """Serve until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Whatever prints must not end up between the answers.
    answers: BinaryIO = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        serve(sys.stdin.buffer, answers)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        # Nobody is there any more to be answered; closing would try once more.
        os._exit(0)


def serve(tasks: BinaryIO, answers: BinaryIO) -> None:
    """Read the work, then tasks, and answer each with a pair: whether it was solved, and the result or why not."""
    work = pickle.load(tasks)
    while True:
        task = pickle.load(tasks)
        try:
            answer = (True, work.solve(task))
        except Refusal as refusal:
            answer = (False, refusal)
        except Exception:
            answer = (False, traceback.format_exc())
        pickle.dump(answer, answers, protocol=pickle.HIGHEST_PROTOCOL)
        answers.flush()
