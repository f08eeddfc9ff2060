"""Fixed points of contracting maps that are affine, or nearly: many side by side, by Anderson's acceleration.

Receives a map of arrays [d, ..., b], in which every pair (d, b) is a problem of its own; returns the fixed points and
which were reached. Where a step of the acceleration makes a problem worse, it goes on by the map itself, which contracts.

Anderson (1965); that for affine maps it does what GMRES does: Walker and Ni (2011).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from goodoffices.games.recursive import Floats

WINDOW = 8
"""Steps that are remembered."""
RIDGE = 1e-13
"""Of the normal equations, relative to their size: remembered steps come to be nearly dependent."""
WORSE = 2.0
"""Times the gap before, from which on a step is taken for a failure."""


def fixed_point(
    step: Callable[[Floats], Floats], start: Floats, *, enough: Floats, most: int
) -> tuple[Floats, NDArray[np.bool_], int]:
    """x = step(x) for every problem.

    Args:
        step: the map.
        start: [d, ..., b] where to begin.
        enough: [b] largest gap, relative to the largest entry of x, that counts as none; infinite where a problem does not matter.
        most: times that the map is applied at most.

    Returns:
        x, whether it was reached [d, b], and how often the map was applied.
    """
    shape = (start.shape[0], -1, start.shape[-1])
    image = step(start)
    gap = image - start
    gaps: list[Floats] = []
    images: list[Floats] = []
    size = np.sqrt((gap.reshape(shape) ** 2).sum(1))
    plain = np.zeros(size.shape, dtype=bool)
    for count in range(1, most + 1):
        done = np.abs(gap.reshape(shape)).max(1) <= enough * np.abs(image.reshape(shape)).max(1)
        done |= np.isinf(enough)
        if (done | ~np.isfinite(size)).all() or count == most:
            return image, done, count
        following = image
        if gaps:
            share = _shares(gaps, gap, shape)
            share[:, plain] = 0.0
            # A problem that is solved stays where it is.
            share[:, done] = 0.0
            middle = (1,) * (start.ndim - 2)
            for s, moved in zip(share, images, strict=True):
                following = following - s.reshape(s.shape[0], *middle, s.shape[1]) * moved
        new = step(following)
        new_gap = new - following
        gaps, images = [*gaps, new_gap - gap][-WINDOW:], [*images, new - image][-WINDOW:]
        image, gap = new, new_gap
        before, size = size, np.sqrt((gap.reshape(shape) ** 2).sum(1))
        plain = ~(size <= WORSE * before)
    raise AssertionError("the loop returns")


def _shares(gaps: list[Floats], gap: Floats, shape: tuple[int, int, int]) -> Floats:
    """[step, d, b] how much of each remembered step to take back, by least squares."""
    flat = np.stack([g.reshape(shape) for g in gaps])
    gram = np.einsum("kdxb,ldxb->dbkl", flat, flat)
    right = np.einsum("kdxb,dxb->dbk", flat, gap.reshape(shape))
    scale = np.sqrt(np.einsum("dbkk->dbk", gram))
    scale = np.where(scale > 0, scale, 1.0)
    gram = gram / (scale[..., None] * scale[..., None, :])
    usable = np.isfinite(gram).all((-1, -2)) & np.isfinite(right).all(-1)
    gram = np.where(usable[..., None, None], gram, 0.0) + RIDGE * np.eye(len(gaps))
    right = np.where(usable[..., None], right / scale, 0.0)
    found = np.linalg.solve(gram, right[..., None])[..., 0] / scale
    return np.moveaxis(found, -1, 0)
