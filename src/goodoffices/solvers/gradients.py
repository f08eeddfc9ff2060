"""Equilibria as a function that JAX differentiates, maps over draws and compiles.

Receives an `ExtensiveGame`; returns a function of its numbers. The equilibrium itself is found by `solve_batch`, outside
the compiled code; derivatives of any kind (forward, reverse, of higher order) come from the implicit function theorem at
the solution: of the equations z = Bayes(response(z)) only one pass is traced, never the way along the branch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from goodoffices.games.extensive import ExtensiveGame, GameData
from goodoffices.solvers.answers import bayes_beliefs, structure
from goodoffices.solvers.batch import solve_batch
from goodoffices.solvers.layout import Layout
from goodoffices.solvers.passes import backward, forward, gather, normalise

Equilibrium = Callable[[Any, Any, Any], tuple[Any, Any]]

LARGEST_MATRIX = 2000
"""Most belief entries for which the linear system of the derivative is stored; GMRES solves larger ones."""


def differentiable(game: ExtensiveGame, *, tolerance: float = 1e-9) -> Equilibrium:
    """The principal-branch equilibrium as a function of (payoff [n, p], chance [n], rationality [p]) for JAX.

    The function returns log strategies [i, m] (-inf on padding) and expected payoffs [p], both not-a-number for numbers
    whose equilibrium was not reached. It may be put under `jax.jit`, `jax.vmap`, `jax.jvp`, `jax.grad`; a mapped axis of
    draws is solved as one batch. Importing this module switches JAX to double precision.

    Raises:
        Refusal: `imperfect-recall` or `no-order-in-time`.
    """
    jax.config.update("jax_enable_x64", True)
    shared = structure(game, "many")
    layout = shared.layout

    def find(payoff: Any, chance: Any, rationality: Any) -> np.ndarray:
        """Beliefs [..., k] of each draw, from arrays with any leading axes."""
        lead = np.asarray(payoff).shape[:-2]
        arrays = [
            np.moveaxis(np.asarray(a, dtype=np.float64).reshape(-1, *np.shape(a)[len(lead) :]), 0, -1)
            for a in (payoff, chance, rationality)
        ]
        solution = solve_batch(game, GameData(arrays[0], arrays[1], arrays[2]), tolerance=tolerance)
        z = bayes_beliefs(shared, solution.data, solution.log_strategy)
        z[:, np.asarray(solution.status) != 0] = np.nan
        return np.moveaxis(z, -1, 0).reshape(*lead, layout.beliefs)

    def equilibrium(payoff: Any, chance: Any, rationality: Any) -> tuple[Any, Any]:
        numbers = gather(layout, GameData(payoff[..., None], chance[..., None], rationality[:, None]), jnp)
        lam = rationality[:, None]

        def play(z: Any) -> tuple[Any, Any]:
            return backward(layout, shared.at, numbers, normalise(layout, z[:, None], jnp), lam, jnp)

        def excess(z: Any) -> Any:
            logs = tuple(p.log_choice for p in play(z)[0])
            return z - forward(layout, shared.at, numbers, logs, jnp)[:, 0]

        given = (jax.lax.stop_gradient(a) for a in (payoff, chance, rationality))
        shape = jax.ShapeDtypeStruct((layout.beliefs,), jnp.float64)
        z = jax.pure_callback(find, shape, *given, vmap_method="broadcast_all")
        if layout.beliefs:
            z = jax.lax.custom_root(excess, z, lambda _, found: found, _solve_tangent)
        plays, values = play(z)
        return _scatter(layout, plays), values[:, 0] + payoff[0]

    return jax.jit(equilibrium)


def _solve_tangent(linear: Callable[[Any], Any], right: Any) -> Any:
    if right.size <= LARGEST_MATRIX:
        return jnp.linalg.solve(jax.jacobian(linear)(right), right)
    return jax.scipy.sparse.linalg.gmres(linear, right, tol=1e-12, atol=0.0, restart=60, maxiter=20)[0]


def _scatter(layout: Layout, plays: tuple[Any, ...]) -> Any:
    """[i, m] log strategies in the game's order."""
    out = jnp.full((len(layout.game.infoset_moves), layout.most_moves), -jnp.inf)
    for level, play in zip(layout.levels, plays, strict=True):
        for block in level.blocks:
            if block.player >= 0:
                logs = play.log_choice[block.choices, 0].reshape(block.moves, block.sets)
                moves = min(block.moves, layout.most_moves)
                out = out.at[block.infoset, :moves].set(logs[:moves].T)
    return out
