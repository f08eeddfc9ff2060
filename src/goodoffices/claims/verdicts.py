"""Verdicts: shares of draws with their Monte Carlo error, deciders and tipping values, from surveys.

Receives a `Survey` over prior draws and one at the medians, and tipping values; returns a `Verdict` for each claim. A
draw for which any game that the claim needs was not solved, or for which the claim has no answer, is counted as failed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from goodoffices.claims.deciding import Strength, strengths
from goodoffices.claims.survey import Form, Survey
from goodoffices.claims.tipping import Tip, judge, varying
from goodoffices.claims.verdict import CertificateSummary, Decider, Verdict
from goodoffices.compiler.expressions import Array
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
    skip = int(first_is_median)
    judged = {claim.name: judge(draws, form, claim) for claim in claims}
    alike: dict[bytes, list[str]] = {}
    for name, (_, margins, _) in judged.items():
        alike.setdefault(np.isnan(margins[skip:]).tobytes(), []).append(name)
    found: dict[tuple[str, str], Strength] = {}
    for names in alike.values():
        solved = ~np.isnan(judged[names[0]][1][skip:])
        sides = [(judged[name][0][skip:][solved], judged[name][1][skip:][solved]) for name in names]
        for parameter in varying(form.scenario.parameters):
            values = draws.known.draws[parameter.name][skip:][solved]
            for name, size in zip(names, strengths(values, sides, seed=seed), strict=True):
                found[name, parameter.name] = size
    return tuple(
        _verdict(form, claim, judged[claim.name], found, tips, first_is_median=first_is_median)
        for claim in claims
    )


def _verdict(
    form: Form,
    claim: Claim,
    judged: tuple[NDArray[np.bool_], Array, str],
    found: Mapping[tuple[str, str], Strength],
    tips: Mapping[tuple[str, str], Tip],
    *,
    first_is_median: bool,
) -> Verdict:
    holds, margins, unit = judged
    skip = int(first_is_median)
    at_median = bool(holds[0]) if skip and len(margins) and not np.isnan(margins[0]) else None
    holds, margins = holds[skip:], margins[skip:]
    solved = ~np.isnan(margins)
    n, good, yes = len(holds), int(solved.sum()), int(holds.sum())
    deciders: list[Decider] = []
    for parameter in varying(form.scenario.parameters):
        size = found[claim.name, parameter.name]
        tip = tips.get((claim.name, parameter.name))
        deciders.append(
            Decider(
                parameter.name,
                size.size,
                size.error,
                size.holds_when,
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
