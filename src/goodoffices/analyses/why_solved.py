"""A solved world as a reader of reasons sees it: questions answered, payoffs taken apart, choices and beliefs.

Receives situations (what had been done before) in one world at one point; returns plain numbers. Subclasses read a form of
the game. Payoffs are taken apart exactly: the same question is asked of the same play with one term paid and nothing else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from goodoffices.analyses.why_terms import Term, terms_of
from goodoffices.claims.answers import Item, party_moves
from goodoffices.claims.points import Step, Steps
from goodoffices.compiler.expressions import Array
from goodoffices.language.scenario import Scenario
from goodoffices.language.tree import Event, LevelTest

Types = tuple[LevelTest, ...]


class SolvedWorld(ABC):
    """One world at one point."""

    @property
    @abstractmethod
    def scenario(self) -> Scenario:
        """What was solved."""

    @abstractmethod
    def _read(self, item: Item) -> Array:
        """[1], or [move, 1] for choices."""

    # ------------------------------------------------------------ questions
    def probability(self, event: Event, steps: Steps) -> float:
        """Probability of an event."""
        return float(self._read(Item("P", steps, event))[0])

    def value(self, party: str, steps: Steps, types: Types = ()) -> float:
        """What the party expects."""
        return float(self._read(Item("value", steps, party=party, types=types))[0])

    def choices(self, party: str, steps: Steps, types: Types = ()) -> dict[str, float]:
        """Probability of each move at the party's next decision; empty where it has none."""
        found = self._read(Item("choice", steps, party=party, types=types))[:, 0]
        return {m: float(p) for m, p in zip(party_moves(self.scenario, party), found, strict=True) if p > 0}

    def belief(self, tests: Types, steps: Steps) -> float:
        """What everybody believes."""
        return float(self._read(Item("belief", steps, types=tests))[0])

    def own_types(self, party: str) -> tuple[Types, ...]:
        """Every combination of levels of the party's own types; one empty one where it has none."""
        out: list[Types] = [()]
        for d in self.scenario.types:
            if d.party == party:
                out = [(*t, LevelTest(f"{party}.{d.name}", (level,))) for t in out for level in d.levels]
        return tuple(out)

    # ------------------------------------------------------------ parts of a payoff
    def parts(self, party: str, steps: Steps, types: Types = ()) -> dict[Term, float]:
        """The party's expectation by term; the sum is `value`."""
        (found,) = self._parts(party, [Item("value", steps, party=party, types=types)])
        return found

    def exposures(self, party: str, term: Term, steps: Steps, types: Types = ()) -> dict[str, float]:
        """For how many rounds, weighted as the term weighs them, its factor is at each of its levels."""
        levels = next(f.levels for f in self.scenario.factors if f.name == term.factor)
        item = Item("value", steps, party=party, types=types)
        (found,) = self._by_term(party, [item], tuple(term.exposure(level) for level in levels))
        return dict(zip(levels, found, strict=True))

    def action_parts(
        self, party: str, move: str, other: str, steps: Steps
    ) -> tuple[dict[Term, float], dict[str, float]]:
        """By how much a move's value exceeds another's at the party's next decision: by term, and in all for each type.

        Terms are averaged over the party's types as everybody believes in them at that point.
        """
        ways = [(*steps, Step(party, m, next=bool(steps))) for m in (move, other)]
        every = self.own_types(party)
        items = [Item("value", way, party=party, types=t) for t in every for way in ways]
        found = iter(self._parts(party, items))
        total: dict[Term, float] = {}
        by_type: dict[str, float] = {}
        for types in every:
            weight = self.belief(types, steps) if types else 1.0
            one, two = next(found), next(found)
            name = ", ".join(level for test in types for level in test.levels)
            by_type[name] = sum(one.values()) - sum(two.values())
            for term in one:
                gain = one[term] - two[term]
                if weight > 0 and np.isfinite(gain):
                    total[term] = total.get(term, 0.0) + weight * gain
        return total, by_type

    def _parts(self, party: str, items: Sequence[Item]) -> list[dict[Term, float]]:
        terms = terms_of(self.scenario, party)
        return [dict(zip(terms, found, strict=True)) for found in self._by_term(party, items, terms)]

    @abstractmethod
    def _by_term(
        self, party: str, items: Sequence[Item], terms: tuple[Term, ...]
    ) -> Sequence[Sequence[float]]:
        """[item][term] values of a party in the same play where it is paid one term and nothing else."""
