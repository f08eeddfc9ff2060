"""Priors: the table of distributions, and how their text is read.

Receives text such as `beta(2, 6)` or `0.2 to 0.6`; returns a `Prior`. Arguments are in the parameter's own unit
(`lognormal` excepted: mean and standard deviation of the logarithm), so `exponential` takes its mean and `gamma` its
shape and scale. Quantiles are those of SciPy's special functions, imported on first use. Refuses arguments outside a
distribution's domain, by name.

The short form `a to b` is the 90% interval (5% and 95% quantiles) of: a beta distribution where the unit says
`probability` or `share` and both ends are inside (0, 1); else a lognormal one where both ends are positive; else a
normal one. `normal(-1 to 2)`, `lognormal(...)` and `beta(...)` name the family outright.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goodoffices.language.scenario import Prior

Arguments = tuple[float, ...]
Array = NDArray[np.float64]

Z95 = 1.6448536269514722
"""95% quantile of the standard normal distribution."""


@dataclass(frozen=True)
class Distribution:
    """A family of priors."""

    name: str
    signature: str
    doc: str
    example: str
    least: int
    most: int | None
    fault: Callable[[Arguments], str | None]
    """What is wrong with the arguments, or None."""
    support: Callable[[Arguments], tuple[float, float, bool, bool]]
    """Least and greatest value, and whether each is itself possible."""
    quantile: Callable[[Arguments, Array], Array]
    density: Callable[[Arguments, Array], Array]
    """For `fixed` and `discrete`: the probability of the value."""


def _special() -> Any:
    from importlib import import_module

    return import_module("scipy.special")  # without type stubs


def _positive(*names: str) -> Callable[[Arguments], str | None]:
    def fault(arguments: Arguments) -> str | None:
        bad = [f"its {name} is {a:g}" for name, a in zip(names, arguments, strict=True) if name and not a > 0]
        return f"{bad[0]} and must be positive" if bad else None

    return fault


def _log_normal_density(a: Arguments, x: Array) -> Array:
    positive = np.where(x > 0, x, 1.0)
    z = (np.log(positive) - a[0]) / a[1]
    return np.where(x > 0, np.exp(-0.5 * z * z) / (positive * a[1] * math.sqrt(2 * math.pi)), 0.0)


def _beta_density(a: Arguments, x: Array) -> Array:
    inside = (x > 0) & (x < 1)
    y = np.where(inside, x, 0.5)
    return np.where(
        inside, np.exp((a[0] - 1) * np.log(y) + (a[1] - 1) * np.log1p(-y) - _special().betaln(*a)), 0.0
    )


def _gamma_density(a: Arguments, x: Array) -> Array:
    shape, scale = a
    y = np.where(x > 0, x, 1.0) / scale
    return np.where(x > 0, np.exp((shape - 1) * np.log(y) - y - _special().gammaln(shape)) / scale, 0.0)


def _triangular_quantile(a: Arguments, u: Array) -> Array:
    low, mode, high = a
    cut = (mode - low) / (high - low)
    left = low + np.sqrt(np.maximum(u * (high - low) * (mode - low), 0))
    right = high - np.sqrt(np.maximum((1 - u) * (high - low) * (high - mode), 0))
    return np.where(u < cut, left, right)


def _triangular_density(a: Arguments, x: Array) -> Array:
    low, mode, high = a
    up = 2 * (x - low) / ((high - low) * max(mode - low, 1e-300))
    down = 2 * (high - x) / ((high - low) * max(high - mode, 1e-300))
    return np.where((x < low) | (x > high), 0.0, np.where(x < mode, up, np.where(mode == high, up, down)))


def _triangular_fault(a: Arguments) -> str | None:
    return None if a[0] <= a[1] <= a[2] and a[0] < a[2] else "it needs least <= likeliest <= greatest"


def _pairs(a: Arguments) -> tuple[Array, Array]:
    values, weights = np.asarray(a[::2]), np.asarray(a[1::2])
    order = np.argsort(values, kind="stable")
    return values[order], weights[order] / weights.sum()


def _discrete_quantile(a: Arguments, u: Array) -> Array:
    values, weights = _pairs(a)
    edges = np.cumsum(weights)[:-1]
    return values[np.searchsorted(edges, u, side="left")]


def _discrete_density(a: Arguments, x: Array) -> Array:
    values, weights = _pairs(a)
    return np.sum(weights * (x[..., None] == values), axis=-1)


def _discrete_fault(a: Arguments) -> str | None:
    if len(a) % 2:
        return "it needs pairs: value, weight, value, weight, ..."
    if any(weight < 0 for weight in a[1::2]) or not math.isclose(sum(a[1::2]), 1.0, abs_tol=1e-9):
        return f"its weights must be positive and sum to one; they sum to {sum(a[1::2]):g}"
    return None


PRIORS: dict[str, Distribution] = {
    d.name: d
    for d in (
        Distribution(
            "normal", "normal(mean, sd)", "Bell-shaped, on both sides of zero.", "normal(0, 1)", 2, 2,
            _positive("", "standard deviation"), lambda a: (-math.inf, math.inf, False, False),
            lambda a, u: a[0] + a[1] * _special().ndtri(u),
            lambda a, x: np.exp(-0.5 * ((x - a[0]) / a[1]) ** 2) / (a[1] * math.sqrt(2 * math.pi)),
        ),
        Distribution(
            "lognormal", "lognormal(mean of log, sd of log)", "Positive, with a long right tail; the median is exp(mean of log).",
            "lognormal(0, 0.5)", 2, 2, _positive("", "standard deviation"), lambda a: (0.0, math.inf, False, False),
            lambda a, u: np.exp(a[0] + a[1] * _special().ndtri(u)), _log_normal_density,
        ),
        Distribution(
            "beta", "beta(a, b)", "Between zero and one; the mean is a / (a + b).", "beta(2, 6)", 2, 2,
            _positive("first argument", "second argument"), lambda a: (0.0, 1.0, False, False),
            lambda a, u: _special().betaincinv(a[0], a[1], u), _beta_density,
        ),
        Distribution(
            "gamma", "gamma(shape, scale)", "Positive; the mean is shape * scale.", "gamma(2, 0.5)", 2, 2,
            _positive("shape", "scale"), lambda a: (0.0, math.inf, False, False),
            lambda a, u: a[1] * _special().gammaincinv(a[0], u), _gamma_density,
        ),
        Distribution(
            "uniform", "uniform(least, greatest)", "Every value between the two alike.", "uniform(0, 1)", 2, 2,
            lambda a: None if a[0] < a[1] else "its least value must lie below its greatest",
            lambda a: (a[0], a[1], True, True), lambda a, u: a[0] + (a[1] - a[0]) * u,
            lambda a, x: np.where((x >= a[0]) & (x <= a[1]), 1 / (a[1] - a[0]), 0.0),
        ),
        Distribution(
            "triangular", "triangular(least, likeliest, greatest)", "Rises to the likeliest value and falls from it.",
            "triangular(0, 1, 4)", 3, 3, _triangular_fault, lambda a: (a[0], a[2], True, True),
            _triangular_quantile, _triangular_density,
        ),
        Distribution(
            "exponential", "exponential(mean)", "Positive, most of it near zero.", "exponential(2)", 1, 1,
            _positive("mean"), lambda a: (0.0, math.inf, True, False), lambda a, u: -a[0] * np.log1p(-u),
            lambda a, x: np.where(x >= 0, np.exp(-np.maximum(x, 0) / a[0]) / a[0], 0.0),
        ),
        Distribution(
            "fixed", "fixed(value)", "One value, known; a bare number means the same.", "fixed(0.5)", 1, 1,
            lambda a: None, lambda a: (a[0], a[0], True, True), lambda a, u: np.full_like(u, a[0]),
            lambda a, x: np.where(x == a[0], 1.0, 0.0),
        ),
        Distribution(
            "discrete", "discrete(value, weight, value, weight, ...)", "A few values with their probabilities.",
            "discrete(0, 0.25, 1, 0.75)", 2, None, _discrete_fault,
            lambda a: (min(a[::2]), max(a[::2]), True, True), _discrete_quantile, _discrete_density,
        ),
    )
}  # fmt: skip


def fixed(value: float) -> Prior:
    """The prior of a parameter that is known."""
    return Prior("fixed", (float(value),), repr(float(value)))


def quantile(prior: Prior, u: ArrayLike) -> Array:
    """Quantiles of the prior; `u` in [0, 1], any shape, same shape back."""
    with np.errstate(over="ignore"):  # what is too large for a number is infinite, and `check` says so
        return PRIORS[prior.name].quantile(prior.arguments, np.asarray(u, float))


def median(prior: Prior) -> float:
    """The prior's median (for `discrete`, the least value with half of the weight at or below it)."""
    return float(quantile(prior, np.asarray(0.5)))


