"""The pictures of the analyses: bars of indices, maps with their boundary, worlds with a rule, values side by side.

Receives what an analysis found; returns an SVG, or None where there is nothing to draw.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from markupsafe import Markup

from goodoffices.analyses.comparing import Compared
from goodoffices.analyses.discovery import Discovery
from goodoffices.analyses.sensitivity import Decided
from goodoffices.analyses.tipping_maps import Axis, TippingMap
from goodoffices.reports.numbers import plain
from goodoffices.reports.svg import element, picture, shorten

WIDTH, NAMES, RIGHT = 640.0, 180.0, 30.0
LEFT, TOP, SIDE, FOOT = 66.0, 12.0, 440.0, 56.0
MOST_WORLDS = 700
"""Draws shown in a picture of worlds: the first ones."""


def bars(found: Decided, identity: str) -> Markup | None:
    """First-order and total indices of each parameter with their 95% intervals."""
    shown = [i for i in found.influences if np.isfinite(i.total)]
    if not shown:
        return None
    # Indices far above one are estimates from too few rows: they run out of the picture.
    most = min(1.2, max(1.0, *(i.total + i.total_error for i in shown)))
    scale = (WIDTH - NAMES - RIGHT) / most
    drawn: list[Markup] = []
    for k, i in enumerate(shown):
        y = TOP + 24 * k
        drawn.append(element("text", shorten(i.label, 26), x=NAMES - 8, y=y + 13, class_="name end"))
        for value, error, offset, name in (
            (i.total, i.total_error, 1, "bar"),
            (i.first, i.first_error, 10, "bar first"),
        ):
            length = min(max(0.0, value), most) * scale
            drawn.append(element("rect", x=NAMES, y=y + offset, width=length, height=8.0, class_=name))
            low, high = (NAMES + min(max(0.0, v), most) * scale for v in (value - error, value + error))
            drawn.append(
                element("line", x1=low, x2=high, y1=y + offset + 4, y2=y + offset + 4, class_="error")
            )
    base = TOP + 24 * len(shown) + 6
    drawn.append(element("line", x1=NAMES, x2=WIDTH - RIGHT, y1=base, y2=base, class_="axis"))
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = NAMES + share * scale
        drawn.append(element("text", f"{share:.0%}", x=x, y=base + 16, class_="tick mid"))
    return picture(
        *drawn,
        width=WIDTH,
        height=base + 24,
        title=f"What decides {found.claim}",
        identity=identity,
        class_="analysis",
    )


class _Frame:
    """A square over two axes."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.x, self.y = x, y

    def across(self, value: float) -> float:
        return LEFT + float(np.clip((value - self.x[0]) / (self.x[1] - self.x[0]), 0, 1)) * SIDE

    def up(self, value: float) -> float:
        return TOP + SIDE - float(np.clip((value - self.y[0]) / (self.y[1] - self.y[0]), 0, 1)) * SIDE

    def ticks(self, names: tuple[str, str]) -> list[Markup]:
        out: list[Markup] = []
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            a = self.x[0] + share * (self.x[1] - self.x[0])
            b = self.y[0] + share * (self.y[1] - self.y[0])
            out.append(element("text", plain(a), x=self.across(a), y=TOP + SIDE + 17, class_="tick mid"))
            out.append(element("text", plain(b), x=LEFT - 6, y=self.up(b) + 4, class_="tick end"))
        out.append(element("text", names[0], x=LEFT + SIDE / 2, y=TOP + SIDE + 38, class_="name mid strong"))
        middle = TOP + SIDE / 2
        turned = f"rotate(-90 14 {middle:.0f})"
        out.append(element("text", names[1], x=14.0, y=middle, class_="name mid strong", transform=turned))
        out.append(element("rect", x=LEFT, y=TOP, width=SIDE, height=SIDE, class_="axis", fill="none"))
        return out


def tipping(found: TippingMap, identity: str) -> Markup | None:
    """The map: colours for verdicts, dots where games were solved, the boundary, and the medians."""
    return _line(found, identity) if len(found.axes) == 1 else _area(found, identity)


