"""Several computations at once, each in a thread: for those that mostly wait for other processes.

Receives functions without arguments; returns what they return, in their order. The first failure, or Ctrl-C, is raised at
once; what the others are doing is abandoned, and ends by itself when what they wait for is closed.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def side_by_side(jobs: Sequence[Callable[[], T]]) -> list[T]:
    """Run all jobs; a single one runs in this thread."""
    if len(jobs) < 2:
        return [job() for job in jobs]
    done: queue.SimpleQueue[tuple[int, T | None, BaseException | None]] = queue.SimpleQueue()

    def run(number: int, job: Callable[[], T]) -> None:
        try:
            done.put((number, job(), None))
        except BaseException as error:
            done.put((number, None, error))

    for number, job in enumerate(jobs):
        threading.Thread(target=run, args=(number, job), daemon=True).start()
    found: dict[int, T] = {}
    while len(found) < len(jobs):
        try:
            # A timeout lets Ctrl-C through on every system.
            number, result, error = done.get(timeout=0.5)
        except queue.Empty:
            continue
        if error is not None:
            raise error
        found[number] = result  # type: ignore[assignment]
    return [found[number] for number in range(len(jobs))]
