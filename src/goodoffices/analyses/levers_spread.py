"""A number over draws, with its mean, its Monte Carlo error and its quantiles.

Receives values [b], not a number where a game was not solved; such draws are left out of every summary and counted by `n`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from goodoffices.compiler.expressions import Array


@dataclass(frozen=True, eq=False)
class Spread:
    """A number over draws."""

    values: Array
    """[b]"""

    @property
    def n(self) -> int:
        """Draws with an answer."""
        return int((~np.isnan(self.values)).sum())

    @property
    def mean(self) -> float:
        """Mean over the draws with an answer; not a number where there are none."""
        return float(np.nanmean(self.values)) if self.n else float("nan")

    @property
    def error(self) -> float:
        """Monte Carlo standard error of the mean; not a number for fewer than two draws."""
        return float(np.nanstd(self.values, ddof=1) / np.sqrt(self.n)) if self.n > 1 else float("nan")

    def quantiles(self, *levels: float) -> tuple[float, ...]:
        """Quantiles over the draws with an answer."""
        if not self.n:
            return tuple(float("nan") for _ in levels)
        return tuple(float(q) for q in np.nanquantile(self.values, levels))

    def summary(self) -> dict[str, float | int | None]:
        """`n`, `mean`, `error` and the middle 90% (`low`, `median`, `high`); null where there is none."""
        low, middle, high = self.quantiles(0.05, 0.5, 0.95)
        numbers = {"mean": self.mean, "error": self.error, "low": low, "median": middle, "high": high}
        return {"n": self.n} | {k: float(v) if np.isfinite(v) else None for k, v in numbers.items()}
