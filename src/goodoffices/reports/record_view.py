"""The path of beliefs and surprises along a record, drawn with its events on the axis, and the page around it.

Receives a `BeliefPath`; returns the text of `beliefs.html`, one file that asks for nothing else. Beliefs are drawn at the
turn after which they hold, events on their days; the band is the middle 90% of the draws, the line their medians.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from goodoffices.inference.path import BeliefPath, PathPoint
from goodoffices.reports import html, numbers
from goodoffices.reports.record_data import record_data, spread
from goodoffices.reports.svg import element, picture, shorten

WIDTH, LEFT, RIGHT = 960.0, 70.0, 44.0
BELIEF, SURPRISE, LANE, GAP = 92.0, 104.0, 20.0, 34.0
NAMES = 96.0
"""Height of the moves' names below the surprises."""
MOST_BITS = 10.0
"""Surprises beyond are drawn at the edge, with their number."""


@dataclass(frozen=True)
class _Axis:
    """Days to the right."""

    first: datetime.date
    last: datetime.date

    def x(self, days: float) -> float:
        """Days after the first."""
        span = max(1.0, float((self.last - self.first).days))
        return LEFT + min(days / span, 1.0) * (WIDTH - LEFT - RIGHT)

    def of(self, day: datetime.date) -> float:
        return self.x((day - self.first).days + 0.5)


def render_record(path: BeliefPath) -> str:
    """Write the page of a path."""
    style, script = html.own("style.css") + html.own("record.css"), html.own("enhance.js")
    page = html.environment().get_template("record.html")
    return page.render(record_view(path), style=style, script=script, policy=html.policy(script))


def write_record(path: BeliefPath, folder: Path) -> tuple[Path, Path]:
    """Write `beliefs.html` and `beliefs.json` into a folder, made if it is missing; return the two paths.

    Raises:
        OSError: the folder cannot be written.
    """
    from goodoffices.reports.files import replace

    page = render_record(path)
    data = json.dumps(record_data(path), ensure_ascii=False, allow_nan=False, indent=1)
    folder.mkdir(parents=True, exist_ok=True)
    files = folder / "beliefs.html", folder / "beliefs.json"
    replace(files[0], page)
    replace(files[1], data + "\n")
    return files


def record_view(path: BeliefPath) -> dict[str, Any]:
    """What the template shows."""
    labels = {party.name: party.label for party in path.scenario.parties}
    moves = _labels(path)
    coded = path.coded
    return {
        "version": path.settings.get("version", ""),
        "title": path.scenario.title,
        "changes": list(path.scenario.changes),
        "plot": plot(path),
        "sentences": _sentences(path, labels),
        "rows": [_row(path, point, labels, moves) for point in path.points],
        "events": [
            {
                "id": fate.event.id,
                "date": fate.event.date.isoformat(),
                "who": f"{fate.event.actor} → {fate.event.target}" if fate.event.target else fate.event.actor,
                "text": fate.event.description or fate.event.lever or fate.event.type,
                "fate": fate.fate,
                "reason": fate.reason,
            }
            for fate in coded.fates
        ],
        "counts": {name: len(coded.of(name)) for name in ("used", "superseded", "conflict", "outside")},
        "remarks": [d.message for d in coded.problems],
        "settings": {
            name.replace("_", " "): ", ".join(value) if isinstance(value, list) else value
            for name, value in path.settings.items()
        },
        "draws": path.draws,
        "unsolved": path.unsolved,
        "effective": numbers.plain(path.effective_draws()),
        "likelihood": _range(path.log_likelihood),
        "rounds": path.rounds,
    }


# ---------------------------------------------------------------- words
def _labels(path: BeliefPath) -> dict[tuple[str | None, str], str]:
    found: dict[tuple[str | None, str], str] = {}
    for turn in path.scenario.turns:
        for mover in turn.movers:
            found |= {(mover.party, move.name): move.label for move in mover.moves}
        found |= {(None, outcome.name): outcome.label for outcome in turn.outcomes}
    return found


def _sentences(path: BeliefPath, labels: Mapping[str, str]) -> list[str]:
    out: list[str] = []
    for party, names in path.types.items():
        before, after = path.prior[party], path.last[party]
        for name, one, two in zip(names[1:], before[1:], after[1:], strict=True):
            out.append(
                f"{labels[party]} being {name}: {numbers.percent(float(np.median(one)))} at the outset and "
                f"{numbers.percent(float(np.median(two)))} on {path.coded.last_day} (medians over the draws; the middle 90% "
                f"on that day is {numbers.between(*(float(q) for q in np.quantile(two, [0.05, 0.95])))})."
            )
    if path.points:
        most = max(path.points, key=lambda p: float(np.median(p.surprise)))
        out.append(
            f"The least expected step was {labels.get(most.party or '', 'chance')}: "
            f"{_labels(path).get((most.party, most.happened), most.happened)} in round {most.round}, at "
            f"{numbers.plain(float(np.median(most.surprise)))} bits."
        )
    return out


