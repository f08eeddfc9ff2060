"""`goodoffices learn` and `goodoffices rivals`: what a record teaches, and which of several arguments it supports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from goodoffices.cli.recording import AsOf, Format, RecordFiles, read_day
from goodoffices.cli.runs import Address, EngineOption, Workers
from goodoffices.cli.settings import Changes, Whole, at_least, read_changes
from goodoffices.cli.streams import OK, Interrupted, Misuse, messages, output

if TYPE_CHECKING:
    from goodoffices.inference.posterior_fitting import FitSettings, Watch
    from goodoffices.inference.sampling import Sampled

Effective = Annotated[
    int,
    Whole,
    Parameter(help="Independent draws that the posterior's should be worth, all repeats together."),
]
Most = Annotated[int, Whole, Parameter(help="Games of the fine grid after which no more are solved.")]
Batch = Annotated[
    int, Whole, Parameter(help="Games solved together; what was reached is kept after each batch.")
]
Repeats = Annotated[int, Whole, Parameter(help="Independent repeats; they show whether results agree.")]
Seed = Annotated[int, Whole, Parameter(help="Seed of everything that is drawn.")]
Nodes = Annotated[
    str, Parameter(help="Nodes on each axis of belief, from a coarse grid to the fine one: `3,5`.")
]
Resume = Annotated[
    bool, Parameter(negative=(), help="Go on from what an interrupted run has kept in the folder.")
]
AsJson = Annotated[
    bool, Parameter(name="--json", negative=(), help="Print the numbers as JSON, and write no page.")
]
Quiet = Annotated[bool, Parameter(negative=(), help="No progress on standard error.")]


def learn(
    scenario: Annotated[str, Parameter(help="A scenario file, or a name from the catalogue.")],
    /,
    *,
    out: Annotated[Path, Parameter(help="Folder for the page, the numbers and the draws.")] = Path("learned"),
    effective: Effective = 1000,
    most: Most = 40_000,
    repeats: Repeats = 2,
    batch: Batch = 256,
    seed: Seed = 1,
    nodes: Nodes = "3,5",
    record: RecordFiles = (),
    format: Format = None,
    as_of: AsOf = None,
    changes: Changes = (),
    resume: Resume = False,
    engine: EngineOption = "local",
    workers: Workers = None,
    address: Address = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Learn from the record: which values of the parameters it leaves, how probable the scenario makes it, and whether
    the scenario could have produced it."""
    day, fixed, grids = read_day("--as-of", as_of), read_changes(changes), read_nodes(nodes)
    settings = read_settings(effective, most, repeats, batch, seed)
    at_least("--workers", workers, 1)
    from goodoffices.workflow.fitting import learn as fit

    try:
        found = fit(
            scenario, settings=settings, nodes=grids, record=record, format=format, as_of=day, set=fixed,
            out=out, resume=resume, watch=progress(quiet=quiet or as_json), engine=engine, workers=workers, address=address,
        )  # fmt: skip
    except KeyboardInterrupt:
        raise kept(out) from None
    except OSError as error:
        raise Misuse(f"the fit cannot be kept in {str(out)!r}: {error.strerror}") from None
    from goodoffices.reports.posterior_data import learned_data
    from goodoffices.reports.posterior_words import learned_words

    data = learned_data(found)
    if as_json:
        output().print(json.dumps(data, ensure_ascii=False, indent=1), markup=False, soft_wrap=True)
        return OK
    from goodoffices.reports.posterior_view import write_learned

    files = write_learned(found, out)
    for line in learned_words(data):
        output().print(line, markup=False, soft_wrap=True)
    output().print(f"\nPage: {files[0]}\nNumbers: {files[1]}", markup=False, soft_wrap=True)
    return OK


