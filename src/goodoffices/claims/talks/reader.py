"""Answers to single questions about talks solved on a grid of beliefs.

Receives a compiled round, its solution and items; returns one number for each draw and item, or for choices and costs
one for each move and draw, as `answers.Reader` does for trees. Machines are built once for each round and question.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from goodoffices.claims.answers import Item, party_moves
from goodoffices.claims.events import named_in
from goodoffices.claims.talks.backward import Run, run_backward
from goodoffices.claims.talks.machine import Machine, atoms, build_machine, refuse_the_end
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.recursive import ScenarioRound
from goodoffices.games.recursive import RecursiveSolution, list_choices
from goodoffices.language import tree as ask


@dataclass(frozen=True, eq=False)
class _Asked:
    """The runs that one item needs."""

    runs: tuple[Run, ...]
    whole: Run | None = None
    """What the sum of the runs is divided by, where it is not among their own outputs."""


class TalksReader:
    """Reads items off solutions of one round."""

    def __init__(self, compiled: ScenarioRound) -> None:
        self.of = compiled
        self.choices = list_choices(compiled.game)
        self._machines: dict[tuple[Item, tuple[tuple[str, int], ...]], Machine] = {}

    def read(
        self, items: Sequence[Item], solution: RecursiveSolution, draws: Mapping[str, Array]
    ) -> dict[Item, Array]:
        """[b], or [move, b] for choices and costs, of each item.

        Args:
            items: what to read.
            solution: a solution of the round that kept its choices.
            draws: the parameters that it was solved for, parameter -> [b].
        """
        asked = {item: self._asked(item, solution, draws) for item in items}
        runs = [run for a in asked.values() for run in (*a.runs, *((a.whole,) if a.whole else ()))]
        found = iter(run_backward(solution, runs))
        out: dict[Item, Array] = {}
        with np.errstate(all="ignore"):
            for item, a in asked.items():
                total = sum(next(found) for _ in a.runs)
                whole = next(found) if a.whole else None
                out[item] = _answer(item, np.asarray(total, float), whole)
        return out

    # ------------------------------------------------------------ runs
    def _asked(self, item: Item, solution: RecursiveSolution, draws: Mapping[str, Array]) -> _Asked:
        if solution.rounds is None:
            refuse_the_end(item.event)
        dimensions = self._mentioned(item)
        combinations = list(self._own_types(dimensions, item))
        party = -1 if item.party is None else self.of.game.players.index(item.party)
        moves, outputs, costs = (), 1 if item.kind == "belief" else 2, None
        if item.kind in ("choice", "cost"):
            assert item.party is not None
            moves, count = self._moves(item.party)
            outputs = count if item.kind == "choice" else 2 * count
            costs = self.of.costs(draws) if item.kind == "cost" else None
        runs = tuple(
            Run(self._machine(item, levels), own, item.kind, party, moves, outputs, costs)
            for own, levels in combinations
        )
        whole = Run(self._machine(item, {}), {}, "belief", outputs=1) if item.kind == "belief" else None
        return _Asked(runs, whole)

    def _machine(self, item: Item, levels: Mapping[str, int]) -> Machine:
        """The machine of an item; that depends on types only through its event."""
        watched = tuple(sorted(levels.items())) if item.event is not None else ()
        key = (Item(item.kind, item.steps, item.event, item.party), watched)
        if key not in self._machines:
            self._machines[key] = build_machine(self.of, key[0], dict(watched))
        return self._machines[key]

    def _mentioned(self, item: Item) -> set[str]:
        """Type dimensions that the item asks about or that its event mentions."""
        found = {test.subject for test in item.types}
        for event in atoms(item.event) if item.event is not None else ():
            parts = (
                (event.event,)
                if isinstance(event, ask.Timed)
                else (event.first, event.second)
                if isinstance(event, ask.Before)
                else (event.holds, event.release)
            )
            for part in parts:
                if isinstance(part, ask.StateIs):
                    found |= {name for name in named_in(part, self.of.scenario) if "." in name}
        return found

    def _own_types(self, dimensions: set[str], item: Item) -> Iterator[tuple[dict[int, int], dict[str, int]]]:
        """Own types of the parties that are mentioned, with the levels of their dimensions, where the tests hold."""
        profiles, scenario = self.of.profiles, self.of.scenario
        parties = sorted({self.of.game.players.index(name.partition(".")[0]) for name in dimensions})
        names = {f"{d.party}.{d.name}": d.levels for d in scenario.types}
        for own in itertools.product(*(range(self.of.game.types[p]) for p in parties)):
            chosen = dict(zip(parties, own, strict=True))
            fits = np.ones(profiles.count, dtype=bool)
            for p, t in chosen.items():
                fits &= profiles.own[p] == t
            one = int(np.flatnonzero(fits)[0])
            levels = {
                name: int(row[one])
                for name, row in profiles.rows().items()
                if self.of.game.players.index(name.partition(".")[0]) in chosen
            }
            if all(names[t.subject][levels[t.subject]] in t.levels for t in item.types):
                yield chosen, levels

    def _moves(self, party: str) -> tuple[tuple[int, ...], int]:
        """For each choice of the game the number of the party's move, and how many there are."""
        names = party_moves(self.of.scenario, party)
        number, out = self.of.game.players.index(party), list[int]()
        for c, owner in enumerate(self.choices.party.tolist()):
            place, mover = int(self.choices.place[c]), int(self.choices.mover[c])
            turn, _, over, _ = self.of.places[place]
            if owner != number or over:
                out.append(-1)
                continue
            move = self.of.scenario.turns[turn].movers[mover].moves[int(self.choices.move[c])]
            out.append(names.index(move.name))
        return tuple(out), len(names)


def _answer(item: Item, total: Array, whole: Array | None) -> Array:
    match item.kind:
        case "P":
            return np.clip(total[1] / total[0], 0.0, 1.0)
        case "value":
            return total[1] / total[0]
        case "belief":
            assert whole is not None
            return np.clip(total[0] / whole[0], 0.0, 1.0)
        case "choice":
            return total / total.sum(0)
        case _:
            half = len(total) // 2
            return total[:half] / total[half:]
