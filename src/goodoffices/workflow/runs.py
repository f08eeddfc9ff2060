"""Runs: what a study solves, kept from one time to the next, and solved by an engine where it is not.

Receives a compiled tree, settings and a store; returns `Sharding`, which surveys take for a solver. Also what
`goodoffices runs` shows. A run is addressed by the part of the scenario that makes the game (no titles, claims, notes or
documents), the settings of the solver, the seed and the version; a shard in it by its world and its points.
"""

from __future__ import annotations

import importlib.metadata
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from goodoffices.claims.sharded import Solved, Step, base_of
from goodoffices.claims.tree_running import CHUNK_BYTES, TreeRunning
from goodoffices.claims.worlds import World
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.scenario_tree import ScenarioTree
from goodoffices.core.diagnostics import refuse
from goodoffices.language.scenario import Scenario
from goodoffices.store import Damaged, Run, RunCard, Shard, Store, canonical, digest, open_store
from goodoffices.workflow.engines import Engine, Task

if TYPE_CHECKING:
    from goodoffices.store.folder import Kept

SHARD = 128
"""Points of a shard, where they fit: enough for array operations to outweigh their calls, few enough to lose."""
ABOUT = ("title", "summary", "documents", "claims", "record", "source", "changes")
"""Fields of scenarios that say nothing about what is solved."""
NOT_THE_GAME = ("note", "span", "label", "text", "unit")
"""Fields of their elements that say nothing about it."""
CODE = ("certificates", "compiler", "games", "solvers")
"""Packages whose code decides what a shard holds, with the modules"""
CODE_TOO = ("claims/sharded.py", "claims/worlds.py", "language/functions.py", "language/priors.py")
NOT_CODE = "solvers/belief"
"""Solves talks, which are not kept."""
TOGETHER = 2
"""Worlds that are solved from one base in one task: more of them make long tasks, for which others wait at the end."""
AHEAD = 4
"""Parts of the points that are looked at before those in front of them are done."""

Notice = Callable[[str], None]


# ---------------------------------------------------------------- addresses
def game_part(scenario: Scenario) -> str:
    """What of a scenario makes the game, as text; equal for scenarios that differ only in what people read."""
    fields: dict[str, Any] = {
        name: getattr(scenario, name) for name in scenario.__dataclass_fields__ if name not in ABOUT
    }
    return canonical(fields, leave_out=NOT_THE_GAME)


@lru_cache(maxsize=1)
def code_version() -> str:
    """The package's version, that of NumPy, and a digest of the code that solves: a change of any may change a bit."""
    import hashlib

    import goodoffices

    found = hashlib.sha256()
    home = Path(goodoffices.__file__).parent
    paths = [home / name for name in CODE_TOO]
    for package in CODE:
        paths += sorted((home / package).rglob("*.py"))
    for path in paths:
        name = path.relative_to(home).as_posix()
        if not name.startswith(NOT_CODE):
            found.update(name.encode() + b"\0" + path.read_bytes())
    own = importlib.metadata.version("goodoffices")
    return f"{own}+{found.hexdigest()[:12]}, numpy {np.__version__}"


def card_of(tree: ScenarioTree, *, seed: int, draws: int, tolerance: float) -> RunCard:
    """The card of the run that solves a tree."""
    scenario = tree.scenario
    settings = {"method": "tree", "rounds": tree.rounds, "tolerance": tolerance}
    version = code_version()
    address = digest([game_part(scenario), settings, seed, version])
    return RunCard(address[:16], scenario.title, scenario.source, seed, draws, settings, version)


def key_of(world: World, points: Mapping[str, Array]) -> str:
    """The name of a shard in its run."""
    return digest([world, dict(points)], leave_out=("span",))[:32]


