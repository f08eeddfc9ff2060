"""Names: what may be one, and which known name a misspelt one is nearest to."""

from __future__ import annotations

import re
from collections.abc import Iterable

from goodoffices.language.functions import FUNCTIONS
from goodoffices.language.syntax import RESERVED

_NAME = re.compile(r"[^\W\d]\w*")


def is_name(text: str) -> bool:
    """Whether the text is a word that expressions can mention: a letter, then letters, digits and `_`."""
    return _NAME.fullmatch(text) is not None


def is_reserved(text: str) -> bool:
    """Whether the word means something in expressions already."""
    return text in RESERVED or text in FUNCTIONS or text in ("P", "value", "belief", "modal", "least_cost")


def suggestion(name: str, known: Iterable[str], *, least: float = 60.0) -> str | None:
    """`did you mean ...?` with the nearest known names, or None where none is near.

    Nearness is the normalised Damerau-Levenshtein (optimal string alignment) similarity in per cent, so that swapped,
    missing and doubled letters all count as one slip.
    """
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    choices = sorted(set(known))
    found = process.extract(
        name.lower(), choices, scorer=OSA.normalized_similarity, processor=str.lower, limit=2
    )
    near = [choice for choice, score, _ in found if score * 100 >= least]
    if not near:
        return None
    return "did you mean " + " or ".join(f"`{choice}`" for choice in near) + "?"
