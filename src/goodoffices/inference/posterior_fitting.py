"""From a scenario and a coded record to a posterior: repeats of sampling, saved as they go.

Receives likelihoods of one record from coarse to fine and settings; returns a `Posterior`. Refuses a record that teaches
nothing, and one that is impossible at every draw.
"""

from __future__ import annotations

import dataclasses
import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from goodoffices.core.diagnostics import refuse
from goodoffices.inference.coding import CodedRecord
from goodoffices.inference.importance import Importance
from goodoffices.inference.likelihood import RecordLikelihood
from goodoffices.inference.posterior import Posterior
from goodoffices.inference.posterior_state import load_state, save_state
from goodoffices.inference.posterior_terms import observed, record_terms
from goodoffices.inference.prior_space import prior_space
from goodoffices.inference.sampling import Progress, Sampled, sample
from goodoffices.inference.side_by_side import side_by_side
from goodoffices.inference.tempering import Terms
from goodoffices.language.scenario import Scenario

Watch = Callable[[int, Sampled], None]
"""Told of the repeat, from zero, and the run as far as it was reached."""


@dataclass(frozen=True)
class FitSettings:
    """How a posterior is found."""

    effective: int = 1000
    """Independent draws that those of all repeats together should be worth."""
    repeats: int = 2
    """Independent ones; how far they agree is known."""
    batch: int = 256
    """Points that are tried together, and twice the number of chains where chains are needed."""
    most: int = 40_000
    """Games of the finest grid, over all repeats, after which no more are solved."""
    seed: int = 1

    def sampling(self, repeat: int) -> Importance:
        """The settings of one repeat."""
        seed = int(np.random.SeedSequence([self.seed, repeat]).generate_state(1)[0])
        return Importance(
            self.effective / self.repeats, self.batch, max(1, self.most // self.repeats), seed=seed
        )


def fit_posterior(
    likelihoods: Sequence[RecordLikelihood],
    settings: FitSettings,
    *,
    state: Path | None = None,
    resume: bool = False,
    watch: Watch | None = None,
    about: Mapping[str, Any] | None = None,
    terms: Sequence[Terms] | None = None,
    together: bool = False,
) -> Posterior:
    """Draw from the posterior.

    Args:
        likelihoods: Of the same scenario and coded record, from coarse grids to the fine one that is meant.
        state: File that is rewritten after every batch, block and slice; an interruption loses the one under way.
        resume: Go on from that file where it is there, farther than it went if the settings say so.
        watch: Told of every batch.
        about: Kept with the result: files, version and the like.
        terms: Other ways to compute the same likelihoods, such as on several processes.
        together: Find all repeats at the same time, which `terms` must then allow.

    Raises:
        Refusal: `nothing-to-learn`, `nothing-recorded`, `impossible-record`; `damaged-fit`, `another-fit`.
        OSError: The state cannot be written.
    """
    finest = likelihoods[-1]
    space, seen = prior_space(finest.scenario), observed(finest)
    if not seen:
        raise refuse(
            "nothing-recorded",
            "no round of the record is complete, so it teaches nothing yet",
            hint="give a later day with `--as-of`, or more events",
        )
    key = fit_key(likelihoods, settings)
    kept = load_state(state, key) if state is not None and resume and state.exists() else []
    levels = terms or [record_terms(likelihood, space) for likelihood in likelihoods]
    begun, keeping = time.perf_counter(), threading.Lock()
    progress = [kept[r] if r < len(kept) else Progress() for r in range(settings.repeats)]

    def repeat(r: int) -> Sampled:
        def note(run: Sampled) -> None:
            with keeping:
                progress[r] = Progress.of(run)
                if state is not None:
                    save_state(state, key, progress)
                if watch is not None:
                    watch(r, run)

        return sample(levels, space.size, settings.sampling(r), earlier=progress[r], watch=note)

    try:
        jobs = [partial(repeat, r) for r in range(settings.repeats)]
        runs = side_by_side(jobs) if together else [job() for job in jobs]
    except ValueError as error:
        raise refuse(
            "impossible-record",
            f"the posterior of `{finest.scenario.title}` cannot be found: {error}",
            hint="`goodoffices beliefs` shows how likely each step was; `goodoffices record check` how events were read",
        ) from None
    return Posterior.of(
        finest.scenario,
        space,
        seen,
        runs,
        key=key,
        settings={
            **(about or {}),
            **dataclasses.asdict(settings),
            "nodes": [part.nodes for part in likelihoods],
        },
        seconds=time.perf_counter() - begun,
    )


def fit_key(likelihoods: Sequence[RecordLikelihood], settings: FitSettings) -> str:
    """SHA-256 of the scenario, the record as it was coded, the grids and the settings, but for those that only say how
    far to go: a fit can be taken up again to go farther."""
    parts = [scenario_text(likelihoods[-1].scenario), record_text(likelihoods[-1].coded)]
    parts += [
        repr([part.nodes for part in likelihoods]),
        repr((settings.repeats, settings.batch, settings.seed)),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def scenario_text(scenario: Scenario) -> str:
    """Everything a scenario says, wherever its file lies."""
    return repr(dataclasses.replace(scenario, source=""))


def record_text(coded: CodedRecord) -> str:
    """The history that was coded and the last day that was looked at."""
    return repr((coded.steps, coded.last_day, coded.round, coded.turn, coded.state, coded.over))
