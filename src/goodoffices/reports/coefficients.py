"""The picture of coefficients: a dot with its interval for each, all beside one line at zero.

Receives names, estimates and intervals; returns an SVG. Each interval is drawn on the scale of its own standard error, because
coefficients of different columns have different units: what can be compared is how many errors each lies from zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from goodoffices.reports.numbers import plain
from goodoffices.reports.svg import element, picture, shorten

WIDTH, LABEL, NUMBERS, ROW, TOP = 720.0, 290.0, 150.0, 22.0, 26.0
MOST = 6.0
"""Standard errors from zero at which the axis ends; beyond, an arrow."""


@dataclass(frozen=True)
class Row:
    """One coefficient."""

    name: str
    estimate: float
    low: float
    high: float
    """Ends of its interval."""
    error: float
    """Standard error, or standard deviation of its posterior."""


def coefficient_picture(rows: Sequence[Row], *, identity: str = "coefficients", title: str) -> Markup:
    """Draw the coefficients, one a line, by distance from zero in standard errors."""
    known = [r for r in rows if r.error > 0 and math.isfinite(r.error)]
    reach = min(MOST, max([2.5, *(max(abs(r.low), abs(r.high)) / r.error for r in known)]))
    left, right = LABEL + 10, WIDTH - NUMBERS
    zero, unit = (left + right) / 2, (right - left) / 2 / reach
    bottom = TOP + ROW * len(rows)
    drawn = [
        element("line", x1=zero, x2=zero, y1=TOP - 8, y2=bottom, class_="zero"),
        element("text", "standard errors from zero", x=zero, y=11.0, class_="tick mid"),
    ]
    last = 2 * int(reach / 2)
    for k in range(-last, last + 1, 2):
        x = zero + k * unit
        if k:
            drawn.append(element("line", x1=x, x2=x, y1=TOP - 4, y2=bottom, class_="axis"))
        drawn.append(element("text", plain(float(k), 1), x=x, y=bottom + 14, class_="tick mid"))
    for k, row in enumerate(rows):
        drawn += _line(row, TOP + ROW * k + ROW / 2, zero, unit, reach)
    described = "; ".join(f"{r.name} {plain(r.estimate, 3)}" for r in rows)
    return picture(
        *drawn,
        width=WIDTH,
        height=bottom + 22,
        title=title,
        identity=identity,
        class_="coefficients",
        description=described,
    )


def _line(row: Row, y: float, zero: float, unit: float, reach: float) -> list[Markup]:
    out = [element("text", shorten(row.name, 44), x=LABEL, y=y + 4, class_="name end")]
    if not (row.error > 0 and math.isfinite(row.error)):
        words = f"{plain(row.estimate, 3)} (held)"
        return [*out, element("text", words, x=WIDTH - NUMBERS + 12, y=y + 4, class_="told")]
    sure = row.low > 0 or row.high < 0
    kind = "holds" if sure else "unknown"
    low, middle, high = (
        zero + unit * min(max(v / row.error, -reach), reach) for v in (row.low, row.estimate, row.high)
    )
    out.append(element("line", x1=low, x2=high, y1=y, y2=y, class_=f"span {kind}"))
    if abs(row.estimate / row.error) > reach:
        tip = 6.0 if row.estimate > 0 else -6.0
        arrow = f"M{middle - tip:.1f} {y - 4:.1f}L{middle:.1f} {y:.1f}L{middle - tip:.1f} {y + 4:.1f}Z"
        out.append(element("path", d=arrow, class_=f"tip {kind}"))
    else:
        out.append(element("circle", cx=middle, cy=y, r=4.0, class_=f"tip {kind}"))
    words = f"{plain(row.estimate, 3)} ± {plain(row.error, 2)}"
    return [*out, element("text", words, x=WIDTH - NUMBERS + 12, y=y + 4, class_="spread")]