def density(prior: Prior, x: ArrayLike) -> Array:
    """Density at `x` (probability of the value for `fixed` and `discrete`)."""
    return np.asarray(PRIORS[prior.name].density(prior.arguments, np.asarray(x, float)))


def support(prior: Prior) -> tuple[float, float]:
    """Least and greatest possible value."""
    return PRIORS[prior.name].support(prior.arguments)[:2]


def from_interval(low: float, high: float, *, family: str) -> Arguments:
    """Arguments of the `normal`, `lognormal` or `beta` distribution with these 5% and 95% quantiles."""
    if family == "beta":
        return _beta_interval(low, high)
    if family == "lognormal":
        low, high = math.log(low), math.log(high)
    return ((low + high) / 2, (high - low) / (2 * Z95))


def _beta_interval(low: float, high: float) -> Arguments:
    """Solve for log(a), log(b) by Newton's method on the two tail probabilities, from a normal guess."""
    special = _special()
    mean, sd = (low + high) / 2, (high - low) / (2 * Z95)
    size = max(mean * (1 - mean) / sd**2 - 1, 0.5)
    point: Array = np.log([mean * size, (1 - mean) * size])

    def residual(p: Any) -> Any:
        a, b = np.exp(p)
        return np.array(
            [
                special.ndtri(special.betainc(a, b, low)) + Z95,
                special.ndtri(special.betainc(a, b, high)) - Z95,
            ]
        )

    with np.errstate(all="ignore"):  # an interval that no distribution has ends in what is not a number
        for _ in range(100):
            error = residual(point)
            if np.max(np.abs(error)) < 1e-12:
                break
            step = 1e-6
            slope: Any = np.stack(
                [(residual(point + step * e) - residual(point - step * e)) / (2 * step) for e in np.eye(2)], 1
            )
            change = cast("Array", np.linalg.solve(slope, error))
            point = point - change * min(1.0, 1.0 / max(float(np.max(np.abs(change))), 1e-300))
        left = float(np.max(np.abs(residual(point))))
    if not left < 1e-6:
        raise ValueError("no beta distribution was found with this interval")
    return tuple(float(x) for x in np.exp(point))
