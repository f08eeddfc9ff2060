"""How the slopes of monotone interpolation change when the values at the nodes do.

Receives values and their changes (with an axis of directions in front); returns changes of slopes. Where the slopes have a kink the change is the one to the side that the direction points to.
"""

from __future__ import annotations

import numpy as np

from goodoffices.games.recursive import Floats

ROUNDING = 1e-10
"""Differences of neighbouring values that are smaller, relative to the values, are taken for none: where values do not
depend on the belief, what is left of a fixed point's equation makes them look as if they did."""


def slope_tangents(
    values: Floats, change: Floats, nodes: Floats, axis: int, *, noise: Floats | None = None
) -> Floats:
    """[d, ...] change of `interpolation.slopes(values, nodes, axis)` with the values' change [d, ...].

    `noise` bounds the differences that are taken for none; where it is not given, it is made from the values.
    """
    v, t = np.moveaxis(values, axis, 0), np.moveaxis(change, axis + 1, 1)
    h = np.diff(nodes).reshape(-1, *(1,) * (v.ndim - 1))
    rise = v[1:] - v[:-1]
    limit = ROUNDING * np.abs(v).max(0) if noise is None else np.moveaxis(noise, axis, 0)
    secant = np.where(np.abs(rise) <= limit, 0.0, rise / h)
    turned = (t[:, 1:] - t[:, :-1]) / h
    if len(nodes) == 2:
        return np.moveaxis(np.concatenate([turned, turned], 1), 1, axis + 1)
    inner = _inner(secant, turned, h)
    first = _end(secant[0], secant[1], turned[:, 0], turned[:, 1], h[0], h[1])
    last = _end(secant[-1], secant[-2], turned[:, -1], turned[:, -2], h[-1], h[-2])
    return np.moveaxis(np.concatenate([first[:, None], inner, last[:, None]], 1), 1, axis + 1)


def _inner(secant: Floats, turned: Floats, h: Floats) -> Floats:
    """Of the weighted harmonic means between two secants."""
    before, after = secant[:-1], secant[1:]
    by_before, by_after = turned[:, :-1], turned[:, 1:]
    w1, w2 = 2 * h[1:] + h[:-1], h[1:] + 2 * h[:-1]
    same = before * after > 0
    weight = np.where(same, (w1 + w2) / np.where(same, w1 * after + w2 * before, 1.0) ** 2, 0.0)
    out = (weight * w2 * before**2) * by_after
    out += (weight * w1 * after**2) * by_before
    for kink in ((before == 0) & (after == 0), (before == 0) & (after != 0), (before != 0) & (after == 0)):
        if kink.any():
            u, v = np.broadcast_to(w1, kink.shape)[kink], np.broadcast_to(w2, kink.shape)[kink]
            out[:, kink] = _beyond(before[kink], after[kink], by_before[:, kink], by_after[:, kink], u, v)
    return out


def _beyond(a: Floats, b: Floats, by_a: Floats, by_b: Floats, w1: Floats, w2: Floats) -> Floats:
    """Of means at a kink, where one of the secants is none, or both are."""
    # What is no secant yet becomes one of the size of its change, against which a secant that is one is endless.
    first, second = np.where(a == 0, by_a, a), np.where(b == 0, by_b, b)
    same = first * second > 0
    bottom = np.where(a != 0, w2 * first, np.where(b != 0, w1 * second, w1 * second + w2 * first))
    return np.where(same, (w1 + w2) * first * second / np.where(same, bottom, 1.0), 0.0)


def _end(near: Floats, far: Floats, by_near: Floats, by_far: Floats, h0: Floats, h1: Floats) -> Floats:
    """Of the three-point formula at an end, with its limits."""

    def formula(a: Floats, b: Floats) -> Floats:
        return ((2 * h0 + h1) * a - h0 * b) / (h0 + h1)

    slope, out = formula(near, far), formula(by_near, by_far)
    capped = (near * far < 0) & (np.abs(slope) > 3 * np.abs(near))
    out = np.where(capped, 3 * by_near, out)
    out = np.where((slope * near <= 0) & (near != 0), 0.0, out)
    # Where the nearest secant is none, its change decides on which side of the kink the slope comes to lie.
    out = np.where((near == 0) & (far != 0), np.where(by_near * far < 0, 3 * by_near, 0.0), out)
    flat = (near == 0) & (far == 0)
    if flat.any():
        moved = formula(by_near, by_far)
        moved = np.where(moved * by_near <= 0, 0.0, moved)
        large = (by_near * by_far < 0) & (np.abs(moved) > 3 * np.abs(by_near))
        out = np.where(flat, np.where(large, 3 * by_near, moved), out)
    return out
