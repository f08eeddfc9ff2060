"""Looking functions of belief up between nodes, in compiled code, and what their slopes prove.

Receives node values and slopes along one axis; returns interpolated values with derivatives, or whether a turn's fixed
point is proven to be the only one.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Array = Any
FEW_NODES = 20
"""Up to here intervals are found by comparing with every node, which fills vector lanes; beyond, by gathering."""


def lookup(x: Array, values: Array, slope: Array, nodes: np.ndarray, axis: int) -> tuple[Array, Array]:
    """Interpolated functions and their derivatives at x, along `axis` (negative), which x has and tables have."""
    if len(nodes) > FEW_NODES:
        return _gathered(x, values, slope, nodes, axis)
    above = [x >= float(node) for node in nodes[1:-1]]

    def pick(table: list[Array]) -> Array:
        out = table[0]
        for test, entry in zip(above, table[1:], strict=True):
            out = jnp.where(test, entry, out)
        return out

    def sliced(array: Array) -> list[Array]:
        return [jax.lax.slice_in_dim(array, i, i + 1, axis=array.ndim + axis) for i in range(len(nodes))]

    v, d = sliced(values), sliced(slope)
    low = pick([jnp.asarray(float(a)) for a in nodes[:-1]])
    h = np.diff(nodes)
    width, inverse = pick([jnp.asarray(float(a)) for a in h]), pick([jnp.asarray(float(1 / a)) for a in h])
    t = (x - low) * inverse
    v0, v1, d0, d1 = pick(v[:-1]), pick(v[1:]), pick(d[:-1]) * width, pick(d[1:]) * width
    return _cubic(t, v0, v1, d0, d1, inverse)


def _gathered(x: Array, values: Array, slope: Array, nodes: np.ndarray, axis: int) -> tuple[Array, Array]:
    node = jnp.asarray(nodes)
    i = jnp.clip(jnp.searchsorted(node, x, side="right") - 1, 0, len(nodes) - 2)
    h = node[i + 1] - node[i]
    shape = jnp.broadcast_shapes(x.shape, (*values.shape[:axis], 1, *values.shape[axis:][1:]))
    i, h, x = (jnp.broadcast_to(a, shape) for a in (i, h, x))

    def take(array: Array, at: Array) -> Array:
        wide = jnp.broadcast_to(array, (*shape[:axis], array.shape[axis], *shape[axis:][1:]))
        return jnp.take_along_axis(wide, at, axis)

    v0, v1, d0, d1 = take(values, i), take(values, i + 1), take(slope, i) * h, take(slope, i + 1) * h
    return _cubic((x - node[i]) / h, v0, v1, d0, d1, 1 / h)


def _cubic(t: Array, v0: Array, v1: Array, d0: Array, d1: Array, inverse: Array) -> tuple[Array, Array]:
    c2, c3 = 3 * (v1 - v0) - 2 * d0 - d1, 2 * (v0 - v1) + d0 + d1
    return v0 + t * (d0 + t * (c2 + t * c3)), (d0 + t * (2 * c2 + 3 * t * c3)) * inverse


def unique(
    values: Array, slope: Array, pay: Array, rationality: Array, nodes: np.ndarray, axis: int
) -> Array:
    """Whether the fixed point of every cell of a row (along the mover's axis) is proven to be the only one.

    Tables are [m, k, g..., b]. With s_k the choice probabilities and q_k = r p (1 - p) dQ_k/dp after a move, the
    determinant of F's Jacobian over the product of its diagonal d = 1 - q_1 + q_2 is
    the sum over moves of ((s_1 + s_2) + (s_1 - s_2) (q_1 + q_2)) / 2 d. So where q_1 - q_2 < 1 and |q_1 + q_2| is below
    (s_1 + s_2) / |s_1 - s_2| everywhere, F is one-to-one. Derivatives are bounded by their Bernstein coefficients on every
    interval, p (1 - p) by its largest value there, and |s_1 - s_2| / (s_1 + s_2) by the widest range of
    log s_1 / s_2.
    """
    h = jnp.asarray(np.diff(nodes)).reshape(-1, *(1,) * (-axis - 1))
    a, b = nodes[:-1], nodes[1:]
    hump = np.maximum(a * (1 - a), b * (1 - b))
    hump[(a < 0.5) & (b > 0.5)] = 0.25
    weight = rationality * jnp.asarray(hump).reshape(h.shape)

    def part(table: Array, begin: int, end: int) -> Array:
        size = table.shape[axis]
        return jax.lax.slice_in_dim(table, begin, size + end, axis=table.ndim + axis)

    def bounds(v: Array, d: Array) -> tuple[Array, Array, Array, Array]:
        secant = 3 * (part(v, 1, 0) - part(v, 0, -1)) / h
        d0, d1 = part(d, 0, -1), part(d, 1, 0)
        mid = secant - d0 - d1
        high, low = jnp.maximum(jnp.maximum(d0, d1), mid), jnp.minimum(jnp.minimum(d0, d1), mid)
        inner0, inner1 = part(v, 0, -1) + h * d0 / 3, part(v, 1, 0) - h * d1 / 3
        return high, low, jnp.maximum(inner0, inner1), jnp.minimum(inner0, inner1)

    apart, slope_apart = values[:, 0] - values[:, 1], slope[:, 0] - slope[:, 1]
    high, _, top, bottom = bounds(apart, slope_apart)
    steep = (weight * high).max(axis, keepdims=True)
    high, low, _, _ = bounds(values[:, 0] + values[:, 1], slope[:, 0] + slope[:, 1])
    both = (weight * jnp.maximum(high, -low)).max(axis, keepdims=True)
    own = pay[:, 0] - pay[:, 1]
    top = jnp.maximum(top.max(axis, keepdims=True), apart.max(axis, keepdims=True)) + own
    bottom = jnp.minimum(bottom.min(axis, keepdims=True), apart.min(axis, keepdims=True)) + own
    reach = rationality * (top.max(0) - bottom.min(0))
    ratio = jnp.tanh(0.5 * reach)
    return (steep.max(0) < 1.0) & (both.max(0) * ratio < 1.0)
