"""A forecast held against what happened.

Receives the plain data of a sealed forecast and a coded newer record; returns a `Score`: proper scores of the model and of
every baseline on the same questions, skill with its error, calibration, worst misses first. What cannot be resolved yet is
listed with the reason, never dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from goodoffices.forecasting.happening import happens
from goodoffices.forecasting.history import recorded_path
from goodoffices.forecasting.outlook import OVER, Question
from goodoffices.forecasting.rules import (
    Bin,
    brier_score,
    calibration,
    log_score,
    ranked_probability_score,
    skill,
)
from goodoffices.inference.coding import CodedRecord

RULES = {"log": log_score, "brier": brier_score, "ranked_probability": ranked_probability_score}
"""Name -> rule; `log` is in bits."""
MODEL = "model"


@dataclass(frozen=True)
class Resolved:
    """One forecast whose outcome is known."""

    what: str
    """Such as `us in round 4 (from 2025-04-07)`, or the question."""
    kind: str
    """`move` or `question`."""
    ahead: int
    """Rounds after the one that stood on the day of the forecast, from zero."""
    names: tuple[str, ...]
    happened: str
    probability: Mapping[str, tuple[float, ...]]
    """`model` or a baseline -> probabilities of the names."""
    events: tuple[str, ...] = ()
    """Ids that show what happened."""
    origin: str = ""
    """Day of the forecast."""

    @property
    def outcome(self) -> int:
        """Number of what happened."""
        return self.names.index(self.happened)

    def score(self, who: str, rule: str) -> float:
        """By one of `RULES`; smaller is better."""
        return RULES[rule](self.probability[who], self.outcome)


@dataclass(frozen=True)
class Score:
    """How good forecasts were."""

    resolved: tuple[Resolved, ...]
    """Worst misses of the model first."""
    pending: tuple[tuple[str, str], ...]
    """(forecast, why it cannot be resolved)."""

    def mean(self, who: str, rule: str, kind: str | None = None) -> float:
        """Mean score over what was resolved and has this forecaster."""
        values = [
            r.score(who, rule)
            for r in self.resolved
            if who in r.probability and (kind is None or r.kind == kind)
        ]
        return float(np.mean(values)) if values else float("nan")

    def forecasters(self) -> tuple[str, ...]:
        """The model and every baseline that forecast all that it did."""
        every = {who: None for r in self.resolved for who in r.probability}
        return tuple(every)

    def skill(self, rule: str = "log") -> dict[str, float]:
        """Baseline -> share of its score that the model saved, on the forecasts that both made."""
        out: dict[str, float] = {}
        for who in self.forecasters():
            both = [r for r in self.resolved if who in r.probability]
            if who != MODEL and both:
                ours, theirs = (float(np.mean([r.score(w, rule) for r in both])) for w in (MODEL, who))
                out[who] = skill(ours, theirs)
        return out

    def difference(self, who: str, rule: str = "log") -> tuple[float, float]:
        """Mean of the baseline's score less the model's (positive: the model is better), and its standard error.

        The error takes forecasts as independent, which those of one day are not; it is a lower bound.
        """
        gaps = [r.score(who, rule) - r.score(MODEL, rule) for r in self.resolved if who in r.probability]
        if not gaps:
            return float("nan"), float("nan")
        error = float(np.std(gaps, ddof=1) / np.sqrt(len(gaps))) if len(gaps) > 1 else float("nan")
        return float(np.mean(gaps)), error

    def calibration(self, bins: int = 5) -> tuple[Bin, ...]:
        """Every probability that the model gave to any outcome, beside how often such outcomes happened."""
        given = [p for r in self.resolved for p in r.probability[MODEL]]
        came = [k == r.outcome for r in self.resolved for k in range(len(r.names))]
        return calibration(given, came, bins=bins)

    def data(self, *, worst: int = 10) -> dict[str, Any]:
        """Plain values for JSON."""
        who = self.forecasters()
        return {
            "n": len(self.resolved),
            "scores": {name: {rule: _finite(self.mean(name, rule)) for rule in RULES} for name in who},
            "skill": {name: _finite(value) for name, value in self.skill().items()},
            "skill_brier": {name: _finite(value) for name, value in self.skill("brier").items()},
            "bits_saved": {
                name: dict(zip(("mean", "error"), map(_finite, self.difference(name)), strict=True))
                for name in who
                if name != MODEL
            },
            "by_rounds_ahead": self._by_ahead(),
            "by_party": self._by_party(),
            "calibration": [
                {
                    key: _finite(value) if isinstance(value, float) else value
                    for key, value in asdict(b).items()
                }
                for b in self.calibration()
            ],
            "worst": [_row(r) for r in self.resolved[:worst]],
            "all": [_row(r) for r in self.resolved],
            "pending": [{"forecast": what, "why": why} for what, why in self.pending],
        }

    def _by_party(self) -> dict[str, dict[str, Any]]:
        """Party -> number of forecasts and mean surprise in bits: a party that hardly chooses flatters everybody."""
        out: dict[str, dict[str, Any]] = {}
        for party in sorted({r.what.split()[0] for r in self.resolved if r.kind == "move"}):
            mine = [r for r in self.resolved if r.kind == "move" and r.what.split()[0] == party]
            part = Score(tuple(mine), ())
            log = {name: _finite(part.mean(name, "log")) for name in part.forecasters()}
            out[party] = {"n": len(mine), "log": log}
        return out

    def _by_ahead(self) -> list[dict[str, Any]]:
        out: list[dict[str, Any]] = []
        for ahead in sorted({r.ahead for r in self.resolved}):
            part = Score(tuple(r for r in self.resolved if r.ahead == ahead), ())
            out.append(
                {
                    "ahead": ahead,
                    "n": len(part.resolved),
                    "log": {name: _finite(part.mean(name, "log")) for name in part.forecasters()},
                }
            )
        return out


def score_forecast(
    forecast: Mapping[str, Any], coded: CodedRecord, questions: Sequence[Question] = ()
) -> Score:
    """Resolve a forecast by a newer record of the same scenario.

    Args:
        forecast: As `sealing.sealed` made it.
        coded: The newer record.
        questions: Those of the forecast, read again, in their order.
    """
    resolved, pending = list[Resolved](), list[tuple[str, str]]()
    complete = 1 + max((step.round for step in coded.complete()), default=-1)
    standing: int = forecast["stands"]["round"] - 1
    asked_in: int = forecast["stands"]["asked_from_round"] - 1
    turn: int = forecast["stands"]["turn"] - 1
    for entry in forecast["moves"]:
        what = f"{entry['party']} in round {entry['round']} (from {entry['begins']})"
        if entry["round"] > complete:
            pending.append((what, "the record does not cover that round yet"))
            continue
        step = next(
            (s for s in coded.complete() if (s.round + 1, s.turn + 1) == (entry["round"], entry["turn"])),
            None,
        )
        move = None if step is None else next((m for m in step.moves if m.party == entry["party"]), None)
        given = {MODEL: _row_of(entry["probability"])} | {
            k: _row_of(v) for k, v in entry["baselines"].items()
        }
        resolved.append(
            Resolved(
                what,
                "move",
                entry["round"] - 1 - standing,
                tuple(entry["names"]),
                OVER if move is None else move.name,
                given,
                () if move is None else move.events,
                forecast["as_of"],
            )
        )
    for entry, question in zip(forecast["questions"], questions, strict=True):
        last = asked_in + entry["rounds"]
        if last > complete and not coded.over:
            pending.append((entry["question"], f"it is decided by {entry['resolves']} at the latest"))
            continue
        path = recorded_path(coded, asked_in, entry["rounds"], begin=(standing, turn))
        came = bool(happens(coded.scenario, question.event, path)[0])
        given = {MODEL: entry["probability"]} | dict(entry["baselines"])
        resolved.append(
            Resolved(
                entry["question"],
                "question",
                entry["rounds"] - 1,
                ("yes", "no"),
                "yes" if came else "no",
                {name: (p, 1 - p) for name, p in given.items()},
                (),
                forecast["as_of"],
            )
        )
    return Score(worst_first(resolved), tuple(pending))


def worst_first(resolved: Sequence[Resolved]) -> tuple[Resolved, ...]:
    """Ordered by how much the model was surprised."""
    return tuple(sorted(resolved, key=lambda r: (-r.score(MODEL, "log"), r.origin, r.what)))


def _row_of(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(float(v) for v in values)


def _row(r: Resolved) -> dict[str, Any]:
    return {
        "origin": r.origin,
        "forecast": r.what,
        "happened": r.happened,
        "events": list(r.events),
        "probability": {who: p[r.outcome] for who, p in r.probability.items()},
        "bits": {who: _finite(r.score(who, "log")) for who in r.probability},
        "ahead": r.ahead,
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
