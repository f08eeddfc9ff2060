"""The section on levers: which moves change what others do and get, used or not.

Receives `Levers`; returns a `Section`, and the numbers as plain data.
"""

from __future__ import annotations

from typing import Any

from goodoffices.analyses.levers import KINDS, Contrast, Effect, Levers, Measure
from goodoffices.reports.explaining.chart import Mark, Row, chart
from goodoffices.reports.explaining.numbers_of import change, with_error
from goodoffices.reports.explaining.sections import Picture, Section, Table
from goodoffices.reports.numbers import counted, finite, percent

MOST_ROWS = 7
"""Levers in one picture."""
MOST_EVENTS = 2
"""Outcomes with a sentence and a picture; the tables have all."""
WORDS = {"chosen": "used, by choice", "able": "able to be used", "shadow": "its shadow alone"}
"""What is drawn, with its words in the key."""
FALLBACK = {"imposed": "used, imposed", "able": "able to be used"}
"""Of talks, which have no flows."""
EXPLAINED = (
    "Every effect is a mean over the draws from the priors, with its Monte Carlo standard error; the middle 90% of the draws says "
    "how much it depends on what is not known. An effect that is large in some worlds and opposite in others is small on average.",
    "“Used, by choice”: the party chose the move at its first decision with it, and everybody learns from that; set against that "
    "decision whatever is chosen. “Able to be used”: the argument as it is against the same without the move. “Its shadow alone”: "
    "the party plays as if it had not the move, and only the others act on its having it; nothing of this is the use of the move. "
    "The table has the effect of the imposed move too, and that of the paths on which it is not used, which also holds who refrained.",
    "Effects follow from the model and its priors; they are not measured on the world.",
)


def lever_section(found: Levers, contrast: Contrast | None = None) -> Section:
    """Sentences, pictures and tables about levers."""
    values = [m for m in found.measures if m.unit == "utility"]
    events = [m for m in found.measures if m.unit == "probability"]
    drawn = [*values, *(m for m, _ in _moved(found)[:MOST_EVENTS])]
    return Section(
        "levers",
        "What moves whom",
        "Levers: used, held ready, and in their shadow",
        tuple(lever_sentences(found, contrast)),
        tuple(p for k, m in enumerate(drawn) if (p := _picture(found, m, k)) is not None),
        (_ranking(found, values), _ranking(found, events, folded=True), _all(found)),
        EXPLAINED,
    )


def lever_sentences(found: Levers, contrast: Contrast | None = None) -> list[str]:
    """The findings in words, with the number of draws and errors."""
    out: list[str] = []
    if contrast is not None:
        out.append(_contrast_sentence(contrast))
    labels = {p.name: p.label for p in found.scenario.parties}
    for measure in found.measures:
        if measure.item.party is None:
            continue
        who = labels[measure.item.party]
        for kind, words in (
            ("shadow", "The shadow that weighs most on"),
            ("chosen", "What others do that weighs most on"),
        ):
            best = _most(found, measure, kind)
            if best is not None:
                lever = best.lever
                out.append(
                    f"{words} {who} is that of “{lever.label}” ({labels[lever.party]}): {with_error(best, 'utility')} of its value "
                    f"on average over {counted(best.n, 'draw')}, the largest of all moves of others in {percent(_first(found, measure, kind, best))} of them."
                )
    for measure, effect in _moved(found)[:MOST_EVENTS]:
        lever = effect.lever
        out.append(
            f"`{measure.text}` depends most on “{lever.label}” ({labels[lever.party]}) being possible: "
            f"{with_error(effect, 'probability')} points over {counted(effect.n, 'draw')}."
        )
    if found.unsolved:
        out.append(
            f"For {counted(found.unsolved, 'draw')} of {found.n} some game was not solved; what needs it leaves them out."
        )
    return out


def _moved(found: Levers) -> list[tuple[Measure, Effect]]:
    """Outcomes with the move whose being possible they depend on most, the largest effect first."""
    told = [
        (m, e)
        for m in found.measures
        if m.unit == "probability" and (e := _most(found, m, "able")) is not None
    ]
    return sorted(told, key=lambda pair: -abs(pair[1].mean))


def _contrast_sentence(contrast: Contrast) -> str:
    one, two = contrast.first, contrast.second
    return (
        f"“{one.lever.label}” against “{two.lever.label}”, {KINDS[one.kind].split(',')[0]}: {with_error(one, one.measure.unit)} and "
        f"{with_error(two, two.measure.unit)} on `{one.measure.text}`, a difference of {with_error(contrast, one.measure.unit)} over "
        f"the same {counted(contrast.n, 'draw')}; the first is the lower in {percent(contrast.share)} of them."
    )


def _others(found: Levers, measure: Measure, kind: str) -> list[Effect]:
    """Effects on a party's value of what others do, or of anybody's moves on an event; the largest first, no silence."""
    ranked = found.ranking(measure.text, kind)
    return [e for e in ranked if e.lever.party != measure.item.party and not e.lever.default]


def _most(found: Levers, measure: Measure, kind: str) -> Effect | None:
    ranked = _others(found, measure, kind)
    return ranked[0] if ranked and abs(ranked[0].mean) > 1e-9 else None


def _first(found: Levers, measure: Measure, kind: str, effect: Effect) -> float:
    """Share of draws in which it is the largest among the moves of others."""
    import numpy as np

    sizes = np.abs(np.stack([e.values for e in _others(found, measure, kind)]))
    known = ~np.isnan(sizes).all(0)
    own = np.abs(effect.values)
    return float(np.mean(own[known] >= np.nanmax(sizes[:, known], axis=0))) if known.any() else float("nan")


