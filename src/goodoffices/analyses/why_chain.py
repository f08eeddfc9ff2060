"""The links of a chain of reasons: what makes two payoffs differ, what a mover gains and fears, what others reply and infer.

Receives solved worlds and situations; returns `Reason`s and `Breakdown`s. A situation is what a question supposes: a world,
and the moves that have been made when it is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from goodoffices.analyses.why_forms import (
    Breakdown,
    Citations,
    Figure,
    Part,
    Reason,
    listed,
    number,
    percent,
)
from goodoffices.analyses.why_solved import SolvedWorld, Types
from goodoffices.analyses.why_terms import ElementName, Term
from goodoffices.claims.points import Step, Steps
from goodoffices.language.scenario import Move, Scenario

MOST_TERMS = 4
"""Terms that a sentence names; the table has all."""
SMALL = 0.02
"""Terms below this share of the largest are left out of sentences."""
NOTABLE = 0.05
"""Changes of a probability below this are not told."""


@dataclass(frozen=True, eq=False)
class Situation:
    """Where a question is asked."""

    world: SolvedWorld
    steps: Steps
    words: str
    """`after us.withdraw`, `at the outset`, ..."""
    later: bool = False
    """Whether the world begins later than the game, so that its words have to be kept."""

    def then(self, party: str, move: str) -> Situation:
        """The same after the party's next move."""
        step = Step(party, move, next=bool(self.steps))
        kept = self.steps or self.later
        words = f"{self.words}, then {party}.{move}" if kept else f"after {party}.{move}"
        return Situation(self.world, (*self.steps, step), words, self.later)


