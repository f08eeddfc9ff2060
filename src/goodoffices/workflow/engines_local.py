"""Shards solved by worker processes on this machine, since most of a solve holds Python's lock.

Receives tasks; hands back results as they come. Nothing is started for work that is done sooner here. A worker that ends
(killed, out of memory) is replaced and its shard solved again, up to `MOST_TRIES` times; then the engine refuses.

Workers are plain programs that talk over pipes: unlike `multiprocessing`, this asks nothing of the user's main module,
and a worker whose starter was killed sees its input end and ends too.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections import deque
from typing import Any

from goodoffices.core.diagnostics import Refusal, refuse
from goodoffices.workflow.engines import WORTH, HereEngine, Task, Work, cores

MOST_TRIES = 3
AHEAD = 1
"""Tasks that wait for each worker, so that none has to wait for a task."""
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
NEW_GROUP = 0x200
"""`subprocess.CREATE_NEW_PROCESS_GROUP`, which there is on Windows only."""
PROGRAM = "from goodoffices.workflow.engine_worker import main; main()"


class LocalEngine:
    """Worker processes, started when there is work enough for them."""

    def __init__(self, work: Work, *, workers: int | None) -> None:
        self.work = work
        self.count = workers or cores()
        self._here = HereEngine(work)
        self._threads: list[threading.Thread] = []
        self._workers: list[_Worker] = []
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
        self._open: deque[int] = deque()
        self._closing = False

    @property
    def started(self) -> bool:
        """Whether worker processes are running."""
        return bool(self._threads)

    @property
    def room(self) -> int:
        """How many tasks may be submitted now."""
        return len(self._threads) * (1 + AHEAD) - len(self._open) if self.started else self._here.room

    def expect(self, seconds: float) -> None:
        """Start workers if the work is worth it."""
        if self.started or self.count < 2 or seconds < WORTH or self._here.room < 1:
            return
        shared = pickle.dumps(self.work, protocol=pickle.HIGHEST_PROTOCOL)
        self._workers = [_Worker(shared) for _ in range(self.count)]
        self._threads = [
            threading.Thread(target=self._serve, args=(worker,), daemon=True) for worker in self._workers
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, task: Task) -> None:
        """Take a task."""
        if not self.started:
            self._here.submit(task)
            return
        self._open.append(task.number)
        self._tasks.put(task)

    def wait(self) -> tuple[int, Any]:
        """The number and the result of a task that is done."""
        if not self.started:
            return self._here.wait()
        while True:
            # A timeout lets Ctrl-C through on every system.
            with contextlib.suppress(queue.Empty):
                number, result = self._results.get(timeout=0.5)
                break
            if self._closing:
                raise RuntimeError("the engine was closed while a result was awaited")
        self._open.remove(number)
        if isinstance(result, Exception):
            raise result
        return number, result

    def close(self) -> None:
        """Stop at once, whatever is under way."""
        self._closing = True
        for _ in self._threads:
            self._tasks.put(None)
        for worker in self._workers:
            worker.kill()
        for thread in self._threads:
            thread.join(timeout=10)
        self._threads, self._workers = [], []

    def _serve(self, worker: _Worker) -> None:
        """Pass tasks to one worker, in a thread of its own."""
        try:
            self._serve_with(worker)
        finally:
            worker.stop()

    def _serve_with(self, worker: _Worker) -> None:
        while (task := self._tasks.get()) is not None and not self._closing:
            result: Any = None
            for _ in range(MOST_TRIES):
                try:
                    result = worker.ask(task)
                    break
                except (OSError, EOFError, pickle.UnpicklingError, ValueError):
                    if self._closing:
                        return
                    worker.stop()
            if result is None:
                result = refuse(
                    "worker-lost",
                    f"a worker process ended {MOST_TRIES} times without solving its part of the draws",
                    hint="it may be out of memory: try fewer `--workers`. What was finished has been kept in the store",
                )
            self._results.put((task.number, result))


class _Worker:
    """One worker process, started when it is first asked."""

    def __init__(self, shared: bytes) -> None:
        self.shared = shared
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, task: Task) -> Any:
        """Have a task solved; raises `OSError` or `EOFError` where the worker has ended."""
        process = self.process or self._start()
        tasks, answers = process.stdin, process.stdout
        assert tasks is not None
        assert answers is not None
        pickle.dump(task, tasks, protocol=pickle.HIGHEST_PROTOCOL)
        tasks.flush()
        good, answer = pickle.load(answers)
        if good:
            return answer
        return answer if isinstance(answer, Refusal) else RuntimeError(f"in a worker process:\n{answer}")

    def kill(self) -> None:
        """End the process; the thread that is waiting for its answer notices."""
        if self.process is not None:
            with contextlib.suppress(OSError):
                self.process.kill()

    def stop(self) -> None:
        """End the process and forget it; for the thread that asks."""
        self.kill()
        process, self.process = self.process, None
        if process is None:
            return
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            process.wait(timeout=5)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _start(self) -> subprocess.Popen[bytes]:
        paths = os.pathsep.join(p for p in sys.path if p)
        self.process = process = subprocess.Popen(
            [sys.executable, "-P", "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | dict.fromkeys(ONE_THREAD, "1") | {"PYTHONPATH": paths},
            # Ctrl-C in the terminal is for the process that has started this one.
            start_new_session=sys.platform != "win32",
            creationflags=NEW_GROUP if sys.platform == "win32" else 0,
        )
        assert process.stdin is not None
        process.stdin.write(self.shared)
        process.stdin.flush()
        return process
