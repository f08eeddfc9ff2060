"""A forecast as the plain data of its file, sealed with hashes of everything that made it.

Receives an outlook and what it was made from; returns JSON values that end with the seal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goodoffices.forecasting.outlook import Outlook
    from goodoffices.inference.likelihood import RecordLikelihood
    from goodoffices.inference.posterior import Posterior
    from goodoffices.language.scenario import Scenario
    from goodoffices.records import Record

FORMAT = 1
"""Of forecast files."""


def forecast_data(
    name: str,
    scenario: Scenario,
    known: Record,
    likelihood: RecordLikelihood,
    outlook: Outlook,
    posterior: Posterior | None,
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """The file's content.

    Args:
        name: What the scenario was called by.
        known: The record up to the day.
        posterior: None where nothing had been recorded to learn from.
        settings: Everything else that the numbers depend on.
    """
    import importlib.metadata

    from goodoffices.forecasting.sealing import sealed

    coded = likelihood.coded
    levels = {f.name: f.levels[i] for f, i in zip(scenario.factors, coded.state, strict=True)}
    learned = None
    if posterior is not None:
        learned = {
            "draws": posterior.size,
            "effective_least": float(posterior.effective().min()),
            "log_evidence": posterior.log_evidence,
            "unsolved": sum(posterior.unsolved),
            "evaluations": sum(posterior.evaluations),
        }
    return sealed(
        {
            "goodoffices_forecast": FORMAT,
            "scenario": {"name": name, "title": scenario.title, "changes": list(scenario.changes)},
            "as_of": outlook.day.isoformat(),
            "stands": {
                "round": coded.round + 1,
                "asked_from_round": coded.timetable.complete(coded.last_day) + 1,
                "turn": coded.turn + 1,
                "state": levels,
            },
            "moves": [
                {
                    "round": m.round,
                    "turn": m.turn,
                    "begins": m.begins.isoformat(),
                    "ends": m.ends.isoformat(),
                    "party": m.party,
                    "names": list(m.names),
                    "probability": [c.probability for c in m.chances],
                    "error": [c.error for c in m.chances],
                    "low": [c.low for c in m.chances],
                    "high": [c.high for c in m.chances],
                    "baselines": {who: list(row) for who, row in m.baselines.items()},
                    "drivers": [list(pair) for pair in m.drivers],
                }
                for m in outlook.moves
            ],
            "questions": [
                {
                    "question": q.text,
                    "probability": q.chance.probability,
                    "error": q.chance.error,
                    "low": q.chance.low,
                    "high": q.chance.high,
                    "exact": q.exact,
                    "rounds": q.rounds,
                    "resolves": q.resolves.isoformat(),
                    "baselines": dict(q.baselines),
                    "drivers": [list(pair) for pair in q.drivers],
                }
                for q in outlook.questions
            ],
            "n": {"draws": outlook.draws, "paths": outlook.paths, "paths_lost": outlook.lost},
            "rounds_ahead": outlook.rounds,
            "horizon_cut_by_the_game": outlook.cut,
            "learned": learned,
            "made_from": {
                "scenario_sha256": scenario_hash(scenario),
                "record_sha256": record_hash(known),
                "record_rows": len(known.events),
                "settings": dict(settings),
                "version": importlib.metadata.version("goodoffices"),
            },
        }
    )


def scenario_hash(scenario: Scenario) -> str:
    """SHA-256 of everything a scenario says, wherever its file lies."""
    from goodoffices.forecasting.sealing import text_hash
    from goodoffices.inference.posterior_fitting import scenario_text

    return text_hash(scenario_text(scenario))


def record_hash(record: Record) -> str:
    """SHA-256 of the events, whatever file they come from and in whatever order it has them."""
    from goodoffices.forecasting.sealing import text_hash

    rows = sorted(repr(replace(event, origin="")) for event in record.events)
    return text_hash("\n".join(rows))
