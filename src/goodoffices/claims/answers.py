"""Answers to single questions in a solved batch.

Receives a `Flow` and an `Item` (a question without its what-if, which is the flow's); returns one number for each
draw, or for choices one for each move and draw. An answer that does not exist (the condition never occurs, or the move
it supposes does not exist) is not a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from goodoffices.claims.events import edge_names, happens
from goodoffices.claims.flow import Flow
from goodoffices.claims.points import Start, Steps, find_start, next_decisions
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.scenario_tree import ScenarioTree
from goodoffices.language.scenario import Scenario
from goodoffices.language.tree import Event, LevelTest


@dataclass(frozen=True)
class Item:
    """One thing to be read off a solved batch.

    `P`, `value` and `belief` as in `Question`; `choice`: probability of each of the party's moves at its next
    decision; `cost`: expected cost of each move there (not a number where it is never available).
    """

    kind: str
    steps: Steps = ()
    event: Event | None = None
    party: str | None = None
    types: tuple[LevelTest, ...] = ()


def party_moves(scenario: Scenario, party: str) -> tuple[str, ...]:
    """Every move that the party has at any turn, each once, in the scenario's order."""
    moves = (
        m.name for t in scenario.turns for mover in t.movers if mover.party == party for m in mover.moves
    )
    return tuple(dict.fromkeys(moves))


class Reader:
    """Reads items off flows of one tree; what does not depend on draws is kept."""

    def __init__(self, tree: ScenarioTree) -> None:
        self.tree = tree
        self._starts: dict[Steps, Start] = {}
        self._events: dict[tuple[Event, Steps], tuple[NDArray[np.int64], NDArray[np.bool_]]] = {}

    def start(self, steps: Steps) -> Start:
        """Where a question with these steps starts."""
        if steps not in self._starts:
            self._starts[steps] = find_start(self.tree, steps)
        return self._starts[steps]

    def read(self, item: Item, flow: Flow) -> Array:
        """[b], or [move, b] for choices and costs."""
        read = {"P": self._probability, "value": self._value, "belief": self._belief}.get(item.kind)
        with np.errstate(all="ignore"):
            return read(item, flow) if read else self._moves(item, flow)

    def profiles(self, types: tuple[LevelTest, ...]) -> NDArray[np.bool_]:
        """[k] type profiles at which all tests hold."""
        names = {f"{d.party}.{d.name}": d.levels for d in self.tree.scenario.types}
        rows = self.tree.graph.profiles.rows()
        fits = np.ones(self.tree.graph.profiles.count, dtype=bool)
        for test in types:
            fits &= np.isin(rows[test.subject], [names[test.subject].index(level) for level in test.levels])
        return fits

    # ------------------------------------------------------------ kinds
    def _weights(
        self, flow: Flow, here: NDArray[np.int64], fits: NDArray[np.bool_] | None = None
    ) -> tuple[Array, Array]:
        """[h, k, b] relative weights of histories and types, and [b] the logarithm they are relative to."""
        reach = flow.log_reach[here]
        if fits is not None:
            reach = np.where(fits[:, None], reach, -np.inf)
        if not len(here):
            return reach, cast("Array", np.full(reach.shape[-1], np.nan))
        top = cast("Array", reach.max(axis=(0, 1)))
        weights: Array = np.exp(reach - np.where(np.isfinite(top), top, 0.0))
        return weights, top

    def _probability(self, item: Item, flow: Flow) -> Array:
        start = self.start(item.steps)
        assert item.event is not None
        key = (item.event, item.steps)
        if key not in self._events:
            truth = happens(self.tree, item.event, start)
            leaves = np.flatnonzero(truth.any(1))
            self._events[key] = leaves, truth[leaves]
        leaves, truth = self._events[key]
        weights, top = self._weights(flow, np.flatnonzero(start.here))
        total = weights.sum((0, 1))
        reach = np.exp(flow.log_reach[leaves] - np.where(np.isfinite(top), top, 0.0))
        found = (reach * truth[:, :, None]).sum((0, 1)) / total
        # Sums of many terms may leave [0, 1] by rounding.
        return np.clip(found, 0.0, 1.0)

    def _value(self, item: Item, flow: Flow) -> Array:
        start = self.start(item.steps)
        here = np.flatnonzero(start.here)
        assert item.party is not None
        weights, _ = self._weights(flow, here, self.profiles(item.types))
        worth = flow.to_come(item.party)[here] + self._earlier_in_turn(item.party, here, flow)
        scale = flow.figures.discount[None, :] ** -start.round[here, None]
        total = weights.sum((0, 1))
        return np.where(weights > 0, weights * worth * scale[:, None, :], 0.0).sum((0, 1)) / total

    def _earlier_in_turn(self, party: str, here: NDArray[np.int64], flow: Flow) -> Array:
        """What the party paid in the same turn before: moves of one turn are simultaneous, whatever their order."""
        past, graph = self.tree.histories, self.tree.graph
        number = [p.name for p in self.tree.scenario.parties].index(party)
        ends = graph.turn_ends()
        out = np.zeros((len(here), graph.profiles.count, flow.log_strategy.shape[-1]))
        at = past.parent[here].copy()
        while True:
            open_turn = np.flatnonzero((at > 0) & ~ends[past.edge[at]])
            if not len(open_turn):
                return out
            out[open_turn] += flow.figures.payment[past.edge[at[open_turn]], :, number]
            at = np.where(np.isin(np.arange(len(at)), open_turn), past.parent[at], -1)

    def _belief(self, item: Item, flow: Flow) -> Array:
        weights, _ = self._weights(flow, np.flatnonzero(self.start(item.steps).here))
        by_profile = weights.sum(0)
        return by_profile[self.profiles(item.types)].sum(0) / by_profile.sum(0)

    def _moves(self, item: Item, flow: Flow) -> Array:
        tree = self.tree
        assert item.party is not None
        deciding = next_decisions(tree, item.party, self.start(item.steps))
        past = tree.histories
        children = 1 + np.flatnonzero(deciding[past.parent[1:]])
        fits = self.profiles(item.types)
        _, top = self._weights(flow, np.flatnonzero(deciding), fits)
        shift = np.where(np.isfinite(top), top, 0.0)
        source = flow.log_reach if item.kind == "choice" else flow.log_reach[past.parent]
        weights = np.where(fits[:, None], np.exp(source[children] - shift), 0.0)
        names = edge_names(tree, item.party)[past.edge[children]]
        out: list[Array] = []
        whole = weights.sum((0, 1))
        for name in party_moves(tree.scenario, item.party):
            mine = np.flatnonzero(names == name)
            if item.kind == "choice":
                out.append(weights[mine].sum((0, 1)) / whole)
            else:
                cost = flow.figures.cost[past.edge[children[mine]]]
                out.append((weights[mine] * cost).sum((0, 1)) / weights[mine].sum((0, 1)))
        return np.stack(out)
