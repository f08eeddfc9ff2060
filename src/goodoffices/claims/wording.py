"""Verdicts as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from goodoffices.claims.verdict import Verdict


def verdict_sentence(verdict: Verdict) -> str:
    """Say in which share of the draws the claim holds, with its Monte Carlo error."""
    return f"holds in {verdict.share:.0%} ± {verdict.error:.0%} of {verdict.n} prior draws"
