"""The path of beliefs along a record as plain data, for programs: what `beliefs.json` holds.

Receives a `BeliefPath`; returns mappings and lists. Every number over draws is given as the one at the prior medians, the
median and the middle 90% of all draws.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodoffices.inference.path import BeliefPath, PathPoint
from goodoffices.reports.numbers import finite

Floats = NDArray[np.float64]


def record_data(path: BeliefPath) -> dict[str, Any]:
    """Every number of a path."""
    coded = path.coded
    labels = {f.name: f.levels for f in path.scenario.factors}
    return {
        "scenario": path.scenario.title,
        "changes": list(path.scenario.changes),
        "settings": dict(path.settings),
        "draws": path.draws,
        "unsolved": path.unsolved,
        "rounds_of_the_game": path.rounds,
        "log_likelihood": spread(path.log_likelihood),
        "effective_draws": finite(path.effective_draws()),
        "types": {party: list(names) for party, names in path.types.items()},
        "prior": {party: by_name(path.types[party], at) for party, at in path.prior.items()},
        "points": [_point(path, point) for point in path.points],
        "last": {
            "day": coded.last_day.isoformat(),
            "round": coded.round + 1,
            "turn": coded.turn + 1,
            "over": coded.over,
            "state": {name: levels[i] for (name, levels), i in zip(labels.items(), coded.state, strict=True)},
            "beliefs": {party: by_name(path.types[party], at) for party, at in path.last.items()},
        },
        "events": [
            {
                "id": fate.event.id,
                "date": fate.event.date.isoformat(),
                "fate": fate.fate,
                "counts_as": fate.what,
                "description": fate.event.description,
            }
            for fate in coded.fates
        ],
        "remarks": [d.message for d in coded.problems],
    }


def spread(values: Floats) -> dict[str, float | None]:
    """One quantity over draws, the first of which is the prior medians."""
    with np.errstate(invalid="ignore"):
        low, middle, high = (float(q) for q in np.quantile(values, [0.05, 0.5, 0.95]))
    return {
        "at_medians": finite(float(values[0])),
        "median": finite(middle),
        "low": finite(low),
        "high": finite(high),
    }


def by_name(names: tuple[str, ...], values: Floats) -> dict[str, dict[str, float | None]]:
    """[m, b] by the names of m."""
    return {name: spread(row) for name, row in zip(names, values, strict=True)}


def _point(path: BeliefPath, point: PathPoint) -> dict[str, Any]:
    out: dict[str, Any] = {
        "round": point.round,
        "turn": point.turn,
        "begins": point.begins.isoformat(),
        "party": point.party,
        "happened": point.happened,
        "events": list(point.events),
        "days": [day.isoformat() for day in point.days],
        "weight": point.weight,
        "provisional": point.provisional,
        "probability": by_name(point.names, point.probability),
        "surprise_bits": spread(point.surprise),
    }
    if point.party is not None and point.party in path.types:
        names = path.types[point.party]
        out["belief_before"] = by_name(names, point.before)
        out["belief_after"] = by_name(names, point.after)
        out["probability_by_type"] = by_name(names, point.by_type)
    return out
