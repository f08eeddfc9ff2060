"""The parties and what they can move: who changes which public factor, and whose interests each factor touches.

Receives a `Scenario`; returns an SVG in two columns (parties by role, factors with their levels). A full line runs from a
party to a factor that one of its moves changes, a dashed line back from a factor to a party whose values mention it.
"""

from __future__ import annotations

from markupsafe import Markup

from goodoffices.language.scenario import Factor, Party, Scenario
from goodoffices.reports.algebra import names_in
from goodoffices.reports.svg import element, picture, shorten

WIDTH = 360.0
BOX, FACTOR_X, FACTOR_WIDTH = 128.0, 226.0, 132.0
PARTY_HEIGHT, LEVEL_HEIGHT, GAP = 46.0, 16.0, 18.0
TOP = 26.0


def parties_picture(scenario: Scenario, *, identity: str, title: str, description: str) -> Markup:
    """Draw parties, factors and what runs between them."""
    heights = [24 + LEVEL_HEIGHT * len(f.levels) for f in scenario.factors]
    left = len(scenario.parties) * (PARTY_HEIGHT + GAP) - GAP
    right = sum(heights) + GAP * (len(heights) - 1)
    total = max(left, right)
    party_y = _spread([PARTY_HEIGHT] * len(scenario.parties), total)
    factor_y = _spread(heights, total)
    lines, boxes = [], []
    for party, y in zip(scenario.parties, party_y, strict=True):
        moved, valued = factors_moved(scenario, party.name), factors_valued(scenario, party.name)
        for factor, fy, height in zip(scenario.factors, factor_y, heights, strict=True):
            start, end = y + PARTY_HEIGHT / 2, fy + height / 2
            if factor.name in moved:
                lines.append(_line(BOX, FACTOR_X - 7, start - 6, end - 5, "acts"))
                lines.append(_head(FACTOR_X - 1, end - 5, forward=True, class_="acts-head"))
            if factor.name in valued:
                lines.append(_line(BOX + 7, FACTOR_X, start + 6, end + 5, "matters"))
                lines.append(_head(BOX + 1, start + 6, forward=False, class_="matters-head"))
        boxes += _party(party, y)
    for factor, y, height in zip(scenario.factors, factor_y, heights, strict=True):
        boxes += _factor(factor, y, height)
    heads = [
        element("text", "Parties", x=0.0, y=13.0, class_="heading"),
        element("text", "Public state", x=FACTOR_X, y=13.0, class_="heading"),
    ]
    return picture(
        *heads,
        *lines,
        *boxes,
        width=WIDTH,
        height=TOP + total + 4,
        title=title,
        description=description,
        identity=identity,
        class_="parties",
    )


def factors_moved(scenario: Scenario, party: str) -> frozenset[str]:
    """Names of the factors that some move of the party changes."""
    return frozenset(
        effect.factor
        for turn in scenario.turns
        for mover in turn.movers
        if mover.party == party
        for move in mover.moves
        for effect in move.then
    )


def factors_valued(scenario: Scenario, party: str) -> frozenset[str]:
    """Names of the factors that the party's values mention, directly or through named quantities."""
    found: set[str] = set()
    waiting = [e for e in (scenario.values.get(party), scenario.end_values.get(party)) if e is not None]
    lets = {let.name: let for let in scenario.lets}
    while waiting:
        for name in names_in(waiting.pop()) - found:
            found.add(name)
            if name in lets:
                let = lets[name]
                waiting += [e for e in (let.expression, *let.table.values()) if e is not None]
                found |= {let.key} if let.key else set()
    return frozenset(f.name for f in scenario.factors) & found


def _spread(heights: list[float], total: float) -> list[float]:
    """Tops of boxes stacked with equal gaps so that they fill the height; one box stands in the middle."""
    if len(heights) == 1:
        return [TOP + (total - heights[0]) / 2]
    gap = (total - sum(heights)) / max(1, len(heights) - 1)
    tops, y = [], TOP
    for height in heights:
        tops.append(y)
        y += height + gap
    return tops


def _line(a: float, b: float, start: float, end: float, class_: str) -> Markup:
    middle = (a + b) / 2
    return element(
        "path",
        d=f"M{a:.0f} {start:.1f}C{middle:.0f} {start:.1f} {middle:.0f} {end:.1f} {b:.0f} {end:.1f}",
        class_=class_,
    )


def _head(x: float, y: float, *, forward: bool, class_: str) -> Markup:
    back = -7 if forward else 7
    return element("path", d=f"M{x:.0f} {y:.1f}l{back} -4v8Z", class_=class_)


def _party(party: Party, y: float) -> list[Markup]:
    mediator = "mediat" in party.role.lower()
    return [
        element(
            "rect",
            x=1.0,
            y=y,
            width=BOX - 1,
            height=PARTY_HEIGHT,
            rx=PARTY_HEIGHT / 2 if mediator else 6,
            class_="party mediator" if mediator else "party",
        ),
        element("text", shorten(party.label, 17), x=BOX / 2, y=y + 20, class_="name mid"),
        element("text", shorten(party.role, 20), x=BOX / 2, y=y + 35, class_="role mid"),
    ]


def _factor(factor: Factor, y: float, height: float) -> list[Markup]:
    out = [
        element("rect", x=FACTOR_X, y=y, width=FACTOR_WIDTH, height=height, rx=6, class_="factor"),
        element("text", shorten(factor.name.replace("_", " "), 16), x=FACTOR_X + 10, y=y + 16, class_="name"),
    ]
    for k, level in enumerate(factor.levels):
        ly = y + 20 + LEVEL_HEIGHT * k
        now = level == factor.start
        out.append(
            element("circle", cx=FACTOR_X + 15, cy=ly + 8, r=3.5, class_="level start" if now else "level")
        )
        name = shorten(level.replace("_", " "), 18)
        out.append(element("text", name, x=FACTOR_X + 24, y=ly + 12, class_="role"))
    return out
