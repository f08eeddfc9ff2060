"""The pages of what a record taught and of rivals before it, with the numbers beside them.

Receives a `Learned`, or the data of a comparison; writes `learned.html`, `learned.json` and the draws in ArviZ's groups, or
`rivals.html` and `rivals.json`; returns the paths of the first two. Pages ask for nothing else and work offline.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from goodoffices.reports import html
from goodoffices.reports.files import replace
from goodoffices.reports.numbers import interval, percent, plain
from goodoffices.reports.posterior_data import Learned, learned_data
from goodoffices.reports.posterior_words import learned_words, rivals_words
from goodoffices.reports.svg import element, picture, shorten

WIDTH, LEFT, ROW = 760.0, 210.0, 22.0
Table = tuple[str, Sequence[str], Sequence[Sequence[str]]]
"""Caption, heads and rows."""


def write_learned(found: Learned, folder: Path) -> tuple[Path, Path]:
    """Write the page, the numbers and the draws.

    Raises:
        OSError: the folder cannot be written.
    """
    from goodoffices.inference.posterior_storage import write_draws

    data = learned_data(found)
    parameters = [
        (p["name"], f"{plain(p['prior']['median'])} ({interval(p['prior']['low'], p['prior']['high'])})",
         f"{plain(p['posterior']['median'])} ({interval(p['posterior']['low'], p['posterior']['high'])})",
         percent(p["overlap"]), plain(p["effective"], 3), plain(p["r_hat"], 3))
        for p in sorted(data["parameters"], key=lambda p: p["overlap"])
    ]  # fmt: skip
    events = [
        (f"{e['round']} ({e['begins']})", e["party"] or "chance", e["happened"], ", ".join(e["events"]) or "no event",
         f"{plain(e['bits'])} ± {plain(None if e['error'] is None else e['error'] / 0.693)}")
        for e in data["events"]
    ]  # fmt: skip
    checks = [
        (c["what"], plain(c["observed"]), interval(c["replicas"]["low"], c["replicas"]["high"]), percent(c["tail"]),
         "strange" if c["strange"] else "as expected")
        for c in data["checks"]
    ]  # fmt: skip
    priors = [
        (s["parameter"] or "all together", *(plain(v) for v in s["log_evidence_change"]))
        for s in data["prior_sensitivity"][:12]
    ]
    powers = [f"prior to the power {p:g}" for p in data["prior_sensitivity"][0]["power"]]
    tables: list[Table] = [
        ("What is left of each parameter: medians, the middle 90% in brackets",
         ("Parameter", "Prior", "Posterior", "Overlap", "Effective draws", "R-hat"), parameters),
        (f"How unexpected each choice was, given everything before it{_grid(data['events_nodes'])}",
         ("Round", "Who", "What happened", "Shown by", "Bits"), events),
        ("The record beside replicas that the scenario makes",
         ("What", "Here", "Replicas", "More in", ""), checks),
        ("Change of the log evidence under wider and narrower priors", ("Parameter", *powers), priors),
    ]  # fmt: skip
    page = _page(
        f"{data['scenario']}: what the record teaches",
        list(learned_words(data)),
        overlaps(data),
        tables,
        data["settings"],
    )
    folder.mkdir(parents=True, exist_ok=True)
    files = folder / "learned.html", folder / "learned.json"
    replace(files[0], page)
    replace(files[1], json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1) + "\n")
    write_draws(found.posterior, folder / "draws", checks=found.checks)
    return files


def _grid(nodes: int | None) -> str:
    return "" if nodes is None else f"; on a grid of {nodes} nodes"


def write_rivals(data: dict[str, Any], folder: Path) -> tuple[Path, Path]:
    """Write the page and the numbers of a comparison.

    Raises:
        OSError: the folder cannot be written.
    """
    names = [r["name"] for r in data["rivals"]]
    rows = [
        (
            r["name"],
            f"{plain(r['log_evidence'], 4)} ± {plain(r['error'])}",
            plain(r["log_bayes_factor"]),
            percent(r["probability"]),
            plain(r["effective"], 3),
        )
        for r in data["rivals"]
    ]
    events = [
        (f"{e['round']} ({e['begins']})", e["party"] or "chance", e["happened"], ", ".join(e["events"]) or "no event",
         *(plain(v) for v in e["log_predictive"]))
        for e in data["events"]
    ]  # fmt: skip
    swings = [
        (title, *(plain(x["log_evidence_change"]) for x in rows))
        for title, rows in data["prior_sensitivity"].items()
    ]
    powers = [f"priors to the power {x['power']:g}" for x in next(iter(data["prior_sensitivity"].values()))]
    tables: list[Table] = [
        ("The rivals, the best first", ("Argument", "Log evidence", "Behind the best by", "If equally likely before", "Effective draws"), rows),
        ("Log probability of each choice, given everything before it; those first that decide most",
         ("Round", "Who", "What happened", "Shown by", *names), events),
        ("Change of the log evidence under wider and narrower priors", ("Argument", *powers), swings),
    ]  # fmt: skip
    page = _page(
        "Rival arguments before one record",
        list(rivals_words(data)),
        deciders(data),
        tables,
        data["settings"],
    )
    folder.mkdir(parents=True, exist_ok=True)
    files = folder / "rivals.html", folder / "rivals.json"
    replace(files[0], page)
    replace(files[1], json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1) + "\n")
    return files


def _page(
    title: str, lines: list[str], plot: Markup, tables: Iterable[Table], settings: dict[str, Any]
) -> str:
    script = html.own("enhance.js")
    template = html.environment().get_template("posterior.html")
    return template.render(
        title=title,
        version=settings.get("version", ""),
        lead=lines[:1],
        lines=[line.strip() for line in lines[1:] if line.strip()],
        plot=plot,
        tables=[{"caption": c, "heads": h, "rows": r} for c, h, r in tables if r],
        settings={
            k.replace("_", " "): ", ".join(map(str, v)) if isinstance(v, list) else v
            for k, v in settings.items()
        },
        style=html.own("style.css"),
        script=script,
        policy=html.policy(script),
    )


def overlaps(data: dict[str, Any]) -> Markup:
    """How much of each prior is left, a bar each."""
    rows = sorted(data["parameters"], key=lambda p: p["overlap"])
    bars = [_bar(k, p["name"], p["overlap"], percent(p["overlap"])) for k, p in enumerate(rows)]
    return picture(
        *[part for bar in bars for part in bar], width=WIDTH, height=ROW * len(rows) + 8,
        title="Overlap of each parameter's posterior with its prior", identity="overlap", class_="plot",
        description="Short bars are parameters about which the record teaches much.",
    )  # fmt: skip


def deciders(data: dict[str, Any]) -> Markup:
    """By how much each choice speaks for the best rival against the second, a bar each."""
    rows = [(e, (e["log_predictive"][0] or 0) - (e["log_predictive"][1] or 0)) for e in data["events"]][:16]
    most = max([abs(v) for _, v in rows] or [1.0]) or 1.0
    bars = [
        _bar(
            k,
            f"{e['party'] or 'chance'}: {e['happened']}, round {e['round']}",
            abs(v) / most,
            plain(v),
            v < 0,
        )
        for k, (e, v) in enumerate(rows)
    ]
    return picture(
        *[part for bar in bars for part in bar], width=WIDTH, height=ROW * max(1, len(rows)) + 8,
        title="Which choices speak for the best argument against the second", identity="deciders", class_="plot",
        description="Differences of log probability; hollow bars speak for the second.",
    )  # fmt: skip


def _bar(k: int, name: str, share: float, words: str, hollow: bool = False) -> list[Markup]:
    y = 4 + ROW * k
    length = max(1.0, share * (WIDTH - LEFT - 90))
    fill = (
        {"fill": "none", "stroke": "currentColor"}
        if hollow
        else {"fill": "currentColor", "fill_opacity": "0.55"}
    )
    return [
        element("text", shorten(name, 32), x=LEFT - 8, y=y + 15, text_anchor="end", font_size=12, fill="currentColor"),
        element("rect", x=LEFT, y=y + 4, width=length, height=ROW - 8, **fill),
        element("text", words, x=LEFT + length + 6, y=y + 15, font_size=12, fill="currentColor"),
    ]  # fmt: skip
