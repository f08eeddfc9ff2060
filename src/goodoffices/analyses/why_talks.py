"""A solved world of long talks as a reader of reasons sees it: what `why_tree.TreeWorld` is for a tree.

Receives talks solved on a grid of beliefs at one point, and situations; returns plain numbers, each an exact expectation
run backward over the grid. A payoff is taken apart by running all of its terms at once, each as one lane of a batch in which
nothing else is paid; the play is the same in every lane.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from goodoffices.analyses.why_solved import SolvedWorld
from goodoffices.analyses.why_terms import Term
from goodoffices.claims.answers import Item
from goodoffices.claims.talks.reader import TalksReader
from goodoffices.compiler.expressions import Array
from goodoffices.games.recursive import RecursiveSolution
from goodoffices.language.scenario import Scenario


@dataclass(frozen=True, eq=False)
class TalksWorld(SolvedWorld):
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
    def _known_parts(self) -> dict[tuple[Item, tuple[Term, ...]], Array]:
        return {}

    def _read(self, item: Item) -> Array:
        if item not in self._known:
            self._known.update(self.reader.read([item], self.solution, self.draws))
        return self._known[item]

    def _by_term(
        self, party: str, items: Sequence[Item], terms: tuple[Term, ...]
    ) -> Sequence[Sequence[float]]:
        if not terms:  # nothing is at stake for the party, and a batch has one lane at least
            return [[] for _ in items]
        new = [item for item in items if (item, terms) not in self._known_parts]
        if new:
            found = self.reader.read(new, self._paid(party, terms), self.draws)
            self._known_parts.update({(item, terms): value for item, value in found.items()})
        return [self._known_parts[item, terms].tolist() for item in items]

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
