"""A survey of talks: what-ifs that share their rules are solved in one batch, questions run backward over it.

A point is solved where the solver converged; the certificate, which is dear here, is computed for the first point of
every batch and marks it where the independent residual does not confirm the solver.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from goodoffices.certificates.recursive import certify_recursive
from goodoffices.claims.answers import Item
from goodoffices.claims.running import RESIDUAL, Look, Running
from goodoffices.claims.talks.form import Rules, SolveTalks, Talks
from goodoffices.claims.talks.reader import TalksReader
from goodoffices.claims.worlds import AS_IS, World
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.recursive import ScenarioRound
from goodoffices.core.diagnostics import refuse
from goodoffices.games.recursive import BELIEF_STATUS, RecursiveSolution, list_choices, select_draws
from goodoffices.inference.calendar import timetable
from goodoffices.inference.filtering import state_at
from goodoffices.language.tree import Event, EventLogic

CHUNK_BYTES = 800_000_000
"""Bound on the values and choices that are kept of one batch."""
MOST_LANES = 512
CERTIFIED_ROUNDS = 2
"""Rounds whose cells a certificate checks, the first and the last."""
SAMPLES = 24
"""Beliefs between the nodes that a certificate looks at."""


@dataclass(frozen=True, eq=False)
class TalksView:
    """The solved scenario itself, over some points."""

    round: ScenarioRound
    solution: RecursiveSolution


@dataclass(frozen=True, eq=False)
class SolvedTalks:
    """A solved world over some points, as a survey's `watch` sees it; index letter b point."""

    solution: RecursiveSolution
    reader: TalksReader
    """Reads questions off this solution."""
    draws: Mapping[str, Array]
    """Parameter -> [b], in this world."""

    def some(self, points: slice) -> SolvedTalks:
        """Some of the points."""
        draws = {name: values[points] for name, values in self.draws.items()}
        return SolvedTalks(select_draws(self.solution, points), self.reader, draws)


def count_from(item: Item, passed: int) -> Item:
    """The item with its rounds counted from where play goes on, `passed` rounds after the one that is not over.

    Raises:
        Refusal: `decided-already` where it asks about a round in which nothing is left to play.
    """
    if not passed or item.event is None:
        return item
    return replace(item, event=_later(item.event, passed))


def _later(event: Event, passed: int) -> Event:
    if isinstance(event, EventLogic):
        return replace(event, operands=tuple(_later(part, passed) for part in event.operands))
    if event.last_round is None:
        return event
    if event.last_round <= passed:
        raise refuse(
            "decided-already",
            "a question starts on a day on which the round that it asks about has been played",
            hint="ask about a later round, or start on an earlier day",
        )
    return replace(event, last_round=event.last_round - passed)


class TalksRunning(Running):
    """A survey of talks under way."""

    reasons = BELIEF_STATUS | {-1: "the certificate contradicts the solver"}
    parts = ("logit_residual", "belief_error", "value_error", "off_grid")

    def __init__(self, talks: Talks, by_world: Mapping[World, Sequence[Item]], solve: SolveTalks) -> None:
        super().__init__(talks.scenario, by_world)
        self.talks, self.solve = talks, solve
        day = next((world.see for world in by_world if world.see is not None), None)
        if day is not None and talks.record is None:
            raise refuse(
                "no-record",
                f"a claim starts on {day}, and the scenario has no record",
                hint="add a `record:` section with `file` and `moves`",
            )
        self.groups: dict[tuple[Rules, datetime.date | None], list[World]] = {}
        for world in by_world:
            self.groups.setdefault((talks.rules(world), world.see), []).append(world)
            talks.reader(
                world
            )  # compiled now, so that what cannot be supposed is refused before anything is solved

    def chunk_size(self) -> int:
        """Points at a time: the largest group of what-ifs fits into one batch of bounded size."""
        game = self.talks.round.game
        rounds = max(self._rounds(day) or 1 for _, day in self.groups)
        cells = self.talks.nodes ** sum(types - 1 for types in game.types)
        choices = len(list_choices(game).place)
        each = 8 * cells * rounds * (len(game.place_slot) * sum(game.types) + 3 * choices)
        lanes = max(1, min(MOST_LANES, CHUNK_BYTES // each))
        return max(1, lanes // max(len(worlds) for worlds in self.groups.values()))

    def chunk(self, points: Mapping[str, Array], part: slice, look: Look | None) -> None:
        """Solve all worlds at some points, read the items off, and keep them."""
        width = part.stop - part.start
        answers: dict[tuple[World, Item], Array] = {}
        status: dict[World, NDArray[np.int8]] = {}
        solving = answering = 0.0
        for (_, day), worlds in self.groups.items():
            begun = time.perf_counter()
            reader = self.talks.reader(worlds[0])
            draws = [world.draws(self.scenario, points) for world in worlds]
            joined = {name: np.concatenate([d[name] for d in draws]) for name in points}
            rounds = self._rounds(day)
            solution = self.solve(
                reader.of.game,
                reader.of.data(joined),
                rounds=rounds,
                nodes=self.talks.nodes,
                # On a tree stakes are discounted to the outset. Talks without end have none, and along a record it
                # would make everybody choose less sharply from month to month.
                from_outset=rounds is not None and day is None,
            )
            solved = time.perf_counter()
            codes = self._checked(solution)
            passed = 0
            if day is not None:
                reader, solution, passed = self._from(day, reader, solution)
            for w, world in enumerate(worlds):
                lanes = slice(w * width, (w + 1) * width)
                status[world] = codes[lanes]
                own = select_draws(solution, lanes)
                asked = {item: count_from(item, passed) for item in self.by_world[world]}
                found = reader.read(list(asked.values()), own, draws[w])
                for item, read in asked.items():
                    answers[world, item] = np.where(codes[lanes] == 0, found[read], np.nan)
                if world == AS_IS and look is not None:
                    look(TalksView(reader.of, own), part)
                if self.watch is not None:
                    self.watch({world: SolvedTalks(own, reader, draws[w])}, part)
            solving += solved - begun
            answering += time.perf_counter() - solved
        self.keep(part, answers, status)
        self.seconds["solving"] += solving
        self.seconds["answering"] += answering

    def _rounds(self, day: datetime.date | None) -> int | None:
        """Rounds of the game in which a question is asked: with the record in front where it starts on a day of it."""
        return self.talks.rounds if day is None else timetable(self.scenario).rounds

    def _from(
        self, day: datetime.date, reader: TalksReader, solution: RecursiveSolution
    ) -> tuple[TalksReader, RecursiveSolution, int]:
        """What is left of a solution on a day of the record, what reads questions off it, and how many rounds that are not
        over have nothing left to play."""
        assert self.talks.record is not None
        standing = state_at(self.talks.record, reader.of, solution, day)
        rest = standing.rest(solution)
        return TalksReader(replace(reader.of, game=rest.game)), rest, standing.ahead

    def _checked(self, solution: RecursiveSolution) -> NDArray[np.int8]:
        """The solver's status, contradicted where the independent residual does not confirm it."""
        codes = solution.status.copy()
        good = np.flatnonzero(codes == 0)
        if len(good):
            first = slice(int(good[0]), int(good[0]) + 1)
            found = certify_recursive(select_draws(solution, first), samples=SAMPLES, rounds=CERTIFIED_ROUNDS)
            if not (found.logit_residual <= RESIDUAL).all():
                codes[first] = -1
            self.note_worst(found, codes[first] == 0)
        return codes
