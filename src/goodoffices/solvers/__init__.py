"""Equilibria: one game, its limit, thousands of draws at once, and derivatives of all of it. Names load on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = ["Limit", "describe_limit", "differentiable", "solve_batch", "solve_game", "solve_limit"]

if TYPE_CHECKING:
    from goodoffices.solvers.batch import solve_batch
    from goodoffices.solvers.gradients import differentiable
    from goodoffices.solvers.limit import Limit, describe_limit
    from goodoffices.solvers.single import solve_game, solve_limit

_HOMES = {
    "Limit": "limit",
    "describe_limit": "limit",
    "differentiable": "gradients",
    "solve_batch": "batch",
    "solve_game": "single",
    "solve_limit": "single",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"goodoffices.solvers.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'goodoffices.solvers' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
