"""Surveys of talks in shards: every what-if over a fixed part of the points is solved and asked by itself.

A solution of talks is too large to be kept (a grid of beliefs at every place of every round), so a shard holds answers:
those to its questions, and of the scenario itself the probabilities that the drawing of the play shows. Its result depends
on its world, its questions and its points alone, bit for bit. Receives answered shards; hands them to a survey.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodoffices.claims.answers import Item
from goodoffices.claims.talks.form import SolveTalks, Talks
from goodoffices.claims.talks.play import Path, TalksRecorder
from goodoffices.claims.talks.running import TalksRunning, TalksView
from goodoffices.claims.worlds import AS_IS, World
from goodoffices.compiler.expressions import Array
from goodoffices.games.recursive import RecursiveData, RecursiveGame, RecursiveSolution
from goodoffices.language.sampling import medians

Shares = Mapping[Path, Array]


@dataclass(frozen=True, eq=False)
class Answered:
    """One world over a part of the points; index letter b point."""

    answers: Mapping[Item, Array]
    """[b], or [move, b] for choices and costs."""
    status: NDArray[np.int8]
    """[b] a key of `TalksRunning.reasons`."""
    certificate: Mapping[str, float]
    """Largest value of each part of the certificate, over the points that were certified."""
    shares: Shares = field(default_factory=dict[Path, Array])
    """Of the scenario itself: what the drawing of the play shows."""


def solve_medians(talks: Talks, solve: SolveTalks) -> RecursiveSolution:
    """The scenario itself at the medians of the priors."""
    middle = {name: np.array([value]) for name, value in medians(talks.scenario).items()} or {"": np.zeros(1)}
    compiled = talks.round
    return solve(
        compiled.game,
        compiled.data(middle),
        rounds=talks.rounds,
        nodes=talks.nodes,
        from_outset=talks.rounds is not None,
    )


def answer_world(
    talks: Talks,
    points: Mapping[str, Array],
    *,
    world: World,
    items: Sequence[Item],
    solve: SolveTalks,
    recorder: TalksRecorder | None,
) -> Answered:
    """Solve a world and answer questions in it.

    Args:
        talks: the scenario.
        points: parameter -> [b].
        world: the what-if.
        items: what to read off.
        solve: solves a batch in one thread.
        recorder: reads off what is drawn, where the scenario itself is to be drawn; prepared.
    """
    run = TalksRunning(talks, {world: items}, solve)
    shares: dict[Path, Array] = {}

    def look(view: TalksView, part: slice) -> None:
        if recorder is not None:
            shares.update(recorder.read(view.solution))

    width = max((len(values) for values in points.values()), default=1)
    run.chunk(points, slice(0, width), look if world == AS_IS else None)
    answers = {item: run.answers[world, item][0] for item in items}
    return Answered(answers, run.status[world][0], dict(run.worst), shares)


class ShardedTalks(TalksRunning):
    """A survey under way that is handed its answers."""

    def __init__(self, talks: Talks, by_world: Mapping[World, Sequence[Item]]) -> None:
        super().__init__(talks, by_world, _never)

    def take(
        self, points: Mapping[str, Array], part: slice, found: Mapping[World, Answered], look: Any
    ) -> None:
        """Keep the answers at a part of the points; `look` is given what is drawn."""
        begun = time.perf_counter()
        if look is not None:
            look(found[AS_IS].shares, part)
        for of_world in found.values():
            for name, value in of_world.certificate.items():
                self.worst[name] = max(self.worst[name], value)
        answers = {
            (world, item): found[world].answers[item]
            for world, items in self.by_world.items()
            for item in items
        }
        self.keep(part, answers, {world: found[world].status for world in self.by_world})
        self.seconds["answering"] += time.perf_counter() - begun


def _never(
    game: RecursiveGame, data: RecursiveData, /, *, rounds: int | None, nodes: int, from_outset: bool
) -> RecursiveSolution:
    raise AssertionError("shards are solved elsewhere")
