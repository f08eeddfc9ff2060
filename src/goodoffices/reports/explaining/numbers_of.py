"""Numbers over draws as a reader wants them.

Receives `Spread`s; returns texts.
"""

from __future__ import annotations

import math

from goodoffices.analyses.levers_spread import Spread
from goodoffices.reports.numbers import MINUS, plain


def points(value: float) -> str:
    """A change of a probability in points of a hundred, signed: `+12`, `−0.4`."""
    if not math.isfinite(value):
        return "unknown"
    value *= 100
    text = f"{value:+.0f}" if abs(value) >= 9.95 else f"{value:+.1f}"
    return "0" if float(text) == 0 else text.replace("-", MINUS)


def signed(value: float) -> str:
    """A number with its sign: `+1.2`, `−0.3`."""
    return f"+{plain(value)}" if value > 0 and math.isfinite(value) else plain(value)


def change(value: float, unit: str) -> str:
    """A change in its unit: points for probabilities."""
    return f"{points(value)} points" if unit == "probability" else signed(value)


def with_error(spread: Spread, unit: str) -> str:
    """`−0.44 ± 0.15`: mean and standard error."""
    if unit == "probability":
        error = "–" if math.isnan(spread.error) else f"{100 * spread.error:.1f}"
        return f"{points(spread.mean)} ± {error}"
    return f"{signed(spread.mean)} ± {plain(spread.error)}"
