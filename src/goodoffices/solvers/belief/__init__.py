"""The belief recursion: equilibria of long and open-ended talks, backward over rounds on grids of public beliefs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = [
    "Front",
    "Tangents",
    "certify_tangents",
    "differentiate",
    "play_forward",
    "solve_accurately",
    "solve_near",
    "solve_recursive",
    "start_front",
]

if TYPE_CHECKING:
    from goodoffices.solvers.belief.forward import Front, play_forward, start_front
    from goodoffices.solvers.belief.near import certify_tangents, solve_near
    from goodoffices.solvers.belief.refining import solve_accurately
    from goodoffices.solvers.belief.solving import solve_recursive
    from goodoffices.solvers.belief.tangents import Tangents, differentiate

_HOMES = {
    "forward": ("Front", "play_forward", "start_front"),
    "near": ("certify_tangents", "solve_near"),
    "refining": ("solve_accurately",),
    "solving": ("solve_recursive",),
    "tangents": ("Tangents", "differentiate"),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"goodoffices.solvers.belief.{home}"), name)
    raise AttributeError(f"module 'goodoffices.solvers.belief' has no attribute {name!r}")
