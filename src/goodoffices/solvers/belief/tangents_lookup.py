"""What follows moves at the beliefs after them, and how it changes with the values at the nodes.

Receives beliefs after each move of a group and the values that follow, with their changes; gives what follows and its
derivative in the belief, and the changes of what follows, as products with sparse matrices whose columns are the nodes.

Index letters as in `tangents_turns`; Q stands for q, g..., b.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from goodoffices.games.recursive import Floats, Ints
from goodoffices.solvers.belief.curves import intervals_of
from goodoffices.solvers.belief.interpolation import slopes
from goodoffices.solvers.belief.plan import Group, Plan
from goodoffices.solvers.belief.tangents_curves import slope_tangents


class LookUp:
    """Of the cubic on each interval, by its values and slopes at both ends."""

    def __init__(
        self,
        plan: Plan,
        group: Group,
        odds: tuple[Floats, Floats] | None,
        ahead: tuple[Floats, Floats],
        axis: int,
        x: Floats,
    ) -> None:
        """Beliefs x [n, m, Q]; `odds` [n, m, e, b] and values `ahead` [place, v, g..., b], each with its change [d, ...]."""
        nodes, to = plan.grid.nodes[axis], np.unique(group.to)
        values, change = ahead[0][to], ahead[1][:, to]
        slope = slopes(values, nodes, 2 + axis)
        bent = slope_tangents(values, change, nodes, 2 + axis)
        values, slope = (np.moveaxis(a, 2 + axis, 2) for a in (values, slope))
        ends = [np.moveaxis(a, 3 + axis, 3).reshape(len(a), -1).T for a in (change, bent)]
        self.source = np.concatenate(ends)
        """[column, d] changes of values, then of slopes."""
        self.count, self.columns = len(change), len(ends[0])
        i = intervals_of(x, nodes)
        h = np.diff(nodes)[i]
        t = (x - nodes[i]) / h
        rise = t * t * (3.0 - 2.0 * t)
        self.weights = (1.0 - rise, rise, h * t * (1.0 - t) ** 2, h * t * t * (t - 1.0))
        steep = (
            6.0 * t * (t - 1.0) / h, 6.0 * t * (1.0 - t) / h,
            (1.0 - t) * (1.0 - 3 * t), t * (3 * t - 2.0),
        )  # fmt: skip
        # The column of the node below: arrays [place, v, node, g..., b] are counted along their axes.
        parts, rest = values.shape[1], values.shape[3:]
        self.size = int(np.prod(rest))
        stride = len(nodes) * self.size
        self.shape, self.parts = x.shape, parts
        flat = (*x.shape[:2], 1, -1)
        column = (i * self.size + np.arange(self.size).reshape(rest)).reshape(flat)
        column = column + np.arange(parts)[:, None] * stride
        place = np.searchsorted(to, group.to) * (parts * stride)
        self.low = [place[:, :, e, None, None] + column for e in range(place.shape[2])]
        """[e][n, m, v, Q]"""
        self.weights, steep = (tuple(w.reshape(flat) for w in ws) for ws in (self.weights, steep))
        self.odds, self.shift = self._odds(odds)
        both = np.concatenate([values.reshape(-1), slope.reshape(-1)])
        there = [[both.take(low + step) for step in self._steps] for low in self.low]
        self.each: list[Any] = [sum(w * v for w, v in zip(self.weights, four, strict=True)) for four in there]
        """[e][n, m, v, Q] what follows each edge."""
        self.at = self._mixed(self.each)
        """[n, m, v, Q]"""
        self.steep = self._mixed([sum(w * v for w, v in zip(steep, four, strict=True)) for four in there])
        """[n, m, v, Q] derivative in the belief."""

    @property
    def _steps(self) -> tuple[int, ...]:
        return 0, self.size, self.columns, self.columns + self.size

    def _odds(self, odds: tuple[Floats, Floats] | None) -> tuple[list[Any], list[Any]]:
        """[e] weights [n, m, 1, Q] of edges (one where they have none) and their changes [d, n, m, 1, Q], if any."""
        if odds is None:
            return [None], []
        at, by = odds
        draws = at.shape[-1]

        def spread(array: Floats) -> Floats:
            lead = array.shape[:-1]
            wide = np.broadcast_to(array[..., None, None, :], (*lead, 1, self.size_of_grid(draws), draws))
            return wide.reshape(*lead, 1, -1)

        shift = [spread(by[:, :, :, e]) for e in range(at.shape[2])] if by.any() else []
        return [spread(at[:, :, e]) for e in range(at.shape[2])], shift

    def size_of_grid(self, draws: int) -> int:
        """Cells of the grid."""
        return int(np.prod(self.shape[2:])) // draws

    def _mixed(self, each: list[Any]) -> Floats:
        if self.odds[0] is None:
            return each[0]
        return sum(w * a for w, a in zip(self.odds, each, strict=True))  # pyright: ignore[reportReturnType]

    def changes(self, parts: slice) -> Floats:
        """[d, n, m, v, Q] of some components."""
        weights: list[Floats] = []
        columns: list[Ints] = []
        for odds, low in zip(self.odds, self.low, strict=True):
            for step, w in zip(self._steps, self.weights, strict=True):
                weights.append(w if odds is None else odds * w)
                columns.append(low[:, :, parts] + step)
        out = self._product(weights, columns)
        for shift, there in zip(self.shift, self.each, strict=False):
            out += shift * there[:, :, parts]
        return out

    def summed(self, total: Floats, parts: list[int]) -> Floats:
        """[d, n, v, Q] of some components, over moves of weight `total` [n, m, Q]."""
        weights: list[Floats] = []
        columns: list[Ints] = []
        for m in range(self.shape[1]):
            for odds, low in zip(self.odds, self.low, strict=True):
                share = total[:, m, None] if odds is None else total[:, m, None] * odds[:, m]
                for step, w in zip(self._steps, self.weights, strict=True):
                    weights.append(share * w[:, m])
                    columns.append(low[:, m, parts] + step)
        out = self._product(weights, columns)
        for shift, there in zip(self.shift, self.each, strict=False):
            out += np.einsum("dnmq,nmq,nmvq->dnvq", shift[:, :, :, 0], total, there[:, :, parts])
        return out

    def _product(self, weights: list[Floats], columns: list[Ints]) -> Floats:
        """[d, ...] of a matrix whose rows are as `columns`, with so many entries each."""
        from scipy.sparse import csr_array

        shape = columns[0].shape
        entries = np.stack([np.broadcast_to(w, shape) for w in weights], -1)
        index = np.stack(columns, -1)
        rows, each = index[..., 0].size, index.shape[-1]
        starts = np.arange(0, rows * each + 1, each)
        matrix = csr_array((entries.ravel(), index.ravel(), starts), shape=(rows, len(self.source)))
        return np.ascontiguousarray((matrix @ self.source).T).reshape(self.count, *shape)
