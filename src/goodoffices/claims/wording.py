"""Verdicts as sentences.

Receives a `Verdict`; returns one sentence without a full stop. Numbers are never shown to more digits than their Monte
Carlo error allows; a share of none or all of the draws still has an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from goodoffices.claims.verdict import Decider, Verdict

SHOWN_FLIPS = 1
"""How many tipping values the sentence names; the others are in the table of deciders."""


def verdict_sentence(verdict: Verdict) -> str:
    """Say in which share of the draws the claim holds, with its Monte Carlo error, and what flips it."""
    solved = verdict.n - verdict.failed
    if not solved:
        return f"not decided: none of {verdict.n} prior draws gave an answer"
    parts = [f"holds in {share_text(verdict.share, verdict.error)} of {solved} prior draws"]
    if verdict.failed:
        parts.append(
            f"{verdict.failed} more were not decided (so between {verdict.low:.0%} and {verdict.high:.0%} of {verdict.n})"
        )
    parts += [flip for d in _tipping(verdict)[:SHOWN_FLIPS] if (flip := _flip(d, verdict.at_median))]
    return "; ".join(parts)


def share_text(share: float, error: float) -> str:
    """`91% ± 2%`; an error under one per cent is shown as such, not as zero."""
    digits = 0 if error >= 0.005 else 1
    shown = f"{error:.{digits}%}"
    if float(shown.rstrip("%")) == 0:
        shown = f"under {10.0**-digits:g}%"
    return f"{share:.{digits}%} ± {shown}"


def figure(value: float) -> str:
    """A number to two significant digits, without exponents where that is readable."""
    text = f"{value:.2g}"
    if "e" in text and 1e-4 <= abs(value) < 1e7:
        return f"{float(text):.10f}".rstrip("0").rstrip(".")
    return text


def _tipping(verdict: Verdict) -> list[Decider]:
    return [d for d in verdict.deciders if d.tipping is not None]


def _flip(decider: Decider, at_median: bool | None) -> str | None:
    """`flips when x falls below 0.3` where it holds at the medians, `would hold if ...` where it fails there."""
    if decider.tipping is None or at_median is None:
        return None
    holds_above = decider.tipping_holds == "above"
    falls = holds_above == at_median
    verb = "falls below" if falls else "rises above"
    opening = "flips when" if at_median else "would hold if"
    if not at_median:
        verb = "fell below" if falls else "rose above"
    return f"{opening} `{decider.parameter}` {verb} {figure(decider.tipping)}"
