"""Shards: how points are cut into them, and what is written of a solved one, for each form of the game.

Receives a form; returns what `sharding` needs to know of it. A shard of a tree holds strategies, from which any question is
answered; one of talks, whose strategies would fill the disk, holds the answers that were asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from goodoffices.claims.answers import Item
from goodoffices.claims.sharded import Solved, base_of
from goodoffices.claims.survey import Form
from goodoffices.claims.talks.form import Talks
from goodoffices.claims.talks.play import Path
from goodoffices.claims.talks.running import TalksRunning
from goodoffices.claims.talks.sharded import Answered
from goodoffices.claims.tree_running import CHUNK_BYTES, TreeRunning
from goodoffices.claims.worlds import AS_IS, World
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.scenario_tree import ScenarioTree
from goodoffices.store import Damaged, Shard, canonical, digest

SHARD = 128
"""Points of a shard of trees, where they fit: enough for array operations to outweigh their calls, few enough to lose."""
SHARD_OF_TALKS = 32
"""The same of talks, which take a thousand times as long."""


class Kind(Protocol):
    """What depends on the form of the game."""

    size: int
    """Points of a shard."""

    def base_of(self, world: World) -> World:
        """The world from whose solution a world is solved; itself for most."""
        ...

    def write(self, world: World, points: Mapping[str, Array], found: Any, before: Shard | None) -> Shard:
        """What is kept of a result; `before` is what was kept of the same world and points."""
        ...

    def read(self, shard: Shard, items: Sequence[Item]) -> Any:
        """The result, or None where the shard does not have all of it.

        Raises:
            Damaged: an array is missing.
        """
        ...


def kind_of(form: Form) -> Kind:
    """The kind of a form's shards."""
    return ShardsOfTalks(form) if isinstance(form, Talks) else ShardsOfTrees(form)


def cut(width: int, size: int) -> list[slice]:
    """Parts of `size` points; a last part of less than half of that is joined to the one before."""
    count = max(1, (width + size // 2) // size)
    return [slice(i * size, width if i == count - 1 else (i + 1) * size) for i in range(count)]


class ShardsOfTrees:
    """Log strategies."""

    def __init__(self, tree: ScenarioTree) -> None:
        self.tree = tree
        self.size = min(SHARD, tree.chunk_size(most_bytes=CHUNK_BYTES))

    def base_of(self, world: World) -> World:
        """Trends are solved from the world without the shift."""
        return base_of(world)

    def write(self, world: World, points: Mapping[str, Array], found: Solved, before: Shard | None) -> Shard:
        """Everything of the result."""
        arrays = {
            "log_choice": (("choice", "draw"), found.log_choice),
            "status": (("draw",), found.status),
            **_parameters(points),
            **{name: (("draw",), values) for name, values in found.certificate.items()},
        }
        return Shard(arrays, _about(self.tree, world, points) | {"unknowns": str(found.unknowns)})

    def read(self, shard: Shard, items: Sequence[Item]) -> Solved:
        """The result, whatever is asked."""
        try:
            status = shard["status"]
            log_choice = shard["log_choice"] if "log_choice" in shard.arrays else np.zeros((0, len(status)))
            parts = {name: shard[name] for name in TreeRunning.parts}
            return Solved(log_choice, status, parts, int(shard.attributes["unknowns"]))
        except (KeyError, ValueError) as error:
            raise Damaged("an array is missing") from error


class ShardsOfTalks:
    """Answers."""

    def __init__(self, talks: Talks) -> None:
        self.talks = talks
        self.size = min(SHARD_OF_TALKS, TalksRunning(talks, {AS_IS: []}, _never).chunk_size())

    def base_of(self, world: World) -> World:
        """Every world is solved by itself."""
        return world

    def write(
        self, world: World, points: Mapping[str, Array], found: Answered, before: Shard | None
    ) -> Shard:
        """The answers, with those to other questions that were kept before."""
        arrays = dict(before.arrays) if before is not None else {}
        about = dict(before.attributes) if before is not None else {}
        for item, values in found.answers.items():
            name = _name(item)
            dimensions = ("draw",) if values.ndim == 1 else (f"moves_{len(values)}", "draw")
            arrays[name] = dimensions, values
            about[name] = canonical(item, leave_out=("span",))
        arrays["status"] = ("draw",), found.status
        arrays |= _parameters(points)
        if found.shares:
            arrays["share"] = ("step", "draw"), np.stack(list(found.shares.values()))
            about["steps"] = json.dumps(list(found.shares))
        parts = {name: repr(value) for name, value in found.certificate.items()}
        return Shard(arrays, about | _about(self.talks, world, points) | parts)

    def read(self, shard: Shard, items: Sequence[Item]) -> Answered | None:
        """The answers to these questions, if all are there."""
        if any(_name(item) not in shard.arrays for item in items):
            return None
        try:
            paths: list[Path] = [tuple(path) for path in json.loads(shard.attributes.get("steps", "[]"))]
            shares = dict(zip(paths, shard["share"], strict=True)) if paths else {}
            return Answered(
                {item: shard[_name(item)] for item in items},
                shard["status"],
                {name: float(shard.attributes[name]) for name in TalksRunning.parts},
                shares,
            )
        except (KeyError, ValueError) as error:
            raise Damaged("an array is missing") from error


def _name(item: Item) -> str:
    return f"answer_{digest(item, leave_out=('span',))[:16]}"


def _parameters(points: Mapping[str, Array]) -> dict[str, tuple[tuple[str, ...], Array]]:
    return {"parameters": (("parameter", "draw"), np.stack(list(points.values())))}


def _about(form: Form, world: World, points: Mapping[str, Array]) -> dict[str, str]:
    return {
        "scenario": form.scenario.title,
        "world": canonical(world, leave_out=("span",)),
        "parameter_names": " ".join(points),
    }


def _never(*_: object, **__: object) -> Any:
    raise AssertionError("nothing is solved to know a size")
