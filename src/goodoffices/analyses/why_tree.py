"""A solved world of a tree as a reader of reasons sees it.

Receives a tree, the flow of one world at one point, and situations; returns plain numbers. A term of a payoff is the same
question asked of a flow with the same strategies and other payments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from goodoffices.analyses.why_solved import SolvedWorld
from goodoffices.analyses.why_terms import Term
from goodoffices.claims.answers import Item, Reader
from goodoffices.claims.flow import Flow
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.figures import figures
from goodoffices.language.scenario import Scenario


@dataclass(frozen=True, eq=False)
class TreeWorld(SolvedWorld):
    """One world at one point."""

    reader: Reader
    flow: Flow
    """One draw."""
    draws: Mapping[str, Array]
    """Parameter -> [1], in this world."""

    @property
    def scenario(self) -> Scenario:
        """What was solved."""
        return self.reader.tree.scenario

    @cached_property
    def _terms(self) -> dict[tuple[str, Term], Flow]:
        return {}

    def _read(self, item: Item) -> Array:
        return self.reader.read(item, self.flow)

    def _by_term(
        self, party: str, items: Sequence[Item], terms: tuple[Term, ...]
    ) -> Sequence[Sequence[float]]:
        flows = [self._paid(party, term) for term in terms]
        return [[float(self.reader.read(item, flow)[0]) for flow in flows] for item in items]

    def _paid(self, party: str, term: Term) -> Flow:
        """The same play with nothing paid but one term."""
        key = party, term
        if key not in self._terms:
            tree = self.reader.tree
            only = replace(tree.graph, scenario=term.scenario(tree.graph.scenario, party))
            paid = replace(self.flow.figures, payment=figures(only, self.draws).payment)
            flow = Flow(tree, paid, self.flow.log_strategy)
            # The play is the same: what was computed of it is shared.
            flow.__dict__["log_step"], flow.__dict__["log_reach"] = self.flow.log_step, self.flow.log_reach
            self._terms[key] = flow
        return self._terms[key]
