"""Verdicts: shares of draws with their Monte Carlo error, deciders and tipping values, from surveys.

Receives a `Survey` over prior draws and one at the medians, and tipping values; returns a `Verdict` for each claim. A
draw for which any game that the claim needs was not solved, or for which the claim has no answer, is counted as failed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from goodoffices.claims.deciding import strength
from goodoffices.claims.survey import Form, Survey
from goodoffices.claims.tipping import Tip, judge, varying
from goodoffices.claims.verdict import CertificateSummary, Decider, Verdict
from goodoffices.language.scenario import Claim

Z = 1.0
"""One standard error."""


def share_error(holds: int, n: int) -> float:
    """Standard error of a share of `n` independent draws, by Wilson's interval (1927): positive at none and at all.

    Half the width of the score interval at one standard deviation.
    """
    if n == 0:
        return float("nan")
    share = holds / n
    return Z / (1 + Z**2 / n) * float(np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)))


def make_verdicts(
    form: Form,
    claims: Sequence[Claim],
    draws: Survey,
    *,
    tips: Mapping[tuple[str, str], Tip],
    first_is_median: bool,
    seed: int,
) -> tuple[Verdict, ...]:
    """One verdict for each claim.

    Args:
        draws: answers; where `first_is_median` its first point is the prior medians and not a draw.
        tips: tipping values by (claim, parameter).
        seed: seed of the bootstrap.
    """
    return tuple(_verdict(form, claim, draws, tips, first_is_median, seed) for claim in claims)


def _verdict(
    form: Form,
    claim: Claim,
    draws: Survey,
    tips: Mapping[tuple[str, str], Tip],
    first_is_median: bool,
    seed: int,
) -> Verdict:
    holds, margins, unit = judge(draws, form, claim)
    skip = int(first_is_median)
    at_median = bool(holds[0]) if skip and len(margins) and not np.isnan(margins[0]) else None
    holds, margins = holds[skip:], margins[skip:]
    solved = ~np.isnan(margins)
    n, good, yes = len(holds), int(solved.sum()), int(holds.sum())
    deciders: list[Decider] = []
    for parameter in varying(form.scenario.parameters):
        values = draws.known.draws[parameter.name][skip:][solved]
        found = strength(values, holds[solved], margins[solved], seed=seed)
        tip = tips.get((claim.name, parameter.name))
        deciders.append(
            Decider(
                parameter.name,
                found.size,
                found.error,
                found.holds_when,
                tip.value if tip else None,
                tip.holds if tip else None,
            )
        )
    return Verdict(
        claim=claim,
        n=n,
        failed=n - good,
        share=yes / good if good else float("nan"),
        error=share_error(yes, good),
        low=yes / n if n else 0.0,
        high=(yes + n - good) / n if n else 1.0,
        holds=holds,
        solved=solved,
        margins=margins,
        margin_unit=unit,
        at_median=at_median,
        deciders=tuple(sorted(deciders, key=lambda d: (-d.strength, d.parameter))),
    )


def summarise(draws: Survey, *, first_is_median: bool) -> CertificateSummary:
    """Certificates over draws: a draw has converged if every game solved for it has."""
    skip = int(first_is_median)
    codes = np.stack([status[skip:] for status in draws.status.values()])
    bad = (codes != 0).any(0)
    failures: dict[str, int] = {}
    for code in np.unique(codes[codes != 0]).tolist():
        failures[draws.reasons[code]] = int((codes == code).any(0).sum())
    return CertificateSummary(
        n=codes.shape[1],
        converged=int((~bad).sum()),
        worst=dict(draws.worst),
        failures=failures,
    )
