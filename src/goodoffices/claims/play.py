"""The play of the game, drawn to a depth: who does what, with which probability, and what it tells the others.

Receives flows chunk by chunk (the first point being the prior medians); returns a `PlayPoint`. The first round is kept
whole, up to `MOST_POINTS` points, later ones where play comes with at least `LEAST_REACH` at the medians. Lotteries are
points of their own. What is forced (only one move) is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from goodoffices.claims.flow import Flow
from goodoffices.claims.verdict import PlayMove, PlayPoint
from goodoffices.compiler.expressions import Array
from goodoffices.compiler.scenario_tree import ScenarioTree
from goodoffices.compiler.slots import LOTTERY, MOVE

LEAST_REACH = 0.02
MOST_POINTS = 240


class PlayRecorder:
    """Keeps what the drawing needs while a survey goes over its points; the survey's `look`, and a `Notebook`."""

    def __init__(self, tree: ScenarioTree) -> None:
        self.tree = tree
        self.shown: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.weight: Array = np.zeros((0, 0))
        """[h, k] reach at the medians."""
        self.shares: dict[int, list[Array]] = {}
        """History -> [b] probability of the last step into it, over the mover's types."""

    def see(self, flow: Flow, part: slice) -> None:
        """Take notes of one chunk."""
        if part.start == 0:
            self.weight = np.exp(flow.log_reach[..., 0])
            self.shown = self._choose()
        for h in self.shown.tolist():
            reach = flow.log_reach[h]
            top = np.maximum(reach.max(0), -1e300)
            whole = np.exp(reach - top).sum(0)
            for child in self._children(h):
                with np.errstate(all="ignore"):
                    share = np.exp(flow.log_reach[child] - top).sum(0) / whole
                self.shares.setdefault(child, []).append(share)

    def __call__(self, flow: Flow, part: slice, /) -> None:
        """The same as `see`."""
        self.see(flow, part)

    def notes(self) -> Mapping[str, Array]:
        """Everything that was noted."""
        shares = [np.concatenate(parts) for parts in self.shares.values()]
        return {
            "weight": self.weight,
            "shown": self.shown.astype(float),
            "histories": np.array(list(self.shares), float),
            "shares": np.stack(shares) if shares else np.zeros((0, 0)),
        }

    def recall(self, notes: Mapping[str, Array], /) -> None:
        """Be as if all of it had been seen."""
        histories = [int(h) for h in notes.get("histories", np.zeros(0)).tolist()]
        self.weight = notes["weight"]
        self.shown = notes.get("shown", np.zeros(0)).astype(np.int64)
        self.shares = (
            {h: [share] for h, share in zip(histories, notes["shares"], strict=True)} if histories else {}
        )

    def build(self, solved: NDArray[np.bool_]) -> PlayPoint:
        """The drawing; `solved` [b] says which points count, the first of them being the medians."""
        first = self._visible(0)
        if not len(solved) or not solved[0]:
            return self._point(first, {})
        return self._point(first, {h: np.concatenate(parts) for h, parts in self.shares.items()}, solved)

    # ------------------------------------------------------------ histories
    def _children(self, history: int) -> range:
        parent = self.tree.histories.parent
        low, high = np.searchsorted(parent, [history, history + 1])
        return range(int(low), int(high))

    def _visible(self, history: int) -> int:
        """The next history at which something is chosen or drawn, or at which play ends."""
        counts, config = self.tree.graph.config_count, self.tree.histories.config
        while counts[config[history]] == 1:
            history = self._children(history)[0]
        return history

    def _choose(self) -> NDArray[np.int64]:
        past, graph = self.tree.histories, self.tree.graph
        reach = self.weight.sum(1)
        going = (graph.config_count > 1)[past.config]
        early = (graph.config_round == 0)[past.config]
        wanted = np.flatnonzero(going & (early | (reach >= LEAST_REACH)))
        # A parent comes before its children: it is reached at least as often, and has a smaller number.
        order = wanted[np.lexsort((wanted, -reach[wanted]))]
        return np.sort(order[:MOST_POINTS])

    # ------------------------------------------------------------ points
    def _point(
        self, history: int, shares: dict[int, Array], solved: NDArray[np.bool_] | None = None
    ) -> PlayPoint:
        tree, graph = self.tree, self.tree.graph
        config = int(tree.histories.config[history])
        slot = graph.slots[int(graph.config_slot[config])] if graph.config_count[config] else None
        party = tree.scenario.parties[slot.party].name if slot and slot.kind == MOVE else "chance"
        moves: tuple[PlayMove, ...] = ()
        if solved is not None and slot is not None:
            moves = tuple(self._move(child, shares, solved) for child in self._children(history))
        return PlayPoint(
            party=party,
            round=min(int(graph.config_round[config]) + 1, tree.rounds),
            state=self._state(history),
            reach=float(self.weight[history].sum()) if len(self.weight) else 1.0,
            beliefs=self._beliefs(history),
            moves=moves,
        )

    def _move(self, child: int, shares: dict[int, Array], solved: NDArray[np.bool_]) -> PlayMove:
        tree, graph, past = self.tree, self.tree.graph, self.tree.histories
        edge = int(past.edge[child])
        slot = graph.slots[int(graph.config_slot[graph.edge_from[edge]])]
        turn = tree.scenario.turns[slot.turn]
        label, lever, name = tree.option_name(edge), None, tree.option_name(edge)
        if slot.kind == MOVE:
            move = turn.movers[slot.mover].moves[graph.options[edge].label]
            name, label, lever = move.name, move.label, move.lever
        elif turn.outcomes and not graph.options[edge].names:
            label = turn.outcomes[graph.options[edge].label].label
        over_draws = shares[child][1:][solved[1:]]
        over_draws = over_draws[~np.isnan(over_draws)]
        probability = float(shares[child][0])
        low, high = np.quantile(over_draws, [0.05, 0.95]) if len(over_draws) else (probability, probability)
        following = self._visible(child)
        shown = following in self.shown
        return PlayMove(
            move=name,
            label=label,
            lever=lever,
            probability=probability,
            low=float(low),
            high=float(high),
            by_type=self._by_type(child, slot.party) if slot.kind == MOVE else {},
            beliefs_after=self._beliefs(child),
            state_after=self._state(self._settled(child)),
            then=self._point(following, shares, solved) if shown else None,
        )

    def _settled(self, history: int) -> int:
        """Where the turn's lottery most likely leads."""
        graph, past = self.tree.graph, self.tree.histories
        kinds = graph.kind()
        while kinds[past.config[history]] == LOTTERY:
            children = self._children(history)
            history = children[int(np.argmax(self.weight[children.start : children.stop].sum(1)))]
        return history

    def _by_type(self, child: int, party: int) -> dict[str, float]:
        profiles = self.tree.graph.profiles
        labels = profiles.own_labels[party]
        if labels == ("",):
            return {}
        before = self.weight[self.tree.histories.parent[child]]
        out: dict[str, float] = {}
        for own, label in enumerate(labels):
            mine = profiles.own[party] == own
            whole = before[mine].sum()
            out[label] = float(self.weight[child][mine].sum() / whole) if whole > 0 else float("nan")
        return out

    def _beliefs(self, history: int) -> dict[str, dict[str, float]]:
        scenario, profiles = self.tree.scenario, self.tree.graph.profiles
        weight = self.weight[history] if len(self.weight) else np.full(profiles.count, np.nan)
        whole = weight.sum()
        out: dict[str, dict[str, float]] = {}
        for d, dimension in enumerate(scenario.types):
            shares = [
                float(weight[profiles.levels[d] == level].sum() / whole) if whole > 0 else float("nan")
                for level in range(len(dimension.levels))
            ]
            out[f"{dimension.party}.{dimension.name}"] = dict(zip(dimension.levels, shares, strict=True))
        return out

    def _state(self, history: int) -> dict[str, str]:
        levels = self.tree.history_levels[history]
        return {f.name: f.levels[i] for f, i in zip(self.tree.scenario.factors, levels, strict=True)}
