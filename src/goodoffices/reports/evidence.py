"""What was assumed, how far the solutions can be trusted, and how to run the study again.

Receives a `Study`; returns mappings for the templates and, for the terminal, sentences.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import Any

import numpy as np

from goodoffices.claims.verdict import Study
from goodoffices.reports.algebra import words
from goodoffices.reports.data import quantiles, source_name
from goodoffices.reports.density import density
from goodoffices.reports.elements import identity
from goodoffices.reports.numbers import MINUS, count, counted, interval, plain, power


def assumptions(study: Study) -> dict[str, Any]:
    """Parameters with their priors drawn, types, rationality, discount, named quantities and values."""
    scenario = study.scenario
    labels = {p.name: p.label for p in scenario.parties}
    rows = []
    for number, parameter in enumerate(scenario.parameters, start=1):
        low, median, high = quantiles(study, parameter.name)
        spread = interval(low, high) if low is not None and high is not None and low < high else "fixed"
        draws = study.draws.get(parameter.name)
        drawn = np.asarray([median] if draws is None or not np.size(draws) else draws, dtype=float)
        rows.append(
            {
                "id": identity("parameter", parameter.name),
                "name": parameter.name,
                "prior": parameter.prior.text.replace("-", MINUS),
                "unit": parameter.unit or "no unit",
                "why": parameter.note.why,
                "source": parameter.note.source,
                "median": plain(median),
                "interval": spread,
                "picture": density(
                    drawn,
                    identity=f"prior-{number}",
                    title=f"Prior of {parameter.name}: median {plain(median)}, 90% {spread}",
                ),
            }
        )
    return {
        "parameters": rows,
        "unsourced": sum(1 for p in scenario.parameters if p.note.source is None),
        "types": [
            {
                "id": identity("type", f"{t.party}.{t.name}"),
                "party": labels.get(t.party, t.party),
                "name": t.name,
                "odds": [(level, words(o)) for level, o in zip(t.levels, t.odds, strict=True)],
                "why": t.note.why,
            }
            for t in scenario.types
        ],
        "rationality": [(p.label, words(p.rationality)) for p in scenario.parties],
        "discount": words(scenario.time.discount),
        "lets": [
            {
                "id": identity("quantity", let.name),
                "name": let.name,
                "text": words(let.expression) if let.expression else None,
                "key": let.key,
                "table": [(level, words(e)) for level, e in let.table.items()],
                "why": let.note.why,
            }
            for let in scenario.lets
        ],
    }


def certificate(study: Study) -> dict[str, Any]:
    """The worst values over all draws, each with what it means."""
    found = study.certificate
    return {
        "sentence": certificate_sentence(study),
        "failures": [(reason, count(number)) for reason, number in found.failures.items()],
        "unsolved": found.n - found.converged,
        "rows": [
            (title, shown(found.worst[name]), meaning)
            for name, (title, shown, meaning) in PARTS.items()
            if name in found.worst
        ],
    }


def _utility(value: float) -> str:
    return f"{plain(value)} utility"


PARTS: dict[str, tuple[str, Callable[[float], str], str]] = {
    "logit_residual": (
        "Agreement with the choice rule",
        power,
        "How far any two moves' probabilities are from what the rule of choice prescribes (a difference of "
        "logarithms; 0 is perfect).",
    ),
    "belief_error": (
        "Agreement of beliefs with Bayes’ rule",
        power,
        "The largest difference in probability between a belief that the solver used and the one that Bayes’ "
        "rule gives.",
    ),
    "value_error": (
        "Agreement of values with play",
        lambda value: f"{power(value)} utility",
        "The largest difference between what the solver says play is worth and what the choices found give.",
    ),
    "off_grid": (
        "Fineness of the grid of beliefs",
        _utility,
        "Play is solved at some beliefs and looked up at those between. This is the largest error made by that at "
        "one turn, at beliefs sampled between; a finer grid (`--accuracy`) makes it smaller.",
    ),
    "max_regret": (
        "Largest gain from one change of move",
        _utility,
        "What a party could gain at most by always playing its best move at one point. It is not an error: "
        "parties here choose better moves more often, not always.",
    ),
    "max_response_regret": (
        "Largest gain from a wholly different plan",
        _utility,
        "The same for changing every later move as well.",
    ),
}
"""Part of the certificate -> its title, how it is written, and what it means."""


def certificate_sentence(study: Study) -> str:
    """Whether the solutions can be believed, in a sentence."""
    found = study.certificate
    missed = found.n - found.converged
    solved = (
        f"All {counted(found.n, 'draw')} were solved"
        if not missed
        else f"{count(found.converged)} of {counted(found.n, 'draw')} were solved and {count(missed)} were not"
    )
    return (
        f"{solved}; checked by separate code, the worst departure from the choice rule is "
        f"{power(found.worst['logit_residual'])} and from Bayes’ rule {power(found.worst['belief_error'])}."
    )


def settings(study: Study) -> list[tuple[str, str]]:
    """Settings, sizes and times as pairs of texts."""
    rows = [(_title(k), _shown(v)) for k, v in study.settings.items()]
    rows += [(_title(k), count(v)) for k, v in study.size.items()]
    rows += [(_title(k), plain(v)) for k, v in study.statistics.items()]
    return rows


def command(study: Study) -> str:
    """The command that runs the study again."""
    scenario = study.scenario
    parts = ["goodoffices", "study", source_name(scenario) or "SCENARIO"]
    for key in ("draws", "seed"):
        if key in study.settings:
            parts += [f"--{key}", str(study.settings[key])]
    rounds = study.settings.get("rounds")
    if rounds is not None and rounds != scenario.time.rounds:
        parts += ["--rounds", str(rounds)]
    if study.settings.get("method") == "belief":
        parts += ["--method", "belief"]
    if "accuracy" in study.settings:
        parts += ["--accuracy", str(study.settings["accuracy"])]
    for change in scenario.changes:
        if fixed := re.fullmatch(r"set\s+(\S+)\s*=\s*(\S+)", change):
            parts += ["--set", f"{fixed[1]}={fixed[2]}"]
    return shlex.join(parts)


def _title(key: str) -> str:
    text = key.replace("_", " ")
    return f"{text[:1].upper()}{text[1:]}"


def _shown(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, int):
        return str(value)
    return power(value, 1) if 0 < abs(value) < 1e-3 else plain(value)
