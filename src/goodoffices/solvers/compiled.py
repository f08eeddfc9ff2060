"""The passes and the sweep compiled by XLA for many draws at once, in double precision.

Receives a `Structure` and numbers of draws; gives the same Newton evaluations as `engine`, some draws at a time. Index
arrays are arguments of the compiled code, so that its size does not grow with the tree; numbers of draws are rounded
up to a few sizes, so that it is compiled once for each size.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp

from goodoffices.games.extensive import GameData
from goodoffices.solvers.engine import Structure
from goodoffices.solvers.passes import (
    LOG_NOTHING,
    backward,
    backward_change,
    forward,
    forward_change,
    gather,
    normalise,
)
from goodoffices.solvers.sweep import sweep

jax.config.update("jax_enable_x64", True)


@lru_cache(maxsize=8)
def newton_program(structure: Structure) -> Any:
    """The compiled Newton evaluation of one game's structure."""
    layout, bags = structure.layout, structure.bags
    if bags is None:
        raise ValueError("only the sweep is compiled")

    def evaluate(at, sweep_at, numbers, z, rationality, slope):
        z = normalise(layout, z, jnp)
        plays, _ = backward(layout, at, numbers, z, rationality, jnp)
        logs = tuple(p.log_choice for p in plays)
        belief = forward(layout, at, numbers, logs, jnp)
        residual = jnp.where(z > LOG_NOTHING / 2, z - belief, 0.0)
        change = backward_change(layout, at, plays, numbers, rationality, jnp.zeros_like(z), slope, jnp)
        drift = -forward_change(layout, at, belief, change, numbers, jnp)
        both = sweep(
            layout,
            bags,
            at,
            sweep_at,
            numbers,
            plays,
            rationality,
            belief,
            jnp.stack([residual, drift], 1),
            jnp,
        )
        return z, both[:, 0], both[:, 1]

    return jax.jit(evaluate)


@lru_cache(maxsize=8)
def gather_program(structure: Structure) -> Any:
    """The compiled arrangement of numbers by level."""
    return jax.jit(partial(gather, structure.layout, xp=jnp))


def as_tree(data: GameData) -> tuple[Any, ...]:
    """`GameData` as a tuple that JAX can take apart."""
    return data.payoff, data.chance, data.rationality, data.allowed
