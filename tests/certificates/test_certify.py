"""Certificates against brute force: every path enumerated, every deviation tried."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_games import games, random_game, random_log_strategy

from goodoffices.certificates import certify, expected_payoffs
from goodoffices.games import ExtensiveGame, GameData
from goodoffices.games.extensive import CHANCE, DECISION, TERMINAL


def data_of(game: ExtensiveGame, rationality: float = 2.0) -> GameData:
    return GameData(game.payoff, game.chance, np.full(len(game.players), rationality))


def below(game: ExtensiveGame, node: int, strategy: np.ndarray, player: int) -> float:
    """Expected payoff of a player from a node on, by recursion over the definition."""
    total = 0.0
    for child in np.flatnonzero(game.parent == node):
        if game.kind[node] == CHANCE:
            p = game.chance[child]
        else:
            p = np.exp(strategy[game.infoset[node], game.parent_move[child]])
        total += p * (game.payoff[child, player] + below(game, child, strategy, player))
    return total


def reach(game: ExtensiveGame, node: int, strategy: np.ndarray) -> float:
    p = 1.0
    while node:
        above = game.parent[node]
        if game.kind[above] == DECISION:
            p *= np.exp(strategy[game.infoset[above], game.parent_move[node]])
        else:
            p *= game.chance[node]
        node = above
    return p


def brute_force(game: ExtensiveGame, strategy: np.ndarray, rationality: float) -> tuple[float, float]:
    residual = regret = 0.0
    for i, moves in enumerate(game.infoset_moves):
        player = game.infoset_player[i]
        nodes = np.flatnonzero((game.kind == DECISION) & (game.infoset == i))
        mu = np.array([reach(game, n, strategy) for n in nodes])
        mu /= mu.sum()
        q = np.zeros(len(moves))
        for weight, node in zip(mu, nodes, strict=True):
            for child in np.flatnonzero(game.parent == node):
                worth = game.payoff[child, player] + below(game, child, strategy, player)
                q[game.parent_move[child]] += weight * worth
        p = strategy[i, : len(moves)]
        for a, b in itertools.combinations(range(len(moves)), 2):
            residual = max(residual, abs(p[a] - p[b] - rationality * (q[a] - q[b])))
        regret = max(regret, q.max() - np.exp(p) @ q)
    return residual, regret


@given(games, st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_residual_and_regret_are_those_of_the_definitions(game, seed):
    if not len(game.infoset_moves):
        return
    strategy = random_log_strategy(game, seed)
    certificate = certify(game, data_of(game), strategy)
    residual, regret = brute_force(game, strategy, 2.0)
    assert certificate.logit_residual == pytest.approx(residual, abs=1e-9)
    assert certificate.max_regret == pytest.approx(regret, abs=1e-9)
    assert certificate.max_response_regret >= certificate.max_regret - 1e-12
    values = [game.payoff[0, p] + below(game, 0, strategy, p) for p in range(len(game.players))]
    np.testing.assert_allclose(expected_payoffs(game, data_of(game), strategy), values, atol=1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_response_regret_is_the_best_of_all_pure_plans(seed: int):
    """From an information set, the best response beats every pure continuation plan and equals one of them."""
    game = random_game(seed, players=2, depth=3, moves=2, hidden=0.5)
    strategy = random_log_strategy(game, seed)
    worst = 0.0
    for player in range(2):
        own = [i for i in range(len(game.infoset_moves)) if game.infoset_player[i] == player]
        for i in own:
            nodes = np.flatnonzero((game.kind == DECISION) & (game.infoset == i))
            mu = np.array([reach(game, n, strategy) for n in nodes])
            mu /= mu.sum()
            present = sum(m * below(game, n, strategy, player) for m, n in zip(mu, nodes, strict=True))
            for plan in itertools.product(*(range(len(game.infoset_moves[j])) for j in own)):
                trial = strategy.copy()
                for j, move in zip(own, plan, strict=True):
                    trial[j] = -np.inf
                    trial[j, move] = 0.0
                worth = sum(m * below(game, n, trial, player) for m, n in zip(mu, nodes, strict=True))
                worst = max(worst, worth - present)
    found = certify(game, data_of(game), strategy).max_response_regret
    assert found == pytest.approx(worst, abs=1e-9)


def test_a_batch_is_certified_like_its_draws():
    game = random_game(3)
    strategies = np.stack([random_log_strategy(game, s) for s in range(5)], axis=-1)
    together = certify(game, data_of(game), strategies)
    for b in range(5):
        alone = certify(game, data_of(game), strategies[..., b])
        assert together.logit_residual[b] == pytest.approx(alone.logit_residual)
        assert together.max_response_regret[b] == pytest.approx(alone.max_response_regret)


def test_a_draw_that_is_not_finite_marks_itself_only():
    game = random_game(3)
    strategies = np.stack([random_log_strategy(game, s) for s in range(3)], axis=-1)
    payoff = np.repeat(game.payoff[..., None], 3, axis=-1)
    payoff[0, 0, 1] = np.nan
    certificate = certify(game, GameData(payoff, game.chance, np.ones(len(game.players))), strategies)
    assert np.isnan(certificate.logit_residual).tolist() == [False, True, False]


def test_beliefs_are_right_where_reach_underflows():
    """Two types reach an information set with probabilities e^-2000 and e^-2001: the odds are still e to one."""
    kind = [CHANCE, DECISION, DECISION, TERMINAL, DECISION, TERMINAL, DECISION] + [TERMINAL] * 4
    parent = [-1, 0, 0, 1, 1, 2, 2, 4, 4, 6, 6]
    move = [-1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]
    keys = [None, (0, "a"), (0, "b"), None, (1, "t"), None, (1, "t"), None, None, None, None]
    from random_games import assemble

    payoff = np.zeros((11, 2))
    payoff[7, 1], payoff[10, 1] = 1.0, 1.0
    game = assemble(kind, parent, move, [1, 0.5, 0.5] + [1.0] * 8, payoff, keys, 2)
    strategy = np.array([[0.0, -2000.0], [0.0, -2001.0], [0.0, 0.0]])
    odds = np.exp(1.0) / (1 + np.exp(1.0))
    q = np.array([odds, 1 - odds])
    strategy[2] = 3.0 * q - np.log(np.exp(3.0 * q).sum())
    data = GameData(game.payoff, game.chance, np.array([1e9, 3.0]))
    beliefs = np.zeros(11)
    beliefs[[1, 2]] = 1.0
    beliefs[[4, 6]] = q
    certificate = certify(game, data, strategy, beliefs=beliefs)
    assert certificate.belief_error < 1e-12
    receiver_only = certify(game, GameData(game.payoff, game.chance, np.array([0.0, 3.0])), strategy)
    assert receiver_only.logit_residual == pytest.approx(2001.0)


def test_a_disturbed_strategy_is_caught():
    game = random_game(5, depth=2)
    flat = np.where(np.isfinite(random_log_strategy(game, 0)), 0.0, -np.inf)
    flat = flat - np.log(np.exp(flat).sum(1, keepdims=True))
    still = GameData(game.payoff, game.chance, np.zeros(len(game.players)))
    assert certify(game, still, flat).logit_residual < 1e-12
    disturbed = flat.copy()
    disturbed[0, 0] += 1e-3
    assert certify(game, still, disturbed).logit_residual > 5e-4
