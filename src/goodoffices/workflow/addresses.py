"""Addresses: what of a scenario, its settings and the code decides what is solved, as a digest.

Receives a compiled form and settings; returns the card of its run, and keys of shards. A run is addressed by the part of
the scenario that makes the game (no titles, claims, notes or documents), the settings of the solver, the seed and the
version; a shard in it by its world and its points.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from goodoffices.claims.talks.form import Talks
from goodoffices.compiler.expressions import Array
from goodoffices.store import RunCard, canonical, digest

if TYPE_CHECKING:
    from goodoffices.claims.survey import Form
    from goodoffices.claims.worlds import World
    from goodoffices.language.scenario import Scenario

ABOUT = ("title", "summary", "documents", "claims", "record", "source", "changes")
"""Fields of scenarios that say nothing about what is solved."""
NOT_THE_GAME = ("note", "span", "label", "text", "unit")
"""Fields of their elements that say nothing about it."""
CODE = {
    "tree": (
        "certificates",
        "compiler",
        "games",
        "solvers",
        "claims/sharded.py",
        "claims/worlds.py",
        "language/functions.py",
        "language/priors.py",
    ),
    "belief": ("certificates", "claims", "compiler", "games", "inference", "language", "records", "solvers"),
}
"""Packages and modules whose code decides what a shard holds: of trees strategies, of talks answers."""
NOT_CODE = {"tree": "solvers/belief", "belief": "solvers/passes.py"}
"""Of these the other form's part."""


def game_part(scenario: Scenario) -> str:
    """What of a scenario makes the game, as text; equal for scenarios that differ only in what people read."""
    fields: dict[str, Any] = {
        name: getattr(scenario, name) for name in scenario.__dataclass_fields__ if name not in ABOUT
    }
    return canonical(fields, leave_out=NOT_THE_GAME)


@cache
def code_version(method: str = "tree") -> str:
    """The package's version, that of NumPy, and a digest of the code that solves: a change of any may change a bit."""
    import hashlib

    import goodoffices

    found = hashlib.sha256()
    home = Path(goodoffices.__file__).parent
    for name in CODE[method]:
        at = home / name
        for path in [at] if at.suffix else sorted(at.rglob("*.py")):
            inside = path.relative_to(home).as_posix()
            if not inside.startswith(NOT_CODE[method]):
                found.update(inside.encode() + b"\0" + path.read_bytes())
    own = importlib.metadata.version("goodoffices")
    return f"{own}+{found.hexdigest()[:12]}, numpy {np.__version__}"


def card_of(form: Form, *, seed: int, draws: int, tolerance: float) -> RunCard:
    """The card of the run that solves a form."""
    scenario = form.scenario
    method = "belief" if isinstance(form, Talks) else "tree"
    settings: dict[str, Any] = {"method": method, "rounds": form.rounds, "tolerance": tolerance}
    parts: list[Any] = [game_part(scenario), settings, seed]
    if isinstance(form, Talks):
        settings["nodes"] = form.nodes
        if form.record is not None:  # questions start from it
            parts += [scenario.record, form.record]
    version = code_version(method)
    address = digest([*parts, version], leave_out=("span",))
    return RunCard(address[:16], scenario.title, scenario.source, seed, draws, settings, version)


def key_of(world: World, points: Mapping[str, Array]) -> str:
    """The name of a shard in its run."""
    return digest([world, dict(points)], leave_out=("span",))[:32]
