"""Looking functions of belief up between nodes, as weights of the values at the nodes.

The weights are those of cubic Hermite polynomials whose slopes come from parabolas through three neighbouring nodes, so
that an answer is a *linear* function of what it is computed from: probabilities of what excludes each other add up as
they should. (The solver's interpolation is monotone instead, which is not linear.)
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from goodoffices.games.recursive import Floats


def weights_at(x: Floats, nodes: Floats) -> Floats:
    """[node, ...] weights of the values at the nodes for the value at x [...]."""
    table = _coefficients(nodes.tobytes())
    flat = x.reshape(-1)
    i = np.clip(np.searchsorted(nodes, flat, side="right") - 1, 0, len(nodes) - 2)
    low = nodes.take(i)
    t = (flat - low) / (nodes.take(i + 1) - low)
    out = np.zeros((len(nodes), len(flat)))
    # Entries [first + k, m] of the table of weights, counted along its rows.
    at = np.clip(i - 1, 0, max(len(nodes) - 4, 0)) * len(flat) + np.arange(len(flat))
    every = out.reshape(-1)
    for zero, one, two, three in table:
        every[at] = zero.take(i) + t * (one.take(i) + t * (two.take(i) + t * three.take(i)))
        at += len(flat)
    return out.reshape(len(nodes), *x.shape)


@lru_cache(maxsize=64)
def _coefficients(packed: bytes) -> Floats:
    """[k, power of t, interval] of the weight of node first + k; no other weights are not zero."""
    nodes = np.frombuffer(packed)
    n = len(nodes)
    slope = _slopes(nodes)
    reach = min(n, 4)
    out = np.zeros((n - 1, reach, 4))
    basis = {  # cubic Hermite polynomials in t
        "left": np.array([1.0, 0.0, -3.0, 2.0]),
        "left slope": np.array([0.0, 1.0, -2.0, 1.0]),
        "right": np.array([0.0, 0.0, 3.0, -2.0]),
        "right slope": np.array([0.0, 0.0, -1.0, 1.0]),
    }
    for i in range(n - 1):
        h = nodes[i + 1] - nodes[i]
        first = min(max(i - 1, 0), max(n - 4, 0))
        for k in range(reach):
            j = first + k
            out[i, k] = h * (slope[i, j] * basis["left slope"] + slope[i + 1, j] * basis["right slope"])
            out[i, k] += (j == i) * basis["left"] + (j == i + 1) * basis["right"]
    return np.ascontiguousarray(out.transpose(1, 2, 0))


def _slopes(nodes: Floats) -> Floats:
    """[node, node] weights of the values in the slope at each node."""
    n = len(nodes)
    out = np.zeros((n, n))
    if n == 2:
        out[:, 0], out[:, 1] = -1 / (nodes[1] - nodes[0]), 1 / (nodes[1] - nodes[0])
        return out
    for i in range(n):
        three = np.arange(3) + min(max(i - 1, 0), n - 3)
        for j in three:
            one, two = (m for m in three if m != j)
            # Derivative at node i of the Lagrange polynomial of node j.
            over = (nodes[j] - nodes[one]) * (nodes[j] - nodes[two])
            out[i, j] = (2 * nodes[i] - nodes[one] - nodes[two]) / over
    return out


def carry(values: Floats, axes: Sequence[int], weights: Sequence[Floats]) -> Floats:
    """A function [g..., b] looked up, along some axes of the grid, at points that differ from cell to cell.

    Args:
        values: on the grid.
        axes: axes of the grid (from zero) along which beliefs have moved.
        weights: for each of them [node, g..., b].
    """
    if not axes:
        return values
    grid = values.ndim - 1
    target = string.ascii_lowercase[:grid]
    source = string.ascii_uppercase[:grid]
    of_values = "".join(source[a] if a in axes else target[a] for a in range(grid))
    of_weights = [f"{source[a]}{target}z" for a in axes]
    return np.einsum(f"{of_values}z,{','.join(of_weights)}->{target}z", values, *weights)


def at_points(values: Floats, points: Floats, nodes: Sequence[Floats]) -> Floats:
    """Functions [o, g..., b] at one point [axis, b] for each draw: [o, b]."""
    out = values
    for x, node in zip(points, nodes, strict=True):
        out = np.einsum("og...b,gb->o...b", out, weights_at(x, node))
    return out
