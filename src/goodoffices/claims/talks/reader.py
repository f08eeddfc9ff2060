"""Answers to single questions about talks solved on a grid of beliefs.

Receives a compiled round, its solution and items; returns one number for each draw and item, or for choices and costs
one for each move and draw, as `answers.Reader` does for trees. Machines are built once for each round and question.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from goodoffices.claims.answers import Item, party_moves
from goodoffices.claims.events import named_in
from goodoffices.claims.points import Steps
from goodoffices.claims.talks.backward import Run, run_backward
from goodoffices.claims.talks.machine import Aim, Machine, Watcher, atoms, refuse_the_end
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.recursive import ScenarioRound
from goodoffices.games.recursive import RecursiveSolution, list_choices
from goodoffices.language import tree as ask

_Place = tuple[int, int]
"""Number of a run, and of an aim in it."""


@dataclass(frozen=True, eq=False)
class _Program:
    """What is run for some items, and where their answers are."""

    machines: list[tuple[dict[int, int], Machine]]
    """Own types that are supposed, and the machine."""
    upper: dict[Item, list[list[_Place]]]
    """Item -> rows of what is summed."""
    lower: dict[Item, list[list[_Place]]]
    """The same for what the sums are divided by."""

    def sums(self, item: Item, found: Sequence[Array]) -> tuple[Array, Array]:
        """[row, b] of both."""
        width = found[0].shape[-1]
        parts = (
            [np.sum([found[run][aim] for run, aim in row], axis=0) for row in rows]
            for rows in (self.upper[item], self.lower[item])
        )
        upper, lower = (np.array(rows).reshape(len(rows), width) for rows in parts)
        return upper, lower


class TalksReader:
    """Reads items off solutions of one round."""

    def __init__(self, compiled: ScenarioRound) -> None:
        self.of = compiled
        self._programs: dict[tuple[Item, ...], _Program] = {}

    def read(
        self, items: Sequence[Item], solution: RecursiveSolution, draws: Mapping[str, Array]
    ) -> dict[Item, Array]:
        """[b], or [move, b] for choices and costs, of each item.

        Args:
            items: what to read.
            solution: a solution of the round that kept its choices.
            draws: the parameters that it was solved for, parameter -> [b].
        """
        if solution.rounds is None:
            for item in items:
                refuse_the_end(item.event)
        asked = tuple(dict.fromkeys(items))
        if asked not in self._programs:
            self._programs[asked] = self._program(asked)
        program = self._programs[asked]
        costs = self.of.costs(draws) if any(item.kind == "cost" for item in asked) else None
        runs = [Run(machine, own, self._choices, costs) for own, machine in program.machines]
        found = run_backward(solution, runs)
        with np.errstate(all="ignore"):
            return {item: _answer(item.kind, *program.sums(item, found)) for item in asked}

    def expect(self, aims: Sequence[Aim], solution: RecursiveSolution) -> Array:
        """[aim, b] what aims without steps come to, over all types; not for choices and costs.

        The solution is one of the round that kept its choices.
        """
        runs: dict[tuple[tuple[int, int], ...], tuple[Watcher, list[int]]] = {}
        for number, aim in enumerate(aims):
            asked = Item("P", event=aim.event)
            for own, levels in self._own_types(self._mentioned(asked), asked):
                watcher, rows = runs.setdefault(tuple(sorted(own.items())), (Watcher(self.of, levels), []))
                watcher.add(aim, ())
                rows.append(number)
        found = run_backward(
            solution, [Run(watcher.machine(), dict(own)) for own, (watcher, _) in runs.items()]
        )
        out = np.zeros((len(aims), found[0].shape[-1]))
        for values, (_, rows) in zip(found, runs.values(), strict=True):
            for value, number in zip(values, rows, strict=True):
                out[number] += value
        return out

    def speaks_of_types(self, event: ask.Event) -> bool:
        """Whether an event mentions anybody's type."""
        return bool(self._mentioned(Item("P", event=event)))

    # ------------------------------------------------------------ aims
    def _program(self, items: Sequence[Item]) -> _Program:
        watchers: dict[tuple[tuple[int, int], ...], Watcher] = {}
        upper: dict[Item, list[list[_Place]]] = {}
        lower: dict[Item, list[list[_Place]]] = {}
        order: list[tuple[tuple[int, int], ...]] = []

        def add(aim: Aim, steps: Steps, own: Mapping[int, int], levels: Mapping[str, int]) -> _Place:
            key = tuple(sorted(own.items()))
            if key not in watchers:
                watchers[key] = Watcher(self.of, levels)
                order.append(key)
            return order.index(key), watchers[key].add(aim, steps)

        for item in items:
            above, below = _aims(item, self._moves(item))
            combinations = list(self._own_types(self._mentioned(item), item))
            upper[item] = [[add(a, item.steps, own, levels) for own, levels in combinations] for a in above]
            nobody: list[tuple[dict[int, int], dict[str, int]]] = [({}, {})]
            everyone = nobody if item.kind == "belief" else combinations
            lower[item] = [[add(a, item.steps, own, levels) for own, levels in everyone] for a in below]
        machines = [(dict(key), watchers[key].machine()) for key in order]
        return _Program(machines, upper, lower)

    def _moves(self, item: Item) -> tuple[str, ...]:
        return party_moves(self.of.scenario, item.party) if item.party is not None else ()

    @cached_property
    def _choices(self) -> dict[tuple[str, str], tuple[int, ...]]:
        """(party, move) -> the choices of the game that are this move."""
        choices = list_choices(self.of.game)
        out: dict[tuple[str, str], list[int]] = {}
        places: list[int] = choices.place.tolist()
        for c, place in enumerate(places):
            here = self.of.places[place]
            if here[2]:  # over
                continue
            mover = self.of.scenario.turns[here[0]].movers[int(choices.mover[c])]
            out.setdefault((mover.party, mover.moves[int(choices.move[c])].name), []).append(c)
        every = {
            (p.name, m): () for p in self.of.scenario.parties for m in party_moves(self.of.scenario, p.name)
        }
        return every | {key: tuple(found) for key, found in out.items()}

    def _mentioned(self, item: Item) -> set[str]:
        """Type dimensions that the item asks about or that its event mentions."""
        found = {test.subject for test in item.types}
        for event in atoms(item.event):
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


def _aims(item: Item, moves: Sequence[str]) -> tuple[list[Aim], list[Aim]]:
    """What an answer is the ratio of, row by row."""
    start = [Aim("start")]
    match item.kind:
        case "P":
            return [Aim("event", item.event)], start
        case "value":
            return [Aim("value", party=item.party)], start
        case "belief":
            return start, start
        case "choice":
            return [Aim("choice", None, item.party, move) for move in moves], []
        case _:
            return (
                [Aim("cost", None, item.party, move) for move in moves],
                [Aim("offered", None, item.party, move) for move in moves],
            )


def _answer(kind: str, upper: Array, lower: Array) -> Array:
    if kind == "choice":
        return upper / upper.sum(0)
    if kind == "cost":
        return upper / lower
    ratio = upper[0] / lower[0]
    return ratio if kind == "value" else np.clip(ratio, 0.0, 1.0)
