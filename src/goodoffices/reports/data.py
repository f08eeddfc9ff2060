"""A study as plain data: what `study.json` holds, in the form that `study.schema.json` documents.

Receives a `Study`; returns dicts, lists, numbers and None. A number that is not finite becomes null, so that the file is
strict JSON; a draw that was not solved has a null margin and a null in `holds`, and is counted in `failed`.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from goodoffices import catalog
from goodoffices.claims.verdict import Decider, PlayMove, PlayPoint, Study, Verdict
from goodoffices.language.scenario import Anchor, Note, Parameter, Scenario
from goodoffices.reports.judgement import judge
from goodoffices.reports.numbers import finite

FORMAT = 1
"""Version of the form of `study.json`; raised when a reader of the old form would be misled."""


def study_data(study: Study, analyses: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """Everything that a study found, ready for `json.dumps`, with the numbers of analyses by their names."""
    scenario, certificate = study.scenario, study.certificate
    return {
        "goodoffices_study": FORMAT,
        "version": version(study),
        "title": scenario.title,
        "source": source_name(scenario),
        "summary": list(scenario.summary),
        "changes": list(scenario.changes),
        "documents": [
            {"name": d.name, "file": d.file, "cites": dict(d.cites), "sentences": len(d.sentences)}
            for d in scenario.documents
        ],
        "parties": [
            {"name": p.name, "label": p.label, "role": p.role, **_note(p.note)} for p in scenario.parties
        ],
        "settings": {k: _plain(v) for k, v in study.settings.items()},
        "claims": [_claim(v) for v in study.verdicts],
        "parameters": [_parameter(p, study) for p in scenario.parameters],
        "certificate": {
            "n": certificate.n,
            "converged": certificate.converged,
            **{
                f"worst_{name.removeprefix('max_')}": finite(value)
                for name, value in certificate.worst.items()
            },
            "failures": dict(certificate.failures),
        },
        "size": dict(study.size),
        "play": _point(study.play),
        "statistics": {k: finite(v) for k, v in study.statistics.items()},
        "draws": {name: _numbers(values) for name, values in study.draws.items()},
        "analyses": dict(analyses or {}),
    }


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of `study.json`, as shipped."""
    return json.loads(resources.files("goodoffices.reports").joinpath("study.schema.json").read_text("utf-8"))


def source_name(scenario: Scenario) -> str:
    """The scenario's name where it is one of the catalogue's, so that no path of this machine is shown; else its file."""
    if scenario.source:
        for name in catalog.names():
            if catalog.path(name) == Path(scenario.source):
                return name
    return scenario.source


def version(study: Study) -> str:
    """The version of the software that made the study."""
    return str(study.settings.get("version") or importlib.metadata.version("goodoffices"))


def _claim(verdict: Verdict) -> dict[str, Any]:
    claim = verdict.claim
    return {
        "id": claim.name,
        "text": claim.text,
        "says": claim.says_text,
        **_note(claim.note),
        "verdict": verdict.sentence,
        "judgement": judge(verdict).kind,
        "share": finite(verdict.share),
        "error": finite(verdict.error),
        "n": verdict.n,
        "failed": verdict.failed,
        "low": finite(verdict.low),
        "high": finite(verdict.high),
        "holds": [bool(h) if s else None for h, s in zip(verdict.holds, verdict.solved, strict=True)],
        "margins": _numbers(verdict.margins),
        "margin_unit": verdict.margin_unit,
        "holds_at_median": verdict.at_median,
        "deciders": [_decider(d) for d in verdict.deciders],
    }


def _decider(decider: Decider) -> dict[str, Any]:
    return {
        "parameter": decider.parameter,
        "strength": finite(decider.strength),
        "error": finite(decider.error),
        "holds_when": decider.holds_when,
        "tipping": finite(decider.tipping),
        "tipping_holds": decider.tipping_holds,
    }


def _parameter(parameter: Parameter, study: Study) -> dict[str, Any]:
    low, median, high = quantiles(study, parameter.name)
    return {
        "name": parameter.name,
        "prior": parameter.prior.text,
        "unit": parameter.unit,
        **_note(parameter.note),
        "median": median,
        "interval": None if low is None or high is None else [low, high],
    }


def quantiles(study: Study, parameter: str) -> tuple[float | None, float | None, float | None]:
    """The 5th, 50th and 95th percentile of the draws of a parameter; of a fixed one without draws, its value."""
    draws = study.draws.get(parameter)
    if draws is None or not np.size(draws):
        prior = next(p.prior for p in study.scenario.parameters if p.name == parameter)
        value = prior.arguments[0] if prior.name == "fixed" and prior.arguments else None
        return value, value, value
    low, median, high = (finite(float(q)) for q in np.nanquantile(draws, [0.05, 0.5, 0.95]))
    return low, median, high


def _note(note: Note) -> dict[str, Any]:
    return {"why": note.why, "source": _anchor(note.source)}


def _anchor(anchor: Anchor | None) -> dict[str, Any] | None:
    if anchor is None:
        return None
    return {
        "document": anchor.document,
        "sentence": anchor.sentence,
        "text": anchor.text,
        "start": anchor.start,
        "end": anchor.end,
    }


def _point(point: PlayPoint) -> dict[str, Any]:
    return {
        "party": point.party,
        "round": point.round,
        "state": dict(point.state),
        "reach": finite(point.reach),
        "beliefs": _beliefs(point.beliefs),
        "moves": [_move(m) for m in point.moves],
    }


def _move(move: PlayMove) -> dict[str, Any]:
    return {
        "move": move.move,
        "label": move.label,
        "lever": move.lever,
        "probability": finite(move.probability),
        "low": finite(move.low),
        "high": finite(move.high),
        "by_type": {k: finite(v) for k, v in move.by_type.items()},
        "beliefs_after": _beliefs(move.beliefs_after),
        "state_after": dict(move.state_after),
        "then": None if move.then is None else _point(move.then),
    }


def _beliefs(beliefs: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float | None]]:
    return {d: {t: finite(p) for t, p in levels.items()} for d, levels in beliefs.items()}


def _numbers(values: Any) -> list[float | None]:
    return [finite(float(v)) for v in np.asarray(values).reshape(-1)]


def _plain(value: object) -> Any:
    """A setting as JSON: numbers, texts, lists and mappings stay what they are, anything else becomes its text."""
    if isinstance(value, np.generic):
        value = value.item()
    match value:
        case bool() | int() | str() | None:
            return value
        case float():
            return finite(value)
        case list() | tuple():
            return [_plain(v) for v in value]
        case Mapping():
            return {str(k): _plain(v) for k, v in value.items()}
        case _:
            return str(value)
