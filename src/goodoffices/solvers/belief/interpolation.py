"""Monotone C1 interpolation along one axis, for NumPy and JAX alike.

Slopes are those of Fritsch and Butland (1984): a weighted harmonic mean of the neighbouring secants, zero where these
differ in sign, so that the interpolant has no extremum between nodes that the values do not have. At the two ends the
three-point formula, limited in the same spirit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any
"""A NumPy or JAX array."""


def slopes(values: Array, nodes: np.ndarray, axis: int, xp: Any = np) -> Array:
    """Derivatives at the nodes along `axis`, of the shape of `values`; linear functions get their slope exactly."""
    v = xp.moveaxis(values, axis, 0)
    h = np.diff(nodes).reshape(-1, *(1,) * (v.ndim - 1))
    secant = (v[1:] - v[:-1]) / h
    if len(nodes) == 2:
        return xp.moveaxis(xp.concatenate([secant, secant]), 0, axis)
    before, after = secant[:-1], secant[1:]
    w1, w2 = 2 * h[1:] + h[:-1], h[1:] + 2 * h[:-1]
    product = before * after
    same = product > 0
    bottom = w1 * after + w2 * before
    inner = xp.where(same, (w1 + w2) * product / xp.where(same, bottom, 1.0), 0.0)
    first = _end(secant[0], secant[1], h[0], h[1], xp)
    last = _end(secant[-1], secant[-2], h[-1], h[-2], xp)
    return xp.moveaxis(xp.concatenate([first[None], inner, last[None]]), 0, axis)


def _end(near: Array, far: Array, h0: Any, h1: Any, xp: Any) -> Array:
    slope = ((2 * h0 + h1) * near - h0 * far) / (h0 + h1)
    slope = xp.where(slope * near <= 0, 0.0, slope)
    return xp.where((near * far < 0) & (xp.abs(slope) > 3 * xp.abs(near)), 3 * near, slope)


def interpolate(
    x: Array, values: Array, slope: Array, nodes: np.ndarray, xp: Any = np
) -> tuple[Array, Array]:
    """Value and derivative at x [query, ...] of functions given by node values and slopes [node, ...]."""
    interval = sum((x >= node).astype(np.int32) for node in nodes[1:-1].tolist()) if len(nodes) > 2 else 0
    interval = xp.zeros(x.shape, np.int32) + interval

    def take(array: Array, at: Array) -> Array:
        return xp.take_along_axis(array, at, 0)

    low, h = np.asarray(nodes)[:-1], np.diff(nodes)
    low, h = (
        (low[interval], h[interval]) if xp is np else (xp.asarray(low)[interval], xp.asarray(h)[interval])
    )
    v0, v1 = take(values, interval), take(values, interval + 1)
    d0, d1 = take(slope, interval) * h, take(slope, interval + 1) * h
    t = (x - low) / h
    c2, c3 = 3 * (v1 - v0) - 2 * d0 - d1, 2 * (v0 - v1) + d0 + d1
    return v0 + t * (d0 + t * (c2 + t * c3)), (d0 + t * (2 * c2 + t * 3 * c3)) / h
