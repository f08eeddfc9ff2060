"""A survey shard by shard: from a run where that has them, else solved by an engine, and kept.

Receives a form, an engine and a run; returns `Sharding`, which surveys take for a solver. Nothing that was finished is lost
when it is stopped, and a store that fills up or was damaged costs time and no numbers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from goodoffices.claims.answers import Item
from goodoffices.claims.sharded import Remembered, Step
from goodoffices.claims.survey import Form
from goodoffices.claims.worlds import World
from goodoffices.compiler.expressions import Array
from goodoffices.store import Damaged, Run, Shard, canonical
from goodoffices.workflow import remembering
from goodoffices.workflow.addresses import key_of
from goodoffices.workflow.engines import Engine, Worlds
from goodoffices.workflow.shards import cut, kind_of

TOGETHER = 2
"""Worlds that are solved from one base in one task: more of them make long tasks, for which others wait at the end."""
AHEAD = 4
"""Parts of the points that are looked at before those in front of them are done."""

Notice = Callable[[str], None]


@dataclass
class _Part:
    """A part of the points on its way."""

    at: slice
    points: Mapping[str, Array]
    keys: Mapping[World, str]
    wanted: Mapping[World, Sequence[Item]]
    missing: set[World] = field(default_factory=set[World])
    found: dict[World, Any] = field(default_factory=dict[World, Any])
    held: dict[World, list[World]] = field(default_factory=dict[World, list[World]])
    """Base that is being solved -> worlds that are solved from it."""

    @property
    def width(self) -> int:
        """Number of points."""
        return self.at.stop - self.at.start


class Sharding:
    """A solver that goes over points shard by shard: from the run where that has them, else by the engine."""

    def __init__(
        self,
        form: Form,
        *,
        engine: Engine,
        seconds: Callable[[int], float],
        run: Run | None,
        notice: Notice,
    ) -> None:
        self.kind, self.engine, self.run = kind_of(form), engine, run
        self.seconds, self.notice = seconds, notice
        self.unknowns = 0
        self.solved = self.reused = self.written = 0
        """Shards solved, shards reused, bytes written."""
        self.recalled = 0
        """Surveys that were known as a whole."""
        self._number = 0
        self._under_way: dict[int, _Part] = {}

    def over(
        self, wanted: Mapping[World, Sequence[Item]], points: Mapping[str, Array], progress: Step | None
    ) -> Iterator[tuple[slice, Mapping[World, Any]]]:
        """Parts of the points in their order, each with every world."""
        width = max((len(values) for values in points.values()), default=1)
        ahead = deque(self._cut(wanted, points, width))
        waiting = [(part, world) for part in ahead for world in wanted]
        new = sum(
            part.width for part, world in waiting if self.run is None or not self.run.has(part.keys[world])
        )
        self.engine.expect(self.seconds(new))
        total, done = width * len(wanted), 0
        planned: deque[_Part] = deque()
        tasks: deque[Worlds] = deque()
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
    def _cut(
        self, wanted: Mapping[World, Sequence[Item]], points: Mapping[str, Array], width: int
    ) -> Iterator[_Part]:
        for at in cut(width, self.kind.size):
            here = {name: values[at] for name, values in points.items()}
            yield _Part(at, here, {world: key_of(world, here) for world in wanted}, wanted)

    def _plan(self, part: _Part) -> None:
        """Read what there is."""
        for world, key in part.keys.items():
            found = self._read(key, part.wanted[world])
            if found is None:
                part.missing.add(world)
            else:
                part.found[world] = found
                self._count(found)
                self.reused += 1

    def _tasks(self, part: _Part) -> Iterator[Worlds]:
        """What is missing: bases first, and what is solved from them once they are there."""
        families: dict[World, list[World]] = {}
        for world in sorted(part.missing, key=lambda w: canonical(w, leave_out=("span",))):
            families.setdefault(self.kind.base_of(world), []).append(world)
        for base, members in families.items():
            shifted = [world for world in members if world != base]
            if base in part.missing:
                part.held[base] = shifted
                yield self._task(part, base, [base])
            else:
                yield from self._from_base(part, base, shifted)

    def _from_base(self, part: _Part, base: World, worlds: Sequence[World]) -> Iterator[Worlds]:
        """Tasks of worlds whose base is known, or is not wanted itself."""
        for low in range(0, len(worlds), TOGETHER):
            yield self._task(part, base, worlds[low : low + TOGETHER])

    def _task(self, part: _Part, base: World, worlds: Sequence[World]) -> Worlds:
        self._number += 1
        self._under_way[self._number] = part
        items = {world: tuple(part.wanted[world]) for world in worlds}
        return Worlds(self._number, part.points, base, items, part.found.get(base))

    def _receive(self, tasks: deque[Worlds]) -> int:
        """Take what the engine is done with first; returns how many draws it solved."""
        number, found = self.engine.wait()
        part = self._under_way.pop(number)
        for world, result in found.items():
            self._keep(part.keys[world], world, part, result)
            tasks.extendleft(self._from_base(part, world, part.held.pop(world, [])))
        return len(found) * part.width

    def _keep(self, key: str, world: World, part: _Part, found: Any) -> None:
        part.found[world] = found
        part.missing.discard(world)
        self._count(found)
        self.solved += 1

        def write(run: Run) -> None:
            shard = self.kind.write(world, part.points, found, self._whole(key))
            self.written += run.write(key, shard)

        self._try(write)

    def _try(self, write: Callable[[Run], None]) -> None:
        """Write while that goes well."""
        if self.run is None or not self.run.writable:
            return
        try:
            write(self.run)
        except OSError as error:
            self.notice(
                f"the run cannot be kept any more in {self.run.folder}: {error.strerror or error}; "
                "what was kept before stays, and the study goes on without"
            )
            self.run.writable = False

    def _count(self, found: Any) -> None:
        self.unknowns = getattr(found, "unknowns", 0)

    # ------------------------------------------------------------ what whole surveys came to
    def recall(
        self, wanted: Mapping[World, Sequence[Item]], points: Mapping[str, Array], *, notes: bool
    ) -> Remembered | None:
        """What a survey at these points came to before, if all that is wanted is there."""
        if self.run is None:
            return None
        shard = self._told(remembering.key_of(points))
        found = None if shard is None else remembering.read(shard, wanted, notes=notes)
        if shard is not None and found is not None:
            self.unknowns = int(shard.attributes["unknowns"])
            self.recalled += 1
        return found

    def remember(self, points: Mapping[str, Array], found: Remembered) -> None:
        """Keep what a survey came to."""
        key = remembering.key_of(points)

        def write(run: Run) -> None:
            shard = remembering.write(found, before=self._whole(key), unknowns=self.unknowns)
            self.written += run.write(key, shard)

        self._try(write)

    def _whole(self, key: str) -> Shard | None:
        """What is kept under a key, unless it is damaged, which has been said."""
        assert self.run is not None
        try:
            return self.run.read(key)
        except Damaged:
            return None

    def _read(self, key: str, items: Sequence[Item]) -> Any:
        try:
            shard = self._told(key)
            return None if shard is None else self.kind.read(shard, items)
        except Damaged as damage:
            self._tell(damage)
            return None

    def _told(self, key: str) -> Shard | None:
        """What is kept under a key; damage is told."""
        try:
            return None if self.run is None else self.run.read(key)
        except Damaged as damage:
            self._tell(damage)
            return None

    def _tell(self, damage: Damaged) -> None:
        assert self.run is not None
        self.notice(f"a shard of the run {self.run.card.id} is damaged ({damage}); it is solved again")

    def close(self) -> None:
        """Stop what is under way, and let go of the run."""
        self.engine.close()
        if self.run is not None:
            self.run.close()
