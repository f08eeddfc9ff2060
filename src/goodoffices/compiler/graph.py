"""The graph of states: what can happen at each slot of each round, before it is unrolled into histories.

Receives a scenario and a number of rounds; returns a `StateGraph`, whose size does not grow with the number of
histories and from which the size of the tree is counted before anything large is made. Refuses open-ended talks and
trees that would not fit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goodoffices.compiler.profiles import Profiles, number_profiles
from goodoffices.compiler.slots import CHANCE, LOTTERY, MOVE, Key, Option, Rules, Slot, State
from goodoffices.core.diagnostics import Refusal, refuse
from goodoffices.language.scenario import Scenario

MOST_NODES = 2_000_000
"""Trees of more nodes are refused."""
PATIENCE = 20_000
"""Graphs of fewer edges are finished, however large the tree, so that its size can be told."""
READABLE = 10**15
"""Larger numbers are shown as powers of ten."""


@dataclass(frozen=True, eq=False)
class StateGraph:
    """Configurations (a state at a slot of a round) and edges between them.

    Index letters: c configuration, e edge, f factor, l level (slot of a round), s distinct state. The edges of a
    configuration are consecutive and in the scenario's order. Level 0 is the outset; every edge leads one level on.
    """

    scenario: Scenario
    rounds: int
    slots: tuple[Slot, ...]
    profiles: Profiles
    states: NDArray[np.int64]
    """[s, f] index of each factor's level."""
    config_level: NDArray[np.int64]
    config_round: NDArray[np.int64]
    """[c] from zero; `rounds` for what is reached after the last round."""
    config_slot: NDArray[np.int64]
    """[c] index into `slots`, -1 where play has ended."""
    config_state: NDArray[np.int64]
    """[c] index into `states`."""
    config_first: NDArray[np.int64]
    """[c] first edge."""
    config_count: NDArray[np.int64]
    """[c] number of edges; zero where play has ended."""
    edge_from: NDArray[np.int64]
    edge_to: NDArray[np.int64]
    edge_label: NDArray[np.int64]
    """[e] index of the move or outcome in the scenario; for lotteries the number of the combination."""
    edge_round_end: NDArray[np.bool_]
    """[e] whether the round ends here, so that values accrue."""
    options: tuple[Option, ...]
    """[e] what happens."""

    @property
    def config_silent(self) -> NDArray[np.bool_]:
        """[c] where only one thing can happen, so that nothing is chosen or drawn."""
        return self.config_count == 1

    def party(self) -> NDArray[np.int64]:
        """[c] index of the party that moves, -1 for chance and where play has ended."""
        parties = np.array([slot.party for slot in self.slots] + [-1])
        return parties[self.config_slot]

    def kind(self) -> NDArray[np.int64]:
        """[c] MOVE, LOTTERY or CHANCE of its slot; -1 where play has ended."""
        return np.array([slot.kind for slot in self.slots] + [-1])[self.config_slot]

    def turn_ends(self) -> NDArray[np.bool_]:
        """[e] whether the turn ends with this edge."""
        return np.array([slot.last for slot in self.slots] + [False])[self.config_slot[self.edge_from]]


def make_graph(scenario: Scenario, *, rounds: int | None = None, most: int | None = None) -> StateGraph:
    """Follow every state that play can come to over the given number of rounds.

    Args:
        scenario: what to follow.
        rounds: number of rounds, instead of the scenario's own.
        most: give up where the tree is known to have more nodes and the graph itself is large; smaller graphs are
            finished, and `refuse_large` says how large their trees are.

    Raises:
        Refusal: `open-ended` where no number of rounds is given; `tree-too-large`; `no-move`, `hidden-condition` and
            `too-many-outcomes` from the slots.
    """
    count = scenario.time.rounds if rounds is None else rounds
    if count is None:
        raise refuse(
            "open-ended",
            "talks without a last round cannot be unrolled into a tree",
            hint="give a number of rounds: `--rounds 3`, or `rounds: 3` under `time`",
        )
    if count < 1:
        raise refuse("no-rounds", f"at least one round is needed, not {count}")
    if not scenario.turns:
        raise refuse(
            "no-turns", "the scenario has no turns, so there is nothing to unroll", hint="add `turns`"
        )
    return _Builder(scenario, count, most).build()


