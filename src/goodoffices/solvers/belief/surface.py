"""Functions of all beliefs interpolated at any point: tensor products of monotone cubics, in compiled code.

Receives tables on a grid; gives values at points off it. The slopes are those of `interpolation`; mixed slopes are slopes
of slopes, axis after axis.
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from goodoffices.games.recursive import Floats, RecursiveData
from goodoffices.solvers.belief.interpolation import slopes
from goodoffices.solvers.belief.plan import Group

Array = Any


class Surface(NamedTuple):
    """Tables [which, a, v, g..., b], `which` running over the sets of axes that slopes are taken along."""

    tables: Array

    @staticmethod
    def of(
        nodes: tuple[Floats, ...],
        following: Floats,
        group: Group,
        n: int,
        data: RecursiveData,
        discount: Floats,
    ) -> Surface:
        """The values that follow each action of a place, averaged over its edges; slopes are averaged alike, so that
        what is interpolated is the average of the interpolants."""
        found = [following]
        for axis, node in enumerate(nodes):
            found += [slopes(f, node, 1 + 1 + axis) for f in found]
        out = np.zeros((len(found), group.actions.shape[1], *following.shape[1:]))
        for m, e in np.ndindex(group.edges.shape[1:]):
            edge = group.edges[n, m, e]
            if edge >= 0:
                for w, table in enumerate(found):
                    out[w, m] += data.odds[edge] * discount * table[group.to[n, m, e]]
        return Surface(jnp.asarray(out))


def evaluate_surface(
    surface: Surface, action: int, points: Array | None, draw: Array, nodes: tuple[tuple[float, ...], ...]
) -> Array:
    """[v, x] what follows an action at points [axis, x] of draws [x]."""
    tables = surface.tables[:, action]
    if points is None:
        return tables[0][:, draw]
    low, weights = [], []
    for x, node in zip(points, nodes, strict=True):
        at = jnp.asarray(node)
        i = jnp.clip(jnp.searchsorted(at, x, side="right") - 1, 0, len(node) - 2)
        h = at[i + 1] - at[i]
        t = (x - at[i]) / h
        rise = t * t * (3.0 - 2.0 * t)
        low.append(i)
        weights.append(((1.0 - rise, h * t * (1.0 - t) ** 2), (rise, h * t * t * (t - 1.0))))
    out = jnp.zeros((tables.shape[1], draw.shape[0]))
    axes = len(nodes)
    for corner in itertools.product((0, 1), repeat=axes):
        where = (slice(None), *(i + c for i, c in zip(low, corner, strict=True)), draw)
        for w in range(1 << axes):
            weight = jnp.ones(draw.shape[0])
            for axis, c in enumerate(corner):
                weight = weight * weights[axis][c][(w >> axis) & 1]
            out = out + weight * tables[w][where]
    return out