def _row(
    path: BeliefPath,
    point: PathPoint,
    labels: Mapping[str, str],
    moves: Mapping[tuple[str | None, str], str],
) -> dict[str, Any]:
    at = point.names.index(point.happened)
    names = path.types.get(point.party or "", ())
    believed = [
        f"{name}: {numbers.percent(float(np.median(one)))} → {numbers.percent(float(np.median(two)))}"
        for name, one, two in zip(names[1:], point.before[1:], point.after[1:], strict=False)
    ]
    others = sorted(
        ((float(np.median(row)), name) for name, row in zip(point.names, point.probability, strict=True)),
        reverse=True,
    )
    return {
        "round": point.round,
        "begins": point.begins.isoformat(),
        "who": labels.get(point.party or "", "Chance"),
        "what": moves.get((point.party, point.happened), point.happened),
        "events": ", ".join(point.events) or "no event",
        "probability": _share(point.probability[at]),
        "bits": _range(point.surprise),
        "others": ", ".join(
            f"{moves.get((point.party, name), name)} {numbers.percent(share)}"
            for share, name in others
            if name != point.happened
        ),
        "beliefs": "; ".join(believed) or "–",
        "provisional": point.provisional,
    }


def _share(values: np.ndarray) -> str:
    found = spread(values)
    return (
        f"{numbers.percent(found['median'])} ({numbers.between(found['low'] or 0.0, found['high'] or 0.0)})"
    )


def _range(values: np.ndarray) -> str:
    found = spread(values)
    return (
        f"{numbers.plain(found['median'])} ({numbers.plain(found['low'])} to {numbers.plain(found['high'])})"
    )


# ---------------------------------------------------------------- drawing
def plot(path: BeliefPath) -> Markup:
    """Beliefs above, surprises below them, events on the axis."""
    coded = path.coded
    axis = _Axis(
        coded.timetable.first, max(coded.last_day, *(p.begins for p in path.points), coded.timetable.first)
    )
    drawn: list[Markup] = []
    y = 26.0
    for party, names in path.types.items():
        label = next(p.label for p in path.scenario.parties if p.name == party)
        for t in range(1, len(names)):
            drawn += _belief(path, axis, party, t, f"{label}: {names[t]}", y)
            y += BELIEF + GAP
    drawn += _surprises(path, axis, y)
    y += SURPRISE + NAMES + GAP / 2
    drawn += _events(path, axis, y)
    height = y + LANE * (len(_actors(path)) + 1) + 30
    return picture(
        *_grid(path, axis, height - 30),
        *drawn,
        width=WIDTH,
        height=height,
        title="Beliefs, surprises and events along the record",
        identity="record",
        class_="record",
        description="The same as a table below.",
    )


def _when(path: BeliefPath, point: PathPoint) -> float:
    """Days after the first at which a turn is drawn: rounds are divided evenly among their turns."""
    turns = len(path.scenario.turns)
    days = path.coded.timetable.round_days
    return (point.round - 1 + (point.turn - 0.5) / turns) * days


def _grid(path: BeliefPath, axis: _Axis, bottom: float) -> list[Markup]:
    """A line where each round begins, with its day under some of them."""
    rounds = max((p.round for p in path.points), default=1)
    every = max(1, round(rounds / 8))
    out: list[Markup] = []
    for r in range(rounds + 1):
        day = path.coded.timetable.begins(r)
        if day > axis.last:
            break
        x = axis.x((day - axis.first).days)
        out.append(element("line", x1=x, x2=x, y1=14.0, y2=bottom, class_="round"))
        if r % every == 0:
            out.append(element("text", f"{day.day} {day:%b %Y}", x=x, y=bottom + 16, class_="tick mid"))
    return out


