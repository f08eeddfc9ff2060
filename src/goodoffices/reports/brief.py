"""The argument's own words beside the model: each sentence with what cites it, and the words that are cited marked.

Receives a `Document` and the model's elements; returns `Sentence`s in order, every one, cited or not. Text between
sentences (headings) is kept as sentences without a number, so that nothing of the document goes missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from goodoffices.language.scenario import Anchor, Document
from goodoffices.reports.elements import Element


@dataclass(frozen=True)
class Piece:
    """A run of a sentence's text, cited or not."""

    text: str
    cited: bool


@dataclass(frozen=True)
class Sentence:
    """A sentence with the elements that cite it."""

    number: int | None
    """From one; None for text between sentences."""
    pieces: tuple[Piece, ...]
    elements: tuple[Element, ...]


def sentences(document: Document, elements: Iterable[Element]) -> tuple[Sentence, ...]:
    """Set the document beside the elements that cite it."""
    citing = [(e, e.source) for e in elements if e.source is not None and e.source.document == document.name]
    out: list[Sentence] = []
    end = 0
    for number, (start, stop) in enumerate(document.sentences, start=1):
        out += _between(document.text[end:start])
        here = [(e, a) for e, a in citing if a.start < stop and a.end > start]
        ranges = [(max(a.start, start), min(a.end, stop)) for _, a in here]
        out.append(Sentence(number, _pieces(document.text, start, stop, ranges), tuple(e for e, _ in here)))
        end = stop
    return (*out, *_between(document.text[end:]))


def place(document: Document, anchor: Anchor) -> int | None:
    """The number of the sentence in which an anchor begins."""
    for number, (start, stop) in enumerate(document.sentences, start=1):
        if start <= anchor.start < stop:
            return number
    return anchor.sentence


def _between(text: str) -> list[Sentence]:
    words = text.strip()
    if not any(c.isalnum() for c in words):
        return []
    return [Sentence(None, (Piece(words.lstrip("#> ").strip(), False),), ())]


def _pieces(text: str, start: int, stop: int, ranges: list[tuple[int, int]]) -> tuple[Piece, ...]:
    """Cut a sentence at the edges of what is cited; overlapping citations become one mark."""
    out: list[Piece] = []
    at = start
    for first, last in sorted(ranges):
        if last <= at:
            continue
        if first > at:
            out.append(Piece(text[at:first], False))
        out.append(Piece(text[max(first, at) : last], True))
        at = last
    if at < stop:
        out.append(Piece(text[at:stop], False))
    return tuple(out)
