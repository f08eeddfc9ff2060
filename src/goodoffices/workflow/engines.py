"""Engines: where shards are solved. Each gives the same numbers, since a shard's result depends on nothing but itself.

Receives tasks one at a time, as many as it has room for; hands back their results as they come. `HereEngine` solves in
this process; `engines_local` in others on this machine, `engines_ray` on a cluster.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from goodoffices.core.diagnostics import refuse

if TYPE_CHECKING:
    from goodoffices.claims.answers import Item
    from goodoffices.claims.sharded import Solved
    from goodoffices.claims.talks.form import Talks
    from goodoffices.claims.talks.play import TalksRecorder
    from goodoffices.claims.talks.sharded import Answered
    from goodoffices.claims.worlds import World
    from goodoffices.compiler.expressions import Array
    from goodoffices.compiler.scenario_tree import ScenarioTree

ENGINES = ("local", "ray")
SECONDS_A_NODE = 2.5e-6
"""Time to solve one draw, a node of its tree: measured on the shipped scenarios, good to a factor of three."""
SECONDS_A_BELIEF = 4e-7
"""Time for an action at a belief in a round of talks; good to a factor of three."""
ROUNDS_WITHOUT_END = 300
"""Rounds after which talks without end are about stationary."""
WORTH = 8.0
"""Seconds of work from which other processes are worth their start."""


class Task(Protocol):
    """Something to solve."""

    @property
    def number(self) -> int:
        """Its own among all that an engine is given."""
        ...


@dataclass(frozen=True, eq=False)
class Worlds:
    """A task: a shard, which is a world, and worlds that are solved from it, over a part of the points."""

    number: int
    points: Mapping[str, Array]
    """Parameter -> [b]."""
    base: World
    worlds: Mapping[World, tuple[Item, ...]]
    """Which worlds are wanted, and what is asked in them."""
    known: Any
    """The result of the base, where that has been solved before."""


class Work(Protocol):
    """What all tasks of an engine share; it travels to where they are solved."""

    @property
    def method(self) -> str:
        """`tree` or `belief`."""
        ...

    def solve(self, task: Any) -> Any:
        """Solve a task in this thread."""
        ...


@dataclass(frozen=True, eq=False)
class TreeWork:
    """Trees; results are `Solved`."""

    tree: ScenarioTree
    tolerance: float
    method: str = "tree"

    def solve(self, task: Worlds) -> Mapping[World, Solved]:
        """Solve a task in this thread."""
        from functools import partial

        from goodoffices.claims.sharded import solve_family
        from goodoffices.solvers import solve_batch

        return solve_family(
            self.tree,
            task.points,
            base=task.base,
            worlds=tuple(task.worlds),
            known=task.known,
            # One thread: otherwise the number of cores would decide how draws are put together.
            solve=partial(solve_batch, tolerance=self.tolerance, threads=1),
        )

    def seconds(self, draws: int) -> float:
        """Roughly how long so many draws take on one core."""
        return SECONDS_A_NODE * len(self.tree.game.kind) * draws


@dataclass(frozen=True, eq=False)
class TalksWork:
    """Talks; results are `Answered`."""

    talks: Talks
    tolerance: float
    method: str = "belief"
    _recorder: list[TalksRecorder] = field(default_factory=list["TalksRecorder"], repr=False)

    @classmethod
    def of(cls, talks: Talks, tolerance: float) -> TalksWork:
        """Without what was compiled so far, which need not travel."""
        return cls(replace(talks, _readers={}), tolerance)

    def solve(self, task: Worlds) -> Mapping[World, Answered]:
        """Solve a task in this thread."""
        from goodoffices.claims.talks.sharded import answer_world
        from goodoffices.claims.worlds import AS_IS
        from goodoffices.workflow.forms import solver_for

        solver: Any = solver_for(self.talks, tolerance=self.tolerance, threads=1)
        return {
            world: answer_world(
                self.talks,
                task.points,
                world=world,
                items=items,
                solve=solver,
                recorder=self.recorder(solver) if world == AS_IS else None,
            )
            for world, items in task.worlds.items()
        }

    def recorder(self, solver: Any) -> TalksRecorder:
        """What reads off what is drawn; it is decided at the medians, solved here once."""
        from goodoffices.claims.talks.play import TalksRecorder
        from goodoffices.claims.talks.sharded import solve_medians

        if not self._recorder:
            recorder = TalksRecorder(self.talks.round)
            recorder.prepare(solve_medians(self.talks, solver))
            self._recorder.append(recorder)
        return self._recorder[0]

    def seconds(self, draws: int) -> float:
        """Roughly how long so many draws take on one core."""
        game = self.talks.round.game
        beliefs = self.talks.nodes ** sum(types - 1 for types in game.types)
        rounds = self.talks.rounds or ROUNDS_WITHOUT_END
        return SECONDS_A_BELIEF * len(game.action_place) * beliefs * rounds * draws


class Engine(Protocol):
    """Solves tasks. One thread at a time waits for results; others may submit tasks meanwhile, one at a time."""

    @property
    def room(self) -> int:
        """How many tasks may be submitted now."""
        ...

    def expect(self, seconds: float) -> None:
        """Be told how much work is coming, in seconds on one core."""
        ...

    def submit(self, task: Task) -> None:
        """Take a task."""
        ...

    def wait(self) -> tuple[int, Any]:
        """The number and the result of a task that is done; a task was submitted that has not been handed back.

        Raises:
            Refusal: `worker-lost` where what solves tasks ends again and again.
        """
        ...

    def close(self) -> None:
        """Stop at once, whatever is under way."""
        ...


class HereEngine:
    """Solves in this process, one task after another."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self._waiting: deque[Task] = deque()

    @property
    def room(self) -> int:
        return 1 - len(self._waiting)

    def expect(self, seconds: float) -> None:
        pass

    def submit(self, task: Task) -> None:
        self._waiting.append(task)

    def wait(self) -> tuple[int, Any]:
        task = self._waiting.popleft()
        return task.number, self.work.solve(task)

    def close(self) -> None:
        self._waiting.clear()


def open_engine(work: Work, *, engine: str, workers: int | None, address: str | None) -> Engine:
    """The engine of a name.

    Args:
        work: what is to be solved.
        engine: `local` or `ray`.
        workers: processes (`local`; None is the number of cores) or actors (`ray`; None is what the cluster has room for).
        address: of a Ray cluster: `auto`, `ray://host:port`, or None to start one on this machine.

    Raises:
        Refusal: `unknown-engine`, `bad-workers`, `missing-package` where Ray is not installed, `no-cluster`.
    """
    if engine not in ENGINES:
        raise refuse("unknown-engine", f"there is no engine `{engine}`", hint="use `local` or `ray`")
    if workers is not None and workers < 1:
        raise refuse("bad-workers", f"at least one worker is needed, not {workers}")
    if engine == "ray":
        from goodoffices.workflow.engines_ray import RayEngine

        return RayEngine(work, workers=workers, address=address)
    if address is not None:
        raise refuse("unknown-engine", "only `--engine ray` takes an address", hint="add `--engine ray`")
    from goodoffices.workflow.engines_local import LocalEngine

    return LocalEngine(work, workers=workers)


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
