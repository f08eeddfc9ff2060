"""The figures of a scenario for a batch of draws: payments and odds on the edges of the graph of states.

Receives a `StateGraph` and parameter draws; returns `Figures`. Expressions are evaluated once for each distinct
(state, type profile), never for each history. Odds that are negative, or of which those possible at a
state do not sum to one, make the draw's figures not finite, so that it is reported as unsolved instead of being
repaired silently.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goodoffices.compiler.expressions import Array, Setting, numbers
from goodoffices.compiler.graph import StateGraph
from goodoffices.compiler.slots import CHANCE, MOVE
from goodoffices.language.tree import Expression

ODDS_SLACK = 1e-9
"""How far odds may be from summing to one: rounding in sums of a few terms, with room."""


@dataclass(frozen=True, eq=False)
class Figures:
    """Numbers on the graph; index letters e edge, k type profile, p party, b draw."""

    payment: Array
    """[e, k, p, b] discounted to the outset: costs of moves, values of rounds, values at the end."""
    cost: Array
    """[e, k, b] cost of the move to its mover, not discounted; zero for chance."""
    odds: Array
    """[e, k, b] probability of the edge where chance decides, one elsewhere."""
    prior: Array
    """[k, b] probability of each type profile."""
    rationality: Array
    """[p, b] in 1/utility."""
    discount: Array
    """[b] per round."""


def figures(graph: StateGraph, draws: Mapping[str, Array]) -> Figures:
    """Evaluate every number of the scenario for these draws (parameter -> [b], all parameters)."""
    scenario = graph.scenario
    arrays = {name: np.atleast_1d(np.asarray(value, float)) for name, value in draws.items()}
    width = max((len(a) for a in arrays.values()), default=1)
    arrays = {name: np.broadcast_to(a, (width,)) for name, a in arrays.items()}
    plain = Setting(scenario, {}, arrays, width)

    def alone(expression: Expression) -> Array:
        return numbers(expression, plain)[0]

    discount = alone(scenario.time.discount)
    cost = _costs(graph, arrays, width)
    powers = discount[None, :] ** np.arange(graph.rounds + 1)[:, None]
    rounds = graph.config_round[graph.edge_from]
    payment = np.zeros((len(graph.edge_to), graph.profiles.count, len(scenario.parties), width))
    movers = graph.party()[graph.edge_from]
    for p in range(len(scenario.parties)):
        mine = np.flatnonzero(movers == p)
        payment[mine, :, p] -= cost[mine] * powers[rounds[mine]][:, None, :]
    _add_values(graph, arrays, powers, payment)
    return Figures(
        payment,
        cost,
        _edge_odds(graph, arrays, width),
        _prior(graph, alone),
        np.stack([alone(party.rationality) for party in scenario.parties]),
        discount,
    )


def _rows(graph: StateGraph, states: NDArray[np.int64], arrays: Mapping[str, Array], width: int) -> Setting:
    """A setting whose rows are the given states (indices) times all type profiles, profile fastest."""
    profiles = graph.profiles
    levels = {
        factor.name: np.repeat(graph.states[states, f], profiles.count)
        for f, factor in enumerate(graph.scenario.factors)
    }
    levels |= {name: np.tile(row, len(states)) for name, row in profiles.rows().items()}
    return Setting(graph.scenario, levels, arrays, width)


def _costs(graph: StateGraph, arrays: Mapping[str, Array], width: int) -> Array:
    profiles = graph.profiles.count
    cost = np.zeros((len(graph.edge_to), profiles, width))
    source_state = graph.config_state[graph.edge_from]
    source_slot = graph.config_slot[graph.edge_from]
    levels = {f"{d.party}.{d.name}": d.levels for d in graph.scenario.types}
    for s, slot in enumerate(graph.slots):
        if slot.kind != MOVE:
            continue
        moves = graph.scenario.turns[slot.turn].movers[slot.mover].moves
        for m, move in enumerate(moves):
            edges = np.flatnonzero((source_slot == s) & (graph.edge_label == m))
            if not len(edges) or not move.costs:
                continue
            states, where = np.unique(source_state[edges], return_inverse=True)
            at = _rows(graph, states, arrays, width)
            total = np.zeros((len(states), profiles, width))
            for tests, expression in move.costs:
                value = numbers(expression, at).reshape(len(states), profiles, width)
                fits = np.ones(profiles, dtype=bool)
                for dimension, level in tests:
                    fits &= graph.profiles.rows()[dimension] == levels[dimension].index(level)
                total[:, fits] += value[:, fits]
            cost[edges] = total[where]
    return cost


def _add_values(graph: StateGraph, arrays: Mapping[str, Array], powers: Array, payment: Array) -> None:
    """Values of the round at its end; where play ends, those of the rounds that pass without turns and of the end."""
    scenario, profiles, width = graph.scenario, graph.profiles.count, powers.shape[1]
    closing = np.flatnonzero(graph.edge_round_end)
    if not len(closing):
        return
    to = graph.edge_to[closing]
    states, where = np.unique(graph.config_state[to], return_inverse=True)
    over = graph.config_slot[to] == -1
    first = graph.config_round[to]  # the round that would begin now
    sums = np.concatenate([np.cumsum(powers[:-1][::-1], axis=0)[::-1], np.zeros((1, width))])
    weight = powers[first - 1] + np.where(over[:, None], sums[first], 0.0)
    at = _rows(graph, states, arrays, width)
    for p, party in enumerate(scenario.parties):
        if party.name in scenario.values:
            value = numbers(scenario.values[party.name], at).reshape(len(states), profiles, width)
            payment[closing, :, p] += value[where] * weight[:, None, :]
        if party.name in scenario.end_values:
            value = numbers(scenario.end_values[party.name], at).reshape(len(states), profiles, width)
            payment[closing[over], :, p] += value[where[over]] * powers[-1]


def _edge_odds(graph: StateGraph, arrays: Mapping[str, Array], width: int) -> Array:
    profiles = graph.profiles.count
    odds = np.ones((len(graph.edge_to), profiles, width))
    kind = graph.kind()
    source_state = graph.config_state[graph.edge_from]
    by_expression: dict[Expression, list[int]] = {}
    for e, option in enumerate(graph.options):
        for expression in option.odds:
            by_expression.setdefault(expression, []).append(e)
    for expression, edges in by_expression.items():
        states, where = np.unique(source_state[edges], return_inverse=True)
        value = numbers(expression, _rows(graph, states, arrays, width))
        value = np.where(value < 0, np.nan, value).reshape(len(states), profiles, width)
        for e, s in zip(edges, where, strict=True):  # an expression may stand twice among one edge's odds
            odds[e] *= value[s]
    drawn = np.flatnonzero(np.isin(kind[graph.edge_from], (1, CHANCE)))
    total = np.zeros((len(graph.config_count), profiles, width))
    np.add.at(total, graph.edge_from[drawn], odds[drawn])
    total = np.where(np.abs(total - 1) <= ODDS_SLACK, total, np.nan)
    with np.errstate(all="ignore"):
        odds[drawn] /= total[graph.edge_from[drawn]]
    return odds


def _prior(graph: StateGraph, alone: Callable[[Expression], Array]) -> Array:
    """Product over type dimensions of each level's odds."""
    out: Array | None = None
    for d, dimension in enumerate(graph.scenario.types):
        odds = np.stack([alone(expression) for expression in dimension.odds])
        bad = (odds < 0).any(0) | ~(np.abs(odds.sum(0) - 1) <= ODDS_SLACK)
        odds = np.where(bad, np.nan, odds / odds.sum(0))[graph.profiles.levels[d]]
        out = odds if out is None else out * odds
    return np.ones((1, alone(graph.scenario.time.discount).shape[0])) if out is None else out
