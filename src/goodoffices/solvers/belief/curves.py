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
    slope = np.moveaxis(slopes(values, nodes, at), at, 2)
    v = np.moveaxis(values, at, 2)
    rest = int(np.prod(v.shape[3:], dtype=np.int64))
    h = np.diff(nodes).reshape(-1, *(1,) * (v.ndim - 3))
    rise = v[:, :, 1:] - v[:, :, :-1]
    table = np.empty((4, *rise.shape))
    table[0] = v[:, :, :-1]
    np.multiply(slope[:, :, :-1], h, out=table[1])
    end = slope[:, :, 1:] * h
    np.add(table[1], end, out=table[3])
    np.subtract(3 * rise, table[3], out=table[2])
    table[2] -= table[1]
    table[3] -= 2 * rise
    return Curves(table.reshape(4, -1), nodes, v.shape[1], rest)


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