class _Builder:
    def __init__(self, scenario: Scenario, rounds: int, most: int | None) -> None:
        self.rules = Rules(scenario)
        self.profiles = number_profiles(scenario)
        self.most = most
        self.scenario, self.rounds = scenario, rounds
        self.states: dict[State, int] = {}
        self.configs: list[tuple[int, int, int, int, int, int]] = []
        self.edges: list[tuple[int, int, int, bool]] = []
        self.options: list[Option] = []
        self.ways = [1]
        """By configuration: how many histories lead to it."""
        self.inner = 0
        """Histories so far at which something is chosen or drawn, or play ends."""
        self.totals: list[int] = []
        """Nodes of the tree cut after each round that is finished."""

    def build(self) -> StateGraph:
        slots = self.rules.slots
        if self.rules.stopped(self.rules.start):
            raise refuse(
                "over-at-the-start",
                "the talks are over before they begin: `stops` holds at the start",
                hint="start the factors at other levels, or let `stops` name others",
            )
        here: dict[Key, int] = {(self.rules.start, ()): 0}
        opened = 0
        for level in range(self.rounds * len(slots) + 1):
            round_index, slot = divmod(level, len(slots))
            if slot == 0 and level:
                reached = sum(self.ways[number] for number in here.values())
                self.totals.append(_nodes(self.inner + reached, self.profiles.count))
            following: dict[Key, int] = {}
            opened += len(here)  # numbers below this are taken by configurations up to this level
            for key in here:
                over = slot == 0 and (round_index == self.rounds or self.rules.stopped(key[0]))
                found = () if over else self.rules.options(slot, key)
                state = self.states.setdefault(key[0], len(self.states))
                number = len(self.configs)
                place = -1 if over else slot
                self.configs.append((level, round_index, place, state, len(self.edges), len(found)))
                self.inner += self.ways[number] if len(found) != 1 else 0
                if len(self.edges) > PATIENCE:
                    self._give_up()
                for option in found:
                    to = following.setdefault(option.to, opened + len(following))
                    if to == len(self.ways):
                        self.ways.append(0)
                    self.ways[to] += self.ways[number]
                    self.edges.append((number, to, option.label, slot == len(slots) - 1))
                    self.options.append(option)
            here = following
        level, round_index, place, state, first, count = np.array(self.configs, dtype=np.int64).T
        source, to, label, ends = np.array(self.edges, dtype=np.int64).reshape(-1, 4).T
        states = np.array(list(self.states), dtype=np.int64).reshape(len(self.states), -1)
        return StateGraph(
            scenario=self.scenario,
            rounds=self.rounds,
            slots=slots,
            profiles=self.profiles,
            states=states,
            config_level=level,
            config_round=round_index,
            config_slot=place,
            config_state=state,
            config_first=first,
            config_count=count,
            edge_from=source,
            edge_to=to,
            edge_label=label,
            edge_round_end=ends.astype(bool),
            options=tuple(self.options),
        )

    def _give_up(self) -> None:
        """Refuse where the tree is too large already, or the graph as large as a tree may be."""
        known = max(_nodes(self.inner, self.profiles.count), len(self.edges))
        if self.most is not None and known > self.most:
            raise _too_large(self.rounds, self.totals, f"more than {self.most:,}", self.most)


def _nodes(histories: int, profiles: int) -> int:
    """Nodes of so many histories: one for each profile, and the root at which chance draws the types."""
    return histories * profiles + (profiles > 1)


def count_nodes(graph: StateGraph) -> list[int]:
    """Nodes that the tree would have were it cut after each round, exactly; the last entry is the whole tree."""
    profiles = graph.profiles.count
    ways = [0] * len(graph.config_level)
    ways[0] = 1
    visible = (graph.config_count != 1).tolist()
    for source, to in zip(graph.edge_from.tolist(), graph.edge_to.tolist(), strict=True):
        ways[to] += ways[source]
    by_round = [0] * (graph.rounds + 1)
    frontier = [0] * (graph.rounds + 1)
    ended = (graph.config_count == 0).tolist()
    first = (graph.config_level % len(graph.slots) == 0).tolist()
    for c, round_index in enumerate(graph.config_round.tolist()):
        if visible[c]:
            by_round[round_index] += ways[c]
        if first[c]:
            frontier[round_index] += ways[c]
        if ended[c] and not first[c]:
            raise AssertionError("play ends only between rounds")
    totals: list[int] = []
    inner = 0
    for r in range(graph.rounds):
        inner += by_round[r]
        totals.append(_nodes(inner + frontier[r + 1], profiles))
    return totals


def refuse_large(graph: StateGraph, *, most: int = MOST_NODES) -> int:
    """Return the number of nodes, or refuse a tree of more than `most`.

    Raises:
        Refusal: `tree-too-large`, with the largest number of rounds that fits.
    """
    totals = count_nodes(graph)
    if totals[-1] <= most:
        return totals[-1]
    size = f"{totals[-1]:,}" if totals[-1] < READABLE else f"10^{math.log10(totals[-1]):.0f}"
    raise _too_large(graph.rounds, totals, size, most)


def _too_large(rounds: int, totals: list[int], size: str, most: int) -> Refusal:
    fits = sum(total <= most for total in totals)
    return refuse(
        "tree-too-large",
        f"{rounds:,} round{'s make' if rounds != 1 else ' makes'} a tree of {size} nodes, and at most {most:,} are unrolled",
        hint=f"fewer rounds: `--rounds {fits}` makes {totals[fits - 1]:,} nodes"
        if fits
        else "one round is too large already: fewer moves, lotteries or private types",
    )


__all__ = [
    "CHANCE",
    "LOTTERY",
    "MOST_NODES",
    "MOVE",
    "StateGraph",
    "count_nodes",
    "make_graph",
    "refuse_large",
]
