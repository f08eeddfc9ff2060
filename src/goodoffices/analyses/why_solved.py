"""A solved world as a reader of reasons sees it: questions answered, payoffs taken apart, choices and beliefs.

Receives a tree, the flow of one world at one point, and situations (what had been done before); returns plain numbers.
Payoffs are taken apart exactly: the same question is asked of the same play with one term paid and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from goodoffices.analyses.why_terms import Term, terms_of
from goodoffices.claims.answers import Item, Reader, party_moves
from goodoffices.claims.flow import Flow
from goodoffices.claims.points import Step, Steps
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.figures import figures
from goodoffices.compiler.scenario_tree import ScenarioTree
from goodoffices.language.scenario import Scenario
from goodoffices.language.tree import Event, LevelTest

Types = tuple[LevelTest, ...]


@dataclass(frozen=True, eq=False)
class SolvedWorld:
    """One world at one point."""

    reader: Reader
    flow: Flow
    """One draw."""
    draws: Mapping[str, Array]
    """Parameter -> [1], in this world."""

    @property
    def tree(self) -> ScenarioTree:
        """The tree that was solved."""
        return self.reader.tree

    @cached_property
    def _terms(self) -> dict[tuple[str, Term, str | None], Flow]:
        return {}

    # ------------------------------------------------------------ questions
    def probability(self, event: Event, steps: Steps) -> float:
        """Probability of an event."""
        return float(self.reader.read(Item("P", steps, event), self.flow)[0])

    def value(self, party: str, steps: Steps, types: Types = ()) -> float:
        """What the party expects."""
        return float(self.reader.read(Item("value", steps, party=party, types=types), self.flow)[0])

    def choices(self, party: str, steps: Steps, types: Types = ()) -> dict[str, float]:
        """Probability of each move at the party's next decision; empty where it has none."""
        found = self.reader.read(Item("choice", steps, party=party, types=types), self.flow)[:, 0]
        moves = party_moves(self.tree.scenario, party)
        return {m: float(p) for m, p in zip(moves, found, strict=True) if p > 0}

    def belief(self, tests: Types, steps: Steps) -> float:
        """What everybody believes."""
        return float(self.reader.read(Item("belief", steps, types=tests), self.flow)[0])

    def own_types(self, party: str) -> tuple[Types, ...]:
        """Every combination of levels of the party's own types; one empty one where it has none."""
        return own_types(self.tree.scenario, party)

    # ------------------------------------------------------------ parts of a payoff
    def parts(self, party: str, steps: Steps, types: Types = ()) -> dict[Term, float]:
        """The party's expectation by term; the sum is `value`."""
        item = Item("value", steps, party=party, types=types)
        return {
            term: float(self.reader.read(item, self._paid(party, term, None))[0])
            for term in terms_of(self.tree.scenario, party)
        }

    def part_at(self, party: str, term: Term, level: str, steps: Steps, types: Types = ()) -> float:
        """What of a term is due to one level of its factor."""
        item = Item("value", steps, party=party, types=types)
        return float(self.reader.read(item, self._paid(party, term, level))[0])

    def exposure(self, party: str, term: Term, level: str, steps: Steps, types: Types = ()) -> float:
        """For how many rounds, weighted as the term weighs them, its factor is at a level."""
        item = Item("value", steps, party=party, types=types)
        return float(self.reader.read(item, self._paid(party, term.exposure(level), None))[0])

    def _paid(self, party: str, term: Term, level: str | None) -> Flow:
        """The same play with nothing paid but one term."""
        key = party, term, level
        if key not in self._terms:
            graph = self.tree.graph
            only = replace(graph, scenario=term.scenario(graph.scenario, party, level=level))
            paid = replace(self.flow.figures, payment=figures(only, self.draws).payment)
            flow = Flow(self.tree, paid, self.flow.log_strategy)
            # The play is the same: what was computed of it is shared.
            flow.__dict__["log_step"], flow.__dict__["log_reach"] = self.flow.log_step, self.flow.log_reach
            self._terms[key] = flow
        return self._terms[key]

    # ------------------------------------------------------------ decisions
    def action_parts(
        self, party: str, move: str, other: str, steps: Steps
    ) -> tuple[dict[Term, float], dict[str, float]]:
        """By how much a move's value exceeds another's at the party's next decision: by term, and in all for each type.

        Terms are averaged over the party's types as everybody believes in them at that point.
        """
        total: dict[Term, float] = {}
        by_type: dict[str, float] = {}
        for types in self.own_types(party):
            weight = self.belief(types, steps) if types else 1.0
            ways = [(*steps, Step(party, m, next=bool(steps))) for m in (move, other)]
            one, two = (self.parts(party, way, types) for way in ways)
            name = ", ".join(level for test in types for level in test.levels)
            by_type[name] = sum(one.values()) - sum(two.values())
            for term in one:
                gain = one[term] - two[term]
                if weight > 0 and np.isfinite(gain):
                    total[term] = total.get(term, 0.0) + weight * gain
        return total, by_type


def own_types(scenario: Scenario, party: str) -> tuple[Types, ...]:
    """Every combination of levels of a party's own types; one empty one where it has none."""
    out: list[Types] = [()]
    for d in scenario.types:
        if d.party == party:
            out = [(*t, LevelTest(f"{party}.{d.name}", (level,))) for t in out for level in d.levels]
    return tuple(out)
