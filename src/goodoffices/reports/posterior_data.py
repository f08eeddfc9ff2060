"""What a record taught, and how rivals compare, as plain data for programs: `learned.json` and `rivals.json`.

Receives a `Learned` or a `Comparison`; returns mappings and lists. Numbers that are not finite are null.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from goodoffices.inference.evidence import Comparison, EventEvidence, PriorSensitivity
from goodoffices.inference.posterior import Posterior
from goodoffices.inference.posterior_predictive import PredictiveCheck
from goodoffices.inference.posterior_terms import Observed
from goodoffices.language.priors import quantile
from goodoffices.reports.numbers import finite

SHARES = (0.05, 0.5, 0.95)


class Learned(Protocol):
    """What a record taught; see `workflow.fitting.Learned`."""

    @property
    def posterior(self) -> Posterior: ...
    @property
    def events(self) -> tuple[EventEvidence, ...]: ...
    @property
    def sensitivity(self) -> tuple[PriorSensitivity, ...]: ...
    @property
    def checks(self) -> tuple[PredictiveCheck, ...]: ...


def learned_data(found: Learned) -> dict[str, Any]:
    """Everything about one posterior but its draws."""
    posterior = found.posterior
    effective, hat, overlap = posterior.effective(), posterior.r_hat(), posterior.overlap()
    return {
        "scenario": posterior.scenario.title,
        "changes": list(posterior.scenario.changes),
        "settings": dict(posterior.settings),
        "key": posterior.key,
        "draws": posterior.size,
        "effective": {
            "together": posterior.worth,
            "coarse": posterior.coarse_worth,
            "least": float(effective.min()),
            "median": float(np.median(effective)),
        },
        "method": [run.method for run in posterior.runs],
        "events_nodes": _nodes_of_events(posterior),
        "tail": finite(posterior.tail),
        "drift": finite(posterior.drift),
        "r_hat_largest": finite(float(np.max(hat))),
        "log_evidence": finite(posterior.log_evidence),
        "log_evidence_error": finite(posterior.log_evidence_error),
        "log_evidence_of_repeats": [float(v) for v in posterior.log_evidences],
        "games_solved": list(posterior.evaluations),
        "games_unsolved": list(posterior.unsolved),
        "seconds": posterior.seconds,
        "parameters": [
            {
                "name": p.name,
                "unit": p.unit,
                "prior": dict(
                    zip(
                        ("low", "median", "high"),
                        map(float, quantile(p.prior, np.array(SHARES))),
                        strict=True,
                    )
                ),
                "posterior": dict(
                    zip(
                        ("low", "median", "high"),
                        map(float, np.quantile(posterior.draws[p.name], SHARES)),
                        strict=True,
                    )
                ),
                "overlap": float(overlap[d]),
                "effective": float(effective[d]),
                "r_hat": finite(float(hat[d])),
            }
            for d, p in enumerate(posterior.space.free)
        ],
        "events": [
            told(e.observed)
            | {
                "log_predictive": finite(e.log_predictive),
                "bits": finite(-e.log_predictive / np.log(2)),
                "error": finite(e.error),
                "effective": e.effective,
            }
            for e in found.events
        ],
        "prior_sensitivity": [
            {
                "parameter": s.parameter,
                "power": list(s.powers),
                "log_evidence_change": [finite(v) for v in s.log_evidence],
                "posterior_shift": [finite(v) for v in s.shift],
                "effective": list(s.effective),
            }
            for s in found.sensitivity
        ],
        "checks": [
            {
                "what": c.what,
                "observed": finite(c.observed),
                "replicas": {
                    key: finite(float(v))
                    for key, v in zip(("low", "median", "high"), np.quantile(c.replicas, SHARES), strict=True)
                },
                "tail": c.tail,
                "strange": c.strange,
            }
            for c in found.checks
        ],
    }


def _nodes_of_events(posterior: Posterior) -> int | None:
    nodes = posterior.settings.get("nodes")
    return nodes[min(run.pool_level for run in posterior.runs)] if nodes else None


def rivals_data(found: Comparison, learned: Sequence[Learned]) -> dict[str, Any]:
    """Everything about a comparison."""
    titles = {one.posterior.log_evidence: one.posterior.scenario.title for one in learned}
    names = {r.log_evidence: r.name for r in found.rivals}
    return {
        "rivals": [
            {
                "name": r.name,
                "title": titles.get(r.log_evidence, r.name),
                "log_evidence": finite(r.log_evidence),
                "error": finite(r.error),
                "probability": r.probability,
                "effective": r.effective,
                "tail": finite(r.tail),
                "drift": finite(r.drift),
                "log_bayes_factor": finite(found.bayes_factor(0, k)[0]),
                "log_bayes_factor_error": finite(found.bayes_factor(0, k)[1]) if k else 0.0,
            }
            for k, r in enumerate(found.rivals)
        ],
        "events": [told(o) | {"log_predictive": [finite(v) for v in logs]} for o, logs in found.events],
        "prior_sensitivity": {
            names[one.posterior.log_evidence]: [
                {"power": p, "log_evidence_change": finite(v), "effective": n}
                for s in one.sensitivity[:1]
                for p, v, n in zip(s.powers, s.log_evidence, s.effective, strict=True)
            ]
            for one in learned
        },
        "unlike": [d.message for d in found.unlike],
        "settings": dict(learned[0].posterior.settings) if learned else {},
    }


def told(o: Observed) -> dict[str, Any]:
    """What one choice was."""
    return {
        "round": o.round,
        "begins": o.begins.isoformat(),
        "party": o.party,
        "happened": o.happened,
        "events": list(o.events),
        "weight": o.weight,
    }
