"""Notes of the effects that are read while a survey goes over its worlds, and not off its answers afterwards.

Receives the values of effects chunk by chunk; returns one array [b] for each effect over all of them. Subclasses say what
they see in a form of the game.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from goodoffices.claims.survey import Survey
from goodoffices.claims.worlds import AS_IS, World
from goodoffices.compiler.expressions import Array

if TYPE_CHECKING:
    from goodoffices.analyses.levers import Lever, Measure

Key = tuple[str, str, str]
"""Lever, measure and kind of effect."""


class LeverNotes:
    """Effects as they come in; `worlds` says of each lever in which worlds it is imposed and in which it does not exist."""

    def __init__(
        self, measures: Sequence[Measure], levers: Sequence[Lever], worlds: Mapping[str, Mapping[str, World]]
    ) -> None:
        self.measures, self.levers, self.worlds = measures, levers, worlds
        self.notes: dict[Key, list[Array]] = {}

    def note(self, lever: Lever, measure: Measure, kind: str, values: Array) -> None:
        """Take down one effect over the points of a chunk; chunks come in order."""
        self.notes.setdefault((lever.name, measure.text, kind), []).append(values)

    def finish(self, found: Survey) -> dict[Key, Array]:
        """All notes, not numbers where a game that they need was not solved."""
        out: dict[Key, Array] = {}
        for (lever, measure, kind), parts in self.notes.items():
            solved = found.solved[AS_IS]
            if kind != "chosen":
                solved = solved & found.solved[self.worlds[lever]["without"]]
            out[lever, measure, kind] = np.where(solved, np.concatenate(parts), np.nan)
        return out
