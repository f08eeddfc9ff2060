"""Grids of public beliefs.

A party with K types has K - 1 axes with stick-breaking coordinates x_1 .. x_{K-1} in [0, 1]: x_j is the probability of
type j - 1 among types j - 1, j, ..., so that with two types the one coordinate is the probability of the first. A grid
is the product of the axes of all parties; parties without private types have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from goodoffices.games.recursive import Floats

LOG_ODDS_OF_CERTAINTY = 800.0
"""Stands for infinite log-odds: exp(-800) is zero in double precision, and no finite evidence moves it back."""


@dataclass(frozen=True, eq=False)
class BeliefGrid:
    """Nodes of each axis, with the party and the coordinate that each axis belongs to."""

    types: tuple[int, ...]
    """[p] number of types of each party."""
    nodes: tuple[Floats, ...]
    """Ascending nodes from 0 to 1 of each axis, parties in order, a party's coordinates in order."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of nodes of each axis."""
        return tuple(len(x) for x in self.nodes)

    @property
    def cells(self) -> int:
        """Number of cells of the whole grid."""
        return int(np.prod(self.shape, dtype=np.int64))

    def axes(self, party: int) -> tuple[int, ...]:
        """Numbers of the axes of one party."""
        before = sum(k - 1 for k in self.types[:party])
        return tuple(range(before, before + self.types[party] - 1))

    def coordinates(self) -> Floats:
        """[axis, cell] coordinates of all cells, the last axis fastest."""
        if not self.nodes:
            return np.zeros((0, 1))
        return np.stack([x.ravel() for x in np.meshgrid(*self.nodes, indexing="ij")])

    def log_beliefs(self, party: int) -> Floats:
        """[type, cell] logarithm of the belief about one party at every cell."""
        return log_belief(self.coordinates()[list(self.axes(party))])


def make_grid(types: tuple[int, ...], sizes: int | tuple[int, ...]) -> BeliefGrid:
    """A grid with the given number of nodes on every axis, denser towards certainty (Chebyshev-Lobatto nodes).

    Twice the size less one contains the old nodes.
    """
    count = sum(k - 1 for k in types)
    each = (sizes,) * count if isinstance(sizes, int) else sizes
    if len(each) != count:
        raise ValueError(f"{count} axes, but {len(each)} sizes")
    return BeliefGrid(types, tuple(axis_nodes(n) for n in each))


def axis_nodes(size: int) -> Floats:
    """Nodes of one axis from 0 to 1."""
    if size < 2:
        raise ValueError("an axis needs two nodes at least")
    nodes = np.sin(0.5 * np.pi * np.arange(size) / (size - 1)) ** 2
    nodes = 0.5 * (nodes + (1.0 - nodes[::-1]))  # symmetric to the last bit
    nodes[0], nodes[-1] = 0.0, 1.0
    return nodes


def log_belief(coordinates: Floats) -> Floats:
    """[type, ...] logarithm of the belief from its stick-breaking coordinates [type - 1, ...].

    At certainty of an earlier type the coordinates of later ones say what would be believed were it not that type, and
    logarithms stay finite, so that Bayes' rule goes on working there.
    """
    log_here, log_rest = _log_pair(coordinates)
    left = np.zeros(coordinates.shape[1:])
    out = []
    for here, rest in zip(log_here, log_rest, strict=True):
        out.append(left + here)
        left = left + rest
    return np.stack([*out, left])


def coordinates_of(log_beliefs: Any, xp: Any = np) -> Any:
    """[type - 1, ...] stick-breaking coordinates of (unnormalised) logarithms of beliefs [type, ...]."""
    rest = log_beliefs[-1]
    out: list[Any] = []
    for k in range(len(log_beliefs) - 2, -1, -1):
        out.append(0.5 * (1.0 + xp.tanh(0.5 * (log_beliefs[k] - rest))))
        rest = xp.logaddexp(log_beliefs[k], rest)
    return xp.stack(out[::-1]) if out else xp.zeros((0, *log_beliefs.shape[1:]))


def _log_pair(x: Floats) -> tuple[Floats, Floats]:
    """log x and log(1 - x), with log-odds bounded at certainty."""
    with np.errstate(divide="ignore"):
        odds = np.clip(np.log(x) - np.log1p(-x), -LOG_ODDS_OF_CERTAINTY, LOG_ODDS_OF_CERTAINTY)
    return -np.logaddexp(0.0, -odds), -np.logaddexp(0.0, odds)
