"""Derivatives through the equilibrium: against finite differences, forward and reverse, mapped and compiled."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import random_games

from goodoffices.games.extensive import GameData
from goodoffices.solvers import differentiable, solve_game

jax.config.update("jax_enable_x64", True)


def numbers(game, rationality):
    return game.payoff, game.chance, np.full(len(game.players), rationality)


def outcome(game, payoff, chance, lam):
    found = solve_game(game, data=GameData(payoff, chance, lam))
    assert found.status == 0
    return found.log_strategy, found.values


@pytest.mark.parametrize("seed", range(6))
def test_directional_derivatives_are_finite_differences(seed):
    game = random_games.random_game(seed, depth=3)
    payoff, chance, lam = numbers(game, 2.0)
    rng = np.random.default_rng(seed)
    d_payoff, d_lam = rng.normal(size=payoff.shape), rng.normal(size=lam.shape)
    solve = differentiable(game)
    (logs, values), (d_logs, d_values) = jax.jvp(
        lambda p, r: solve(p, chance, r), (payoff, lam), (d_payoff, d_lam)
    )
    step = 1e-5
    up = outcome(game, payoff + step * d_payoff, chance, lam + step * d_lam)
    down = outcome(game, payoff - step * d_payoff, chance, lam - step * d_lam)
    here = np.isfinite(np.asarray(logs))
    assert np.allclose(np.asarray(logs)[here], outcome(game, payoff, chance, lam)[0][here], atol=1e-9)
    assert np.allclose(np.asarray(d_logs)[here], (up[0][here] - down[0][here]) / (2 * step), atol=1e-6)
    assert np.allclose(d_values, (up[1] - down[1]) / (2 * step), atol=1e-6)
    assert np.isfinite(np.asarray(values)).all()


@pytest.mark.parametrize("rationality", [1.0, 20.0])
def test_reverse_mode_agrees_with_forward_mode(repeated_crisis, rationality):
    game = repeated_crisis(2)
    payoff, chance, lam = numbers(game, rationality)
    solve = differentiable(game)
    value = lambda r: solve(payoff, chance, r)[1][0]  # noqa: E731
    forward = jax.jacfwd(value)(lam)
    assert np.allclose(jax.grad(value)(lam), forward, rtol=1e-8, atol=1e-12)
    assert np.abs(forward).max() > 1e-6


def test_mapped_and_compiled_it_solves_every_draw(repeated_crisis):
    game = repeated_crisis(2)
    payoff, chance, _ = numbers(game, 1.0)
    solve = differentiable(game)
    lams = jnp.array([[0.5, 1.0], [3.0, 2.0], [8.0, 8.0]])
    slopes = jax.jit(jax.vmap(jax.grad(lambda r: solve(payoff, chance, r)[1][1])))(lams)
    for lam, slope in zip(lams, slopes, strict=True):
        alone = jax.grad(lambda r: solve(payoff, chance, r)[1][1])(lam)
        assert np.allclose(slope, alone, rtol=1e-8, atol=1e-12)


def test_numbers_without_an_equilibrium_give_not_a_number(repeated_crisis):
    game = repeated_crisis(2)
    payoff, chance, lam = numbers(game, 1.0)
    logs, values = differentiable(game)(payoff * np.nan, chance, lam)
    assert np.isnan(np.asarray(values)).all()
    assert np.isnan(np.asarray(logs)).any()
