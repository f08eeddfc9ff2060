"""From a share to a word: how a verdict is named for a reader who wants one word, and the bands that decide it.

Receives verdicts; returns a `Judgement`. The bands are printed in every report. A draw that was not solved counts against
whatever would be said: a claim is called holding only if it would hold were every unsolved draw against it.
"""

from __future__ import annotations

from dataclasses import dataclass

from goodoffices.claims.verdict import Verdict

MOST = 0.75
"""A claim holds mostly when it does in at least this share of the draws, fails mostly below one minus it."""
NEARLY_ALL = 0.95


@dataclass(frozen=True)
class Judgement:
    """A word for a share."""

    kind: str
    """`holds`, `fails`, `depends` or `unknown`; used as a class of style and in `study.json`."""
    mark: str
    """A sign that never stands without the words."""
    words: str


JUDGEMENTS = {
    "holds-nearly": Judgement("holds", "✓", "holds in nearly all cases"),
    "holds-mostly": Judgement("holds", "✓", "holds in most cases"),
    "depends": Judgement("depends", "~", "depends on the assumptions"),
    "fails-mostly": Judgement("fails", "✗", "fails in most cases"),
    "fails-nearly": Judgement("fails", "✗", "fails in nearly all cases"),
    "unknown": Judgement("unknown", "?", "not decided: too few cases were solved"),
}


def judge(verdict: Verdict) -> Judgement:
    """Name a verdict by the bands `MOST` and `NEARLY_ALL`."""
    if verdict.failed >= verdict.n:
        return JUDGEMENTS["unknown"]
    if verdict.low >= NEARLY_ALL:
        return JUDGEMENTS["holds-nearly"]
    if verdict.low >= MOST:
        return JUDGEMENTS["holds-mostly"]
    if verdict.high <= 1 - NEARLY_ALL:
        return JUDGEMENTS["fails-nearly"]
    if verdict.high <= 1 - MOST:
        return JUDGEMENTS["fails-mostly"]
    if verdict.high - verdict.low > 0.5:
        return JUDGEMENTS["unknown"]
    return JUDGEMENTS["depends"]


def tally(verdicts: tuple[Verdict, ...]) -> str:
    """`Of 12 claims, 7 hold in most cases or nearly all, 3 depend on the assumptions and 2 fail.`"""
    kinds = [judge(v).kind for v in verdicts]
    parts = [
        f"{number} {one if number == 1 else many}"
        for kind, one, many in _TALLIES
        if (number := kinds.count(kind))
    ]
    claims = "1 claim" if len(kinds) == 1 else f"{len(kinds)} claims"
    if not parts:
        return "There are no claims."
    said = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    return f"Of {claims}, {said}."


_TALLIES = (
    ("holds", "holds in most cases or nearly all", "hold in most cases or nearly all"),
    ("depends", "depends on the assumptions", "depend on the assumptions"),
    ("fails", "fails in most cases or nearly all", "fail in most cases or nearly all"),
    ("unknown", "could not be decided", "could not be decided"),
)
