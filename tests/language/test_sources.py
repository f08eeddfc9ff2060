"""Every element may say where it comes from, and the words must be there."""

from __future__ import annotations

from pathlib import Path

import pytest

from goodoffices.core.diagnostics import Diagnostic
from goodoffices.language import check, load, render

DATA = Path(__file__).parent / "data"
BASE = (DATA / "minimal.yaml").read_text(encoding="utf-8") + "documents: {brief: {file: brief.md}}\n"


def problems(source: str, *, text: str = BASE) -> tuple[Diagnostic, ...]:
    changed = text.replace("stay: {}", f"stay: {{source: {source}}}")
    return check(DATA / "made.yaml", text=changed)


@pytest.mark.parametrize(
    "source",
    ["brief#s1", "{document: brief, sentence: 2}", "{document: brief, quote: hurt Russia more than missiles}",
     "{document: brief, quote: the mediator, suffix: at the table}", '{document: brief, quote: "Russia does the least"}'],
)  # fmt: skip
def test_a_source_is_found(source: str):
    assert problems(source) == ()
    text = BASE.replace("stay: {}", f"stay: {{source: {source}}}")
    scenario = load(DATA / "made.yaml", text=text)
    anchor = scenario.turns[0].movers[0].moves[0].note.source
    assert anchor is not None
    assert scenario.documents[0].text[anchor.start : anchor.end] == anchor.text
    assert load(DATA / "made.yaml", text=render(scenario)) == scenario


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("brief#s99", "sentence-missing"), ("brief", "bad-source"), ("breif#s1", "unknown-document"), ("brief#s1x", "bad-source"),
        ("{document: brief, quote: hurts Russia more than missiles}", "quote-changed"),
        ("{document: brief, quote: an entirely other thing was said}", "quote-missing"),
        ("{document: brief, quote: the mediator}", "quote-ambiguous"), ("{document: brief}", "bad-source"),
        ("{document: brief, quote: a, sentence: 1}", "bad-source"), ("{quote: a}", "missing-key"),
    ],
)  # fmt: skip
def test_a_source_that_is_not_there_is_an_error_at_its_place(source: str, code: str):
    (problem,) = problems(source)
    assert problem.code == code
    assert problem.span is not None
    assert problem.span.line == 8


def test_a_changed_quote_shows_the_nearest_words():
    (problem,) = problems("{document: brief, quote: Its exit will hurt Russia more than missiles would}")
    assert "Its exit would hurt Russia" in (problem.hint or "")


def test_a_document_that_cannot_be_read_is_said_once():
    text = BASE.replace("brief.md", "../brief.md")
    assert [d.code for d in problems("brief#s1", text=text)] == ["document-outside"]
    text = BASE.replace("brief.md", "breif.md")
    (problem,) = problems("brief#s1", text=text)
    assert problem.code == "document-missing"
    assert "brief.md" in (problem.hint or "")
