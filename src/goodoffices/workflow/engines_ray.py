"""Shards solved by actors on a Ray cluster.

Receives tasks; hands back results as they come. Each actor keeps the work that all tasks share, with what the solver made
of it. A few tasks at a time are with each actor, so that the cluster never holds more than a bounded number of shards. Where
an actor, its node or a result is lost, the shard is solved again by another, up to `MOST_TRIES` times; a new actor takes the
lost one's place as soon as the cluster has room for it.

Refuses clusters that cannot be reached, and workers with other code than this process: their numbers might differ.
"""

from __future__ import annotations

import importlib
import logging
import os
import socket
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

from goodoffices.core.diagnostics import refuse
from goodoffices.workflow.engines import Task, Work, cores

DEPTH = 2
"""Tasks with an actor: one that is solved, and one that waits there."""
MOST_TRIES = 5
PATIENCE = 120.0
"""Seconds without any actor at work after which the cluster counts as gone."""


class Actor:
    """What runs on the cluster."""

    def __init__(self, work: Work, version: str) -> None:
        from goodoffices.workflow.addresses import code_version

        self.work, self.mine, self.theirs = work, code_version(work.method), version

    def version(self) -> tuple[str, str]:
        """The code here, and the code that asked."""
        return self.mine, self.theirs

    def solve(self, task: Task) -> Any:
        """Solve a task."""
        return self.work.solve(task)


@dataclass(eq=False)
class _Seat:
    """An actor's place."""

    actor: Any
    with_it: int = 0
    """Tasks with the actor."""
    ready: bool = False


class RayEngine:
    """Actors on a cluster."""

    def __init__(self, work: Work, *, workers: int | None, address: str | None) -> None:
        self.work = work
        self.ray: Any = _load()
        self._started = not self.ray.is_initialized()
        if self._started:
            self._connect(address, workers)
        self.count = workers or max(1, int(self.ray.cluster_resources().get("CPU", 1)))
        self._waiting: deque[Task] = deque()
        self._tries: dict[int, int] = {}
        self._out: dict[Any, tuple[Task, _Seat]] = {}
        """Reference of a result -> its task, and who has it."""
        self._starting: dict[Any, _Seat] = {}
        self._seats: list[_Seat] = []
        self._shared: Any = None
        self._changing = threading.RLock()

    @property
    def room(self) -> int:
        """How many tasks may be submitted now."""
        return self.count * DEPTH - len(self._waiting) - len(self._out)

    def expect(self, seconds: float) -> None:
        """Start the actors, if there is anything to do."""
        if seconds > 0 and self._shared is None:
            self._shared = self.ray.put(self.work)
            for _ in range(self.count):
                self._hire()

    def submit(self, task: Task) -> None:
        """Take a task."""
        with self._changing:
            self._waiting.append(task)
            self._hand_out()

    def wait(self) -> tuple[int, Any]:
        """The number and the result of a task that is done."""
        while True:
            with self._changing:
                self._hand_out()
                awaited = [*self._out, *self._starting]
            done, _ = self.ray.wait(awaited, num_returns=1, timeout=PATIENCE)
            with self._changing:
                if not done and not self._out:
                    raise refuse(
                        "worker-lost",
                        f"no worker of the cluster has answered for {PATIENCE:.0f} seconds",
                        hint="look at `ray status`. What was finished has been kept in the store",
                    )
                for reference in done:
                    if reference in self._starting:
                        self._welcome(reference)
                        continue
                    task, seat = self._out.pop(reference)
                    seat.with_it -= 1
                    try:
                        return task.number, self.ray.get(reference)
                    except self.ray.exceptions.RayTaskError:
                        raise
                    except self.ray.exceptions.RayError:
                        self._lost(task, seat)

    def close(self) -> None:
        """Stop at once, whatever is under way."""
        for seat in [*self._seats, *self._starting.values()]:
            self._dismiss(seat)
        self._seats, self._starting, self._out = [], {}, {}
        self._waiting.clear()
        if self._started:
            self.ray.shutdown()

    # ------------------------------------------------------------ actors
    def _hire(self) -> None:
        """Start an actor; it gets tasks once it has answered, since a full cluster may keep it waiting."""
        from goodoffices.workflow.addresses import code_version

        actor = self.ray.remote(num_cpus=1)(Actor).remote(self._shared, code_version(self.work.method))
        self._starting[actor.version.remote()] = _Seat(actor)

    def _welcome(self, reference: Any) -> None:
        seat = self._starting.pop(reference)
        try:
            mine, theirs = self.ray.get(reference)
        except self.ray.exceptions.RayTaskError as error:
            raise refuse(
                "no-cluster",
                f"a worker of the cluster cannot begin: {error.cause!r}",
                hint="goodoffices must be installed on every node",
            ) from None
        except self.ray.exceptions.RayError:
            self._hire()
            return
        if mine != theirs:
            raise refuse(
                "cluster-differs",
                f"the cluster has {mine}, and this machine has {theirs}: their numbers might differ",
                hint="install the same version on every node",
            )
        seat.ready = True
        self._seats.append(seat)

    def _hand_out(self) -> None:
        while self._waiting:
            free = min((s for s in self._seats if s.with_it < DEPTH), key=lambda s: s.with_it, default=None)
            if free is None:
                return
            task = self._waiting.popleft()
            free.with_it += 1
            self._out[free.actor.solve.remote(task)] = task, free

    def _lost(self, task: Task, seat: _Seat) -> None:
        """Have a task solved by another actor."""
        tries = self._tries[task.number] = self._tries.get(task.number, 0) + 1
        if tries >= MOST_TRIES:
            raise refuse(
                "worker-lost",
                f"a part of the draws was lost {tries} times with the worker that had it",
                hint="workers may be out of memory. What was finished has been kept in the store",
            )
        self._waiting.appendleft(task)
        if seat in self._seats:
            self._seats.remove(seat)
            self._dismiss(seat)
            self._hire()

    def _dismiss(self, seat: _Seat) -> None:
        try:
            self.ray.kill(seat.actor)
        except Exception as error:  # it may be gone, and the cluster with it
            logging.getLogger(__name__).debug("an actor could not be ended: %r", error)

    def _connect(self, address: str | None, workers: int | None) -> None:
        quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
        try:
            if address is not None:
                _knock(address)
            if address is None:
                self.ray.init(
                    num_cpus=workers or cores(),
                    include_dashboard=False,
                    _node_ip_address="127.0.0.1",
                    **quiet,
                )
            else:
                self.ray.init(address=address, **quiet)
        except (ConnectionError, OSError, RuntimeError, ValueError) as error:
            raise refuse(
                "no-cluster",
                f"no Ray cluster can be reached at {address or 'this machine'}: {str(error).splitlines()[0]}",
                hint="start one with `ray start --head`, or give its address as `ray://HOST:10001`",
            ) from None


def _knock(address: str) -> None:
    """Raise `OSError` where nobody listens; Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=10).close()


def _load() -> Any:
    # Read when Ray is first imported: nobody is told of what is run here.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        ray = importlib.import_module("ray")
        importlib.import_module("ray.exceptions")
    except ImportError:
        raise refuse(
            "missing-package",
            "the engine `ray` needs a package that is not installed",
            hint='install it with: pip install "goodoffices[cluster]"',
        ) from None
    return ray
