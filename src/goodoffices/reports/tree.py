"""The play of the game as a tree from left to right: who moves, how likely each move is, and what it tells the others.

Receives the branches that fit (`branches.branches`) and how parties are called; returns an SVG. The layout is tidy: ends
of branches take one row each in reading order, a point stands in the middle of what follows from it. The thickness of a
line is the move's probability; the most likely path is coloured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from goodoffices.claims.verdict import PlayPoint
from goodoffices.reports.branches import Branch
from goodoffices.reports.numbers import between, percent
from goodoffices.reports.svg import element, picture, shorten

CARD, EDGE, GLYPH = 178.0, 48.0, 30.0
COLUMN = CARD + EDGE + GLYPH
HEAD, LINE, BELIEF, GAP = 19.0, 15.0, 15.0, 9.0
TOP, BAR = 30.0, 52.0
LABEL = 21
"""Characters of a move's label on one of its (at most two) lines."""
SHOWN_BELIEFS = 2
"""Beliefs shown on a card at most: those that the move changes most."""
TOLD = 0.005
"""A belief that changes by less is not shown: the move tells nothing about it."""


@dataclass
class _Placed:
    branch: Branch
    column: int
    y: float
    following: list[_Placed]


def tree(
    roots: list[Branch], *, party_labels: Mapping[str, str], identity: str, title: str, description: str
) -> Markup:
    """Draw the branches; `party_labels` maps a party's name to what readers call it (chance needs no entry)."""
    cursor = [TOP]

    def settle(branch: Branch, column: int) -> _Placed:
        height = _height(branch)
        following = [settle(b, column + 1) for b in branch.following]
        if following:
            y = (following[0].y + following[-1].y) / 2
            cursor[0] = max(cursor[0], y + height / 2 + GAP)
        else:
            y = cursor[0] + height / 2
            cursor[0] += height + GAP
        return _Placed(branch, column, y, following)

    placed = [settle(b, 0) for b in roots]
    columns = 1 + max((_depth(p) for p in placed), default=0)
    drawn = _fan(placed, party_labels) if placed else []
    return picture(
        *drawn,
        width=columns * COLUMN + 22,
        height=cursor[0] + 4,
        title=title,
        description=description,
        identity=identity,
        class_="tree",
    )


def _depth(placed: _Placed) -> int:
    return max((_depth(p) for p in placed.following), default=placed.column)


def _fan(fan: list[_Placed], labels: Mapping[str, str]) -> list[Markup]:
    """One point with its moves, edges first so that nothing is drawn over a card's text."""
    column = fan[0].column
    x = column * COLUMN + GLYPH / 2
    y = (fan[0].y + fan[-1].y) / 2
    start, end = x + 9, column * COLUMN + GLYPH + EDGE
    edges, cards, later = [], [], []
    for placed in fan:
        branch = placed.branch
        middle = (start + end) / 2
        edges.append(
            element(
                "path",
                d=f"M{start:.0f} {y:.1f}C{middle:.0f} {y:.1f} {middle:.0f} {placed.y:.1f} {end:.0f} {placed.y:.1f}",
                class_="edge likely" if branch.likeliest else "edge",
                stroke_width=f"{0.8 + 11 * branch.move.probability:.1f}",
            )
        )
        cards += _card(placed, end)
        if placed.following:
            joint = end + CARD
            edges.append(
                element("line", x1=joint - 4, x2=joint + 8, y1=placed.y, y2=placed.y, class_="joint")
            )
            later += _fan(placed.following, labels)
    return [*edges, *cards, *_glyph(fan[0].branch.point, x, y, labels), *later]