def _name(axis: Axis) -> str:
    return f"{axis.parameter} ({axis.unit})" if axis.unit else axis.parameter


def _kind(found: TippingMap, at: tuple[int, ...]) -> str:
    if found.status[at] == 2:
        return "cell unsolved"
    return "cell holds" if found.holds[at] else "cell fails"


def _area(found: TippingMap, identity: str) -> Markup:
    a, b = found.axes
    frame = _Frame((a.values[0], a.values[-1]), (b.values[0], b.values[-1]))
    xs, ys = _edges(a.values), _edges(b.values)
    cells: list[Markup] = []
    dots: list[Markup] = []
    for i in range(len(a.values)):
        for j in range(len(b.values)):
            left, right = frame.across(xs[i]), frame.across(xs[i + 1])
            top, bottom = frame.up(ys[j + 1]), frame.up(ys[j])
            cells.append(
                element(
                    "rect",
                    x=left,
                    y=top,
                    width=right - left + 0.1,
                    height=bottom - top + 0.1,
                    class_=_kind(found, (i, j)),
                )
            )
            if found.status[i, j] == 0:
                dots.append(
                    element(
                        "circle", cx=frame.across(a.values[i]), cy=frame.up(b.values[j]), r=1.1, class_="seen"
                    )
                )
    edge = [
        element("circle", cx=frame.across(c.at[0]), cy=frame.up(c.at[1]), r=2.2, class_="boundary")
        for c in found.crossings
    ]
    x, y = frame.across(a.median), frame.up(b.median)
    guides = [
        element("line", x1=x, x2=x, y1=TOP, y2=TOP + SIDE, class_="guide"),
        element("line", x1=LEFT, x2=LEFT + SIDE, y1=y, y2=y, class_="guide"),
    ]
    return picture(
        *cells, *guides, *dots, *edge, *frame.ticks((_name(a), _name(b))),
        width=LEFT + SIDE + RIGHT, height=TOP + SIDE + FOOT, title=f"Where {found.claim} holds", identity=identity,
        class_="analysis",
    )  # fmt: skip


def _edges(values: np.ndarray) -> list[float]:
    middle = (values[1:] + values[:-1]) / 2
    return np.concatenate([values[:1], middle, values[-1:]]).tolist()


def _line(found: TippingMap, identity: str) -> Markup | None:
    axis = found.axes[0]
    known = np.isfinite(found.margins)
    if not known.any():
        return None
    low, high = min(0.0, float(found.margins[known].min())), max(0.0, float(found.margins[known].max()))
    frame = _Frame((axis.values[0], axis.values[-1]), (low, high if high > low else low + 1))
    edges = _edges(axis.values)
    cells = [
        element(
            "rect", x=frame.across(edges[k]), y=TOP, width=frame.across(edges[k + 1]) - frame.across(edges[k]) + 0.1,
            height=SIDE, class_=_kind(found, (k,)),
        )
        for k in range(len(axis.values))
    ]  # fmt: skip
    steps, margins = np.flatnonzero(known).tolist(), found.margins.tolist()
    lines = [
        element(
            "line", x1=frame.across(axis.values[i]), x2=frame.across(axis.values[j]), y1=frame.up(margins[i]),
            y2=frame.up(margins[j]), class_="boundary",
        )
        for i, j in pairwise(steps)
        if j == i + 1
    ]  # fmt: skip
    zero, middle = frame.up(0.0), frame.across(axis.median)
    guides = [
        element("line", x1=LEFT, x2=LEFT + SIDE, y1=zero, y2=zero, class_="zero"),
        element("line", x1=middle, x2=middle, y1=TOP, y2=TOP + SIDE, class_="guide"),
    ]
    return picture(
        *cells, *guides, *lines, *frame.ticks((_name(axis), f"margin ({found.unit})")),
        width=LEFT + SIDE + RIGHT, height=TOP + SIDE + FOOT, title=f"Where {found.claim} holds", identity=identity,
        class_="analysis",
    )  # fmt: skip