def rivals(
    *scenarios: Annotated[str, Parameter(help="Scenario files, or names from the catalogue; two at least.")],
    out: Annotated[Path, Parameter(help="Folder for the page and the numbers.")] = Path("rivals"),
    effective: Effective = 400,
    most: Most = 40_000,
    repeats: Repeats = 2,
    batch: Batch = 256,
    seed: Seed = 1,
    nodes: Nodes = "3,5",
    record: RecordFiles = (),
    format: Format = None,
    as_of: AsOf = None,
    resume: Resume = False,
    engine: EngineOption = "local",
    workers: Workers = None,
    address: Address = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Compare rival arguments by what one record says of each: Bayes factors, and the events that decide."""
    if len(scenarios) < 2:
        raise Misuse("a comparison needs two scenarios at least")
    day, grids = read_day("--as-of", as_of), read_nodes(nodes)
    settings = read_settings(effective, most, repeats, batch, seed)
    at_least("--workers", workers, 1)
    from goodoffices.workflow.fitting import compare_rivals

    try:
        found, learned = compare_rivals(
            scenarios, out=out, settings=settings, nodes=grids, record=record, format=format, as_of=day,
            resume=resume, replicas=0, watch=progress(quiet=quiet or as_json), engine=engine, workers=workers,
            address=address,
        )  # fmt: skip
    except KeyboardInterrupt:
        raise kept(out) from None
    except OSError as error:
        raise Misuse(f"the fits cannot be kept in {str(out)!r}: {error.strerror}") from None
    from goodoffices.reports.posterior_data import rivals_data
    from goodoffices.reports.posterior_words import rivals_words

    found.require()
    data = rivals_data(found, learned)
    if as_json:
        output().print(json.dumps(data, ensure_ascii=False, indent=1), markup=False, soft_wrap=True)
        return OK
    from goodoffices.reports.posterior_view import write_rivals

    files = write_rivals(data, out)
    for line in rivals_words(data):
        output().print(line, markup=False, soft_wrap=True)
    output().print(f"\nPage: {files[0]}\nNumbers: {files[1]}", markup=False, soft_wrap=True)
    return OK


def read_nodes(text: str) -> tuple[int, ...]:
    """Read `3,5`: ever finer grids."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and 2 <= int(part) <= 99 for part in parts):
        raise Misuse(f"--nodes takes whole numbers from 2, such as 3,5, not {text!r}")
    found = tuple(int(part) for part in parts)
    if list(found) != sorted(set(found)):
        raise Misuse(f"--nodes takes ever finer grids, not {text!r}")
    return found


def read_settings(effective: int, most: int, repeats: int, batch: int, seed: int) -> FitSettings:
    """Check the options of a fit."""
    for option, value, least in (
        ("--effective", effective, 2),
        ("--most", most, 2),
        ("--repeats", repeats, 1),
        ("--batch", batch, 2),
        ("--seed", seed, 0),
    ):
        at_least(option, value, least)
    from goodoffices.inference.posterior_fitting import FitSettings

    return FitSettings(effective=effective, repeats=repeats, batch=batch, most=most, seed=seed)


def progress(*, quiet: bool) -> Watch:
    """Tell of every batch on standard error."""
    console = messages(quiet=quiet)

    def tell(repeat: int, run: Sampled) -> None:
        console.print(f"repeat {repeat + 1}, {_reached(run)}", markup=False, soft_wrap=True)

    return tell


def _reached(run: Sampled) -> str:
    from goodoffices.inference.importance import Run

    solved = run.evaluations(run.level + 1)[-1]
    if not isinstance(run, Run) and not run.warm:
        return f"chains on grid 1: {solved:,} games solved, warming up"
    how = "" if isinstance(run, Run) else "chains on "
    return (
        f"{how}grid {run.level + 1}: {solved:,} games solved, worth {run.effective:.0f} draws, "
        f"log evidence {run.log_evidence:.2f}"
    )


def kept(out: Path) -> Interrupted:
    """What an interruption leaves."""
    return Interrupted(
        f"What was reached is kept in {out}; the same command with --resume goes on from there."
    )
