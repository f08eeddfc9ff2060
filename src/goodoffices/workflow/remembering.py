"""What whole surveys of trees came to, kept beside the shards that they were read off.

Reading every answer off stored strategies takes some seconds; the answers themselves are a few hundred kB. They are kept by
points, and each by its world and question, so that other words, thresholds and fewer claims find theirs. Receives and
returns `Remembered`; a change of any code that answers is another address.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from goodoffices.claims.answers import Item
from goodoffices.claims.sharded import Remembered
from goodoffices.claims.tree_running import TreeRunning
from goodoffices.claims.worlds import World
from goodoffices.compiler.expressions import Array
from goodoffices.store import Shard, digest
from goodoffices.workflow.addresses import code_version

PREFIX = "known-"


def key_of(points: Mapping[str, Array]) -> str:
    """The name of the file: points, and the code that answers, of which that of talks is the larger part."""
    return PREFIX + digest([code_version("belief"), code_version("tree"), dict(points)])[:26]


def write(found: Remembered, *, before: Shard | None, unknowns: int) -> Shard:
    """A survey, with what was kept of others at the same points."""
    arrays = dict(before.arrays) if before is not None else {}
    about = dict(before.attributes) if before is not None else {}
    for (world, item), values in found.answers.items():
        dimensions = ("draw",) if values.ndim == 1 else (f"moves_{len(values)}", "draw")
        arrays[f"answer_{_name(world)}_{_name(item)}"] = dimensions, values
    for world, status in found.status.items():
        arrays[f"status_{_name(world)}"] = ("draw",), status
        about[f"worst_{_name(world)}"] = json.dumps(dict(found.worst[world]))
    for name, values in found.notes.items():
        arrays[f"note_{name}"] = tuple(f"{name}_{d}" for d in range(values.ndim)), values
    return Shard(arrays, about | {"unknowns": str(unknowns)})


def read(shard: Shard, wanted: Mapping[World, Sequence[Item]], *, notes: bool) -> Remembered | None:
    """What is wanted of a survey, or None where not all of it is there."""
    found = {name.removeprefix("note_"): shard[name] for name in shard.arrays if name.startswith("note_")}
    if notes and not found:
        return None
    try:
        return Remembered(
            {
                (world, item): shard[f"answer_{_name(world)}_{_name(item)}"]
                for world, items in wanted.items()
                for item in items
            },
            {world: shard[f"status_{_name(world)}"].astype(np.int8) for world in wanted},
            {world: _worst(shard.attributes[f"worst_{_name(world)}"]) for world in wanted},
            found,
        )
    except KeyError:
        return None


def _worst(text: str) -> dict[str, float]:
    """JSON writes floats so that they come back as they were."""
    found: Any = json.loads(text)
    return {name: float(found[name]) for name in TreeRunning.parts}


def _name(value: World | Item) -> str:
    return digest(value, leave_out=("span",))[:16]