def _picture(found: Levers, measure: Measure, k: int) -> Picture | None:
    words = WORDS if any(kind == "shadow" for _, _, kind in found.effects) else FALLBACK
    by_lever: dict[str, dict[str, Effect]] = {}
    for kind in words:
        for effect in _others(found, measure, kind):
            by_lever.setdefault(effect.lever.name, {})[kind] = effect
    ranked = sorted(by_lever.values(), key=lambda e: -max(abs(x.mean) for x in e.values()))[:MOST_ROWS]
    if not ranked or max(abs(x.mean) for x in ranked[0].values()) < 1e-9:
        return None
    factor = 100.0 if measure.unit == "probability" else 1.0
    rows: list[Row] = []
    for effects in ranked:
        lever = next(iter(effects.values())).lever
        marks = tuple(
            Mark(
                effects[kind].mean * factor,
                f"k{place}",
                effects[kind].error * factor,
                title=f"{text}: {with_error(effects[kind], measure.unit)}",
            )
            for place, (kind, text) in enumerate(words.items())
            if kind in effects
        )
        rows.append(Row(f"{lever.party}: {lever.label}", marks, lever.name))
    unit = "points of a hundred" if measure.unit == "probability" else "utility"
    whose = "moves of the others" if measure.item.party else "moves"
    return Picture(
        chart(
            rows,
            title=f"Effects of {whose} on {measure.text}",
            identity=f"levers-{k}",
            unit=f"effect on {measure.text}, {unit}",
            kinds=[(f"k{place}", text) for place, text in enumerate(words.values())],
        ),
        f"Effects of {whose} on `{measure.text}`, the largest first: means over {counted(found.n, 'draw')}, the line is two standard errors to each side.",
    )


def _ranking(found: Levers, measures: list[Measure], *, folded: bool = False) -> Table:
    rows: list[tuple[str, ...]] = []
    for measure in measures:
        for kind in KINDS:
            ranked = [e for e in _others(found, measure, kind) if abs(e.mean) > 1e-12][:3]
            if ranked:
                cells = [f"{e.lever.label}: {with_error(e, measure.unit)}" for e in ranked]
                rows.append((measure.text, KINDS[kind], *cells, *[""] * (3 - len(cells))))
    what = (
        "each party's value, by the moves of others"
        if measures and measures[0].item.party
        else "outcomes, in points of a hundred"
    )
    return Table(
        f"The three largest effects on {what} (mean ± standard error)",
        ("On", "Effect of", "First", "Second", "Third"),
        tuple(rows),
        folded=folded,
    )


def _all(found: Levers) -> Table:
    rows = [
        (
            f"{e.lever.name}{f' ({e.lever.tag})' if e.lever.tag else ''}",
            measure,
            kind,
            with_error(e, e.measure.unit),
            f"{change(e.quantiles(0.05)[0], e.measure.unit)} to {change(e.quantiles(0.95)[0], e.measure.unit)}",
            str(e.n),
            percent(e.first),
        )
        for (_, measure, kind), e in found.effects.items()
        if e.n
    ]
    return Table(
        "Every effect of every move",
        ("Move", "On", "Kind", "Mean ± error", "Middle 90%", "Draws", "Largest of all in"),
        tuple(rows),
        folded=True,
    )


def lever_data(found: Levers, contrast: Contrast | None = None) -> dict[str, Any]:
    """Every number as plain data."""
    import numpy as np

    out: dict[str, Any] = {
        "scenario": found.scenario.title,
        "changes": list(found.scenario.changes),
        "settings": dict(found.settings),
        "draws": found.n,
        "unsolved": found.unsolved,
        "certificate": {name: finite(value) for name, value in found.worst.items()},
        "kinds": dict(KINDS),
        "levers": [
            {
                "party": lever.party,
                "move": lever.move,
                "label": lever.label,
                "lever": lever.tag,
                "used": finite(float(np.nanmean(found.used[lever.name]))),
            }
            for lever in found.levers
        ],
        "effects": [
            {
                "lever": lever,
                "on": measure,
                "unit": e.measure.unit,
                "kind": kind,
                **e.summary(),
                "first": finite(e.first),
            }
            for (lever, measure, kind), e in found.effects.items()
        ],
    }
    if contrast is not None:
        out["contrast"] = {
            "first": contrast.first.lever.name,
            "second": contrast.second.lever.name,
            "on": contrast.first.measure.text,
            "kind": contrast.first.kind,
            **contrast.summary(),
            "share_first_below": finite(contrast.share),
        }
    return out


def set_against(found: Levers, first: str, second: str, *, on: str | None) -> Contrast:
    """Two moves against each other, on a measure or on the value that their uses by choice affect most, taken together.

    Raises:
        Refusal: a move or the measure was not among those looked at.
    """
    kind = "chosen" if any(key[2] == "chosen" for key in found.effects) else "imposed"
    if on is not None:
        return found.contrast(first, second, on, kind)
    movers = {name.partition(".")[0] for name in (first, second)}
    values = [m for m in found.measures if m.item.party is not None and m.item.party not in movers]
    measures = values or list(found.measures)

    def size(measure: Measure) -> float:
        return sum(abs(found.effect(name, measure.text, kind).mean) for name in (first, second))

    return found.contrast(first, second, max(measures, key=size).text, kind)