# ---------------------------------------------------------------- shards
def cut(width: int, size: int) -> list[slice]:
    """Parts of `size` points; a last part of less than half of that is joined to the one before."""
    count = max(1, (width + size // 2) // size)
    return [slice(i * size, width if i == count - 1 else (i + 1) * size) for i in range(count)]


def to_shard(tree: ScenarioTree, world: World, points: Mapping[str, Array], found: Solved) -> Shard:
    """What is written of a solved world."""
    names = list(points)
    arrays = {
        "log_choice": (("choice", "draw"), found.log_choice),
        "status": (("draw",), found.status),
        "parameters": (("parameter", "draw"), np.stack([points[name] for name in names])),
        **{name: (("draw",), values) for name, values in found.certificate.items()},
    }
    about = {
        "scenario": tree.scenario.title,
        "world": canonical(world, leave_out=("span",)),
        "parameter_names": " ".join(names),
        "unknowns": str(found.unknowns),
    }
    return Shard(arrays, about)


def from_shard(shard: Shard) -> Solved:
    """What was written.

    Raises:
        Damaged: an array is missing.
    """
    try:
        status = shard["status"]
        log_choice = shard["log_choice"] if "log_choice" in shard.arrays else np.zeros((0, len(status)))
        parts = {name: shard[name] for name in TreeRunning.parts}
        return Solved(log_choice, status, parts, int(shard.attributes["unknowns"]))
    except (KeyError, ValueError) as error:
        raise Damaged("an array is missing") from error


@dataclass
class _Part:
    """A part of the points on its way."""

    at: slice
    points: Mapping[str, Array]
    keys: Mapping[World, str]
    missing: set[World] = field(default_factory=set[World])
    found: dict[World, Solved] = field(default_factory=dict[World, Solved])
    held: dict[World, list[World]] = field(default_factory=dict[World, list[World]])
    """Base that is being solved -> worlds that are solved from it."""

    @property
    def width(self) -> int:
        """Number of points."""
        return self.at.stop - self.at.start


class Sharding:
    """A solver of trees that goes over points shard by shard: from the run where that has them, else by the engine."""

    def __init__(
        self,
        tree: ScenarioTree,
        *,
        engine: Engine,
        seconds: Callable[[int], float],
        run: Run | None,
        notice: Notice,
    ) -> None:
        self.tree, self.engine, self.run = tree, engine, run
        self.seconds, self.notice = seconds, notice
        self.size = min(SHARD, tree.chunk_size(most_bytes=CHUNK_BYTES))
        self.unknowns = 0
        self.solved = self.reused = self.written = 0
        """Shards solved, shards reused, bytes written."""
        self._number = 0
        self._under_way: dict[int, _Part] = {}

    def over(
        self, worlds: Sequence[World], points: Mapping[str, Array], progress: Step | None
    ) -> Iterator[tuple[slice, Mapping[World, Solved]]]:
        """Parts of the points in their order, each with every world."""
        width = max((len(values) for values in points.values()), default=1)
        ahead = deque(self._cut(worlds, points, width))
        waiting = [(part, world) for part in ahead for world in worlds]
        new = sum(
            part.width for part, world in waiting if self.run is None or not self.run.has(part.keys[world])
        )
        self.engine.expect(self.seconds(new))
        total, done = width * len(worlds), 0
        planned: deque[_Part] = deque()
        tasks: deque[Task] = deque()
        while ahead or planned:
            while ahead and (
                not planned or (len(tasks) < self.engine.room and len(planned) < AHEAD + self.engine.room)
            ):
                part = ahead.popleft()
                self._plan(part)
                tasks.extend(self._tasks(part))
                planned.append(part)
                done += len(part.found) * part.width
            while tasks and self.engine.room > 0:
                self.engine.submit(tasks.popleft())
            while planned and not planned[0].missing:
                part = planned.popleft()
                if progress is not None:
                    progress(done, total)
                yield part.at, part.found
            if planned:
                done += self._receive(tasks)
                if progress is not None:
                    progress(done, total)

    # ------------------------------------------------------------ steps
    def _cut(self, worlds: Sequence[World], points: Mapping[str, Array], width: int) -> Iterator[_Part]:
        for at in cut(width, self.size):
            here = {name: values[at] for name, values in points.items()}
            yield _Part(at, here, {world: key_of(world, here) for world in worlds})

    def _plan(self, part: _Part) -> None:
        """Read what there is."""
        for world, key in part.keys.items():
            found = self._read(key)
            if found is None:
                part.missing.add(world)
            else:
                part.found[world] = found
                self.unknowns = found.unknowns
                self.reused += 1

    def _tasks(self, part: _Part) -> Iterator[Task]:
        """What is missing: bases first, and what is solved from them once they are there."""
        families: dict[World, list[World]] = {}
        for world in sorted(part.missing, key=lambda w: canonical(w, leave_out=("span",))):
            families.setdefault(base_of(world), []).append(world)
        for base, members in families.items():
            shifted = [world for world in members if world != base]
            if base in part.missing:
                part.held[base] = shifted
                yield self._task(part, base, [base])
            else:
                yield from self._from_base(part, base, shifted)

    def _from_base(self, part: _Part, base: World, worlds: Sequence[World]) -> Iterator[Task]:
        """Tasks of worlds whose base is known, or is not wanted itself."""
        for low in range(0, len(worlds), TOGETHER):
            yield self._task(part, base, worlds[low : low + TOGETHER])

    def _task(self, part: _Part, base: World, worlds: Sequence[World]) -> Task:
        self._number += 1
        self._under_way[self._number] = part
        return Task(self._number, part.points, base, tuple(worlds), part.found.get(base))

    def _receive(self, tasks: deque[Task]) -> int:
        """Take what the engine is done with first; returns how many draws it solved."""
        number, found = self.engine.wait()
        part = self._under_way.pop(number)
        for world, result in found.items():
            self._keep(part.keys[world], world, part, result)
            tasks.extendleft(self._from_base(part, world, part.held.pop(world, [])))
        return len(found) * part.width

    def _keep(self, key: str, world: World, part: _Part, found: Solved) -> None:
        part.found[world] = found
        part.missing.discard(world)
        self.unknowns = found.unknowns
        self.solved += 1
        if self.run is None or not self.run.writable:
            return
        try:
            self.written += self.run.write(key, to_shard(self.tree, world, part.points, found))
        except OSError as error:
            self.notice(
                f"the run cannot be kept any more in {self.run.folder}: {error.strerror or error}; "
                "what was kept before stays, and the study goes on without"
            )
            self.run.writable = False

    def _read(self, key: str) -> Solved | None:
        if self.run is None:
            return None
        try:
            shard = self.run.read(key)
            return None if shard is None else from_shard(shard)
        except Damaged as damage:
            self.notice(f"a shard of the run {self.run.card.id} is damaged ({damage}); it is solved again")
            return None

    def close(self) -> None:
        """Stop what is under way, and let go of the run."""
        self.engine.close()
        if self.run is not None:
            self.run.close()


def warn(sentence: str) -> None:
    """Tell a Python user something that is no error."""
    warnings.warn(sentence, RuntimeWarning, stacklevel=3)


def open_sharding(
    tree: ScenarioTree,
    *,
    seed: int,
    draws: int,
    tolerance: float,
    store: Path | str | None = None,
    resume: bool = False,
    engine: str = "local",
    workers: int | None = None,
    address: str | None = None,
    notice: Notice = warn,
) -> Sharding:
    """A solver of a tree that keeps what it solves.

    Args:
        tree: what is solved.
        seed: of the draws.
        draws: how many are asked for.
        tolerance: largest logit residual at which the solver stops.
        store: folder of runs, or None to keep nothing.
        resume: refuse to begin a new run.
        engine: `local` or `ray`.
        workers: how many worker processes or actors.
        address: of a Ray cluster.
        notice: told, in sentences, what was not as it should be and was dealt with.

    Raises:
        Refusal: `nothing-to-resume`, those of `open_store`, and those of the engine.
    """
    from goodoffices.workflow.engines import Work, open_engine

    run = None
    if store is not None:
        run = _open_run(
            open_store(Path(store)), card_of(tree, seed=seed, draws=draws, tolerance=tolerance), resume
        )
        if not run.writable:
            notice(f"{store} can only be read: what is there is used, and nothing new is kept")
    elif resume:
        raise refuse(
            "nothing-to-resume", "without a store there is no run to resume", hint="add `--store DIR`"
        )
    work = Work(tree, tolerance)
    opened = open_engine(work, engine=engine, workers=workers, address=address)
    return Sharding(tree, engine=opened, seconds=work.seconds, run=run, notice=notice)


def _open_run(store: Store, card: RunCard, resume: bool) -> Run:
    if resume and not store.has(card.id):
        near = [k.card for k in store.runs() if k.card.title == card.title]
        hint = f"there are no runs of this scenario in {store.path}"
        if near:
            listed = "; ".join(f"{c.id}: seed {c.seed}, {c.settings}, {c.version}" for c in near[:3])
            hint = f"there are {listed}"
        raise refuse(
            "nothing-to-resume", "no run has this scenario, these settings, this seed and version", hint=hint
        )
    try:
        return store.open(card)
    except OSError as error:
        raise refuse(
            "store-unwritable",
            f"the run cannot be kept in {store.path}: {error.strerror}",
            hint="make room, give another folder with `--store`, or go without: `--no-store`",
        ) from None


# ---------------------------------------------------------------- what there is
def list_runs(store: Path | str) -> list[Kept]:
    """The runs of a store, the one that was used last first. A folder that does not exist has none."""
    path = Path(store)
    return open_store(path).runs() if path.exists() else []


def show_run(store: Path | str, name: str) -> Kept:
    """The run whose identifier begins with `name`; refuses with `unknown-run`."""
    return open_store(Path(store)).find(name)


def remove_run(store: Path | str, name: str) -> Kept:
    """Remove a run; refuses with `unknown-run`, `run-in-use` or `store-unwritable`."""
    return open_store(Path(store)).remove(name)
