"""The maximum of a log-likelihood with exact derivatives, and whether it is one.

Receives a function with value, gradient [k] and second derivatives [k, k]; returns a `Maximum` that says how large the
gradient was left. scipy's trust-region method does the way (More and Sorensen 1983), Newton's method the last digits.
Failure is a value: look at `converged`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GRADIENT = 1e-6
"""Largest entry of the gradient that counts as zero, in units of log-likelihood for one unit of a coefficient."""
NEARLY_FLAT = 1e-4
"""The same, for directions in which it is worth asking whether the objective ever comes down."""
FLAT = 1e-9
"""Least eigenvalue of the scaled information matrix, as a share of the largest, that counts as curved."""


class Evaluated(Protocol):
    """What an objective returns at a point."""

    @property
    def b(self) -> Floats: ...
    @property
    def value(self) -> float: ...
    @property
    def gradient(self) -> Floats: ...
    @property
    def hessian(self) -> Floats: ...


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where the search ended."""

    point: Any
    """What the objective returned there."""
    largest_gradient: float
    curvature: float
    """Least eigenvalue of minus the scaled second derivatives, as a share of the largest; above 0 at a maximum."""
    flat: Floats
    """[k, f] directions (in scaled coefficients, of length one) in which the objective hardly curves, flattest first."""
    evaluations: int
    converged: bool
    message: str


def maximise(
    objective: Callable[[Floats], Evaluated], start: Floats, scale: Floats, *, most: int = 500
) -> Maximum:
    """Climb to a stationary point.

    Args:
        objective: b [k] -> value and derivatives.
        start: [k] where to begin.
        scale: [k] typical size of the column that each coefficient multiplies, so that all steps are alike.
        most: most steps of the trust-region method.
    """
    climb = _Climb(objective, scale)
    best = climb.at(start * scale)
    if len(start) and np.isfinite(best.value):
        best = _trust_region(climb, start * scale, most)
        best = _newton(climb, best)
    return _judge(climb, best)


class _Climb:
    """The objective in scaled coefficients, negated, remembering the best point."""

    def __init__(self, objective: Callable[[Floats], Evaluated], scale: Floats) -> None:
        self.objective, self.scale = objective, scale
        self.last: tuple[bytes, Evaluated] | None = None
        self.best: Evaluated | None = None
        self.evaluations = 0

    def at(self, z: Floats) -> Evaluated:
        key = z.tobytes()
        if self.last is None or self.last[0] != key:
            with np.errstate(all="ignore"):
                self.last = (key, self.objective(z / self.scale))
            self.evaluations += 1
            found = self.last[1]
            if np.isfinite(found.value) and (self.best is None or found.value > self.best.value):
                self.best = found
        return self.last[1]

    def value(self, z: Floats) -> float:
        found = -self.at(z).value
        return found if np.isfinite(found) else np.inf

    def slope(self, z: Floats) -> Floats:
        return -self.at(z).gradient / self.scale

    def curvature(self, z: Floats) -> Floats:
        return -self.at(z).hessian / np.outer(self.scale, self.scale)


def _trust_region(climb: _Climb, z: Floats, most: int) -> Evaluated:
    from scipy.optimize import minimize

    # Where derivatives are not finite somewhere on the way, the best point so far stands.
    with contextlib.suppress(ValueError, np.linalg.LinAlgError):
        minimize(
            climb.value,
            z,
            jac=climb.slope,
            hess=climb.curvature,
            method="trust-exact",
            options={"maxiter": most, "gtol": 1e-7, "initial_trust_radius": 1.0, "max_trust_radius": 1e3},
        )
    assert climb.best is not None
    return climb.best


def _newton(climb: _Climb, best: Evaluated, steps: int = 20) -> Evaluated:
    """Newton steps while the gradient shrinks: near the top, values agree in all digits and no longer guide."""
    for _ in range(steps):
        z = best.b * climb.scale
        size = np.abs(best.gradient).max()
        if size < 1e-3 * GRADIENT:
            break
        try:
            step = np.linalg.solve(climb.curvature(z), -climb.slope(z))
        except np.linalg.LinAlgError:
            break
        found = climb.at(z + step)
        allowed = 1e-9 * (1.0 + abs(best.value))
        if not np.isfinite(found.value) or found.value < best.value - allowed:
            break
        if not np.abs(found.gradient).max() < size:
            break
        best = found
    return best


def _judge(climb: _Climb, best: Evaluated) -> Maximum:
    k = len(best.b)
    if not k:
        return Maximum(best, 0.0, 1.0, np.zeros((0, 0)), climb.evaluations, True, "no coefficient is free")
    largest = float(np.abs(best.gradient).max())
    information = -best.hessian / np.outer(climb.scale, climb.scale)
    if not np.isfinite(information).all():
        return Maximum(
            best,
            largest,
            np.nan,
            np.zeros((k, 0)),
            climb.evaluations,
            False,
            "second derivatives are not finite",
        )
    values, vectors = np.linalg.eigh(information)
    curvature = float(values[0] / max(abs(values[-1]), 1e-300))
    if not largest < GRADIENT:
        message = f"the gradient was left at {largest:.1e}, above {GRADIENT:.0e}"
    elif curvature <= 0:
        message = "the point is a saddle, not a maximum"
    elif curvature < FLAT:
        message = "the log-likelihood is flat in a direction"
    else:
        message = (
            f"the gradient is below {GRADIENT:.0e} and the log-likelihood curves down in every direction"
        )
    converged = largest < GRADIENT and curvature >= FLAT
    flat = vectors[:, values < NEARLY_FLAT * max(abs(values[-1]), 1e-300)]
    return Maximum(best, largest, curvature, flat, climb.evaluations, converged, message)
