"""A solved world of long talks as a reader of reasons sees it: what `why_solved.SolvedWorld` is for a tree.

Receives talks solved on a grid of beliefs at one point, and situations; returns plain numbers, each an exact expectation
run backward over the grid. A payoff is taken apart by running all of its terms at once, each as one lane of a batch in which
nothing else is paid; the play is the same in every lane.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from goodoffices.analyses.why_solved import Types, own_types
from goodoffices.analyses.why_terms import Term, terms_of
from goodoffices.claims.answers import Item, party_moves
from goodoffices.claims.points import Step, Steps
from goodoffices.claims.talks.reader import TalksReader
from goodoffices.compiler.expressions import Array
from goodoffices.games.recursive import RecursiveSolution
from goodoffices.language.scenario import Scenario
from goodoffices.language.tree import Event


@dataclass(frozen=True, eq=False)
class TalksWorld:
    """One world at one point."""

    reader: TalksReader
    solution: RecursiveSolution
    """One draw."""
    draws: Mapping[str, Array]
    """Parameter -> [1], in this world."""

    @property
    def scenario(self) -> Scenario:
        """What was solved."""
        return self.reader.of.scenario

    @cached_property
    def _known(self) -> dict[Item, Array]:
        return {}

    @cached_property
    def _terms(self) -> dict[tuple[str, tuple[Term, ...]], RecursiveSolution]:
        return {}

    @cached_property
    def _parts(self) -> dict[tuple[Item, tuple[Term, ...]], Array]:
        return {}

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
        return own_types(self.scenario, party)

    def _read(self, item: Item) -> Array:
        if item not in self._known:
            self._known.update(self.reader.read([item], self.solution, self.draws))
        return self._known[item]

    # ------------------------------------------------------------ parts of a payoff
    def parts(self, party: str, steps: Steps, types: Types = ()) -> dict[Term, float]:
        """The party's expectation by term; the sum is `value`."""
        terms = terms_of(self.scenario, party)
        item = Item("value", steps, party=party, types=types)
        self._pay([item], terms)
        return dict(zip(terms, self._parts[item, terms].tolist(), strict=True))

    def exposure(self, party: str, term: Term, level: str, steps: Steps, types: Types = ()) -> float:
        """For how many rounds, weighted as the term weighs them, its factor is at a level."""
        assert term.factor is not None
        levels = next(f.levels for f in self.scenario.factors if f.name == term.factor)
        terms = tuple(term.exposure(one) for one in levels)
        item = Item("value", steps, party=party, types=types)
        self._pay([item], terms)
        return float(self._parts[item, terms][levels.index(level)])

    def _pay(self, items: Sequence[Item], terms: tuple[Term, ...]) -> None:
        """Answer questions about one party's payments in the same play with nothing paid but one term, all at once."""
        new = [item for item in items if (item, terms) not in self._parts]
        if not new:
            return
        party = new[0].party
        assert party is not None
        found = self.reader.read(new, self._paid(party, terms), self.draws)
        self._parts.update({(item, terms): value for item, value in found.items()})

    def _paid(self, party: str, terms: tuple[Term, ...]) -> RecursiveSolution:
        """The solution with one lane for each term."""
        key = party, terms
        if key not in self._terms:
            of = self.reader.of
            paid = [
                replace(of, scenario=term.scenario(of.scenario, party)).data(self.draws) for term in terms
            ]
            data = replace(
                self.solution.data,
                payoff=np.concatenate([d.payoff for d in paid], axis=-1),
                end=np.concatenate([d.end for d in paid], axis=-1),
                # The width of a batch is read off the discount; everything else is the same in every lane.
                discount=np.repeat(self.solution.data.discount, len(terms)),
            )
            self._terms[key] = replace(self.solution, data=data)
        return self._terms[key]

    # ------------------------------------------------------------ decisions
    def action_parts(
        self, party: str, move: str, other: str, steps: Steps
    ) -> tuple[dict[Term, float], dict[str, float]]:
        """By how much a move's value exceeds another's at the party's next decision, as in `SolvedWorld`."""
        ways = [(*steps, Step(party, m, next=bool(steps))) for m in (move, other)]
        every = own_types(self.scenario, party)
        terms = terms_of(self.scenario, party)
        self._pay([Item("value", way, party=party, types=t) for t in every for way in ways], terms)
        total: dict[Term, float] = {}
        by_type: dict[str, float] = {}
        for types in every:
            weight = self.belief(types, steps) if types else 1.0
            one, two = (self.parts(party, way, types) for way in ways)
            name = ", ".join(level for test in types for level in test.levels)
            by_type[name] = sum(one.values()) - sum(two.values())
            for term in one:
                gain = one[term] - two[term]
                if weight > 0 and np.isfinite(gain):
                    total[term] = total.get(term, 0.0) + weight * gain
        return total, by_type
