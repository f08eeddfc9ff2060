"""A backtest: forecasts from the end of every round of a record, each made from what was known then.

Receives a scenario and its record; returns the `Score` of all forecasts. The posterior is carried from round to round, each
time taught by the terms that the round added. What is done for one day depends on the events up to that day alone, bit by
bit: another future leaves every earlier forecast as it is.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable
from dataclasses import replace

from goodoffices.core.diagnostics import refuse
from goodoffices.forecasting.outlook import Outlook, look_ahead
from goodoffices.forecasting.scoring import MODEL, Resolved, Score, worst_first
from goodoffices.inference.coding import CodedRecord, code_record
from goodoffices.inference.filtering import follow
from goodoffices.inference.likelihood import RecordLikelihood, record_likelihood
from goodoffices.inference.posterior_terms import observed, record_terms
from goodoffices.inference.prior_space import PriorSpace, prior_space
from goodoffices.inference.tempering import Cloud, Longer, Tempering, Terms, temper
from goodoffices.language.scenario import Scenario
from goodoffices.records.event import Record


def roll(
    scenario: Scenario,
    events: Record,
    settings: Tempering,
    *,
    ahead: int = 3,
    first: int = 3,
    nodes: int = 3,
    paths: int = 8,
    seed: int = 1,
    watch: Callable[[int, int], None] | None = None,
) -> Score:
    """Forecast from the end of every round on.

    Args:
        settings: Of the posterior; all draws of its cloud are played on from.
        ahead: Rounds that each forecast looks at.
        first: Complete rounds before the first forecast.
        watch: Told of the forecasts that are done, and their number.

    Raises:
        Refusal: `too-short-record`, `impossible-record`; `nothing-to-learn`.
    """
    whole = code_record(scenario, events).require()
    complete = 1 + max((step.round for step in whole.complete()), default=-1)
    origins = list(range(max(1, first), complete))
    if not origins:
        raise refuse(
            "too-short-record",
            f"the record has {complete} complete rounds, and a backtest needs more than {max(1, first)}",
            hint="begin earlier, with fewer rounds before the first forecast",
        )
    space = prior_space(scenario)
    parts = [_known(scenario, events, whole, origin, nodes) for origin in origins]
    clouds = _learn(parts, space, settings)
    found: list[Resolved] = []
    for done, (origin, part, cloud) in enumerate(zip(origins, parts, clouds, strict=True)):
        outlook = _outlook(part, space, cloud, whole, origin, ahead, paths, seed)
        found += _resolve(outlook, whole, origin)
        if watch is not None:
            watch(done + 1, len(origins))
    return Score(worst_first(found), ())


def _known(
    scenario: Scenario, events: Record, whole: CodedRecord, origin: int, nodes: int
) -> RecordLikelihood:
    """The likelihood of what was known when `origin` rounds had ended."""
    day = whole.timetable.begins(origin) - datetime.timedelta(1)
    known = replace(events, events=tuple(e for e in events.events if e.date <= day))
    coded = code_record(scenario, known, as_of=day).require()
    return replace(record_likelihood(scenario, known, nodes=nodes), coded=coded)


def _learn(parts: list[RecordLikelihood], space: PriorSpace, settings: Tempering) -> list[Cloud]:
    """The posterior after each part, every one begun from the one before."""
    levels: list[Terms | Longer] = [record_terms(parts[0], space)]
    for before, after in itertools.pairwise(parts):
        levels.append(Longer(record_terms(after, space), len(observed(before))))
    try:
        run = temper(levels, space.size, replace(settings, last=1))
    except ValueError as error:
        raise refuse("impossible-record", f"the record cannot be learned from: {error}") from None
    return [[c for c in run.clouds if c.level == level][-1] for level in range(len(levels))]


def _outlook(
    part: RecordLikelihood,
    space: PriorSpace,
    cloud: Cloud,
    whole: CodedRecord,
    origin: int,
    ahead: int,
    paths: int,
    seed: int,
) -> Outlook:
    draws = space.draws(cloud.points)
    game, data = part.compiled.game, part.compiled.data(draws)
    solution = part.solve(game, data, part.coded.timetable.rounds, part.nodes)
    followed = follow(part.coded, part.compiled, solution)
    horizon = whole.timetable.begins(origin + ahead) - datetime.timedelta(1)
    return look_ahead(followed, solution, draws, horizon=horizon, paths=paths, seed=seed)


def _resolve(outlook: Outlook, whole: CodedRecord, origin: int) -> list[Resolved]:
    happened = {(s.round + 1, s.turn + 1, m.party): m for s in whole.complete() for m in s.moves}
    out: list[Resolved] = []
    for m in outlook.moves:
        move = happened.get((m.round, m.turn, m.party))
        if move is None:
            continue
        given = {MODEL: tuple(c.probability for c in m.chances)} | dict(m.baselines)
        what = f"{m.party} in round {m.round} (from {m.begins})"
        out.append(
            Resolved(
                what, "move", m.round - 1 - origin, m.names, move.name, given, move.events,
                outlook.day.isoformat(),
            )
        )  # fmt: skip
    return out
