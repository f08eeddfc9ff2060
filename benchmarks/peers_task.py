"""What every worker of the peer benchmark shares: one task in, one JSON line out.

A worker runs in the peer's own environment as `python peers_NAME.py TASK`, TASK being the JSON of a `Task`; it prints one
JSON line, an `Answer`. Time is CPU time of the process (all its threads), so that a busy machine does not decide; wall
time is given beside it. A solution counts only if its neutral residual, computed here by the project's own
certificate, is below `LARGEST_RESIDUAL`.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import NDArray

from goodoffices.certificates import certify
from goodoffices.games.extensive import ExtensiveGame, GameData

LARGEST_RESIDUAL = 1e-6


@dataclass(frozen=True)
class Task:
    """One measurement. `rounds` 0 is the one-shot crisis; `draws` 1 is a single game."""

    rounds: int
    rationality: float
    draws: int = 1
    sample: int = 1
    """How many of the draws a peer without a batch interface solves; its time is scaled to all of them."""
    repeats: int = 3
    seconds: float = 60.0
    """CPU seconds after which a worker that can stop gives up."""


@dataclass(frozen=True)
class Answer:
    """What came of a task; `seconds` is None where there is no solution that counts."""

    seconds: float | None
    wall: float | None
    residual: float
    megabytes: float = 0.0
    note: str = ""
    details: dict[str, float] = field(default_factory=dict)


@dataclass
class Clock:
    """CPU and wall seconds spent inside `with` blocks."""

    cpu: float = 0.0
    wall: float = 0.0

    def __enter__(self) -> Clock:
        self._began = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu += time.process_time() - self._began[0]
        self.wall += time.perf_counter() - self._began[1]


def residual(game: ExtensiveGame, data: GameData, log_strategy: NDArray[np.float64]) -> float:
    """The neutral residual: the worst over draws where there are several; inf where it is not a number."""
    worst = float(np.max(certify(game, data, log_strategy).logit_residual))
    return worst if np.isfinite(worst) else float("inf")


def empty_strategy(game: ExtensiveGame) -> NDArray[np.float64]:
    """[i, m] of -inf, to be filled with logarithms of probabilities."""
    return np.full((len(game.infoset_moves), max(map(len, game.infoset_moves))), -np.inf)


def run(work: Callable[[Task], Answer]) -> None:
    """Do the task named on the command line and print the answer as the last line."""
    task = Task(**json.loads(sys.argv[1]))
    answer = asdict(work(task))
    answer["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("\n" + json.dumps(answer))


def median(values: list[float]) -> float:
    """The middle value."""
    return float(np.median(values))


def counted(seconds: float, wall: float, worst: float, note: str = "", **details: float) -> Answer:
    """An answer whose time counts only if the residual is small enough."""
    if worst < LARGEST_RESIDUAL:
        return Answer(seconds, wall, worst, note=note, details=details)
    return Answer(
        None, None, worst, note=f"residual {worst:.1e} after {seconds:.3g} s {note}".strip(), details=details
    )
