"""The likelihood of a record computed by an engine: in this process, in others on this machine, or on a cluster.

Receives likelihoods and an engine; gives the functions from points to terms that samplers want. Points are cut into parts
of a fixed size, so that numbers do not depend on who computes them, or on how many do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from goodoffices.inference.likelihood import RecordLikelihood
from goodoffices.inference.posterior_terms import record_terms
from goodoffices.inference.prior_space import Floats, PriorSpace
from goodoffices.workflow.engines import Engine

TOGETHER = 128
"""Points that are solved together: half as many cost an eighth more each, twice as many twice the memory."""


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
    """Functions from points to terms, each by an engine that they share."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.spent = 0.0
        """Seconds so far."""

    def level(self, level: int) -> Callable[[Floats], Floats]:
        """The function [n, d] -> [n, i] of one likelihood."""

        def terms(points: Floats) -> Floats:
            return self._compute(level, points)

        return terms

    def _compute(self, level: int, points: Floats) -> Floats:
        begun = time.perf_counter()
        # How long a fit will take nobody knows: help is called when as much was spent as it costs to come.
        self.engine.expect(max(self.spent, 1.0))
        waiting = [
            Points(i, level, points[low : low + TOGETHER])
            for i, low in enumerate(range(0, len(points), TOGETHER))
        ]
        found: dict[int, Floats] = {}
        count, next_one = len(waiting), 0
        while len(found) < count:
            while next_one < count and self.engine.room > 0:
                self.engine.submit(waiting[next_one])
                next_one += 1
            number, terms = self.engine.wait()
            found[number] = terms
        self.spent += time.perf_counter() - begun
        return np.concatenate([found[i] for i in range(count)])


def by_engine(engine: Engine, likelihoods: Sequence[RecordLikelihood]) -> list[Callable[[Floats], Floats]]:
    """The functions of all likelihoods, from coarse to fine, for `RecordWork`."""
    shared = EngineTerms(engine)
    return [shared.level(k) for k in range(len(likelihoods))]