class Chain:
    """Collects the links, in order."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.cite = Citations(scenario)
        self.labels = {p.name: p.label for p in scenario.parties}
        self.reasons: list[Reason] = []
        self.breakdowns: list[Breakdown] = []
        self.decided: list[str] = []
        """Parties whose decisions have been explained, in order."""
        self._told: set[str] = set()

    def add(
        self, kind: str, text: str, figures: list[Figure], elements: list[ElementName] | None = None
    ) -> None:
        """Add a link unless it has been said already."""
        if text not in self._told:
            self._told.add(text)
            self.reasons.append(Reason(kind, text, tuple(figures), self.cite.of(elements or ())))

    def move(self, party: str, name: str) -> Move:
        """A move of the scenario."""
        moves = (m for t in self.scenario.turns for x in t.movers if x.party == party for m in x.moves)
        return next(m for m in moves if m.name == name)

    def label(self, party: str, move: str) -> str:
        """A move as a reader knows it, in quotation marks."""
        return f"“{self.move(party, move).label}”"

    # ------------------------------------------------------------ payoffs
    def difference(self, party: str, types: Types, one: Situation, two: Situation) -> None:
        """Why a party expects more in one situation than in another."""
        first, second = one.world.parts(party, one.steps, types), two.world.parts(party, two.steps, types)
        sums = sum(first.values()), sum(second.values())
        who = self.labels[party] + (f" ({', '.join(lv for t in types for lv in t.levels)})" if types else "")
        title = f"What {who} expects {one.words}, less what it expects {two.words}"
        self._breakdown(title, party, one.words, two.words, first, second)
        gap = sums[0] - sums[1]
        ranked = self._ranked({t: first[t] - second[t] for t in first})
        if not ranked:
            return
        verb = "more" if gap > 0 else "less"
        parts = listed(f"{number(gain)} from `{term.text}`" for term, gain in ranked)
        self.add(
            "difference",
            f"{who} expects {number(abs(gap))} {verb} {one.words} than {two.words}; that is made of {parts}.",
            [
                Figure(f"value({party}) {one.words}", sums[0], "utility"),
                Figure(f"value({party}) {two.words}", sums[1], "utility"),
                *(
                    Figure(f"{term.text}: {one.words} less {two.words}", gain, "utility")
                    for term, gain in ranked
                ),
            ],
            [e for term, _ in ranked for e in term.elements],
        )
        self._exposures(party, types, ranked[0][0], one, two)

    def _exposures(self, party: str, types: Types, term: Term, one: Situation, two: Situation) -> None:
        """For how long the state that a term counts lasts in both situations."""
        if term.factor is None:
            return
        first, second = (s.world.exposures(party, term, s.steps, types) for s in (one, two))
        levels = list(first)
        level = levels[int(np.argmax([abs(first[lv] - second[lv]) for lv in levels]))]
        a, b = first[level], second[level]
        if abs(a - b) < 1e-9:
            return
        self.add(
            "difference",
            f"Behind `{term.text}` stands {term.factor}: it is {level} for {number(a)} rounds {one.words} and for "
            f"{number(b)} {two.words} (rounds weighted as the payoff weighs them).",
            [
                Figure(f"weighted rounds with {term.factor} == {level} {s.words}", x, "rounds")
                for s, x in ((one, a), (two, b))
            ],
            [("public state", term.factor)],
        )

    def _ranked(self, gains: Mapping[Term, float]) -> list[tuple[Term, float]]:
        most = max((abs(g) for g in gains.values() if np.isfinite(g)), default=0.0)
        kept = [(t, g) for t, g in gains.items() if np.isfinite(g) and most > 0 and abs(g) >= SMALL * most]
        return sorted(kept, key=lambda pair: -abs(pair[1]))[:MOST_TERMS]

    def _breakdown(
        self,
        title: str,
        party: str,
        one: str,
        two: str,
        first: Mapping[Term, float],
        second: Mapping[Term, float],
    ) -> None:
        parts = [Part(t.text, first[t], second.get(t, 0.0), self.cite.of(t.elements)) for t in first]
        kept = sorted((p for p in parts if p.first or p.second), key=lambda p: -abs(p.difference))
        self.breakdowns.append(Breakdown(title, party, one, two, tuple(kept)))

    # ------------------------------------------------------------ decisions
    def decision(self, party: str, move: str | None, at: Situation) -> None:
        """What a party chooses next, and why that move rather than its best alternative."""
        choices = at.world.choices(party, at.steps)
        ranked = sorted(choices, key=lambda m: -choices[m])
        if len(ranked) < 2:
            return
        main = move if move in choices else ranked[0]
        other = next(m for m in ranked if m != main)
        better, worse = (main, other) if choices[main] >= choices[other] else (other, main)
        who = self.labels[party]
        self.decided.append(party)
        self.add(
            "choice",
            f"{at.words[0].upper()}{at.words[1:]}, {who} chooses {self.label(party, better)} with "
            f"{percent(choices[better])} and {self.label(party, worse)} with {percent(choices[worse])}.",
            [
                Figure(f"P({party} chooses {m} next) {at.words}", choices[m], "probability")
                for m in (better, worse)
            ],
            [("move", f"{party}.{m}") for m in (better, worse)],
        )
        total, by_type = at.world.action_parts(party, better, worse, at.steps)
        self._gains(party, better, worse, total, by_type)
        self.replies(party, better, worse, at)
        self.inference(party, (better, worse), at)

    def _gains(
        self, party: str, better: str, worse: str, total: Mapping[Term, float], by_type: Mapping[str, float]
    ) -> None:
        one, two = (self.label(party, m) for m in (better, worse))
        who, zero = self.labels[party], dict.fromkeys(total, 0.0)
        title = f"What {who} gains and gives up by {one} instead of {two}"
        self._breakdown(title, party, f"{party}.{better}", f"{party}.{worse}", total, zero)
        ranked = self._ranked(total)
        for kind, told in (
            ("gain", [(t, g) for t, g in ranked if g > 0]),
            ("fear", [(t, g) for t, g in ranked if g < 0]),
        ):
            if not told:
                continue
            parts = listed(f"{number(abs(g))} in `{t.text}`" for t, g in told)
            verb = "gains" if kind == "gain" else "has to give up"
            self.add(
                kind,
                f"By {one} instead of {two} {who} {verb} {parts}.",
                [Figure(f"{t.text}: {party}.{better} less {party}.{worse}", g, "utility") for t, g in told],
                [e for t, _ in told for e in t.elements],
            )
        kinds = [(name, gain) for name, gain in by_type.items() if name and np.isfinite(gain)]
        if kinds:
            parts = listed(f"{number(gain)} to one that is {name}" for name, gain in kinds)
            self.add(
                "gain",
                f"In all, {one} instead of {two} is worth {parts}.",
                [
                    Figure(f"{party}.{better} less {party}.{worse} ({name})", g, "utility")
                    for name, g in kinds
                ],
                [("type", f"{d.party}.{d.name}") for d in self.scenario.types if d.party == party],
            )

    def replies(self, party: str, better: str, worse: str, at: Situation) -> None:
        """What the others do differently after one move than after another."""
        one, two = at.then(party, better), at.then(party, worse)
        for other in self.labels:
            if other != party:
                self.behaviour(other, one, two)

    def behaviour(self, party: str, one: Situation, two: Situation) -> None:
        """The move that a party's next choice differs by most between two situations."""
        first, second = one.world.choices(party, one.steps), two.world.choices(party, two.steps)
        if len(first) < 2 and len(second) < 2:
            return
        gaps = {m: first.get(m, 0.0) - second.get(m, 0.0) for m in first | second}
        most = max(gaps, key=lambda m: abs(gaps[m]))
        # What somebody does for want of anything else is no reply.
        if (
            abs(gaps[most]) < NOTABLE
            or (most not in second and len(first) < 2)
            or (most not in first and len(second) < 2)
        ):
            return
        a, b = first.get(most, 0.0), second.get(most, 0.0)
        self.add(
            "reply",
            f"{self.labels[party]} then chooses {self.label(party, most)} with {percent(a)} {one.words}, and with "
            f"{percent(b)} {two.words}.",
            [
                Figure(f"P({party} chooses {most} next) {s.words}", p, "probability")
                for s, p in ((one, a), (two, b))
            ],
            [("move", f"{party}.{most}")],
        )

    # ------------------------------------------------------------ beliefs
    def inference(self, party: str, moves: tuple[str, ...], at: Situation) -> None:
        """What everybody infers about a party from each of its moves."""
        for types in at.world.own_types(party)[1:]:
            before = at.world.belief(types, at.steps)
            then = {m: at.then(party, m) for m in moves}
            after = {m: at.world.belief(types, s.steps) for m, s in then.items()}
            if max(abs(p - before) for p in after.values()) < NOTABLE:
                continue
            name = listed(level for test in types for level in test.levels)
            told = listed(f"{percent(p)} after {self.label(party, m)}" for m, p in after.items())
            self.add(
                "belief",
                f"The others hold {self.labels[party]} for {name} with {percent(before)} before it moves, and with {told}.",
                [
                    Figure(f"belief({party} {name}) {at.words}", before, "probability"),
                    *(
                        Figure(f"belief({party} {name}) {then[m].words}", p, "probability")
                        for m, p in after.items()
                    ),
                ],
                [("type", test.subject) for test in types],
            )

    def bayes(self, tests: Types, party: str, move: str, at: Situation) -> None:
        """Why a move tells what it tells: how likely each type is to make it."""
        chances = {
            listed(level for t in types for level in t.levels): at.world.choices(party, at.steps, types).get(
                move, 0.0
            )
            for types in at.world.own_types(party)
        }
        before, after = at.world.belief(tests, at.steps), at.world.belief(tests, at.then(party, move).steps)
        name = listed(level for test in tests for level in test.levels)
        told = listed(f"one that is {kind} with {percent(p)}" for kind, p in chances.items())
        self.add(
            "belief",
            f"{self.label(party, move)} is chosen by {told}; so the belief that {self.labels[party]} is {name} goes from "
            f"{percent(before)} to {percent(after)}.",
            [
                *(
                    Figure(f"P({party} chooses {move} next, {kind})", p, "probability")
                    for kind, p in chances.items()
                ),
                Figure(f"belief({party} {name}) {at.words}", before, "probability"),
                Figure(f"belief({party} {name}) after {party}.{move}", after, "probability"),
            ],
            [("move", f"{party}.{move}"), *(("type", test.subject) for test in tests)],
        )
