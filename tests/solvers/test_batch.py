"""Many draws at once: the same answers as one at a time, on the same branch, whatever the company."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import random_games

from goodoffices.games.extensive import GameData
from goodoffices.solvers import solve_batch, solve_game
from goodoffices.solvers.answers import structure, with_draws
from goodoffices.solvers.engine import Engine


def some_draws(game, n, *, seed, lowest=0.3, highest=20.0):
    rng = np.random.default_rng(seed)
    rationality = np.exp(rng.uniform(np.log(lowest), np.log(highest), (1, n)))
    payoff = game.payoff[..., None] * rng.uniform(0.5, 1.5, (*game.payoff.shape, n))
    return GameData(
        payoff,
        np.repeat(game.chance[:, None], n, axis=1),
        np.repeat(rationality, len(game.players), axis=0),
    )


def one_of(data, j):
    return GameData(data.payoff[..., j], data.chance[..., j], data.rationality[..., j])


@pytest.mark.parametrize("seed", range(20))
def test_every_draw_is_on_the_branch_that_the_single_tracer_follows(seed):
    game = random_games.random_game(seed)
    data = some_draws(game, 6, seed=seed)
    batch = solve_batch(game, data)
    assert (batch.status == 0).all()
    for j in range(6):
        single = solve_game(game, data=one_of(data, j))
        if single.status == 0:
            assert np.allclose(np.exp(batch.log_strategy[..., j]), np.exp(single.log_strategy), atol=1e-7)
            assert np.allclose(batch.values[:, j], single.values, atol=1e-7)


def test_draws_that_alternation_leaves_are_taken_over_by_newton_and_by_the_tracer():
    newton = traced = 0.0
    for seed in (0, 4, 42, 57):
        game = random_games.random_game(seed)
        found = solve_batch(game, some_draws(game, 16, seed=seed))
        newton += found.statistics["newton_draws"]
        traced += found.statistics["traced"]
        assert (found.certificate.logit_residual[found.status == 0] < 1e-8).all()
    assert newton > 0
    assert traced > 0


@pytest.mark.parametrize("chunk", [1, 3, 64])
def test_the_size_of_chunks_does_not_change_a_draw(repeated_crisis, chunk):
    game = repeated_crisis(2)
    data = some_draws(game, 10, seed=5)
    whole = solve_batch(game, data, chunk=10)
    cut = solve_batch(game, data, chunk=chunk)
    assert np.allclose(whole.log_strategy, cut.log_strategy, atol=1e-9)


def test_threads_do_not_change_a_draw(repeated_crisis):
    game = repeated_crisis(2)
    data = some_draws(game, 12, seed=6)
    alone = solve_batch(game, data, chunk=3, threads=1)
    together = solve_batch(game, data, chunk=3, threads=4)
    assert np.array_equal(alone.log_strategy, together.log_strategy)


def test_a_draw_that_is_not_a_number_is_marked_and_spoils_no_other(repeated_crisis):
    game = repeated_crisis(2)
    data = some_draws(game, 5, seed=7)
    clean = solve_batch(game, data)
    payoff = data.payoff.copy()
    payoff[-1, 0, 2] = np.nan
    spoiled = solve_batch(game, replace(data, payoff=payoff))
    assert spoiled.status.tolist() == [0, 0, 3, 0, 0]
    assert np.isnan(spoiled.values[:, 2]).all()
    others = [0, 1, 3, 4]
    assert np.allclose(spoiled.log_strategy[..., others], clean.log_strategy[..., others], atol=1e-10)


def test_moves_may_be_forbidden_in_some_draws_only(repeated_crisis):
    game = repeated_crisis(2)
    data = some_draws(game, 3, seed=8)
    widest = max(map(len, game.infoset_moves))
    allowed = np.ones((len(game.infoset_moves), widest, 3), dtype=bool)
    allowed[0, 1, 1] = False
    found = solve_batch(game, replace(data, allowed=allowed))
    free = solve_batch(game, data)
    assert found.log_strategy[0, 1, 1] == -np.inf
    assert np.allclose(found.log_strategy[..., [0, 2]], free.log_strategy[..., [0, 2]], atol=1e-10)
    single = solve_game(game, data=replace(one_of(data, 1), allowed=allowed[..., 1]))
    assert np.allclose(np.exp(found.log_strategy[..., 1]), np.exp(single.log_strategy), atol=1e-8)


def test_stopping_keeps_what_is_finished_and_marks_the_rest(repeated_crisis):
    game = repeated_crisis(2)
    data = some_draws(game, 12, seed=9, highest=2.0)
    asked = []

    def stop():
        asked.append(None)
        return len(asked) > 12

    found = solve_batch(game, data, chunk=2, threads=1, should_stop=stop)
    assert 0 < (found.status == 0).sum() < 12
    assert set(found.status.tolist()) == {0, 1}


def test_progress_ends_at_one(repeated_crisis):
    seen = []
    solve_batch(repeated_crisis(2), some_draws(repeated_crisis(2), 8, seed=1), chunk=2, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


@pytest.mark.parametrize("seed", range(8))
def test_the_orientation_is_the_sign_of_the_determinant_of_the_jacobian(seed):
    game = random_games.random_game(seed)
    data = with_draws(game, some_draws(game, 1, seed=seed))
    sweeping, dense = Engine(structure(game, "sweep"), data), Engine(structure(game, "dense"), data)
    z = np.random.default_rng(seed).normal(scale=2.0, size=(sweeping.layout.beliefs, 1))
    signs = [engine.orientation(engine.at(z, 3 * data.rationality))[0] for engine in (sweeping, dense)]
    assert signs[0] == signs[1] == np.linalg.slogdet(dense._matrix(dense.at(z, 3 * data.rationality)))[0]


def test_orientation_finds_both_signs_among_random_points():
    signs = set()
    for seed in range(12):
        game = random_games.random_game(seed)
        data = with_draws(game, some_draws(game, 8, seed=seed))
        engine = Engine(structure(game, "sweep"), data)
        z = np.random.default_rng(seed).normal(scale=2.0, size=(engine.layout.beliefs, 8))
        signs |= set(engine.orientation(engine.at(z, 3 * data.rationality)).tolist())
    assert signs == {-1.0, 1.0}


def with_neighbours(game, *, seed, lowest=0.3, highest=20.0, by=0.03):
    """Eight draws, then the same ones with payoffs a little different, and who is whose neighbour."""
    data = some_draws(game, 8, seed=seed, lowest=lowest, highest=highest)
    moved = data.payoff * (1 + by * np.random.default_rng(seed).normal(size=data.payoff.shape))
    both = GameData(
        np.concatenate([data.payoff, moved], axis=-1),
        np.concatenate([data.chance, data.chance], axis=-1),
        np.concatenate([data.rationality, data.rationality], axis=-1),
    )
    return both, np.concatenate([np.full(8, -1), np.arange(8)])


@pytest.mark.parametrize("seed", range(12))
def test_a_draw_started_from_its_neighbour_ends_where_it_would_have_by_itself(seed):
    game = random_games.random_game(seed)
    data, neighbour = with_neighbours(game, seed=seed)
    hinted, cold = solve_batch(game, data, neighbour=neighbour), solve_batch(game, data)
    good = (hinted.status == 0) & (cold.status == 0)
    assert good.sum() >= 14
    assert np.allclose(
        np.exp(hinted.log_strategy[..., good]), np.exp(cold.log_strategy[..., good]), atol=1e-7
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_draw_started_from_strategies_that_are_known_ends_where_it_would_have_by_itself(seed):
    game = random_games.random_game(seed)
    data, _ = with_neighbours(game, seed=seed)
    cold = solve_batch(game, data)
    start = np.concatenate(
        [np.full_like(cold.log_strategy[..., :8], np.nan), cold.log_strategy[..., :8]], axis=-1
    )
    hinted = solve_batch(game, data, start=start)
    good = (hinted.status == 0) & (cold.status == 0)
    assert good.sum() >= 14
    assert np.allclose(
        np.exp(hinted.log_strategy[..., good]), np.exp(cold.log_strategy[..., good]), atol=1e-7
    )


def test_a_neighbour_saves_passes(repeated_crisis):
    game = repeated_crisis(2)
    data, neighbour = with_neighbours(game, seed=1, lowest=5.0, highest=8.0, by=0.003)
    hinted, cold = solve_batch(game, data, neighbour=neighbour), solve_batch(game, data)
    assert hinted.statistics["passes"] < 0.8 * cold.statistics["passes"]
