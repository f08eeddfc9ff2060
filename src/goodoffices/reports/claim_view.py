"""Each claim as it is shown: its verdict, its strip of margins, what decides it.

Receives a `Study`; returns one mapping a claim, in the order of the scenario.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from goodoffices.claims.verdict import Decider, Study, Verdict
from goodoffices.reports.brief import place
from goodoffices.reports.data import quantiles
from goodoffices.reports.elements import identity
from goodoffices.reports.judgement import judge
from goodoffices.reports.numbers import UNKNOWN, between, count, interval, percent, plain
from goodoffices.reports.strip import strip

SHOWN = 5
"""Deciders shown at most; all of them are in `study.json`."""
NOTABLE = 0.1
"""A decider weaker than this, or than twice its error, is not said to decide anything."""


def claim_views(study: Study) -> list[dict[str, Any]]:
    """All claims, ready for the templates."""
    return [_claim(v, k, study) for k, v in enumerate(study.verdicts, start=1)]


def _claim(verdict: Verdict, number: int, study: Study) -> dict[str, Any]:
    claim, judgement = verdict.claim, judge(verdict)
    sentence = sentence_of(verdict)
    source = claim.note.source
    document = next((d for d in study.scenario.documents if source and d.name == source.document), None)
    median, low, high = _margin(verdict)
    return {
        "id": identity("claim", claim.name),
        "number": number,
        "name": claim.name,
        "text": claim.text,
        "says": claim.says_text,
        "why": claim.note.why,
        "quote": source.text if source else None,
        "sentence": place(document, source) if source and document else None,
        "document": document.name if document else None,
        "judgement": judgement,
        "verdict": sentence,
        "strip": strip(
            verdict.margins,
            verdict.holds,
            verdict.solved,
            unit=verdict.margin_unit,
            identity=f"strip-{number}",
            title=f"Margins of claim {number}: {sentence}".replace("`", ""),
        ),
        "share": "–" if verdict.failed >= verdict.n else percent(verdict.share),
        "error": plain_error(verdict),
        "n": count(verdict.n),
        "failed": verdict.failed,
        "range": between(verdict.low, verdict.high),
        "margin": median,
        "margin_range": f"{low} to {high}",
        "margin_unit": verdict.margin_unit,
        "at_median": {True: "holds", False: "fails", None: "not solved"}[verdict.at_median],
        "deciders": _deciders(verdict, study),
        "decided": decided(verdict),
    }


def sentence_of(verdict: Verdict) -> str:
    """The verdict's sentence with a capital and a full stop."""
    text = verdict.sentence.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def plain_error(verdict: Verdict) -> str:
    """The Monte Carlo error of the share in percentage points."""
    if verdict.failed >= verdict.n or not np.isfinite(verdict.error):
        return "–"
    points = 100 * verdict.error
    return f"{points:.0f}%" if points >= 1.95 or points == 0 else f"{points:.1f}%"


def _margin(verdict: Verdict) -> tuple[str, str, str]:
    known = verdict.margins[verdict.solved & np.isfinite(verdict.margins)]
    if not len(known):
        return "–", "–", "–"
    median, low, high = np.quantile(known, [0.5, 0.05, 0.95])
    return plain(float(median)), plain(float(low)), plain(float(high))


def notable(verdict: Verdict) -> list[Decider]:
    """The parameters that decide the claim by more than chance."""
    return [
        d
        for d in verdict.deciders
        if np.isfinite(d.strength) and d.strength >= NOTABLE and not d.strength < 2 * d.error
    ]


def decided(verdict: Verdict) -> str:
    """What decides a claim, in a sentence or two."""
    if verdict.failed >= verdict.n:
        return "No draw was solved, so nothing can be said about what decides this claim."
    found = notable(verdict)
    tipping = [d for d in verdict.deciders if d.tipping is not None]
    out = []
    if found:
        first = found[0]
        always = verdict.share in (0.0, 1.0)
        lead = "Its margin is larger" if always else "It holds more often"
        lead += f" when {first.parameter} is {first.holds_when}"
        if first.holds_when not in ("high", "low"):
            lead = f"What matters most is {first.parameter}, in no single direction"
        others = [d.parameter for d in found[1:3]]
        also = (
            f"; next in weight {'is' if len(others) == 1 else 'are'} {' and '.join(others)}" if others else ""
        )
        out.append(f"{lead}{also}.")
    else:
        out.append("No single assumption decides this claim.")
    if not tipping or verdict.at_median is None:
        out.append("With everything else at its median, no value of one assumption alone turns it.")
    else:
        out.append(_tips(tipping[0], holds=verdict.at_median))
    return " ".join(out)


def _tips(decider: Decider, *, holds: bool) -> str:
    """Which way one assumption has to move from its median to turn the claim."""
    rises = (decider.tipping_holds == "above") != holds
    value = plain(decider.tipping)
    if holds:
        return (
            f"With every assumption at its median it holds; it fails when {decider.parameter} alone "
            f"{'rises above' if rises else 'falls below'} {value}."
        )
    return (
        f"With every assumption at its median it fails; it would hold if {decider.parameter} alone "
        f"{'rose above' if rises else 'fell below'} {value}."
    )


def _deciders(verdict: Verdict, study: Study) -> list[dict[str, Any]]:
    """The strongest few that decide by more than chance, and any other that has a tipping value."""
    strongest = notable(verdict)[:SHOWN]
    shown = [d for d in verdict.deciders if d in strongest or d.tipping is not None]
    out = []
    for decider in shown:
        low, median, high = quantiles(study, decider.parameter)
        tipping = "none"
        if decider.tipping is not None:
            side = f"holds {decider.tipping_holds} " if decider.tipping_holds else ""
            tipping = f"{side}{plain(decider.tipping)}"
        out.append(
            {
                "parameter": decider.parameter,
                "id": identity("parameter", decider.parameter),
                "strength": _hundredths(decider.strength),
                "error": _hundredths(decider.error),
                "width": round(100 * min(1.0, max(0.0, decider.strength)), 1)
                if np.isfinite(decider.strength)
                else 0.0,
                "holds_when": decider.holds_when,
                "tipping": tipping,
                "median": plain(median),
                "interval": interval(low, high) if low is not None and high is not None else "–",
            }
        )
    return out


def _hundredths(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else UNKNOWN
