"""Functions of one coordinate of belief, looked up at many points: monotone cubics between the nodes.

Receives node values of what follows each action; returns interpolated values with derivatives, and bounds on both that
hold everywhere on an interval. The slopes are those of `interpolation`.

Index letters: s source (a place of the next slot, or an average over edges), v component, i interval between two nodes,
r everything else (the other axes of the grid and draws), m move, c cells.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from goodoffices.solvers.belief.interpolation import slopes

Array = Any
FEW_NODES = 20
"""Up to here an interval is found by comparing with every node; beyond, by bisection."""


class Curves(NamedTuple):
    """Cubics c0 + c1 t + c2 t^2 + c3 t^3 on every interval, t from 0 to 1."""

    table: tuple[Array, Array, Array, Array]
    """Each [s, v, i, r], flat."""
    nodes: np.ndarray
    parts: int
    """Number of components."""
    rest: int
    """Length of r."""

    @property
    def intervals(self) -> int:
        """Number of intervals."""
        return len(self.nodes) - 1

    def whole(self, part: int) -> tuple[Array, Array, Array, Array]:
        """The coefficients of one component, each [s, i, r]."""
        c0, c1, c2, c3 = (c.reshape(-1, self.parts, self.intervals, self.rest)[:, part] for c in self.table)
        return c0, c1, c2, c3

    def mixed(self, rows: np.ndarray, odds: Array) -> Curves:
        """These, and after them averages of them: `rows` [s, e] with odds [s, e, b]."""
        draws = odds.shape[-1]
        table: list[Array] = []
        for c in self.table:
            # What is averaged is the cubics: slopes of averages would not be averages of slopes.
            wide = c.reshape(-1, self.parts * self.intervals * self.rest // draws, draws)
            table.append(np.concatenate([c, (wide[rows] * odds[:, :, None]).sum(1).ravel()]))
        c0, c1, c2, c3 = table
        return self._replace(table=(c0, c1, c2, c3))

    def locate(self, x: Array, xp: Any = np) -> tuple[Array, Array, Array]:
        """Offset of the interval of every x in the table, the place t within it, and one over its length."""
        i = intervals_of(x, self.nodes, xp)
        inverse = xp.take(xp.asarray(1.0 / np.diff(self.nodes)), i)
        t = (x - xp.take(xp.asarray(self.nodes[:-1]), i)) * inverse
        return i * self.rest, t, inverse

    def at(self, base: Array, offset: Array, part: int, xp: Any = np) -> tuple[Array, Array, Array, Array]:
        """The coefficients of one component where `base` [m, c] says which (s, r) and `offset` which interval."""
        index = base + (offset + part * (self.intervals * self.rest))
        c0, c1, c2, c3 = (xp.take(c, index) for c in self.table)
        return c0, c1, c2, c3


def curves(values: Array, nodes: np.ndarray, axis: int, xp: Any = np) -> Curves:
    """The cubics of values [s, v, g..., b] along an axis of the grid."""
    at = 2 + axis
    slope = xp.moveaxis(slopes(values, nodes, at, xp), at, 2)
    v = xp.moveaxis(values, at, 2)
    rest = int(np.prod(v.shape[3:], dtype=np.int64))
    h = np.diff(nodes).reshape(-1, *(1,) * (v.ndim - 3))
    v0, rise = v[:, :, :-1], v[:, :, 1:] - v[:, :, :-1]
    d0, d1 = slope[:, :, :-1] * h, slope[:, :, 1:] * h
    parts = (v0, d0, 3 * rise - 2 * d0 - d1, d0 + d1 - 2 * rise)
    c0, c1, c2, c3 = (xp.ravel(p) for p in parts)
    return Curves((c0, c1, c2, c3), nodes, v.shape[1], rest)


def intervals_of(x: Array, nodes: np.ndarray, xp: Any = np) -> Array:
    """Which interval of the nodes every x lies in."""
    inner = nodes[1:-1]
    if xp is not np or len(nodes) > FEW_NODES:
        return xp.searchsorted(xp.asarray(inner), x, side="right")
    count = np.zeros(x.shape, np.int8)
    for node in inner.tolist():
        count += (x >= node).view(np.int8)
    return count.astype(np.intp)


def value(c: tuple[Array, Array, Array, Array], t: Array) -> Array:
    """The cubic at t."""
    return c[0] + t * (c[1] + t * (c[2] + t * c[3]))


def change(c: tuple[Array, Array, Array, Array], t: Array, inverse: Array) -> Array:
    """Its derivative in x."""
    return (c[1] + t * (2.0 * c[2] + t * (3.0 * c[3]))) * inverse


class Bounds(NamedTuple):
    """What a cubic does at most on each interval, by its Bernstein coefficients; [s, i, r]."""

    low: Array
    high: Array
    flattest: Array
    """Least derivative."""
    steepest: Array
    """Greatest derivative."""


def bounds(c: tuple[Array, Array, Array, Array], nodes: np.ndarray, xp: Any = np) -> Bounds:
    """Bounds on cubics [s, i, r] and their derivatives."""
    c0, c1, c2, c3 = c
    b1 = c0 + c1 / 3.0
    b2 = b1 + (c1 + c2) / 3.0
    b3 = c0 + c1 + c2 + c3
    mid = c1 + c2
    end = mid + c2 + 3.0 * c3
    inverse = (1.0 / np.diff(nodes))[:, None]
    return Bounds(
        xp.minimum(xp.minimum(c0, b1), xp.minimum(b2, b3)),
        xp.maximum(xp.maximum(c0, b1), xp.maximum(b2, b3)),
        inverse * xp.minimum(xp.minimum(c1, mid), end),
        inverse * xp.maximum(xp.maximum(c1, mid), end),
    )
