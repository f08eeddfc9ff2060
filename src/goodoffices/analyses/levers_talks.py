"""Effects of levers in long talks: those of a chosen move, of its shadow, and of its not being used.

Receives the solved worlds of a survey one after another, the scenario itself first; returns one array [b] for each effect,
as `levers_flows` does for trees. Effects of a chosen move and of unused ones are exact expectations run backward over the
grid of beliefs; the shadow, in which two worlds' strategies meet, is played forward (see `levers_front`).

What talks do not tell: `unused` on values (only on events), and the shadow on events that speak of types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from goodoffices.analyses.levers_front import Mixture
from goodoffices.analyses.levers_notes import LeverNotes
from goodoffices.claims.talks.machine import Aim, Fork, Machine, Watcher
from goodoffices.claims.talks.running import SolvedTalks
from goodoffices.claims.worlds import AS_IS, World
from goodoffices.compiler.expressions import Array
from goodoffices.language.tree import Event, EventLogic, MoveMade, Timed

if TYPE_CHECKING:
    from goodoffices.analyses.levers import Lever, Measure

BLOCK = 32
"""Draws that are played forward at a time."""


class TalksLeverReader(LeverNotes):
    """Takes notes of solved worlds; pass `see` to the survey as its `watch`."""

    def __init__(
        self,
        measures: Sequence[Measure],
        levers: Sequence[Lever],
        worlds: Mapping[str, Mapping[str, World]],
        *,
        seed: int,
    ) -> None:
        super().__init__(measures, levers, worlds)
        self.seed = seed
        self.here: SolvedTalks | None = None
        self.unused: dict[tuple[str, str], Array] = {}

    def see(self, solved: Mapping[World, SolvedTalks], part: slice) -> None:
        """Take notes of one world over some draws."""
        for world, one in solved.items():
            if world == AS_IS:
                self.here = one
                self._see_here(one)
                continue
            for lever in self.levers:
                if self.worlds[lever.name].get("without") == world:
                    self._see_gone(lever, one, part)

    # ------------------------------------------------------------ run backward
    def _see_here(self, here: SolvedTalks) -> None:
        """What is read off the scenario itself: the effects of choosing, and what follows where a move is not used."""
        aims: list[Aim] = []
        for lever in self.levers:
            forks = [Fork(lever.party, lever.move, whatever) for whatever in (False, True)]
            aims += [Aim("start", fork=fork) for fork in forks]
            for measure in self.measures:
                event, party = measure.item.event, measure.item.party
                kind = "value" if event is None else "event"
                aims += [Aim(kind, event, party, fork=fork) for fork in forks]
            never = EventLogic("not", (Timed("ever", MoveMade(lever.party, lever.move)),))
            aims.append(Aim("event", never))
            for measure in self.measures:
                if measure.item.event is not None:
                    aims.append(Aim("event", EventLogic("and", (measure.item.event, never))))
        found = iter(here.reader.expect(aims, here.solution))
        with np.errstate(invalid="ignore", divide="ignore"):
            for lever in self.levers:
                taken, decided = next(found), next(found)
                for measure in self.measures:
                    self.note(lever, measure, "chosen", next(found) / taken - next(found) / decided)
                never = next(found)
                for measure in self.measures:
                    if measure.item.event is not None:
                        self.unused[lever.name, measure.text] = next(found) / never

    # ------------------------------------------------------------ played forward
    def _see_gone(self, lever: Lever, gone: SolvedTalks, part: slice) -> None:
        """What is read off the world without the move."""
        assert self.here is not None
        told = [
            m for m in self.measures if m.item.event is None or not gone.reader.speaks_of_types(m.item.event)
        ]
        machines = [_machine(gone, m.item.event) for m in told if m.item.event is not None]
        width = part.stop - part.start
        events, values = np.zeros((len(machines), width)), np.zeros((len(gone.solution.game.players), width))
        for low in range(0, width, BLOCK):
            some = slice(low, min(low + BLOCK, width))
            seed = (self.seed, part.start + low)
            one, two = self.here.some(some), gone.some(some)
            mixed = Mixture(one, two, lever.party, machines, seed=seed).run()
            # The game without the move is played in the same way, so that errors of grid and sample cancel.
            base = Mixture(two, two, lever.party, machines, seed=seed).run()
            events[:, some], values[:, some] = mixed.events - base.events, mixed.values - base.values
        rows = iter(events)
        for measure in told:
            party = measure.item.party
            row = next(rows) if party is None else values[gone.solution.game.players.index(party)]
            self.note(lever, measure, "shadow", row)
        for measure in self.measures:
            if measure.item.event is not None:
                base = gone.reader.read([measure.item], gone.solution, gone.draws)[measure.item]
                self.note(lever, measure, "unused", self.unused[lever.name, measure.text] - base)


def _machine(solved: SolvedTalks, event: Event) -> Machine:
    watcher = Watcher(solved.reader.of, {})
    watcher.add(Aim("event", event), ())
    return watcher.machine()
