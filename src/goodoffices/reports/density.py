"""The small drawing of a prior: the shape of the draws that were used, their median and their middle 90%.

Receives draws [b]; returns an SVG. Few distinct values are drawn as stems, a spread as a smoothed curve that stays
within the range of the draws (Gaussian kernel, Silverman's bandwidth, reflected at both ends).
"""

from __future__ import annotations

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from goodoffices.reports.svg import element, picture

WIDTH, HEIGHT, PAD = 132.0, 34.0, 4.0
POINTS = 49
STEMS = 12
"""At most this many distinct values are drawn as stems."""


def density(draws: NDArray[np.float64], *, identity: str, title: str) -> Markup:
    """Draw the distribution of one parameter's draws [b], nan ignored."""
    values = draws[np.isfinite(draws)]
    base = HEIGHT - 5
    drawn = [element("line", x1=0.0, x2=WIDTH, y1=base, y2=base, class_="axis")]
    distinct = np.unique(values)
    if 0 < len(distinct) <= STEMS:
        drawn += _stems(values, distinct, base)
    elif len(distinct):
        drawn += _curve(values, base)
    return picture(*drawn, width=WIDTH, height=HEIGHT, title=title, identity=identity, class_="density")


def _stems(values: NDArray[np.float64], distinct: NDArray[np.float64], base: float) -> list[Markup]:
    weights = np.array([(values == v).mean() for v in distinct])
    span = float(distinct[-1] - distinct[0])
    share = (distinct - distinct[0]) / span if span else np.full(len(distinct), 0.5)
    xs = PAD + share * (WIDTH - 2 * PAD)
    tops = base - weights / weights.max() * (base - 3)
    return [
        element("line", x1=float(x), x2=float(x), y1=base, y2=float(y), class_="stem")
        for x, y in zip(xs, tops, strict=True)
    ]


def _curve(values: NDArray[np.float64], base: float) -> list[Markup]:
    low, high = (float(q) for q in np.quantile(values, [0.002, 0.99]))
    # A long tail would squeeze the body of the distribution into a corner.
    inside = values[(values >= low) & (values <= high)]
    spread = min(float(inside.std()), float(np.subtract(*np.quantile(inside, [0.75, 0.25]))) / 1.34)
    width = 0.9 * (spread or float(inside.std())) * len(inside) ** -0.2
    grid = np.linspace(low, high, POINTS)
    mirrored = np.concatenate([inside, 2 * low - inside, 2 * high - inside])
    heights = np.exp(-0.5 * ((grid[:, None] - mirrored[None, :]) / width) ** 2).sum(1)
    xs = PAD + (grid - low) / (high - low) * (WIDTH - 2 * PAD)
    ys = base - heights / heights.max() * (base - 3)
    median = float(np.clip(np.median(values), low, high))
    q5, q95 = (float(np.clip(q, low, high)) for q in np.quantile(values, [0.05, 0.95]))

    def place(value: float) -> float:
        return PAD + (value - low) / (high - low) * (WIDTH - 2 * PAD)

    line = "L".join(f"{x:.1f} {y:.1f}" for x, y in zip(xs, ys, strict=True))
    top = float(np.interp(median, grid, ys))
    return [
        element("path", d=f"M{xs[0]:.1f} {base}L{line}L{xs[-1]:.1f} {base}Z", class_="curve"),
        element("line", x1=place(q5), x2=place(q95), y1=base + 2, y2=base + 2, class_="range"),
        element("line", x1=place(median), x2=place(median), y1=base + 4, y2=top, class_="median"),
    ]
