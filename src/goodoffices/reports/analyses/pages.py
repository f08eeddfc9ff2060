"""What decides a claim, for readers and for programs: pages of sensitivity, tipping maps, rules and comparisons.

Receives what an analysis returned; returns a `Page`, whose `data` holds every number; numbers that are not finite are null.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from goodoffices.analyses.comparing import Comparison
from goodoffices.analyses.discovery import Discovery, Rule
from goodoffices.analyses.sensitivity import Decision
from goodoffices.analyses.tipping_maps import TippingMap
from goodoffices.language.scenario import Scenario
from goodoffices.reports.analyses import pictures
from goodoffices.reports.analyses.section import Page, Section
from goodoffices.reports.numbers import counted, finite, percent, plain


def _claims(scenario: Scenario) -> dict[str, str]:
    return {claim.name: claim.text for claim in scenario.claims}


def _with_error(value: float, error: float) -> str:
    return "unknown" if not np.isfinite(value) else f"{value:.2f} ± {error:.2f}"


def _list(values: np.ndarray) -> list[Any]:
    """Nested lists with null for what is not finite."""
    return [finite(float(value)) if np.ndim(value) == 0 else _list(value) for value in values]


def decision_page(scenario: Scenario, found: Decision) -> Page:
    """What decides each claim."""
    texts = _claims(scenario)
    sections = [
        Section(
            texts.get(c.claim, c.claim),
            c.sentence,
            pictures.bars(c, f"bars-{k}"),
            "For each parameter, above its total index (what it decides alone and together with others), below its "
            "first-order index (alone), as shares of the margin's variance with 95% intervals.",
            ("parameter", "alone", "in all", "PAWN"),
            [
                (
                    i.label,
                    _with_error(i.first, i.first_error),
                    _with_error(i.total, i.total_error),
                    plain(i.pawn) if len(i.parameters) == 1 else "",
                )
                for i in c.influences
            ],
        )
        for k, c in enumerate(found.claims)
    ]
    first = found.claims[0]
    facts = {
        "Draws": counted(first.n, "independent draw") + " from the priors, for shares and PAWN",
        "Design": f"Saltelli's, {counted(first.rows + first.lost, 'row')}; {counted(first.lost, 'row')} left out of the first claim",
        "Noise of PAWN": f"{plain(first.noise)} for the first claim: a parameter without influence stays below in 95% of cases",
        "Games solved": f"{found.games:,}",
        "Seed": str(found.seed),
    }
    if found.together:
        facts["Varying together"] = ", ".join(found.together)
    data = {
        "kind": "decision",
        "scenario": scenario.title,
        "seed": found.seed,
        "games": found.games,
        "interrupted": found.interrupted,
        "together": list(found.together),
        "claims": [
            {
                "claim": c.claim,
                "sentence": c.sentence,
                "draws": c.n,
                "failed": c.failed,
                "share": finite(c.share),
                "share_error": finite(c.error),
                "rows": c.rows,
                "rows_left_out": c.lost,
                "margin_unit": c.unit,
                "margin_spread": finite(c.spread),
                "pawn_noise": finite(c.noise),
                "influences": [
                    {
                        "parameters": list(i.parameters),
                        "first": finite(i.first),
                        "first_half_width": finite(i.first_error),
                        "total": finite(i.total),
                        "total_half_width": finite(i.total_error),
                        "pawn": finite(i.pawn),
                    }
                    for i in c.influences
                ],
            }
            for c in found.claims
        ],
    }
    return Page("What decides the claims", scenario.title, sections, facts, data, found.interrupted)


def tipping_page(scenario: Scenario, found: Sequence[TippingMap]) -> Page:
    """Where claims flip."""
    texts = _claims(scenario)
    sections: list[Section] = []
    for k, m in enumerate(found):
        caption = (
            "Blue where the claim holds, orange where it fails, grey where it was not solved. Small dots mark points that "
            "were solved, others are inferred; open rings lie on the boundary. Dashed lines: prior medians."
            if len(m.axes) == 2
            else "The line is the margin: the claim holds (blue) where it is above zero. Dashed: the prior median."
        )
        rows = [
            (
                *(plain(v, 4) for v in c.at),
                f"± {plain(c.within)} ({m.axes[c.axis].parameter})",
                "above" if c.holds_above else "below",
            )
            for c in m.crossings
        ]
        header = (*(axis.parameter for axis in m.axes), "known to", "holds")
        sections.append(
            Section(
                texts.get(m.claim, m.claim),
                m.sentence,
                pictures.tipping(m, f"map-{k}"),
                caption,
                header,
                rows,
            )
        )
    one = found[0]
    facts = {
        "Grid": " × ".join(str(len(axis.values)) for axis in one.axes),
        "Tolerance": f"{one.tolerance:g} of each axis",
        "Games solved": f"{one.games:,}",
        "Held at": ", ".join(f"{name} {plain(value)}" for name, value in one.at.items())
        or "no other parameter",
    }
    if any(m.counts[1] for m in found):
        facts["To know"] = (
            "a pocket smaller than four steps of the grid can be missed where points are inferred"
        )
    data = {
        "kind": "tipping",
        "scenario": scenario.title,
        "games": one.games,
        "interrupted": one.interrupted,
        "tolerance": one.tolerance,
        "held_at": {name: finite(value) for name, value in one.at.items()},
        "axes": [
            {
                "parameter": a.parameter,
                "unit": a.unit,
                "values": a.values.tolist(),
                "median": finite(a.median),
                "middle_90": list(a.typical),
            }
            for a in one.axes
        ],
        "maps": [
            {
                "claim": m.claim,
                "sentence": m.sentence,
                "margin_unit": m.unit,
                "holds": m.holds.tolist(),
                "margins": _list(m.margins),
                "status": m.status.tolist(),
                "at_median": m.at_median,
                "boundary": [
                    {
                        "at": list(c.at),
                        "within": c.within,
                        "along": m.axes[c.axis].parameter,
                        "holds_above": c.holds_above,
                    }
                    for c in m.crossings
                ],
            }
            for m in found
        ],
    }
    return Page("Tipping map", scenario.title, sections, facts, data, any(m.interrupted for m in found))


def _rule_row(rule: Rule) -> tuple[str, ...]:
    again = min(limit.found_again for limit in rule.limits)
    return (
        rule.text,
        str(rule.worlds),
        percent(rule.coverage),
        f"{percent(rule.density)} ± {percent(rule.density_error)}",
        f"{percent(rule.tested_density)} ± {percent(rule.tested_error)}",
        percent(again),
    )


def discovery_page(scenario: Scenario, found: Sequence[Discovery]) -> Page:
    """Rules for worlds."""
    texts = _claims(scenario)
    sections = [
        Section(
            texts.get(d.claim, d.claim),
            d.sentence,
            pictures.worlds(d, f"worlds-{k}"),
            f"Draws over two parameters: filled orange where the claim {d.kind}, open blue otherwise. The dashed box is the first rule; "
            "limits on other parameters are not shown.",
            ("rule", "draws", "coverage", "density", "density on draws left out", "limits found again"),
            [_rule_row(rule) for rule in d.rules],
        )
        for k, d in enumerate(found)
    ]
    one = found[0]
    facts = {
        "Draws": f"{counted(one.n, 'independent draw')} from the priors, {one.failed} not solved",
        "Check": "rules made anew from resampled draws, tried on the draws left out; none is given that shuffled verdicts yield as well",
        "Games solved": f"{one.games:,}",
        "Seed": str(one.seed),
    }
    data = {
        "kind": "discovery",
        "scenario": scenario.title,
        "seed": one.seed,
        "games": one.games,
        "interrupted": one.interrupted,
        "claims": [
            {
                "claim": d.claim,
                "sentence": d.sentence,
                "describes": d.kind,
                "draws": d.n,
                "failed": d.failed,
                "share": finite(d.share),
                "share_error": finite(d.error),
                "why_none": d.why_none,
                "coverage": finite(d.together.coverage) if d.together else None,
                "density": finite(d.together.density) if d.together else None,
                "rules": [
                    {
                        "text": r.text,
                        "limits": [
                            {
                                "parameter": x.parameter,
                                "low": x.low,
                                "high": x.high,
                                "found_again": finite(x.found_again),
                            }
                            for x in r.limits
                        ],
                        "draws": r.worlds,
                        "coverage": finite(r.coverage),
                        "density": finite(r.density),
                        "density_error": finite(r.density_error),
                        "tested_coverage": finite(r.tested_coverage),
                        "tested_density": finite(r.tested_density),
                        "tested_spread": finite(r.tested_error),
                        "p": finite(r.chance),
                    }
                    for r in d.rules
                ],
            }
            for d in found
        ],
    }
    return Page(
        "Rules that separate worlds", scenario.title, sections, facts, data, any(d.interrupted for d in found)
    )


def comparison_page(found: Comparison) -> Page:
    """Scenarios side by side."""
    sections: list[Section] = []
    for k, q in enumerate(found.questions):
        gaps = {d.scenario: d for d in q.differences}
        rows: list[tuple[str, ...]] = []
        for a in q.answers:
            d = gaps.get(a.scenario)
            rows.append(
                (
                    a.scenario,
                    a.why_none or _three(a.mean, a.error),
                    _plain3(a.at_median),
                    f"{_plain3(a.low)} to {_plain3(a.high)}" if np.isfinite(a.low) else "",
                    _three(d.mean, d.error) if d else "",
                    str(a.n - a.failed),
                )
            )
        sections.append(
            Section(
                q.question,
                q.sentence,
                pictures.side_by_side(q, f"compared-{k}"),
                "Dots: means over prior draws with two standard errors; bands: the middle 90% of draws.",
                (
                    "scenario",
                    "mean ± error",
                    "at medians",
                    "middle 90%",
                    f"less {found.scenarios[0]}",
                    "draws",
                ),
                rows,
            )
        )
    facts = {
        "Draws": f"{found.draws} from each scenario's priors, seed {found.seed}",
        "Shared": ", ".join(found.shared) or "no parameter has the same name and prior everywhere",
        "Differences": "taken draw by draw, so that what the scenarios share cancels in their errors",
    }
    data = {
        "kind": "comparison",
        "scenarios": dict(zip(found.scenarios, found.titles, strict=True)),
        "draws": found.draws,
        "seed": found.seed,
        "shared": list(found.shared),
        "questions": [
            {
                "question": q.question,
                "kind": q.kind,
                "sentence": q.sentence,
                "answers": [
                    {
                        "scenario": a.scenario, "draws": a.n, "failed": a.failed, "mean": finite(a.mean), "error": finite(a.error),
                        "low": finite(a.low), "high": finite(a.high), "at_median": finite(a.at_median), "why_none": a.why_none,
                    }
                    for a in q.answers
                ],
                "differences": [
                    {"scenario": d.scenario, "mean": finite(d.mean), "error": finite(d.error), "draws": d.n, "larger": finite(d.high_share)}
                    for d in q.differences
                ],
            }
            for q in found.questions
        ],
    }  # fmt: skip
    return Page("Scenarios side by side", " and ".join(found.scenarios), sections, facts, data)


def _three(value: float, error: float) -> str:
    return "unknown" if not np.isfinite(value) else f"{value:.3f} ± {error:.3f}"


def _plain3(value: float) -> str:
    return "unknown" if not np.isfinite(value) else f"{value:.3f}"
