"""Effects of levers that are read off flows: those of a chosen move, of its shadow, and of its not being used.

Receives the flows of all worlds of a survey, chunk by chunk; returns one array [b] for each effect. Trees only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from goodoffices.analyses.levers_notes import LeverNotes
from goodoffices.claims.answers import Reader
from goodoffices.claims.events import happens
from goodoffices.claims.flow import Flow
from goodoffices.claims.worlds import AS_IS, World
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.scenario_tree import ScenarioTree
from goodoffices.language.tree import MoveMade, Timed

if TYPE_CHECKING:
    from goodoffices.analyses.levers import Lever, Measure


class LeverReader(LeverNotes):
    """Takes notes of flows; pass `see` to the survey as its `watch`."""

    def __init__(
        self,
        reader: Reader,
        measures: Sequence[Measure],
        levers: Sequence[Lever],
        worlds: Mapping[str, Mapping[str, World]],
    ) -> None:
        super().__init__(measures, levers, worlds)
        self.reader, self.tree = reader, reader.tree
        self.truth: dict[str, NDArray[np.bool_]] = {}
        outset = reader.start(())
        for measure in measures:
            if measure.item.event is not None:
                self.truth[measure.text] = happens(self.tree, measure.item.event, outset)
        self.over = (self.tree.graph.config_count == 0)[self.tree.histories.config]
        self.unused = {
            lever.name: ~happens(self.tree, Timed("ever", MoveMade(lever.party, lever.move)), outset)
            & self.over[:, None]
            for lever in levers
        }

    def see(self, flows: Mapping[World, Flow], part: slice) -> None:
        """Take notes of one chunk."""
        here = flows[AS_IS]
        paid = {m.text: total_paid(here, m.item.party) for m in self.measures if m.item.party is not None}
        for lever in self.levers:
            gone = self.worlds[lever.name].get("without")
            mixed = None if gone is None else mix(here, flows[gone], lever.party)
            for measure in self.measures:
                self.note(lever, measure, "chosen", self._chosen(here, lever, measure))
                if gone is None or mixed is None:
                    continue
                base = self.reader.read(measure.item, flows[gone])
                self.note(lever, measure, "shadow", self.reader.read(measure.item, mixed) - base)
                unused = self._on_paths(here, self.unused[lever.name], measure, paid)
                self.note(lever, measure, "unused", unused - base)

    # ------------------------------------------------------------ effects
    def _chosen(self, flow: Flow, lever: Lever, measure: Measure) -> Array:
        """[b] the measure where the move was chosen at its first decision, less the measure at that decision."""
        tree, past = self.tree, self.tree.histories
        choice = lever.party, lever.move
        # A move that is the only one is no choice.
        free = (tree.graph.config_count > 1)[past.config]
        deciding = tree.first_choices(choice) & free
        children = np.flatnonzero(np.append(False, deciding[past.parent[1:]]))
        if not len(children):
            return np.full(flow.log_strategy.shape[-1], np.nan)
        option = tree.option_of(choice)[past.config[past.parent[children]]]
        taken = children[past.option[children] == option]
        if measure.item.party is None:
            truth = self.truth[measure.text]
            return self._share(flow, taken, truth) - self._share(flow, children, truth)
        party = measure.item.party
        return self._worth(flow, taken, party) - self._worth(flow, children, party)

    def _share(self, flow: Flow, starts: NDArray[np.int64], truth: NDArray[np.bool_]) -> Array:
        """[b] probability of an event of complete paths, given that play passes through one of the histories."""
        inside = behind(self.tree, starts)
        leaves = np.flatnonzero(inside & self.over)
        weights = relative(flow.log_reach[leaves])
        hit = np.broadcast_to(truth[leaves][:, :, None], weights.shape)
        with np.errstate(invalid="ignore"):
            return (weights * hit).sum((0, 1)) / weights.sum((0, 1))

    def _worth(self, flow: Flow, starts: NDArray[np.int64], party: str) -> Array:
        """[b] what the party expects from the step into one of the histories on, discounted to the round of that step."""
        past, graph = self.tree.histories, self.tree.graph
        weights = relative(flow.log_reach[starts])
        rounds = graph.config_round[graph.edge_from][past.edge[starts]]
        scale = flow.figures.discount[None, :] ** -rounds[:, None]
        worth = np.where(weights > 0, weights * flow.to_come(party)[starts] * scale[:, None, :], 0.0)
        with np.errstate(invalid="ignore"):
            return worth.sum((0, 1)) / weights.sum((0, 1))

    def _on_paths(
        self, flow: Flow, paths: NDArray[np.bool_], measure: Measure, paid: Mapping[str, Array]
    ) -> Array:
        """[b] the measure over complete paths, given that play takes one of these."""
        leaves = np.flatnonzero(paths.any(1))
        reach = np.where(paths[leaves][:, :, None], flow.log_reach[leaves], -np.inf)
        weights = relative(reach)
        if measure.item.party is None:
            worth = np.broadcast_to(self.truth[measure.text][leaves][:, :, None], weights.shape)
        else:
            worth = paid[measure.text][leaves]
        with np.errstate(invalid="ignore"):
            return np.where(weights > 0, weights * worth, 0.0).sum((0, 1)) / weights.sum((0, 1))


def mix(here: Flow, gone: Flow, party: str) -> Flow:
    """Play in which a party does what it does in one world (`gone`) and all others what they do in another (`here`)."""
    game = here.tree.game
    own = (game.infoset_player == game.players.index(party))[:, None, None]
    return Flow(here.tree, here.figures, np.where(own, gone.log_strategy, here.log_strategy))


def total_paid(flow: Flow, party: str) -> Array:
    """[h, k, b] everything that the party has been paid on the way to a history, discounted to the outset."""
    tree = flow.tree
    past = tree.histories
    number = [p.name for p in tree.scenario.parties].index(party)
    out = np.zeros(flow.log_reach.shape)
    out[1:] = flow.figures.payment[past.edge[1:], :, number]
    for low, high in pairwise(past.bounds[1:]):
        out[low:high] += out[past.parent[low:high]]
    return out


def behind(tree: ScenarioTree, starts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """[h] at one of the histories or after it."""
    past = tree.histories
    out = np.zeros(past.count, dtype=bool)
    out[starts] = True
    for low, high in pairwise(past.bounds[1:]):
        out[low:high] |= out[past.parent[low:high]]
    return out


def relative(log_weights: Array) -> Array:
    """Weights [h, k, b] from their logarithms, relative to the largest of each draw."""
    if not log_weights.size:
        return log_weights
    top = log_weights.max(axis=(0, 1))
    weights: Array = np.exp(log_weights - np.where(np.isfinite(top), top, 0.0))
    return weights
