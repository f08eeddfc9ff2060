"""Runs: what a study solves, kept from one time to the next.

Receives a compiled form, settings and a store; returns `Sharding`, a solver that keeps what it solves. Also what
`goodoffices runs` shows and removes.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from goodoffices.claims.survey import Form
from goodoffices.claims.talks.form import Talks
from goodoffices.core.diagnostics import refuse
from goodoffices.store import Run, RunCard, Store, open_store
from goodoffices.workflow.addresses import card_of
from goodoffices.workflow.sharding import Notice, Sharding

if TYPE_CHECKING:
    from datetime import timedelta

    from goodoffices.store.eviction import Evicted
    from goodoffices.store.folder import Kept


def warn(sentence: str) -> None:
    """Tell a Python user something that is no error."""
    warnings.warn(sentence, RuntimeWarning, stacklevel=3)


def open_sharding(
    form: Form,
    *,
    seed: int,
    draws: int,
    tolerance: float,
    store: Path | str | None = None,
    resume: bool = False,
    engine: str = "local",
    workers: int | None = None,
    address: str | None = None,
    notice: Notice = warn,
) -> Sharding:
    """A solver of a form that keeps what it solves.

    Args:
        form: what is solved.
        seed: of the draws.
        draws: how many are asked for.
        tolerance: largest logit residual at which the solver stops.
        store: folder of runs, or None to keep nothing.
        resume: refuse to begin a new run.
        engine: `local` or `ray`.
        workers: how many worker processes or actors.
        address: of a Ray cluster.
        notice: told, in sentences, what was not as it should be and was dealt with.

    Raises:
        Refusal: `nothing-to-resume`, those of `open_store`, and those of the engine.
    """
    from goodoffices.workflow.engines import TalksWork, TreeWork, open_engine

    run = None
    if store is not None:
        run = _open_run(
            open_store(Path(store)), card_of(form, seed=seed, draws=draws, tolerance=tolerance), resume
        )
        if not run.writable:
            notice(f"{store} can only be read: what is there is used, and nothing new is kept")
    elif resume:
        raise refuse(
            "nothing-to-resume", "without a store there is no run to resume", hint="add `--store DIR`"
        )
    work = TalksWork.of(form, tolerance) if isinstance(form, Talks) else TreeWork(form, tolerance)
    opened = open_engine(work, engine=engine, workers=workers, address=address)
    return Sharding(form, engine=opened, seconds=work.seconds, run=run, notice=notice)


def _open_run(store: Store, card: RunCard, resume: bool) -> Run:
    if resume and not store.has(card.id):
        near = [k.card for k in store.runs() if k.card.title == card.title]
        hint = f"there are no runs of this scenario in {store.path}"
        if near:
            listed = "; ".join(f"{c.id}: seed {c.seed}, {c.settings}, {c.version}" for c in near[:3])
            hint = f"there are {listed}"
        raise refuse(
            "nothing-to-resume", "no run has this scenario, these settings, this seed and version", hint=hint
        )
    try:
        return store.open(card)
    except OSError as error:
        raise refuse(
            "store-unwritable",
            f"the run cannot be kept in {store.path}: {error.strerror}",
            hint="make room, give another folder with `--store`, or go without: `--no-store`",
        ) from None


# ---------------------------------------------------------------- what there is
def list_runs(store: Path | str) -> list[Kept]:
    """The runs of a store, the one that was used last first. A folder that does not exist has none."""
    path = Path(store)
    return open_store(path).runs() if path.exists() else []


def show_run(store: Path | str, name: str) -> Kept:
    """The run whose identifier begins with `name`; refuses with `unknown-run`."""
    return open_store(Path(store)).find(name)


def remove_run(store: Path | str, name: str) -> Kept:
    """Remove a run; refuses with `unknown-run`, `run-in-use` or `store-unwritable`."""
    return open_store(Path(store)).remove(name)


def evict_runs(
    store: Path | str, *, older_than: timedelta | None = None, keep_under: int | None = None
) -> Evicted:
    """Remove the runs that were used least recently, never one that somebody works with.

    Args:
        store: the folder; one that does not exist has no runs.
        older_than: runs that nobody has used for longer than this go.
        keep_under: bytes of shards that may stay.

    Raises:
        Refusal: `store-unwritable`, `store-newer`.
    """
    from goodoffices.store.eviction import Evicted, evict

    path = Path(store)
    if not path.exists():
        return Evicted((), (), 0)
    return evict(open_store(path), older_than=older_than, keep_under=keep_under)
