"""The section on reasons: why a claim follows or does not, link by link, with the words that each rests on.

Receives an `Explanation`; returns a `Section`, and the numbers as plain data.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from goodoffices.analyses.why_forms import Breakdown, Citation, Explanation
from goodoffices.reports.explaining.chart import Mark, Row, chart
from goodoffices.reports.explaining.sections import Picture, Section, Table
from goodoffices.reports.numbers import finite, plain

MOST_PICTURES = 3
MOST_PARTS = 8
KINDS = {
    "answer": "what it comes to",
    "difference": "what makes the difference",
    "choice": "what is chosen",
    "gain": "what the mover gains",
    "fear": "what the mover gives up",
    "reply": "what others do then",
    "belief": "what others infer",
    "cost": "what it keeps",
    "trend": "what a parameter does",
    "source": "where it counts",
    "path": "where play leads",
}
EXPLAINED = (
    "The reasons are read off one solution, with every parameter at its prior median; the report of the study says in which share of "
    "the draws the claim holds. They say why it follows in the model, not why anybody acts.",
    "A payoff is taken apart exactly: the same question is asked of the same play with one term of the payoff paid and nothing "
    "else, so that the parts add up to the whole. A decision is explained by the values of two moves, each with what others then "
    "do and believe; parts of a decision are averaged over the mover’s types as the others believe in them.",
)


def why_section(found: Explanation, *, prefix: str = "why") -> Section:
    """Sentences, pictures and tables of reasons; pictures are told apart by the prefix."""
    return Section(
        "why",
        "Why a claim follows, or does not",
        found.text,
        why_sentences(found),
        tuple(
            _picture(b, f"{prefix}-{k}") for k, b in enumerate(found.breakdowns[:MOST_PICTURES]) if b.parts
        ),
        (_chain(found), *(_parts(b) for b in found.breakdowns if b.parts), _sources(found)),
        EXPLAINED,
    )


def why_sentences(found: Explanation) -> tuple[str, ...]:
    """The chain of reasons, each with the sentences of documents that it rests on."""
    return tuple(
        reason.text + (f" [{places}]" if (places := _places(reason.citations)) else "")
        for reason in found.reasons
    )


def _places(citations: Iterable[Citation]) -> str:
    """`brief 9, 24`: documents with the numbers of the sentences cited."""
    by_document: dict[str, set[int]] = {}
    for citation in citations:
        if citation.document is not None and citation.sentence is not None:
            by_document.setdefault(citation.document, set()).add(citation.sentence)
    return "; ".join(
        f"{name} {', '.join(map(str, sorted(numbers)))}" for name, numbers in by_document.items()
    )


def _picture(breakdown: Breakdown, identity: str) -> Picture:
    shown = [p for p in breakdown.parts if abs(p.difference) > 1e-9][:MOST_PARTS]
    rows = [Row(p.term, (Mark(p.difference, "k0" if p.difference > 0 else "k1"),), p.term) for p in shown]
    rows.append(Row("in all", (Mark(breakdown.difference, "k3"),)))
    drawing = chart(rows, title=breakdown.title, identity=identity, unit="utility", bars=True)
    return Picture(
        drawing, f"{breakdown.title}: {plain(breakdown.difference)} in all, by the terms of its payoff."
    )


def _chain(found: Explanation) -> Table:
    rows = [
        (
            KINDS[r.kind],
            "; ".join(
                f"{f.name}: {plain(f.value, 4)}{'' if f.unit == 'number' else f' ({f.unit})'}"
                for f in r.figures
            )
            or "–",
            "; ".join(_cited(c) for c in r.citations) or "–",
        )
        for r in found.reasons
    ]
    return Table(
        "The figures of every sentence, and where they come from",
        ("Link", "Figures", "Elements"),
        tuple(rows),
        folded=True,
    )


def _cited(c: Citation) -> str:
    value = "" if c.value is None else f" = {plain(c.value)}"
    place = "" if c.sentence is None else f" ({c.document} {c.sentence})"
    return f"`{c.name}`{value}{place}"


def _parts(breakdown: Breakdown) -> Table:
    rows = [
        (
            p.term,
            plain(p.first, 3),
            plain(p.second, 3),
            plain(p.difference, 3),
            "; ".join(_cited(c) for c in p.citations),
        )
        for p in breakdown.parts
    ]
    first, second = (sum(getattr(p, name) for p in breakdown.parts) for name in ("first", "second"))
    rows.append(("in all", plain(first, 3), plain(second, 3), plain(breakdown.difference, 3), ""))
    return Table(
        breakdown.title,
        ("Term", breakdown.first, breakdown.second, "Difference", "Elements"),
        tuple(rows),
        folded=True,
    )


def _sources(found: Explanation) -> Table:
    """Every element that was named, once, with its reason and the words that it cites."""
    seen: dict[tuple[str, str], Citation] = {}
    for reason in found.reasons:
        for citation in reason.citations:
            seen.setdefault((citation.kind, citation.name), citation)
    rows = [
        (
            f"{c.kind} `{c.name}`" + ("" if c.value is None else f" (median {plain(c.value)})"),
            c.why or "–",
            f"{c.document} {c.sentence}: “{c.quote}”" if c.quote else "not in the documents",
        )
        for c in seen.values()
    ]
    return Table("The elements that it rests on", ("Element", "Why it is in the model", "Words"), tuple(rows))


def why_data(found: Explanation) -> dict[str, Any]:
    """Every sentence, figure and citation as plain data."""
    return {
        "scenario": found.scenario.title,
        "changes": list(found.scenario.changes),
        "settings": dict(found.settings),
        "claim": found.name,
        "text": found.text,
        "says": found.says,
        "holds": found.holds,
        "margin": finite(found.margin),
        "unit": found.unit,
        "certificate": {name: finite(value) for name, value in found.worst.items()},
        "games": found.games,
        "seconds": dict(found.seconds),
        "reasons": [
            {
                "kind": r.kind,
                "text": r.text,
                "figures": [{"name": f.name, "value": finite(f.value), "unit": f.unit} for f in r.figures],
                "elements": [_citation_data(c) for c in r.citations],
            }
            for r in found.reasons
        ],
        "breakdowns": [
            {
                "title": b.title,
                "party": b.party,
                "first": b.first,
                "second": b.second,
                "difference": finite(b.difference),
                "parts": [
                    {
                        "term": p.term,
                        "first": finite(p.first),
                        "second": finite(p.second),
                        "difference": finite(p.difference),
                        "elements": [_citation_data(c) for c in p.citations],
                    }
                    for p in b.parts
                ],
            }
            for b in found.breakdowns
        ],
    }


def _citation_data(c: Citation) -> dict[str, Any]:
    return {
        "kind": c.kind,
        "name": c.name,
        "median": None if c.value is None else finite(c.value),
        "why": c.why,
        "document": c.document,
        "sentence": c.sentence,
        "quote": c.quote,
    }
