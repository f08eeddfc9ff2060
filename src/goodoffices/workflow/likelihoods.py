"""The likelihood of a record computed by an engine: in this process, in others on this machine, or on a cluster.

Receives likelihoods and an engine; gives the functions from points to terms that samplers want. Points are cut into parts
of a fixed size, so that numbers do not depend on who computes them, or on how many do.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from goodoffices.inference.likelihood import RecordLikelihood
from goodoffices.inference.posterior_terms import record_terms
from goodoffices.inference.prior_space import Floats, PriorSpace
from goodoffices.workflow.engines import Engine

TOGETHER = 128
"""Points that are solved together: half as many are a fifth dearer each, twice as many leave other processes idle."""


@dataclass(frozen=True, eq=False)
class Points:
    """A task: points at which one of the likelihoods is wanted."""

    number: int
    level: int
    points: Floats
    """[n, d]"""


@dataclass(frozen=True, eq=False)
class RecordWork:
    """What an engine needs for likelihoods of one record; results are terms [n, i]."""

    likelihoods: tuple[RecordLikelihood, ...]
    """From coarse to fine."""
    space: PriorSpace
    method: str = "belief"

    def solve(self, task: Points) -> Floats:
        """[n, i] the terms at a task's points."""
        return record_terms(self.likelihoods[task.level], self.space)(task.points)


class EngineTerms:
    """Functions from points to terms, each by an engine that they share; several threads may call them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.spent = 0.0
        """Seconds so far, of all threads together."""
        self._changed = threading.Condition()
        self._receiving = False
        self._count = 0
        self._found: dict[int, Floats] = {}
        self._failure: BaseException | None = None

    def level(self, level: int) -> Callable[[Floats], Floats]:
        """The function [n, d] -> [n, i] of one likelihood."""

        def terms(points: Floats) -> Floats:
            return self._compute(level, points)

        return terms

    def _compute(self, level: int, points: Floats) -> Floats:
        begun = time.perf_counter()
        with self._changed:
            # How long a fit will take nobody knows: help is called when as much was spent as it costs to come.
            self.engine.expect(max(self.spent, 1.0))
            parts = [points[low : low + TOGETHER] for low in range(0, len(points), TOGETHER)]
            tasks = [Points(self._count + k, level, part) for k, part in enumerate(parts)]
            self._count += len(tasks)
        waiting = deque(tasks)
        while self._hand_in(waiting, tasks):
            self._receive()
        with self._changed:
            self.spent += time.perf_counter() - begun
            return np.concatenate([self._found.pop(task.number) for task in tasks])

    def _hand_in(self, waiting: deque[Points], tasks: Sequence[Points]) -> bool:
        """Submit what the engine has room for; whether this thread has to fetch results, after waiting for its turn."""
        with self._changed:
            while True:
                if self._failure is not None:
                    raise self._failure
                while waiting and self.engine.room > 0:
                    self.engine.submit(waiting.popleft())
                if all(task.number in self._found for task in tasks):
                    return False
                if not self._receiving:
                    self._receiving = True
                    return True
                self._changed.wait()

    def _receive(self) -> None:
        """Fetch one result, whosever it is; one thread at a time does so."""
        number, terms, failure = -1, None, None
        try:
            number, terms = self.engine.wait()
        except BaseException as error:
            failure = error
        with self._changed:
            self._receiving = False
            if failure is not None:
                self._failure = failure
            elif terms is not None:
                self._found[number] = terms
            self._changed.notify_all()


def by_engine(engine: Engine, likelihoods: Sequence[RecordLikelihood]) -> list[Callable[[Floats], Floats]]:
    """The functions of all likelihoods, from coarse to fine, for `RecordWork`."""
    shared = EngineTerms(engine)
    return [shared.level(k) for k in range(len(likelihoods))]