def worlds(found: Discovery, identity: str) -> Markup | None:
    """Draws over the two parameters that the first rule limits most, with the rule's box."""
    if not found.rules:
        return None
    names = [limit.parameter for limit in found.rules[0].limits]
    names += [name for name in sorted(found.draws) if name not in names]
    if len(names) < 2:
        return None
    first, second = names[:2]
    spans = [tuple(np.quantile(found.draws[n], [0.01, 0.99]).tolist()) for n in (first, second)]
    if any(low >= high for low, high in spans):
        return None
    frame = _Frame(*spans)
    dots = [
        element(
            "circle", cx=frame.across(x), cy=frame.up(y), r=2.4, class_=f"world {'meant' if m else 'other'}"
        )
        for x, y, m in zip(
            found.draws[first][:MOST_WORLDS],
            found.draws[second][:MOST_WORLDS],
            found.meant[:MOST_WORLDS],
            strict=True,
        )
    ]
    limits = {limit.parameter: limit for limit in found.rules[0].limits}
    low = [
        v.low if (v := limits.get(n)) and v.low is not None else s[0]
        for n, s in zip((first, second), spans, strict=True)
    ]
    high = [
        v.high if (v := limits.get(n)) and v.high is not None else s[1]
        for n, s in zip((first, second), spans, strict=True)
    ]
    x1, x2, y1, y2 = frame.across(low[0]), frame.across(high[0]), frame.up(high[1]), frame.up(low[1])
    box = element("rect", x=x1, y=y1, width=x2 - x1, height=y2 - y1, class_="rule")
    return picture(
        *dots, box, *frame.ticks((first, second)), width=LEFT + SIDE + RIGHT, height=TOP + SIDE + FOOT,
        title=f"Where {found.claim} {found.kind}", identity=identity, class_="analysis",
    )  # fmt: skip


def side_by_side(found: Compared, identity: str) -> Markup | None:
    """A dot with its error for each scenario, over the middle 90% of its draws."""
    known = [a for a in found.answers if np.isfinite(a.mean)]
    if not known:
        return None
    ends = [
        v
        for a in known
        for v in (a.low, a.high, a.mean - 2 * a.error, a.mean + 2 * a.error)
        if np.isfinite(v)
    ]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    # Differences of a hundredth shall not look like all there is.
    spare = max(0.0, 0.05 - (high - low)) / 2
    low, high = low - spare, high + spare
    scale = (WIDTH - NAMES - RIGHT) / (high - low)
    drawn: list[Markup] = []
    for k, a in enumerate(known):
        y = TOP + 15 + 30.0 * k
        drawn.append(element("text", shorten(a.scenario, 26), x=NAMES - 12, y=y + 4, class_="name end"))
        if np.isfinite(a.low):
            drawn.append(
                element(
                    "rect",
                    x=NAMES + (a.low - low) * scale,
                    y=y - 5,
                    width=(a.high - a.low) * scale,
                    height=10.0,
                    class_="cell holds",
                )
            )
        x = NAMES + (a.mean - low) * scale
        if np.isfinite(a.error):
            reach = 2 * a.error * scale
            drawn.append(element("line", x1=x - reach, x2=x + reach, y1=y, y2=y, class_="error"))
        drawn.append(element("circle", cx=x, cy=y, r=4.0, class_="bar first"))
    base = TOP + 30.0 * len(known) + 6
    drawn.append(element("line", x1=NAMES, x2=WIDTH - RIGHT, y1=base, y2=base, class_="axis"))
    for share in (0.0, 0.5, 1.0):
        value = low + share * (high - low)
        drawn.append(
            element("text", plain(value, 3), x=NAMES + (value - low) * scale, y=base + 16, class_="tick mid")
        )
    return picture(
        *drawn, width=WIDTH, height=base + 24, title=found.question, identity=identity, class_="analysis"
    )
