"""Learning from the record: the posterior of a scenario's parameters, and rival scenarios compared on one record.

Receives what a person names; returns a `Learned` (posterior, what each event said, what the priors do, predictive checks)
or a `Comparison` of several.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goodoffices.workflow.loading import load
from goodoffices.workflow.recording import check_record

if TYPE_CHECKING:
    from goodoffices.inference.evidence import Comparison, EventEvidence, PriorSensitivity
    from goodoffices.inference.posterior import Posterior
    from goodoffices.inference.posterior_fitting import FitSettings, Watch
    from goodoffices.inference.posterior_predictive import PredictiveCheck
    from goodoffices.language.scenario import Scenario

STATE = "fit.state"
"""Name of the file, in the folder of results, from which a fit is taken up again."""
GRIDS = (3, 5)
"""Nodes on each axis of belief: a coarse grid to show where to look, a fine one for the result."""


@dataclass(frozen=True, eq=False)
class Learned:
    """What a record taught."""

    posterior: Posterior
    events: tuple[EventEvidence, ...]
    sensitivity: tuple[PriorSensitivity, ...]
    checks: tuple[PredictiveCheck, ...]


def learn(
    source: str | Path | Scenario,
    *,
    settings: FitSettings | None = None,
    nodes: Sequence[int] = GRIDS,
    record: Sequence[str | Path] = (),
    format: str | None = None,
    as_of: datetime.date | None = None,
    set: Mapping[str, float] | None = None,
    out: Path | None = None,
    resume: bool = False,
    replicas: int = 64,
    watch: Watch | None = None,
    engine: str = "local",
    workers: int | None = None,
    address: str | None = None,
) -> Learned:
    """Find the posterior of a scenario's parameters given its record.

    Args:
        source: A scenario, its file, or its name in the catalogue.
        settings: How the posterior is found.
        nodes: On each axis of belief, from coarse to fine.
        record: Files of events instead of the scenario's own.
        format: Of these files.
        as_of: Nothing later is looked at.
        set: parameter name -> value.
        out: Folder in which the state is kept after every batch; none where it is left out.
        resume: Go on from the state in that folder.
        replicas: Of the record, for predictive checks.
        watch: Told of the repeat and of the run after every batch.
        engine: `local` or `ray`: where games are solved. Numbers do not depend on it.
        workers: Worker processes or actors; as many as there are cores where it is left out.
        address: Of a Ray cluster.

    Raises:
        Refusal: as `workflow.engines.open_engine`, `workflow.recording.check_record` and `inference.posterior_fitting.fit_posterior`.
    """
    import importlib.metadata

    from goodoffices.compiler.recursive import compile_round
    from goodoffices.inference.evidence import by_event, prior_sensitivity
    from goodoffices.inference.likelihood import RecordLikelihood
    from goodoffices.inference.posterior_fitting import FitSettings, fit_posterior
    from goodoffices.inference.posterior_predictive import predictive_checks
    from goodoffices.inference.prior_space import prior_space
    from goodoffices.language import set_parameters
    from goodoffices.workflow.engines import open_engine
    from goodoffices.workflow.likelihoods import TOGETHER, RecordWork, by_engine

    scenario = load(source) if isinstance(source, str | Path) else source
    scenario = set_parameters(scenario, **(set or {}))
    found = check_record(scenario, record=record, format=format, as_of=as_of)
    coded, compiled = found.coded.require(), compile_round(scenario)
    likelihoods = tuple(RecordLikelihood(scenario, coded, compiled, n, TOGETHER) for n in nodes)
    work = RecordWork(likelihoods, prior_space(scenario))
    opened = open_engine(work, engine=engine, workers=workers, address=address)
    try:
        posterior = fit_posterior(
            likelihoods,
            settings or FitSettings(),
            state=None if out is None else out / STATE,
            resume=resume,
            watch=watch,
            about={
                "files": [Path(file).name for file in found.record.files],
                "as_of": coded.last_day.isoformat(),
                "version": importlib.metadata.version("goodoffices"),
            },
            terms=by_engine(opened, likelihoods),
            together=True,
        )
    finally:
        opened.close()
    checks = predictive_checks(posterior, likelihoods[-1], draws=replicas) if replicas else ()
    return Learned(posterior, tuple(by_event(posterior)), tuple(prior_sensitivity(posterior)), checks)


def compare_rivals(
    sources: Sequence[str | Path],
    *,
    out: Path | None = None,
    **arguments: Any,
) -> tuple[Comparison, tuple[Learned, ...]]:
    """Learn from the same record under several scenarios, and compare them.

    Args:
        sources: At least two scenarios.
        out: Folder; each rival's state is kept in a folder of its own there.
        arguments: As for `learn`.

    Raises:
        Refusal: `too-few-rivals`; as `learn`.
    """
    from goodoffices.core.diagnostics import refuse
    from goodoffices.inference.evidence import compare

    if len(sources) < 2:
        raise refuse("too-few-rivals", "a comparison needs two scenarios at least")
    names = rival_names(sources)
    found = tuple(
        learn(source, out=None if out is None else out / name, **arguments)
        for source, name in zip(sources, names, strict=True)
    )
    return compare([(name, one.posterior) for name, one in zip(names, found, strict=True)]), found


def rival_names(sources: Sequence[str | Path]) -> list[str]:
    """Short names of the rivals, each its own."""
    short = [Path(s).parent.name if Path(s).name == "scenario.yaml" else Path(s).stem for s in sources]
    return [name if short.count(name) == 1 else f"{name}-{k + 1}" for k, name in enumerate(short)]
