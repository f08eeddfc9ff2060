"""What the page says, put together: one mapping for the templates, section by section.

Receives a `Study`; returns texts, tables and pictures under the names that `page/report.html` uses. Nothing is computed
here beyond quantiles of draws and counts; nothing is unescaped here except pictures made by `svg.element`.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from goodoffices.claims.verdict import Study
from goodoffices.language.scenario import Document, Scenario
from goodoffices.reports.brief import sentences
from goodoffices.reports.claim_view import claim_views
from goodoffices.reports.data import version
from goodoffices.reports.elements import Element, elements
from goodoffices.reports.evidence import assumptions, certificate, command, settings
from goodoffices.reports.judgement import MOST, NEARLY_ALL, tally
from goodoffices.reports.model_view import model
from goodoffices.reports.numbers import counted
from goodoffices.reports.play_view import play
from goodoffices.reports.strip import DOTS


def view(study: Study) -> dict[str, Any]:
    """Everything that the page shows."""
    scenario = study.scenario
    found = elements(scenario)
    return {
        "title": scenario.title,
        "version": version(study),
        "changes": scenario.changes,
        "citations": [citation(d) for d in scenario.documents],
        "summary": scenario.summary,
        "tally": tally(study.verdicts),
        "bands": {"most": MOST, "nearly_all": NEARLY_ALL},
        "draws": study.certificate.n,
        "dot": "one case" if study.certificate.n <= DOTS else f"about 1 case in {DOTS}",
        "unsolved": study.certificate.n - study.certificate.converged,
        "claims": claim_views(study),
        "briefs": [_brief(d, found) for d in scenario.documents],
        "uncited": [e for e in found if e.source is None],
        "model": model(scenario),
        "play": play(study),
        "assumed": assumptions(study),
        "certificate": certificate(study),
        "settings": settings(study),
        "command": command(study),
        "horizon": _horizon(scenario),
    }


def citation(document: Document) -> dict[str, str | None]:
    """Author, title, outlet, date and address of a source; the address only where it leads to the web."""
    cites: Mapping[str, str] = document.cites
    address = str(cites.get("url", "")).strip()
    return {
        "name": document.name,
        "author": cites.get("author") or cites.get("byline"),
        "title": cites.get("title"),
        "outlet": cites.get("outlet"),
        "date": _date(str(cites.get("date") or "")),
        "url": address if address.lower().startswith(("https://", "http://")) else None,
    }


def _date(text: str) -> str | None:
    """`20 October 2025` for an ISO date; any other text as it is."""
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        return text or None
    return f"{day.day} {day:%B %Y}"


def _brief(document: Document, found: tuple[Element, ...]) -> dict[str, Any]:
    shown = sentences(document, found)
    numbered = [s for s in shown if s.number is not None]
    used = sum(1 for s in numbered if s.elements)
    return {
        "name": document.name,
        "citation": citation(document),
        "sentences": shown,
        "used": used,
        "count": len(numbered),
        "unused": len(numbered) - used,
    }


def _horizon(scenario: Scenario) -> str:
    time = scenario.time
    weeks = time.round_days / 7
    length = f"{weeks:g} weeks" if weeks == int(weeks) else f"{time.round_days:g} days"
    length = {1.0: "a day", 7.0: "a week"}.get(time.round_days, length)
    rounds = "an open number of rounds" if time.rounds is None else counted(time.rounds, "round")
    start = "" if time.start is None else f", from {time.start.day} {time.start:%B %Y}"
    return f"{rounds} of {length} each{start}"
