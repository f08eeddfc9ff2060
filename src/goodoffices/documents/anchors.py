"""Anchors: a sentence number or a quote -> the place of those words in a document, verified.

Receives a `Text` and a sentence number or a quote with optional prefix and suffix (the W3C Web Annotation model's text
quote selector); returns the character range. Refuses words that are missing, changed or ambiguous; for missing and
changed ones the nearest passage is named, never silently taken.
"""

from __future__ import annotations

import re

from goodoffices.documents.text import DocumentError, Text

NEAR = 75.0
"""Similarity in per cent from which a passage counts as the quote with changes."""


def find_sentence(document: Text, number: int) -> tuple[int, int]:
    """Range of a sentence, counted from one.

    Raises:
        DocumentError: the document has fewer sentences.
    """
    if not 1 <= number <= len(document.sentences):
        raise DocumentError(
            "sentence-missing",
            f"the document has {len(document.sentences)} sentences, so there is no sentence {number}",
        )
    return document.sentences[number - 1]


def find_quote(document: Text, quote: str, *, prefix: str = "", suffix: str = "") -> tuple[int, int]:
    """Range of the one place where the quote stands between `prefix` and `suffix`; white space may differ.

    Raises:
        DocumentError: the quote is empty, missing, changed, or occurs more than once.
    """
    if not quote.strip():
        raise DocumentError("quote-empty", "the quote is empty")
    places = _places(document.text, quote)
    kept = [place for place in places if _fits(document.text, place, prefix, suffix)]
    if len(kept) == 1:
        return kept[0]
    if len(kept) > 1:
        where = " and ".join(f"sentence {sentence_at(document, start)}" for start, _ in kept[:3])
        raise DocumentError(
            "quote-ambiguous",
            f"the quote occurs {len(kept)} times ({where})",
            "make it longer, or add `prefix` or `suffix`: the words just before or after it",
        )
    if places:
        start, end = places[0]
        before, after = (
            document.text[max(0, start - 30) : start].strip(),
            document.text[end : end + 30].strip(),
        )
        raise DocumentError(
            "quote-context",
            "the quote occurs, but not with this prefix and suffix",
            f"in sentence {sentence_at(document, start)} it stands between “{before}” and “{after}”",
        )
    raise _nearest(document, quote)


def sentence_at(document: Text, offset: int) -> int:
    """Number of the sentence that a character belongs to, from one."""
    return sum(start <= offset for start, _ in document.sentences) or 1


def _places(text: str, quote: str) -> list[tuple[int, int]]:
    words = [re.escape(word) for word in quote.split()]
    # A look-ahead finds overlapping occurrences too: they make a quote ambiguous as well.
    pattern = re.compile("(?=(" + r"\s+".join(words) + "))")
    return [match.span(1) for match in pattern.finditer(text)]


def _fits(text: str, place: tuple[int, int], prefix: str, suffix: str) -> bool:
    before, after = " ".join(text[: place[0]].split()), " ".join(text[place[1] :].split())
    return before.endswith(" ".join(prefix.split())) and after.startswith(" ".join(suffix.split()))


def _nearest(document: Text, quote: str) -> DocumentError:
    from rapidfuzz import fuzz

    found = fuzz.partial_ratio_alignment(quote, document.text) if document.text else None
    if found is None or found.score < NEAR:
        return DocumentError("quote-missing", "the quote does not occur in the document")
    start, end = _whole_words(document.text, found.dest_start, found.dest_end)
    near = document.text[start:end]
    return DocumentError(
        "quote-changed",
        f"the quote does not occur in the document; sentence {sentence_at(document, start)} comes near "
        f"({found.score:.0f}% alike)",
        f"the document has “{near}”",
    )


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return start, end
