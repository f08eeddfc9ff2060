"""Where sentences begin and end, by a few rules that never change silently.

Receives plain text; returns character ranges. A sentence ends at `.`, `!`, `?` or an ellipsis (with the quotation marks
and brackets that close it) before white space and a capital, digit or opening mark, unless the word before the point is
a known abbreviation or a single initial; a paragraph always ends one. Anchors like `brief#s12` count these sentences, so
the rules are part of the file format: change them only with its version.
"""

from __future__ import annotations

import re

_ABBREVIATIONS = (
    "mr mrs ms dr prof gen lt col sgt capt sen rep gov pres st vs etc no nos vol pp fig al ed eds inc ltd co corp jan feb "
    "mar apr jun jul aug sep sept oct nov dec approx ca cf e.g i.e u.s u.k u.n e.u a.m p.m"
)
ABBREVIATIONS = frozenset(_ABBREVIATIONS.split())
_OPENERS = "\"'“‘«„(["
_CLOSERS = "\"'”’»)]"
_END = re.compile(rf"[.!?…]+[{re.escape(_CLOSERS)}]*(?=\s)")
_WORD_BEFORE = re.compile(r"([^\s\"'“‘«„(\[]+)$")


def sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Character ranges (start, end), in order, without the white space between them."""
    out: list[tuple[int, int]] = []
    for paragraph in re.finditer(r"\S(?:.*?\S)??(?=\s*(?:\n\s*\n|\Z))", text, re.DOTALL):
        start, stop = paragraph.span()
        for match in _END.finditer(text, start, stop):
            if match.end() < stop and _ends(text, start, match, stop):
                out.append((start, match.end()))
                start = match.end() + len(text[match.end() : stop]) - len(text[match.end() : stop].lstrip())
        if start < stop:
            out.append((start, stop))
    return tuple(out)


def _ends(text: str, start: int, match: re.Match[str], stop: int) -> bool:
    following = text[match.end() : min(match.end() + 40, stop)].lstrip()
    first = following.lstrip(_OPENERS)[:1]
    if not (first.isupper() or first.isdigit() or first == "—"):
        return False
    if match[0][0] != "." or len(match[0].rstrip(_CLOSERS)) > 1:
        return True
    before = _WORD_BEFORE.search(text, start, match.start())
    word = before[1] if before else ""
    if word.lower() in ABBREVIATIONS:
        # Letters with points between them may still end a sentence; a capitalised word after them is taken as its name.
        return False
    return not (len(word) == 1 and word.isupper())
