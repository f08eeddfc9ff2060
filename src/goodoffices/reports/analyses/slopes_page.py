"""Slopes for readers and for programs.

Receives what `workflow.sloping` found; returns a `Page`, whose `data` holds every number; numbers that are not finite are
null.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from markupsafe import Markup

from goodoffices.analyses.slopes import Slope, Sloped, Slopes
from goodoffices.reports.analyses.section import Page, Section
from goodoffices.reports.numbers import counted, finite, plain, power
from goodoffices.reports.svg import element, picture, shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goodoffices.language.scenario import Scenario

MOST_ROWS = 12
"""Parameters in a table and picture, the steepest; `data` has all."""
WIDTH, NAMES, TOP, STEP = 640.0, 180.0, 12.0, 18.0


def slopes_page(
    scenario: Scenario,
    found: Slopes,
    *,
    method: str,
    why: str,
    solved: int,
    near: int,
    nodes: Sequence[int],
    residual: float,
) -> Page:
    """How answers change with each parameter.

    Args:
        scenario: what was analysed.
        found: its slopes.
        method: `tree` or `belief`.
        why: the reason for it.
        solved: games that were solved.
        near: games that were found by derivatives.
        nodes: of the grid and the coarser one that it was compared with; none for trees.
        residual: of the derivatives, per deviation, by independent code; not a number where there is none.
    """
    texts = {claim.name: claim.text for claim in scenario.claims}
    sections = [
        Section(
            texts.get(a.question, a.question),
            a.sentence,
            _bars(a, f"slopes-{k}"),
            "Change for one prior standard deviation of each parameter, the others at their medians: blue upward, "
            "orange downward. Thin lines: how far a coarser grid is from it.",
            ("parameter", "at", "1 deviation", "per deviation", "grid ±", "per unit", ""),
            [_row(s, grid=len(nodes) > 1) for s in a.slopes[:MOST_ROWS]],
        )
        for k, a in enumerate(found.answers)
    ]
    facts = {
        "Method": f"{method} ({why})",
        "Games": f"{solved:,} solved"
        + (f", {near:,} near them by derivatives through the fixed points" if near else ""),
        "To know": "slopes are local: they hold at the medians of the priors and say nothing of worlds far from there",
    }
    if len(nodes) > 1:
        facts["Grid"] = (
            f"{nodes[0]} nodes an axis, compared with {nodes[1]}; slopes settle later than values do, and a small "
            "difference is a sign and no proof that they have"
        )
    if near:
        facts["Check"] = (
            f"after a step along any parameter what is left of the equations is {power(residual)} per deviation, by "
            "code that shares nothing with the solver"
        )
    hidden = max((len(a.slopes) for a in found.answers), default=0) - MOST_ROWS
    if hidden > 0:
        facts["Not shown"] = counted(hidden, "flatter parameter") + "; the numbers have all"
    if found.left_out:
        facts["Without slopes"] = f"{', '.join(found.left_out)} (priors of a few values)"
    data = {
        "kind": "slopes",
        "scenario": scenario.title,
        "method": method,
        "nodes": list(nodes),
        "games_solved": solved,
        "games_near": near,
        "residual": finite(residual),
        "step": found.step,
        "left_out": list(found.left_out),
        "answers": [
            {
                "question": a.question,
                "is_claim": a.is_claim,
                "sentence": a.sentence,
                "unit": a.unit,
                "at_medians": finite(a.at),
                "distance": finite(a.distance),
                "slopes": [
                    {
                        "parameter": s.parameter,
                        "unit": s.unit,
                        "median": s.at,
                        "deviation": s.deviation,
                        "per_unit": finite(s.per_unit),
                        "per_deviation": finite(s.per_deviation),
                        "kink": s.kink,
                        "by_grid": finite(s.by_grid),
                    }
                    for s in a.slopes
                ],
            }
            for a in found.answers
        ],
    }
    return Page("Slopes", scenario.title, sections, facts, data)


def _row(slope: Slope, *, grid: bool) -> tuple[str, ...]:
    return (
        slope.parameter,
        plain(slope.at, 3),
        plain(slope.deviation),
        _signed(slope.per_deviation),
        plain(slope.by_grid, 1) if grid else "",
        _signed(slope.per_unit),
        "kink" if slope.kink else "",
    )


def _signed(value: float) -> str:
    return f"+{plain(value)}" if value > 0 else plain(value)


def _bars(found: Sloped, identity: str) -> Markup | None:
    """One bar for each parameter, to the right or left of none."""
    shown = found.slopes[:MOST_ROWS]
    most = max((abs(s.per_deviation) for s in shown), default=0.0)
    if not most > 0:
        return None
    middle = NAMES + (WIDTH - NAMES) / 2
    scale = (WIDTH - NAMES - 20) / 2 / most
    drawn: list[Markup] = []
    for k, s in enumerate(shown):
        y, end = TOP + STEP * k, middle + s.per_deviation * scale
        drawn.append(element("text", shorten(s.parameter, 26), x=NAMES - 8, y=y + 10, class_="name end"))
        side = "bar" if s.per_deviation > 0 else "bar down"
        drawn.append(
            element("rect", x=min(middle, end), y=y + 2, width=abs(end - middle), height=9.0, class_=side)
        )
        if s.by_grid and math.isfinite(s.by_grid):
            low, high = (min(max(end + sign * s.by_grid * scale, NAMES), WIDTH) for sign in (-1, 1))
            drawn.append(element("line", x1=low, x2=high, y1=y + 6.5, y2=y + 6.5, class_="error"))
    base = TOP + STEP * len(shown) + 2
    drawn.append(element("line", x1=middle, x2=middle, y1=TOP, y2=base, class_="axis"))
    drawn.append(
        element("text", f"{plain(most)} for one deviation", x=WIDTH - 10, y=base + 14, class_="tick end")
    )
    return picture(
        *drawn,
        width=WIDTH,
        height=base + 22,
        title=f"Slopes of {found.question}",
        identity=identity,
        class_="analysis",
    )
