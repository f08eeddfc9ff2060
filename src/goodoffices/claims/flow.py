"""A solved batch as flows over public histories: how likely each is, and what is still to come from it.

Receives a tree, figures and log strategies; returns `Flow`. Reach is kept in logarithms, so that a question about what
follows an all but impossible move is answered from ratios and not from zeros.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from goodoffices.compiler.expressions import Array
from goodoffices.compiler.figures import Figures
from goodoffices.compiler.scenario_tree import ScenarioTree


@dataclass(frozen=True, eq=False)
class Flow:
    """Index letters h public history, k type profile, p party, b draw."""

    tree: ScenarioTree
    figures: Figures
    log_strategy: Array
    """[i, m, b]"""

    @cached_property
    def log_step(self) -> Array:
        """[h, k, b] log probability of the last step into each history; zero where nothing else could happen."""
        tree = self.tree
        past, graph = tree.histories, tree.graph
        above = past.parent
        own = graph.profiles.own
        party = graph.party()[past.config[above]]
        out = np.zeros((past.count, graph.profiles.count, self.log_strategy.shape[-1]))
        base = tree.infoset_base[above]
        chosen = np.flatnonzero((base >= 0) & (above >= 0))
        rows = base[chosen, None] + own[party[chosen]]
        out[chosen] = self.log_strategy[rows, past.option[chosen, None]]
        drawn = np.flatnonzero((above >= 0) & (base < 0) & (graph.config_count[past.config[above]] > 1))
        with np.errstate(divide="ignore"):
            out[drawn] = np.log(self.figures.odds[past.edge[drawn]])
        return out

    @cached_property
    def log_reach(self) -> Array:
        """[h, k, b] log probability that the types are k and play comes to h."""
        past = self.tree.histories
        out = self.log_step.copy()
        with np.errstate(divide="ignore"):
            out[0] = np.log(self.figures.prior)
        for low, high in pairwise(past.bounds[1:]):
            out[low:high] += out[past.parent[low:high]]
        return out

    def to_come(self, party: str) -> Array:
        """[h, k, b] expected payments to the party from the step into h on, discounted to the outset."""
        number = [p.name for p in self.tree.scenario.parties].index(party)
        if number not in self._to_come:
            self._to_come[number] = self._backward(number)
        return self._to_come[number]

    @cached_property
    def _to_come(self) -> dict[int, Array]:
        return {}

    def part(self, draws: slice) -> Flow:
        """The same for some of the draws, sharing what has been computed for all of them."""
        figures = self.figures
        cut = Flow(
            self.tree,
            Figures(
                figures.payment[..., draws],
                figures.cost[..., draws],
                figures.odds[..., draws],
                figures.prior[:, draws],
                figures.rationality[:, draws],
                figures.discount[draws],
            ),
            self.log_strategy[..., draws],
        )
        # Cached properties live in the instance's dictionary: filled here, they are not computed again.
        cut.__dict__["log_step"] = self.log_step[..., draws]
        cut.__dict__["log_reach"] = self.log_reach[..., draws]
        return cut

    def _backward(self, number: int) -> Array:
        past, graph = self.tree.histories, self.tree.graph
        step = self.log_step
        out = np.zeros_like(step)
        out[1:] = self.figures.payment[past.edge[1:], :, number]
        counts = graph.config_count[past.config]
        bounds = past.bounds
        for level in range(len(bounds) - 3, -1, -1):
            here, below = slice(bounds[level], bounds[level + 1]), slice(bounds[level + 1], bounds[level + 2])
            going = np.flatnonzero(counts[here] > 0)
            first = np.cumsum(counts[here][going]) - counts[here][going]
            weighted = np.exp(step[below]) * out[below]
            out[bounds[level] + going] += np.add.reduceat(weighted, first, axis=0)
        return out