def _belief(path: BeliefPath, axis: _Axis, party: str, t: int, label: str, top: float) -> list[Markup]:
    """One belief as steps with its band."""
    times, rows = [0.0], [path.prior[party][t]]
    for point in path.points:
        if point.party == party:
            times.append(_when(path, point))
            rows.append(point.after[t])
    times.append(float((axis.last - axis.first).days))
    rows.append(rows[-1])
    with np.errstate(invalid="ignore"):
        low, middle, high = np.quantile(np.stack(rows), [0.05, 0.5, 0.95], axis=1)

    def y(value: float) -> float:
        return top + BELIEF * (1.0 - value)

    def steps(values: np.ndarray) -> list[tuple[float, float]]:
        out = [(axis.x(times[0]), y(float(values[0])))]
        for i in range(1, len(times)):
            out += [(axis.x(times[i]), y(float(values[i - 1]))), (axis.x(times[i]), y(float(values[i])))]
        return out

    band = [*steps(high), *reversed(steps(low))]
    return [
        element("rect", x=LEFT, y=top, width=WIDTH - LEFT - RIGHT, height=BELIEF, class_="frame"),
        element("path", d=_line(band) + "Z", class_="band"),
        element("path", d=_line(steps(middle)), class_="believed"),
        element("text", shorten(label, 80), x=LEFT, y=top - 7, class_="heading"),
        *(
            element("text", text, x=LEFT - 6, y=y(value) + 4, class_="tick end")
            for text, value in (("0%", 0.0), ("50%", 0.5), ("100%", 1.0))
        ),
    ]


def _line(points: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _surprises(path: BeliefPath, axis: _Axis, top: float) -> list[Markup]:
    """A bar for each step, in bits, with the middle 90% of the draws; names below."""
    moves = _labels(path)
    base = top + SURPRISE
    most = max((float(np.quantile(p.surprise, 0.95)) for p in path.points), default=1.0)
    scale = SURPRISE / min(MOST_BITS, max(most, 1.0))
    out = [
        element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=base, y2=base, class_="axis"),
        element("text", "Surprise, in bits", x=LEFT, y=top - 7, class_="heading"),
        element("text", "0", x=LEFT - 6, y=base + 4, class_="tick end"),
        element("text", numbers.plain(SURPRISE / scale), x=LEFT - 6, y=top + 4, class_="tick end"),
    ]
    kinds = {party.name: f"by{k % 4}" for k, party in enumerate(path.scenario.parties)}
    for point in path.points:
        x = axis.x(_when(path, point))
        low, middle, high = (
            min(float(q) * scale, SURPRISE) for q in np.quantile(point.surprise, [0.05, 0.5, 0.95])
        )
        name = moves.get((point.party, point.happened), point.happened)
        kind = kinds.get(point.party or "", "chance")
        shown = "shown" if point.events else "silent"
        title = f"{name}: {numbers.plain(float(np.median(point.surprise)))} bits; {', '.join(point.events) or 'no event'}"
        out.append(
            element(
                "g",
                element("title", title),
                element("rect", x=x - 3, y=base - middle, width=6.0, height=max(middle, 0.6)),
                element("line", x1=x, x2=x, y1=base - low, y2=base - high, class_="spread-line"),
                element(
                    "text",
                    shorten(point.happened.replace("_", " "), 18),
                    x=x + 3,
                    y=base + 8,
                    transform=f"rotate(-62 {x + 3:.1f} {base + 8:.1f})",
                    class_="tick end",
                ),
                class_=f"step {kind} {shown}",
            )
        )
    return out


def _actors(path: BeliefPath) -> list[str]:
    """Actors of the record in the order of how often they act."""
    counted: dict[str, int] = {}
    for fate in path.coded.fates:
        counted[fate.event.actor] = counted.get(fate.event.actor, 0) + 1
    return sorted(counted, key=lambda name: (-counted[name], name))[:8]


def _events(path: BeliefPath, axis: _Axis, top: float) -> list[Markup]:
    """Events on their days, a lane an actor; those that are used are filled."""
    lanes = {actor: k for k, actor in enumerate(_actors(path))}
    out = [element("text", "Events", x=LEFT, y=top + 4, class_="heading")]
    for actor, k in lanes.items():
        y = top + LANE * (k + 1)
        out.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="axis"))
        out.append(element("text", shorten(actor, 10), x=LEFT - 6, y=y + 4, class_="tick end"))
    for fate in path.coded.fates:
        event = fate.event
        if event.actor not in lanes or not axis.first <= event.date <= axis.last:
            continue
        title = f"{event.id}, {event.date}: {event.description or event.lever or event.type} ({fate.reason})"
        y = top + LANE * (lanes[event.actor] + 1)
        mark = element("title", title)
        out.append(element("circle", mark, cx=axis.of(event.date), cy=y, r=3.6, class_=f"event {fate.fate}"))
    return out