def _glyph(point: PlayPoint, x: float, y: float, labels: Mapping[str, str]) -> list[Markup]:
    """A diamond for chance, a disc for a party, its name above."""
    name = labels.get(point.party, point.party)
    chance = point.party == "chance"
    shape = (
        element("path", d=f"M{x - 9:.1f} {y:.1f}l9 -9l9 9l-9 9Z", class_="point chance")
        if chance
        else element("circle", cx=x, cy=y, r=8.0, class_="point")
    )
    lines = ["chance"] if chance else wrap(name, 12)
    words = [
        element("text", line, x=max(x - 11, 2.0), y=y - 14 - 12 * above, class_="mover")
        for above, line in enumerate(reversed(lines))
    ]
    return [shape, *words]


def _height(branch: Branch) -> float:
    lines = len(wrap(branch.move.label, LABEL))
    return HEAD + LINE * lines + BELIEF * len(_telling(branch)) + (3.0 if _telling(branch) else 0.0)


def wrap(label: str, limit: int) -> list[str]:
    """Break a label into at most two lines between words; what does not fit ends in an ellipsis."""
    if len(label) <= limit:
        return [label]
    at = label.rfind(" ", 0, limit + 1)
    if at <= 0:
        return [shorten(label, limit)]
    return [label[:at], shorten(label[at + 1 :], limit)]


def _card(placed: _Placed, x: float) -> list[Markup]:
    branch, move = placed.branch, placed.branch.move
    height = _height(branch)
    top = placed.y - height / 2
    likely = " likely" if branch.likeliest else ""
    out = [element("rect", x=x, y=top, width=CARD, height=height, rx=5, class_=f"card{likely}")]
    y = top + 14
    for line in wrap(move.label, LABEL):
        out.append(element("text", line, x=x + 8, y=y, class_="move"))
        y += LINE
    out.append(
        element(
            "text",
            element("tspan", percent(move.probability), class_="probability"),
            element("tspan", f"  {between(move.low, move.high)}", class_="spread"),
            x=x + 8,
            y=y,
        )
    )
    if branch.cut:
        out.append(element("text", "…", x=x + CARD + 4, y=placed.y + 4, class_="more"))
    for k, (dimension, after) in enumerate(_telling(branch)):
        out += _belief(branch, dimension, after, x + 8, y + 6 + BELIEF * k)
    return out


def _telling(branch: Branch) -> list[tuple[str, Mapping[str, float]]]:
    """The beliefs that the move changes, in the model's order; where there are too many, those it changes most."""
    after = branch.move.beliefs_after
    changed = [d for d in after if _change(branch, d) >= TOLD]
    keep = sorted(changed, key=lambda d: -_change(branch, d))[:SHOWN_BELIEFS]
    return [(d, levels) for d, levels in after.items() if d in keep]


def _change(branch: Branch, dimension: str) -> float:
    before = branch.point.beliefs.get(dimension, {})
    return max(
        (abs(p - before.get(t, p)) for t, p in branch.move.beliefs_after[dimension].items()), default=0
    )


def named_level(before: Mapping[str, float], after: Mapping[str, float]) -> str:
    """The type that a belief is shown for: the last of two, else the one whose probability changes most."""
    if len(after) <= 2:
        return list(after)[-1]
    return max(after, key=lambda t: abs(after[t] - before.get(t, after[t])))


def _belief(branch: Branch, dimension: str, after: Mapping[str, float], x: float, top: float) -> list[Markup]:
    """A bar from 0 to 1, full to the belief after the move, with a tick at the belief before it."""
    before = branch.point.beliefs.get(dimension, {})
    level = named_level(before, after)
    now, then = after[level], before.get(level, after[level])
    y = top + 2
    return [
        element("rect", x=x, y=y, width=BAR, height=8.0, class_="belief-all"),
        element("rect", x=x, y=y, width=BAR * now, height=8.0, class_="belief"),
        element("line", x1=x + BAR * then, x2=x + BAR * then, y1=y - 2, y2=y + 10, class_="before"),
        element(
            "text",
            f"{shorten(level.replace('_', ' '), 14)} {percent(now)}",
            x=x + BAR + 6,
            y=y + 8,
            class_="told",
        ),
    ]
