"""A scenario and its record: which event counts as what, and what everybody could believe along it.

Receives what a person names (a scenario; files of events instead of its own); returns `RecordFindings` or a `BeliefPath`.
Problems of the history are findings of a check, and refusals where it is to be followed; files that cannot be read are
refused.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goodoffices.core.diagnostics import refuse
from goodoffices.workflow.loading import load

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from goodoffices.inference.coding import CodedRecord, Fate
    from goodoffices.inference.path import BeliefPath
    from goodoffices.language.scenario import Scenario
    from goodoffices.records import Duplicate, Record


@dataclass(frozen=True)
class RecordFindings:
    """What checking a record against a scenario found."""

    coded: CodedRecord
    record: Record
    duplicates: tuple[Duplicate, ...]

    @property
    def refused(self) -> bool:
        """Whether a problem keeps the history from being followed."""
        return any(d.severity == "error" for d in self.coded.problems)

    def data(self) -> dict[str, Any]:
        """Everything as plain data, for JSON."""
        coded = self.coded
        scenario = coded.scenario
        return {
            "scenario": scenario.title,
            "files": list(self.record.files),
            "formats": list(self.record.formats),
            "rows": self.record.rows,
            "left_out": dict(self.record.left_out),
            "last_day": coded.last_day.isoformat(),
            "events": [_fate(f) for f in coded.fates],
            "rounds": [
                {
                    "round": step.round + 1,
                    "begins": coded.timetable.begins(step.round).isoformat(),
                    "turn": step.turn + 1,
                    "state": {f.name: f.levels[i] for f, i in zip(scenario.factors, step.state, strict=True)},
                    "moves": [
                        {"party": m.party, "move": m.name, "events": list(m.events), "weight": m.weight}
                        for m in step.moves
                    ],
                    "outcome": step.outcome or None,
                    "outcome_events": list(step.outcome_events),
                    "provisional": step.provisional,
                }
                for step in coded.steps
            ],
            "problems": [
                {"code": d.code, "severity": d.severity, "message": d.message, "hint": d.hint}
                for d in coded.problems
            ],
            "duplicates": [
                {"first": d.first, "second": d.second, "reason": d.reason} for d in self.duplicates
            ],
        }


def check_record(
    source: str | Path | Scenario,
    *,
    record: Sequence[str | Path] = (),
    format: str | None = None,
    as_of: datetime.date | None = None,
) -> RecordFindings:
    """Code a record by the scenario's rules and say what became of every event.

    Args:
        source: A scenario, its file, or its name in the catalogue.
        record: Files of events; the one that the scenario names where it is left out.
        format: Of these files; found out from their columns where it is left out.
        as_of: Nothing later is looked at.

    Raises:
        Refusal: The scenario has no `record:`, or a file cannot be read.
    """
    from goodoffices.inference import code_record
    from goodoffices.records import find_duplicates

    scenario = load(source) if isinstance(source, str | Path) else source
    events = read_events(scenario, record=record, format=format)
    coded = code_record(scenario, events, as_of=as_of)
    return RecordFindings(coded, events, find_duplicates(events.events))


def read_events(
    scenario: Scenario, *, record: Sequence[str | Path] = (), format: str | None = None
) -> Record:
    """The events of a scenario's record, or of the files given instead.

    Raises:
        Refusal: `no-record`, `outside-folder`; as `records.read_record`.
    """
    from goodoffices.inference.calendar import record_section
    from goodoffices.inference.matching import selection
    from goodoffices.records import join_records, read_record

    section = record_section(scenario)
    paths = [Path(path) for path in record] or [_own(scenario, section.file)]
    wanted = selection(section)
    found = [read_record(path, format=format, selection=wanted) for path in paths]
    return found[0] if len(found) == 1 else join_records(found)


def _own(scenario: Scenario, file: str) -> Path:
    folder = Path(scenario.source).parent.resolve()
    path = (folder / file.replace("\0", "")).resolve()
    if not path.is_relative_to(folder):
        raise refuse(
            "outside-folder",
            f"`{file}` is not in the scenario's folder",
            span=scenario.record.span if scenario.record else None,
            hint="move it there, or name it with `--record`",
        )
    return path


def _fate(found: Fate) -> dict[str, Any]:
    event = found.event
    return {
        "id": event.id,
        "date": event.date.isoformat(),
        "actor": event.actor,
        "target": event.target,
        "type": event.type,
        "lever": event.lever,
        "fate": found.fate,
        "reason": found.reason,
        "round": None if found.round is None else found.round + 1,
        "counts_as": found.what,
        "description": event.description,
        "sources": list(event.sources),
        "confidence": event.confidence,
    }


def beliefs(
    source: str | Path | Scenario,
    *,
    draws: int = 64,
    seed: int = 1,
    nodes: int | None = None,
    record: Sequence[str | Path] = (),
    format: str | None = None,
    as_of: datetime.date | None = None,
    set: Mapping[str, float] | None = None,
    points: Mapping[str, ArrayLike] | None = None,
) -> BeliefPath:
    """Follow a record through the solved game: what was likely before each move, and what everybody could believe after it.

    Args:
        source: A scenario, its file, or its name in the catalogue.
        draws: Of the parameters from their priors; the first is their medians, the others are drawn.
        seed: Of the draws.
        nodes: Nodes on each axis of belief; more are slower and nearer to the exact game.
        record: Files of events instead of the scenario's own.
        format: Of these files.
        as_of: Nothing later is looked at.
        set: parameter name -> value.
        points: parameter -> [b] values of your own, such as draws from a posterior, instead of draws from the priors.

    Raises:
        Refusal: as `check_record`; `unknown-parameter`; the errors of the history, where it cannot be followed; `not-solved`.
    """
    import importlib.metadata

    from goodoffices.compiler.recursive import compile_round
    from goodoffices.inference.likelihood import NODES, RecordLikelihood
    from goodoffices.inference.path import belief_path
    from goodoffices.language import set_parameters

    if draws < 1:
        raise refuse("too-few-draws", f"at least one draw is needed, not {draws}")
    scenario = load(source) if isinstance(source, str | Path) else source
    scenario = set_parameters(scenario, **(set or {}))
    found = check_record(scenario, record=record, format=format, as_of=as_of)
    coded = found.coded.require()
    likelihood = RecordLikelihood(scenario, coded, compile_round(scenario), nodes or NODES)
    at, whence = _points(scenario, draws, seed, points)
    settings = {
        **whence,
        "nodes_per_axis": likelihood.nodes,
        "files": [Path(file).name for file in found.record.files],
        "as_of": coded.last_day.isoformat(),
        "version": importlib.metadata.version("goodoffices"),
    }
    return belief_path(likelihood, at, settings=settings)


def _points(
    scenario: Scenario, draws: int, seed: int, given: Mapping[str, ArrayLike] | None
) -> tuple[dict[str, NDArray[np.float64]], dict[str, object]]:
    """Parameter -> [b], and where they come from: the medians with draws from the priors, or what was given."""
    import numpy as np

    from goodoffices.language import medians, sample

    middle = medians(scenario)
    if given is None:
        drawn = sample(scenario, draws - 1, seed=seed)
        at = {name: np.append(middle[name], drawn[name]) for name in middle} or {"": np.zeros(draws)}
        return at, {"draws": draws, "seed": seed}
    for name in given:
        if name not in middle:
            raise refuse("unknown-parameter", f"the scenario has no parameter `{name}`")
    arrays = {
        name: np.atleast_1d(np.asarray(given.get(name, value), float)) for name, value in middle.items()
    }
    width = max((len(values) for values in arrays.values()), default=1)
    return {name: np.broadcast_to(values, (width,)) for name, values in arrays.items()}, {
        "draws": width,
        "whence": "given",
    }
