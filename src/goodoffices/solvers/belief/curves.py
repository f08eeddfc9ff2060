"""Functions of one coordinate of belief, looked up at many points: monotone cubics between the nodes.

Receives node values of what follows each action; returns interpolated values with derivatives, and bounds on both that
hold everywhere on an interval. The slopes are those of `interpolation`.

Index letters: s source (a place of the next slot, or an average over edges), v component, i interval between two nodes,
r everything else (the other axes of the grid and draws), m move, c cells.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from goodoffices.games.recursive import Floats, Ints
from goodoffices.solvers.belief.interpolation import slopes

FEW_NODES = 20
"""Up to here an interval is found by comparing with every node; beyond, by bisection."""
FEW_POINTS = 2000
"""Below, bisection is faster because it is one call."""

CACHED = 65_536
"""Numbers of an array that is worked on at a time."""


class Curves(NamedTuple):
    """Cubics c0 + c1 t + c2 t^2 + c3 t^3 on every interval, t from 0 to 1."""

    table: Floats
    """[coefficient, (s, v, i, r)]"""
    nodes: Floats
    parts: int
    """Number of components."""
    rest: int
    """Length of r."""

    @property
    def intervals(self) -> int:
        """Number of intervals."""
        return len(self.nodes) - 1

    def whole(self, part: int) -> Floats:
        """[coefficient, s, i, r] of one component."""
        return self.table.reshape(4, -1, self.parts, self.intervals, self.rest)[:, :, part]

    def mixed(self, rows: Ints, odds: Floats) -> Curves:
        """These, and after them averages of them: `rows` [s, e] with odds [s, e, b]."""
        draws = odds.shape[-1]
        wide = self.table.reshape(4, -1, self.parts * self.intervals * self.rest // draws, draws)
        # What is averaged is the cubics: slopes of averages would not be averages of slopes.
        more = (wide[:, rows] * odds[:, :, None]).sum(2).reshape(4, -1)
        return self._replace(table=np.concatenate([self.table, more], 1))

    def locate(self, x: Floats) -> Place:
        """Where every x lies."""
        i = intervals_of(x, self.nodes)
        low, inverse = np.stack([self.nodes[:-1], 1.0 / np.diff(self.nodes)]).take(i, 1)
        x = x - low
        x *= inverse
        i *= self.rest
        return Place(i, x, inverse)

    def at(self, base: Ints, place: Place, parts: range) -> Floats:
        """[coefficient, v, m, c] of some components; `base` [m, c] says which (s, r)."""
        index = base + place.offset
        step = self.intervals * self.rest
        return self.table.take(np.stack([index + v * step for v in parts]), 1)


class Place(NamedTuple):
    """Where points lie among the nodes."""

    offset: Ints
    """Of the interval, in the table."""
    t: Floats
    """Place within the interval, from 0 to 1."""
    inverse: Floats
    """One over its length."""


def curves(values: Floats, nodes: Floats, axis: int) -> Curves:
    """The cubics of values [s, v, g..., b] along an axis of the grid."""
    at = 2 + axis
    v = values.transpose([0, 1, at, *(a for a in range(2, values.ndim) if a != at)])
    h = np.diff(nodes).reshape(-1, *(1,) * (v.ndim - 3))
    table = np.empty((4, *v.shape[:2], len(h), *v.shape[3:]))
    for some in blocks(len(v), v[:1].size):
        _cubics(v[some], nodes, h, table[:, some])
    return Curves(table.reshape(4, -1), nodes, v.shape[1], int(np.prod(v.shape[3:], dtype=np.int64)))


def _cubics(v: Floats, nodes: Floats, h: Floats, table: Floats) -> None:
    """Fill the table [coefficient, s, v, i, ...] in."""
    c0, c1, c2, c3 = table
    slope = slopes(v, nodes, 2)
    rise = v[:, :, 1:] - v[:, :, :-1]
    c0[:] = v[:, :, :-1]
    np.multiply(slope[:, :, :-1], h, out=c1)
    np.multiply(slope[:, :, 1:], h, out=c3)
    c3 += c1
    np.subtract(3 * rise, c3, out=c2)
    c2 -= c1
    rise *= 2
    c3 -= rise


def blocks(count: int, size: int) -> list[slice]:
    """Slices of things of a size, so many at a time as the processor's cache holds some arrays of."""
    step = max(CACHED // max(size, 1), 1)
    return [slice(begin, begin + step) for begin in range(0, count, step)]


def intervals_of(x: Floats, nodes: Floats) -> Ints:
    """Which interval of the nodes every x lies in."""
    inner = nodes[1:-1]
    if len(nodes) > FEW_NODES or x.size < FEW_POINTS:
        return inner.searchsorted(x, side="right")
    count = np.zeros(x.shape, np.int8)
    for node in inner.tolist():
        count += (x >= node).view(np.int8)
    return count.astype(np.int64)


def value(c: Floats, t: Floats) -> Floats:
    """The cubics [coefficient, ...] at t."""
    out = c[3] * t
    out += c[2]
    out *= t
    out += c[1]
    out *= t
    out += c[0]
    return out


def change(c: Floats, place: Place) -> Floats:
    """Their derivatives in x."""
    out = c[3] * (3.0 * place.t)
    out += 2.0 * c[2]
    out *= place.t
    out += c[1]
    out *= place.inverse
    return out


class Bounds(NamedTuple):
    """What a cubic does at most on each interval, by its Bernstein coefficients; [s, i, r]."""

    low: Floats
    high: Floats
    flattest: Floats
    """Least derivative."""
    steepest: Floats
    """Greatest derivative."""


def bounds(c: Floats, nodes: Floats) -> Bounds:
    """Bounds on cubics [s, i, r] and their derivatives."""
    c0, c1, c2, c3 = c
    b1 = c0 + c1 / 3.0
    b2 = b1 + (c1 + c2) / 3.0
    b3 = c0 + c1 + c2 + c3
    mid = c1 + c2
    end = mid + c2 + 3.0 * c3
    inverse = (1.0 / np.diff(nodes))[:, None]
    return Bounds(
        np.minimum(np.minimum(c0, b1), np.minimum(b2, b3)),
        np.maximum(np.maximum(c0, b1), np.maximum(b2, b3)),
        inverse * np.minimum(np.minimum(c1, mid), end),
        inverse * np.maximum(np.maximum(c1, mid), end),
    )
