"""Draws of a scenario's parameters from their priors.

Receives a scenario, a number of draws and a seed; returns one array [b] per parameter. Draws are independent, so that the
binomial standard error of a share is right. Each parameter has a stream of its own, seeded by its name: the order of
declaration, other parameters, and the number of draws change none of its values.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from goodoffices.language.priors import median, quantile
from goodoffices.language.scenario import Scenario


def sample(scenario: Scenario, n: int, *, seed: int = 0) -> dict[str, NDArray[np.float64]]:
    """Independent draws: parameter -> [n]. The first draws of a longer sample are the shorter sample."""
    out: dict[str, NDArray[np.float64]] = {}
    for parameter in scenario.parameters:
        stream = np.random.default_rng([seed, zlib.crc32(parameter.name.encode())])
        # A uniform number in the open interval: an infinite quantile is never drawn.
        u = (stream.integers(0, 2**52, size=n) + 0.5) / 2**52
        out[parameter.name] = quantile(parameter.prior, u)
    return out


def medians(scenario: Scenario) -> dict[str, float]:
    """Every parameter at its prior median."""
    return {parameter.name: median(parameter.prior) for parameter in scenario.parameters}
