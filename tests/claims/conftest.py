"""Small scenarios, and a plain solver that shares nothing with the package's: damped iteration over nodes, one by one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from goodoffices import language
from goodoffices.certificates.certify import certify
from goodoffices.games.extensive import DECISION, ExtensiveGame, GameData, Solution
from goodoffices.language.scenario import Scenario

SIGNAL = """
goodoffices: 1
title: A threat to leave
time: {round: 1 week, rounds: 1, discount: 0.9}
parties:
  us: {name: United States, role: mediator, rationality: 1.5}
  ru: {name: Russia, role: belligerent, rationality: 1.5}
types:
  us.resolve: {weak: 1 - p, strong: p}
factors:
  engagement: [engaged, warned]
  fighting: [war, truce]
parameters:
  p: {prior: "uniform(0.2, 0.8)", unit: probability}
  price: {prior: "uniform(0.1, 1.5)", unit: utility}
turns:
  - party: us
    moves:
      wait: {}
      warn: {then: {engagement: warned}, costs: {weak: 1.2, strong: 0.1}}
    default: wait
  - party: ru
    moves:
      refuse: {}
      truce: {then: {fighting: {truce: 0.9, war: 0.1}}, costs: price}
    default: refuse
values:
  us: 1*(fighting == truce)
  ru: -2*(engagement == warned and fighting == war and us.resolve == strong)
claims:
  c: {text: c, says: P(fighting == truce) > 0.1}
"""


WIDE = """
goodoffices: 1
title: Turns of every kind
time: {round: 1 week, rounds: 2, discount: 0.8, stops: fighting == settled}
parties:
  us: {name: United States, role: mediator, rationality: 2}
  ru: {name: Russia, role: belligerent, rationality: 2}
  ua: {name: Ukraine, role: belligerent, rationality: 1.5}
types:
  us.resolve: {weak: 1 - p, strong: p}
  ru.aim: {grand: 0.7, modest: 0.3}
factors:
  engagement: [engaged, warned, gone]
  fighting: [war, truce, settled]
parameters:
  p: {prior: "uniform(0.2, 0.8)", unit: probability}
  price: {prior: "uniform(0.1, 1.5)", unit: utility}
turns:
  - party: us
    moves:
      wait: {}
      warn: {when: engagement == engaged, then: {engagement: warned}, costs: {weak: 0.5, strong: 0.1}}
      leave: {when: engagement == warned, then: {engagement: gone}, costs: 2*price}
    default: wait
  - together:
      ru:
        moves:
          refuse: {}
          truce: {when: fighting == war, then: {fighting: {truce: p, war: 1 - p}}, costs: price}
        default: refuse
      ua:
        moves:
          hold: {}
          settle: {when: engagement != gone and fighting != war, then: {fighting: settled}, costs: 1}
        default: hold
  - chance:
      calm: {odds: 1 - 0.25*(fighting != settled)}
      storm: {odds: 0.25, when: fighting != settled, then: {fighting: war}}
values:
  us: 1*(fighting == truce)
  ru: 1*(fighting == war and ru.aim == grand) - 1*(us.resolve == strong and engagement == gone)
  ua: -1*(fighting == war)
end:
  us: 3*(fighting == settled)
  ua: price
claims:
  c: {text: c, says: P(fighting == truce) > 0.1}
"""


def claim_on(says: str, *, base: str = SIGNAL) -> Scenario:
    """The scenario with this one claim."""
    head, _, _ = base.partition("claims:")
    return language.load("test.yaml", text=f'{head}claims:\n  c: {{text: c, says: "{says}"}}\n')


@pytest.fixture(scope="session")
def with_claim() -> Callable[..., Scenario]:
    """Make a scenario with one claim: `with_claim(says, base=text)`."""
    return claim_on


@pytest.fixture(scope="session")
def wide() -> Scenario:
    return language.load("wide.yaml", text=WIDE)


@pytest.fixture(scope="session")
def signal() -> Scenario:
    return language.load("signal.yaml", text=SIGNAL)


def plain_solve(game: ExtensiveGame, data: GameData, **hints: object) -> Solution:
    """Damped iteration on log strategies until they reproduce themselves; for small games at low rationality."""
    payoff, chance = (np.atleast_3d(data.payoff), data.chance.reshape(len(game.kind), -1))
    width = payoff.shape[-1]
    rationality = np.broadcast_to(data.rationality.reshape(len(game.players), -1), (len(game.players), width))
    sets, widest = len(game.infoset_player), max(map(len, game.infoset_moves))
    open_ = np.zeros((sets, widest, width), dtype=bool)
    for i, moves in enumerate(game.infoset_moves):
        open_[i, : len(moves)] = True
    if data.allowed is not None:
        open_ &= data.allowed if data.allowed.ndim == 3 else data.allowed[..., None]
    log_p = np.where(open_, -np.log(open_.sum(1, keepdims=True)), -np.inf)
    nodes = range(len(game.kind))
    for _ in range(4000):
        step = np.zeros((len(nodes), width))
        for n in nodes[1:]:
            above = game.parent[n]
            decided = game.kind[above] == DECISION
            step[n] = np.exp(log_p[game.infoset[above], game.parent_move[n]]) if decided else chance[n]
        # Reach without the factors of forbidden moves: no belief moves because of what cannot be played.
        reach = np.ones_like(step)
        worth = payoff.copy()
        for n in nodes[1:]:
            above = game.parent[n]
            free = np.ones(width)
            if game.kind[above] == DECISION:
                free = np.where(open_[game.infoset[above], game.parent_move[n]], step[n], 1.0)
            else:
                free = step[n]
            reach[n] = reach[above] * free
        for n in reversed(nodes[1:]):
            worth[game.parent[n]] += step[n] * worth[n]
        q, mass = np.zeros(log_p.shape), np.zeros((sets, width))
        for n in nodes:
            if game.infoset[n] >= 0:
                mass[game.infoset[n]] += reach[n]
        for n in nodes[1:]:
            above = game.parent[n]
            i = game.infoset[above]
            if i >= 0:
                q[i, game.parent_move[n]] += reach[above] / mass[i] * worth[n, game.infoset_player[i]]
        wanted = np.where(open_, rationality[game.infoset_player][:, None] * q, -np.inf)
        wanted -= np.log(np.exp(wanted - wanted.max(1, keepdims=True)).sum(1, keepdims=True)) + wanted.max(
            1, keepdims=True
        )
        error = np.max(np.abs(np.where(open_, wanted, 0.0) - np.where(open_, log_p, 0.0)))
        log_p = np.where(
            open_, 0.3 * np.where(open_, log_p, 0.0) + 0.7 * np.where(open_, wanted, 0.0), -np.inf
        )
        if error < 1e-12:
            break
    return Solution(
        game, data, log_p, np.zeros(width, np.int8), certify(game, data, log_p), worth[0], "plain"
    )


@pytest.fixture(scope="session")
def solve() -> Callable[[ExtensiveGame, GameData], Solution]:
    return plain_solve
