"""Rows with marks on one axis through zero: what every one of these analyses draws.

Receives rows of labelled marks; returns an SVG. A mark is a bar or a dot, with its error as a line and the middle 90% of the
draws as a thinner one. What lies beyond the axis is drawn at its edge, with an arrow's head.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from goodoffices.reports.numbers import MINUS, plain
from goodoffices.reports.svg import element, picture, shorten

WIDTH, LABELS, NUMBERS, TOP = 900.0, 330.0, 76.0, 30.0
MARK, GAP = 15.0, 9.0
LETTERS = 42
"""Letters of a label that have room."""


@dataclass(frozen=True)
class Mark:
    """One number of a row."""

    value: float
    kind: str
    """A class of the style sheet, which is its colour: `k0` to `k4`."""
    error: float = math.nan
    low: float = math.nan
    high: float = math.nan
    title: str = ""


@dataclass(frozen=True)
class Row:
    """A label with its marks, one below the other."""

    label: str
    marks: tuple[Mark, ...]
    detail: str = ""
    """More words for those who point at it."""


def chart(
    rows: Sequence[Row],
    *,
    title: str,
    identity: str,
    unit: str,
    kinds: Sequence[tuple[str, str]] = (),
    bars: bool = False,
    description: str = "The same as a table below.",
) -> Markup:
    """Draw rows of marks.

    Args:
        rows: from the top.
        title: for those who do not see it.
        identity: unique on the page.
        unit: under the axis.
        kinds: class and words of each kind of mark, for the key above.
        bars: bars from zero instead of dots.
        description: a longer text for those who do not see it.
    """
    low, high = _domain(rows)
    left, right = LABELS + 12, WIDTH - NUMBERS
    scale = (right - left) / (high - low)

    def x(value: float) -> float:
        return left + (min(max(value, low), high) - low) * scale

    drawn: list[Markup] = []
    y = TOP + (20.0 if kinds else 0.0)
    top = y - 8
    for row in rows:
        height = MARK * len(row.marks)
        name = shorten(row.label, LETTERS)
        drawn.append(
            element(
                "text",
                element("title", row.detail or row.label),
                name,
                x=LABELS,
                y=y + height / 2 + 4,
                class_="row-label end",
            )
        )
        for k, mark in enumerate(row.marks):
            drawn += _mark(mark, x, y + MARK * (k + 0.5), bars=bars, edge=right)
        y += height + GAP
    bottom = y
    grid = [
        element("line", x1=x(t), x2=x(t), y1=top, y2=bottom, class_="zero" if t == 0 else "grid")
        for t in _ticks(low, high)
    ]
    texts = [
        element("text", f"{t:g}".replace("-", MINUS), x=x(t), y=bottom + 16, class_="tick mid")
        for t in _ticks(low, high)
    ]
    words = element("text", unit, x=(left + right) / 2, y=bottom + 34, class_="tick mid strong")
    return picture(
        *_key(kinds),
        *grid,
        *drawn,
        *texts,
        words,
        width=WIDTH,
        height=bottom + 44,
        title=title,
        identity=identity,
        class_="rows",
        description=description,
    )


def _mark(mark: Mark, x, y: float, *, bars: bool, edge: float) -> list[Markup]:  # type: ignore[no-untyped-def]
    if not math.isfinite(mark.value):
        return [element("text", "no answer", x=x(0.0) + 4, y=y + 4, class_="tick")]
    out: list[Markup] = []
    inside: list[Markup] = [element("title", mark.title)] if mark.title else []
    if math.isfinite(mark.low) and math.isfinite(mark.high):
        out.append(
            element("line", x1=x(mark.low), x2=x(mark.high), y1=y, y2=y, class_=f"range-line {mark.kind}")
        )
    if bars:
        a, b = sorted((x(0.0), x(mark.value)))
        out.append(
            element(
                "rect", *inside, x=a, y=y - 5, width=max(b - a, 0.8), height=10.0, class_=f"bar {mark.kind}"
            )
        )
    if math.isfinite(mark.error):
        ends = x(mark.value - 2 * mark.error), x(mark.value + 2 * mark.error)
        out.append(element("line", x1=ends[0], x2=ends[1], y1=y, y2=y, class_=f"error-line {mark.kind}"))
    if not bars:
        out.append(element("circle", *inside, cx=x(mark.value), cy=y, r=4.4, class_=f"dot-mark {mark.kind}"))
    out.append(element("text", plain(mark.value), x=edge + NUMBERS - 6, y=y + 4, class_="number-mark end"))
    return out


def _domain(rows: Sequence[Row]) -> tuple[float, float]:
    """From the least to the largest mark with twice its error, zero included, with air."""
    ends = [0.0]
    for row in rows:
        for mark in row.marks:
            if math.isfinite(mark.value):
                wide = 2 * mark.error if math.isfinite(mark.error) else 0.0
                ends += [mark.value - wide, mark.value + wide]
                ends += [e for e in (mark.low, mark.high) if math.isfinite(e)]
    low, high = min(ends), max(ends)
    air = 0.04 * (high - low) or 1.0
    return (low - air if low < 0 else 0.0), (high + air if high > 0 else 0.0) or air


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers, zero among them, six at most or so."""
    step = 10.0 ** math.floor(math.log10((high - low) / 4))
    step *= next(m for m in (1, 2, 5, 10) if (high - low) / (m * step) <= 7)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [k * step if k else 0.0 for k in range(first, last + 1)]


def _key(kinds: Sequence[tuple[str, str]]) -> list[Markup]:
    out: list[Markup] = []
    x = 8.0
    for kind, words in kinds:
        out.append(element("circle", cx=x, cy=14.0, r=4.4, class_=f"dot-mark {kind}"))
        out.append(element("text", words, x=x + 9, y=18.0, class_="tick"))
        x += 26 + 6.3 * len(words)
    return out
