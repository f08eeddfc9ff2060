"""What makes estimates meaningless although a search ends: coefficients that the data cannot tell apart, or cannot bound.

Receives likelihoods and where a search ended; returns `Refusal`s that name the coefficients, or None.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goodoffices.core.diagnostics import Refusal, refuse
from goodoffices.panels.kernel import Likelihood
from goodoffices.panels.maximise import Maximum

Floats = NDArray[np.float64]

SINGULAR = 1e-9
"""Smallest singular value of scaled scores, as a share of the largest, below which a direction does not matter."""
DROP = 1e-3
"""Fall of the log-likelihood that counts as coming down."""
FAR = (1.0, 3.0, 10.0, 30.0, 100.0)
"""How far to look, in units of the size of the scaled coefficients."""


def unidentified(likelihood: Likelihood, near: Floats, scale: Floats) -> Refusal | None:
    """Refuse coefficients along which no row's log-likelihood changes, at a point near a given one [k]."""
    names = likelihood.design.names
    point = near + np.random.default_rng(20251020).normal(scale=0.2, size=len(names)) / scale
    here = likelihood.at(point)
    scores, second = here.scores / scale, here.hessian / np.outer(scale, scale)
    if not (np.isfinite(scores).all() and np.isfinite(second).all()):
        return None
    # The null space does not depend on the rows' lengths, and a row of enormous scores would hide the others.
    scores = scores / np.maximum(np.linalg.norm(scores, axis=1, keepdims=True), 1e-300)
    size = np.sqrt(np.maximum(np.abs(np.diag(second)), 1e-300))
    kernel = _null(second / np.outer(size, size))
    # Rows that hold counts have few scores of many observations, so both must agree.
    if kernel is None or _null(scores / np.maximum(np.linalg.norm(scores, axis=0), 1e-300)) is None:
        return None
    return refuse(
        "not-identified",
        f"the coefficients {listed(names, kernel)} cannot be told apart: changing them together changes no probability",
        hint="only differences between a player's own utilities matter; leave the constant (or a shared column) out of one",
    )


def _null(matrix: Floats) -> Floats | None:
    """[k] a direction that a matrix [., k] takes to zero."""
    _, values, vectors = np.linalg.svd(matrix)
    if len(values) == matrix.shape[1] and values[-1] > SINGULAR * values[0]:
        return None
    return vectors[-1]


def separated(likelihood: Likelihood, found: Maximum, scale: Floats) -> Refusal | None:
    """Refuse where the log-likelihood does not come down in some direction, so that it has no maximum."""
    b, flat = found.point.b, found.flat
    if not flat.size:
        return None
    size = max(1.0, float(np.abs(b * scale).max()))
    # Where coefficients run off, they do so along the flat directions that they have gone furthest in.
    along = flat @ (flat.T @ (b * scale))
    length = float(np.linalg.norm(along))
    candidates = [along / length] if length > 0 else []
    candidates += [sign * v for v in flat.T[:8] for sign in (1.0, -1.0)]
    for candidate in candidates:
        direction = candidate / scale
        values = [float(likelihood.rows(b + t * size * direction).sum()) for t in FAR]
        if np.isfinite(values).all() and min(values) > float(found.point.rows.sum()) - DROP:
            at = likelihood.rows(b + FAR[-1] * size * direction)
            certain = int((at > -1e-9).sum())
            part = np.linalg.norm(flat, axis=1)
            return refuse(
                "separated",
                f"the outcomes are separated by {listed(likelihood.design.names, part)}: the log-likelihood never comes down "
                f"as coefficients grow, so it has no maximum ({certain} of {len(at)} rows would be predicted with certainty)",
                hint="use fewer terms, `penalty: log-F`, or a posterior with priors",
            )
    return None


def listed(names: tuple[str, ...], direction: Floats) -> str:
    """The coefficients that matter in a direction, largest first."""
    size = np.abs(direction)
    order = [int(k) for k in np.argsort(-size) if size[k] > 0.3 * size.max()]
    shown = [f"`{names[k]}`" for k in order[:6]]
    more = f" and {len(order) - 6} more" if len(order) > 6 else ""
    return ", ".join(shown) + more
