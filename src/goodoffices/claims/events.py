"""Events on the tree: for every complete history, whether the event happened.

Receives a tree, an `Event` and a `Start`; returns truth values, which do not depend on the draw because a history
says everything that happened. A moment is the state just after a turn (its lotteries drawn); rounds count from the one
in which the question starts. Where talks ended early the state stays what it was. Refuses a condition that depends on
a parameter.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from goodoffices.claims.points import Start
from goodoffices.compiler.expressions import holds, mentions
from goodoffices.compiler.scenario_tree import ScenarioTree
from goodoffices.compiler.slots import MOVE
from goodoffices.core.diagnostics import refuse
from goodoffices.language import tree as ask
from goodoffices.language.scenario import Scenario

Truth = NDArray[np.bool_]


def happens(tree: ScenarioTree, event: ask.Event, start: Start) -> Truth:
    """[h, k or 1] at histories where play has ended, inside the start: whether the event happened; False elsewhere."""
    ended = (tree.graph.config_count == 0)[tree.histories.config] & start.inside
    return _truth(tree, event, start) & ended[:, None]


def _truth(tree: ScenarioTree, event: ask.Event, start: Start) -> Truth:
    if isinstance(event, ask.EventLogic):
        operands = [_truth(tree, operand, start) for operand in event.operands]
        if event.operator == "not":
            return ~operands[0]
        combine = np.logical_and if event.operator == "and" else np.logical_or
        out = operands[0]
        for operand in operands[1:]:
            out = combine(out, operand)
        return out
    return _Watch(tree, start, event.last_round).watch(event)


class _Watch:
    """Follows one event along all histories at once; `won` and `lost` are final once true."""

    def __init__(self, tree: ScenarioTree, start: Start, last_round: int | None) -> None:
        self.tree, self.start = tree, start
        past, graph = tree.histories, tree.graph
        edge = past.edge
        self.moment = np.where(edge >= 0, graph.turn_ends()[edge], False) & start.inside
        self.closing = np.where(edge >= 0, graph.edge_round_end[edge], False)
        rounds = graph.config_round[graph.edge_from][edge]
        self.ordinal = np.where(edge >= 0, rounds - start.round + 1, 0)
        horizon = graph.rounds - start.round
        self.last = horizon if last_round is None else np.minimum(last_round, horizon)
        self.timely = self.moment & (self.ordinal <= self.last)

    def watch(self, event: ask.Timed | ask.Before | ask.Until) -> Truth:
        match event:
            case ask.Timed(mode="ever"):
                return self._follow(win=self._now(event.event) & self.timely[:, None])[0]
            case ask.Timed(mode="always"):
                return ~self._follow(lose=~self._now(event.event) & self.timely[:, None])[1]
            case ask.Timed():
                return self._at(event.event)
            case ask.Before():
                second = self._now(event.second) & self.moment[:, None]
                first = self._now(event.first) & self.timely[:, None]
                return self._follow(win=first & ~second, lose=second)[0]
            case ask.Until():
                release = self._now(event.release) & self.timely[:, None]
                broken = ~self._now(event.holds) & self.timely[:, None]
                return self._follow(win=release, lose=broken & ~release)[0]

    def _follow(self, *, win: Truth | None = None, lose: Truth | None = None) -> tuple[Truth, Truth]:
        """Carry what was decided first along every path."""
        past = self.tree.histories
        shape = np.broadcast_shapes(*(a.shape for a in (win, lose) if a is not None))
        no = np.zeros(shape, dtype=bool)
        win = no if win is None else np.broadcast_to(win, shape)
        lose = no if lose is None else np.broadcast_to(lose, shape)
        won, lost = win.copy(), lose & ~win
        for low, high in pairwise(past.bounds[1:]):
            above = past.parent[low:high]
            won[low:high] = won[above] | (~lost[above] & win[low:high])
            lost[low:high] = lost[above] | (~won[above] & lose[low:high] & ~win[low:high])
        return won, lost

    def _at(self, what: ask.MoveMade | ask.StateIs) -> Truth:
        """At the end of the last round; a move counts if it was made in that round."""
        now = self._now(what)
        on_time = self.moment & (self.ordinal == self.last)
        if isinstance(what, ask.MoveMade):
            return self._follow(win=now & on_time[:, None])[0]
        at_end = self._follow(win=now & (on_time & self.closing)[:, None])[0]
        graph = self.tree.graph
        over = (graph.config_count == 0)[self.tree.histories.config]
        early = over & (
            self.ordinal < self.last
        )  # talks ended before: the state is still the one they ended in
        return np.where(early[:, None], now, at_end)

    def _now(self, what: ask.MoveMade | ask.StateIs) -> Truth:
        """[h, k or 1] whether it is so at this history, taken as a moment."""
        if isinstance(what, ask.MoveMade):
            return self._made(what)[:, None]
        return state_truth(self.tree, what)[self.tree.histories.config]

    def _made(self, what: ask.MoveMade) -> NDArray[np.bool_]:
        """[h] the move was made in the turn that is going on or has just ended."""
        tree, past = self.tree, self.tree.histories
        match = edge_names(tree, what.party) == what.move
        made = np.zeros(past.count, dtype=bool)
        ends = tree.graph.turn_ends()
        for low, high in pairwise(past.bounds[1:]):
            above, edge = past.parent[low:high], past.edge[low:high]
            open_turn = (past.edge[above] >= 0) & ~ends[past.edge[above]]
            made[low:high] = match[edge] | (made[above] & open_turn)
        return made


def state_truth(tree: ScenarioTree, what: ask.StateIs) -> Truth:
    """[c, k or 1] whether a condition holds at each configuration and type profile."""
    scenario, graph = tree.scenario, tree.graph
    named = named_in(what, scenario)
    profiles = graph.profiles
    count = profiles.count if any("." in name for name in named) else 1
    levels = {f.name: np.repeat(graph.states[:, k], count) for k, f in enumerate(scenario.factors)}
    if count > 1:
        levels |= {name: np.tile(row, len(graph.states)) for name, row in profiles.rows().items()}
    truth = holds(what.condition, scenario, levels)
    return np.broadcast_to(truth.reshape(-1, count), (len(graph.states), count))[graph.config_state]


def named_in(what: ask.StateIs, scenario: Scenario) -> frozenset[str]:
    """The factors and types that a condition mentions.

    Raises:
        Refusal: `event-on-parameter`.
    """
    named = mentions(what.condition, scenario)
    hidden = named & {p.name for p in scenario.parameters}
    if hidden:
        raise refuse(
            "event-on-parameter",
            f"an event cannot depend on the parameter `{min(hidden)}`",
            span=what.span,
            hint="events are moves and conditions on factors and types",
        )
    return named


def edge_names(tree: ScenarioTree, party: str) -> NDArray[np.str_]:
    """[e] name of the move where the party moves, empty elsewhere."""
    graph = tree.graph
    slots = graph.config_slot[graph.edge_from]
    names = np.full(len(graph.edge_to), "", dtype=object)
    for s, slot in enumerate(graph.slots):
        if slot.kind != MOVE or tree.scenario.parties[slot.party].name != party:
            continue
        moves = np.array(
            [m.name for m in tree.scenario.turns[slot.turn].movers[slot.mover].moves], dtype=object
        )
        mine = np.flatnonzero(slots == s)
        names[mine] = moves[graph.edge_label[mine]]
    return names.astype(str)
