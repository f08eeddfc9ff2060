"""The strip of margins: one dot for about each hundredth of the draws, on the side of zero where it falls.

Receives margins [b] with what holds and what was solved; returns an SVG. The reader can count the share: dots to the
right of the line hold the claim, dots to the left do not, open dots at the far left edge were not solved
(quantile dot plot: Kay, Kola, Hullman and Munson 2016, doi:10.1145/2858036.2858558).
"""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from goodoffices.reports.numbers import plain
from goodoffices.reports.svg import element, picture, shorten

WIDTH, TOP, BOTTOM, PAD = 340.0, 14.0, 30.0, 12.0
STACK = 52.0
DOTS = 100


def allocate(holding: int, failing: int, unsolved: int) -> tuple[int, int, int]:
    """Share out `DOTS` dots (or one a draw where there are fewer); whatever occurs gets at least one."""
    counts = (holding, failing, unsolved)
    total = sum(counts)
    if total <= DOTS:
        return counts
    dots = [0 if c == 0 else max(1, round(DOTS * c / total)) for c in counts]
    dots[dots.index(max(dots))] += DOTS - sum(dots)
    return dots[0], dots[1], dots[2]


def strip(
    margins: NDArray[np.float64],
    holds: NDArray[np.bool_],
    solved: NDArray[np.bool_],
    *,
    unit: str,
    identity: str,
    title: str,
) -> Markup:
    """Draw the margins of one claim as dots beside the zero line.

    Args:
        margins: [b] distance from flipping, positive where the claim holds.
        holds: [b] whether the claim holds.
        solved: [b] whether the draw was solved.
        unit: of the margin, for the axis.
        identity: unique on the page.
        title: the image's name for those who do not see it.
    """
    known = solved & np.isfinite(margins)
    yes, no = margins[known & holds], margins[known & ~holds]
    n_yes, n_no, n_unknown = allocate(len(yes), len(no), int(len(margins) - known.sum()))
    places = np.concatenate([_quantiles(no, n_no), _quantiles(yes, n_yes)])
    low, high = _domain(places)
    left = PAD + (26.0 if n_unknown else 0.0)
    scale = (WIDTH - PAD - left) / (high - low)
    zero = left - low * scale
    radius, stacks = _stack((np.clip(places, low, high)) * scale, n_no)
    base = TOP + STACK
    drawn = [
        element("line", x1=left, x2=WIDTH - PAD, y1=base + 1, y2=base + 1, class_="axis"),
        *_dots(stacks, radius, zero, base),
        element("line", x1=zero, x2=zero, y1=4.0, y2=base + 7, class_="zero"),
        *_labels(low, high, zero, left, unit, base),
    ]
    if n_unknown:
        drawn += _unknown(n_unknown, base)
    return picture(*drawn, width=WIDTH, height=base + BOTTOM, title=title, identity=identity, class_="strip")


def _quantiles(values: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    return np.quantile(values, (np.arange(n) + 0.5) / n) if n else np.zeros(0)


def _domain(places: NDArray[np.float64]) -> tuple[float, float]:
    """The stretch shown: the middle 95% of the dots, zero included with a little air on both sides.

    Dots beyond it are drawn at the edge, so that a long tail does not squeeze the rest together.
    """
    if not len(places):
        return -1.0, 1.0
    low, high = (float(q) for q in np.quantile(places, [0.025, 0.975]))
    low, high = min(low, 0.0), max(high, 0.0)
    air = 0.12 * (high - low) or 1.0
    return min(low, -air), max(high, air)


def _stack(x: NDArray[np.float64], n_no: int) -> tuple[float, dict[tuple[float, bool], int]]:
    """Bin dots into columns as wide as a dot, none across zero; the largest dot for which the highest column fits."""
    for radius in (5.0, 4.5, 4.0, 3.5, 3.0, 2.5, 2.0, 1.5, 1.0, 0.75, 0.5, 0.26):
        columns: dict[tuple[float, bool], int] = defaultdict(int)
        for k, place in enumerate(x):
            columns[((math.floor(place / (2 * radius)) + 0.5) * 2 * radius, k >= n_no)] += 1
        heights: dict[float, int] = defaultdict(int)
        for (place, _), number in columns.items():
            heights[place] += number
        if not heights or max(heights.values()) * 2 * radius <= STACK:
            return radius, columns
    return 0.26, columns


def _dots(stacks: dict[tuple[float, bool], int], radius: float, zero: float, base: float) -> list[Markup]:
    """One path a side: a zero-length stroke with round ends is a dot, and takes ten bytes."""
    height: dict[float, int] = defaultdict(int)
    paths: dict[bool, list[str]] = {False: [], True: []}
    for (x, holds), number in sorted(stacks.items()):
        for _ in range(number):
            y = base - radius - 2 * radius * height[x]
            paths[holds].append(f"M{zero + x:.4g} {y:.4g}h0")
            height[x] += 1
    return [
        element("path", d="".join(paths[holds]), class_=name, stroke_width=f"{1.8 * radius:.3g}")
        for holds, name in ((False, "dots fails"), (True, "dots holds"))
        if paths[holds]
    ]


def _labels(low: float, high: float, zero: float, left: float, unit: str, base: float) -> list[Markup]:
    y = base + 19
    out = [element("text", "0", x=zero, y=y, class_="tick mid strong")]
    step = _nice((high - low) / 4)
    for sign, end in ((-1, low), (1, high)):
        value = sign * step * math.floor(abs(end) / step + 1e-9)
        x = zero + value * (WIDTH - PAD - left) / (high - low)
        if value and abs(x - zero) > 26:
            label = f"+{plain(value)}" if value > 0 else plain(value)
            side = "mid" if PAD + 16 < x < WIDTH - PAD - 16 else "end" if x > WIDTH / 2 else "begin"
            edge = {"mid": x, "end": WIDTH - 1, "begin": 1.0}[side]
            out.append(element("text", label, x=edge, y=y, class_=f"tick {side}"))
    before, after = zero - left, WIDTH - zero
    measure = f" by ({shorten(unit, 14)})"
    if before > 45:
        text = "◂ fails" + (measure if before > after else "")
        out.append(element("text", text, x=zero - 5, y=11.0, class_="tick end failing"))
    if after > 45:
        text = "holds ▸" + ("" if before > after else measure)
        out.append(element("text", text, x=zero + 5, y=11.0, class_="tick holding"))
    return out


def _unknown(number: int, base: float) -> list[Markup]:
    """Unsolved draws as open dots in a column of their own (two dots wide), under a question mark."""
    radius = min(3.5, STACK / (2 * math.ceil(number / 2)))
    dots = [
        element(
            "circle",
            cx=PAD - 3 + 2 * radius * (k % 2),
            cy=base - radius - 2 * radius * (k // 2),
            r=0.8 * radius,
            class_="unknown",
        )
        for k in range(number)
    ]
    return [*dots, element("text", "?", x=PAD, y=base + 19, class_="tick mid strong")]


def _nice(step: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that does not exceed the step."""
    size = 10.0 ** math.floor(math.log10(step))
    return max(k * size for k in (1, 2, 5) if k * size <= step * (1 + 1e-9))
