"""A scenario's parameters in coordinates in which their prior is a unit normal.

Receives a scenario; maps points [n, d] to draws (parameter -> [n]) by each prior's quantile function. Parameters that are
known have no coordinate. Independent priors of any shape, discrete ones too, become one standard normal distribution, so
that a sampler needs no densities and meets no bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodoffices.core.diagnostics import refuse
from goodoffices.language.priors import quantile
from goodoffices.language.scenario import Parameter, Scenario

Floats = NDArray[np.float64]
MOST = 8.2
"""Coordinates are cut here: beyond, the normal distribution function is one in double precision."""


@dataclass(frozen=True)
class PriorSpace:
    """The coordinates of a scenario's parameters."""

    free: tuple[Parameter, ...]
    """[d] those that have a coordinate."""
    known: tuple[Parameter, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """[d] names of the parameters with a coordinate."""
        return tuple(parameter.name for parameter in self.free)

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return len(self.free)

    def draws(self, points: Floats) -> dict[str, Floats]:
        """Parameter -> [n] at points [n, d], those that are known too."""
        normal: Any = special()
        shares = normal.ndtr(np.clip(points, -MOST, MOST))
        out = {p.name: quantile(p.prior, shares[:, i]) for i, p in enumerate(self.free)}
        middle = np.full(len(points), 0.5)
        return out | {p.name: quantile(p.prior, middle) for p in self.known}

    def order(self, draws: Mapping[str, Floats]) -> Floats:
        """[n, d] the free parameters of draws, side by side."""
        return np.stack([draws[name] for name in self.names], 1)


def prior_space(scenario: Scenario) -> PriorSpace:
    """The coordinates of a scenario.

    Raises:
        Refusal: `nothing-to-learn` where every parameter is known.
    """
    free = tuple(p for p in scenario.parameters if p.prior.name != "fixed")
    if not free:
        raise refuse(
            "nothing-to-learn",
            f"every parameter of `{scenario.title}` is known, so a record teaches nothing about them",
            hint="give at least one of them a prior",
        )
    return PriorSpace(free, tuple(p for p in scenario.parameters if p.prior.name == "fixed"))


def special() -> Any:
    """SciPy's special functions, loaded on first use."""
    from importlib import import_module

    return import_module("scipy.special")  # without type stubs
