"""Forecasts: made and sealed, verified, scored when the record catches up, and tried on the past.

Receives what a person names; returns plain data (a sealed forecast) or a `Score`. A forecast looks at nothing after its
day; so does every forecast of a backtest.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goodoffices.core.diagnostics import refuse
from goodoffices.workflow.forecast_data import forecast_data, record_hash, scenario_hash
from goodoffices.workflow.loading import load
from goodoffices.workflow.recording import read_events

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from goodoffices.forecasting.outlook import Outlook, Question
    from goodoffices.forecasting.scoring import Score
    from goodoffices.games.recursive import RecursiveSolution
    from goodoffices.inference.filtering import Filtered
    from goodoffices.inference.likelihood import RecordLikelihood
    from goodoffices.inference.posterior import Posterior
    from goodoffices.inference.posterior_fitting import FitSettings, Watch
    from goodoffices.language.scenario import Scenario
    from goodoffices.language.tree import Event
    from goodoffices.records import Record

DRAWS = 64
PATHS = 8
NODES = 3


def forecast(
    source: str | Path | Scenario,
    *,
    as_of: datetime.date,
    days: int,
    questions: Sequence[str] = (),
    record: Sequence[str | Path] = (),
    format: str | None = None,
    settings: FitSettings | None = None,
    nodes: int = NODES,
    draws: int = DRAWS,
    paths: int = PATHS,
    seed: int = 1,
    set: Mapping[str, float] | None = None,
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Forecast the moves of every coming round and answers to questions, sealed.

    Args:
        source: A scenario, its file, or its name in the catalogue.
        as_of: Nothing later is looked at.
        days: How far to look; rounds that begin by then.
        questions: Events such as `fighting == truce within 2 rounds`, rounds counted from the one that stands, `within
            12 weeks` and `before 2025-12-31`, which count the rounds that have ended by then.
        record: Files of events instead of the scenario's own.
        settings: How the posterior is found.
        nodes: On each axis of belief.
        draws: Of the posterior that play goes on from.
        paths: Of play for each draw, on which later moves are expected; questions need none.

    Raises:
        Refusal: as `workflow.fitting.learn`, and for questions that no record answers.
    """
    from goodoffices.inference import code_record, record_likelihood
    from goodoffices.inference.posterior_fitting import FitSettings, fit_posterior
    from goodoffices.language import set_parameters

    scenario = set_parameters(load(source) if isinstance(source, str | Path) else source, **(set or {}))
    name = str(source) if isinstance(source, str | Path) else scenario.source
    known = until(read_events(scenario, record=record, format=format), as_of)
    coded = code_record(scenario, known, as_of=as_of).require()
    if as_of < coded.timetable.first:
        raise refuse(
            "day-before-record", f"nothing is recorded by {as_of}: round 1 begins on {coded.timetable.first}"
        )
    likelihood = replace(record_likelihood(scenario, known, nodes=nodes), coded=coded)
    asked = [read_question(text, scenario, as_of) for text in questions]
    settings = settings or FitSettings(effective=256, repeats=1, seed=seed)
    posterior = None
    if any(len(s.moves) or len(s.outcomes) > 1 for s in coded.complete()):
        posterior = fit_posterior([likelihood], settings, watch=watch)
    points = _points(scenario, posterior, draws, seed)
    outlook = _look(likelihood, points, as_of + datetime.timedelta(days), asked, paths, seed)
    return forecast_data(name, scenario, known, likelihood, outlook, posterior, {
        "days": days, "draws": draws, "paths": paths, "seed": seed, "nodes_per_axis": nodes,
        "fit": None if posterior is None else asdict(settings), "set": dict(set or {}),
    })  # fmt: skip


def until(events: Record, day: datetime.date) -> Record:
    """The record as it was known when a day ended."""
    return replace(events, events=tuple(e for e in events.events if e.date <= day))


def read_question(text: str, scenario: Scenario, day: datetime.date) -> Question:
    """Read a yes/no question; its dates and rounds count from the day, and so does `within 12 weeks`."""
    from goodoffices.forecasting.outlook import Question
    from goodoffices.forecasting.spans import with_dates
    from goodoffices.language.asked import read_quantity
    from goodoffices.language.tree import Question as Asked

    inner = text.strip()
    if inner.startswith("P(") and inner.endswith(")"):
        inner = inner[2:-1]
    found = read_quantity(f"P({with_dates(inner, day)} | see {day.isoformat()})", scenario)
    if not isinstance(found, Asked) or found.event is None:
        raise refuse(
            "not-an-event", f"`{text}` is not an event", hint="such as `fighting == truce within 2 rounds`"
        )
    return Question(inner, found.event)


def _points(
    scenario: Scenario, posterior: Posterior | None, draws: int, seed: int
) -> dict[str, NDArray[np.float64]]:
    """Draws that play goes on from: of the posterior, or of the prior."""
    import numpy as np

    from goodoffices.language import sample

    if posterior is None:
        return sample(scenario, draws, seed=seed)
    chosen = np.unique(np.linspace(0, posterior.size - 1, draws).astype(np.int64))
    return {name: values[chosen] for name, values in posterior.draws.items()}


def _look(
    likelihood: RecordLikelihood,
    points: Mapping[str, NDArray[np.float64]],
    horizon: datetime.date,
    questions: Sequence[Question],
    paths: int,
    seed: int,
) -> Outlook:
    from goodoffices.forecasting.outlook import look_ahead
    from goodoffices.inference.filtering import follow

    game, data = likelihood.compiled.game, likelihood.compiled.data(points)
    solution = likelihood.solve(game, data, likelihood.coded.timetable.rounds, likelihood.nodes)
    found = follow(likelihood.coded, likelihood.compiled, solution)
    return look_ahead(
        found,
        solution,
        points,
        horizon=horizon,
        questions=questions,
        paths=paths,
        seed=seed,
        expect=expect_here,
    )


def expect_here(
    found: Filtered,
    solution: RecursiveSolution,
    draws: Mapping[str, NDArray[np.float64]],
    events: Sequence[Event],
) -> NDArray[np.float64]:
    """[event, b] as claims compute them, from where the record ended."""
    from goodoffices.claims.talks.onward import expect_events

    return expect_events(found.compiled, found.standing.rest(solution), events, draws)


def open_forecast(path: str | Path) -> dict[str, Any]:
    """Read a forecast and check its seal.

    Raises:
        Refusal: `file-not-found`, `not-a-forecast`, `broken-seal`.
    """
    from goodoffices.forecasting.sealing import require_seal

    path = Path(path)
    try:
        data = json.loads(path.read_text("utf-8"))
    except OSError:
        raise refuse("file-not-found", f"there is no file `{path}`") from None
    except ValueError:
        raise refuse("not-a-forecast", f"`{path.name}` is not JSON") from None
    if not isinstance(data, dict) or "goodoffices_forecast" not in data:
        raise refuse("not-a-forecast", f"`{path.name}` is no forecast")
    found: dict[str, Any] = {str(key): value for key, value in data.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    require_seal(found, name=f"`{path.name}`")
    return found


def score(
    path: str | Path,
    *,
    record: Sequence[str | Path] = (),
    format: str | None = None,
    scenario: str | Path | None = None,
) -> tuple[Score, tuple[str, ...]]:
    """Score a forecast by a newer record; returns the score and remarks.

    Args:
        path: The forecast's file.
        record: Files of the newer record; the scenario's own where they are left out.
        scenario: Where the scenario lies now, if not where it was.

    Raises:
        Refusal: `broken-seal`, `scenario-changed`; as `workflow.recording.check_record`.
    """
    from goodoffices.forecasting.scoring import score_forecast
    from goodoffices.inference import code_record

    made = open_forecast(path)
    found = _maker(made, scenario)
    day = datetime.date.fromisoformat(made["as_of"])
    newer = read_events(found, record=record, format=format)
    remarks: list[str] = []
    if record_hash(until(newer, day)) != made["made_from"]["record_sha256"]:
        remarks.append(
            f"The newer record tells the time up to {day} otherwise than the one that the forecast was made from."
        )
    coded = code_record(found, newer).require()
    asked = [read_question(q["question"], found, day) for q in made["questions"]]
    return score_forecast(made, coded, asked), tuple(remarks)


def verify(
    path: str | Path,
    *,
    sources: bool = False,
    record: Sequence[str | Path] = (),
    format: str | None = None,
    scenario: str | Path | None = None,
) -> dict[str, Any]:
    """Check the seal of a forecast, and if asked what it was made from; returns the forecast.

    Args:
        path: The forecast's file.
        sources: Check that scenario and record, as they lie now, are those that the seal names.
        record: Files of the record; the scenario's own where they are left out. What came after the day does not matter.
        scenario: Where the scenario lies now, if not where it was.

    Raises:
        Refusal: `broken-seal`, `scenario-changed`, `record-changed`.
    """
    made = open_forecast(path)
    if sources:
        found, day = _maker(made, scenario), datetime.date.fromisoformat(made["as_of"])
        known = until(read_events(found, record=record, format=format), day)
        if record_hash(known) != made["made_from"]["record_sha256"]:
            raise refuse(
                "record-changed",
                f"the record up to {day} has {len(known.events)} events and is not the one of "
                f"{made['made_from']['record_rows']} that made the forecast",
                hint="name the files of the old one with `--record`",
            )
    return made


def _maker(made: Mapping[str, Any], scenario: str | Path | None) -> Scenario:
    """The scenario that made a forecast."""
    from goodoffices.language import set_parameters

    found = set_parameters(load(scenario or made["scenario"]["name"]), **made["made_from"]["settings"]["set"])
    if scenario_hash(found) != made["made_from"]["scenario_sha256"]:
        raise refuse(
            "scenario-changed",
            f"`{made['scenario']['name']}` is not the scenario that made the forecast: its text was changed since",
            hint="name a copy of the old one with `--scenario`",
        )
    return found


def backtest(
    source: str | Path | Scenario,
    *,
    ahead: int = 3,
    first: int = 3,
    record: Sequence[str | Path] = (),
    format: str | None = None,
    chains: int = 16,
    length: int = 8,
    nodes: int = NODES,
    paths: int = PATHS,
    seed: int = 1,
    set: Mapping[str, float] | None = None,
    watch: Callable[[int, int], None] | None = None,
) -> Score:
    """Roll the day of the forecast through the record, learning only from what came before each.

    Args:
        source: A scenario, its file, or its name in the catalogue.
        ahead: Rounds that each forecast looks at.
        first: Complete rounds before the first forecast.
        chains: Markov chains; with `length`, the number of posterior draws.
        watch: Told of the forecasts that are done, and their number.

    Raises:
        Refusal: `too-short-record`; as `workflow.recording.check_record`.
    """
    from goodoffices.forecasting.rolling import roll
    from goodoffices.inference.tempering import Tempering
    from goodoffices.language import set_parameters

    scenario = set_parameters(load(source) if isinstance(source, str | Path) else source, **(set or {}))
    events = read_events(scenario, record=record, format=format)
    settings = Tempering(chains, length, seed=seed)
    return roll(
        scenario, events, settings, ahead=ahead, first=first, nodes=nodes, paths=paths, seed=seed, watch=watch
    )
