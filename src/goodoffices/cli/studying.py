"""`goodoffices study`: solve an argument over its priors, print the verdicts, write the report."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from goodoffices.cli.cache import keep_compiled_code
from goodoffices.cli.runs import (
    Address,
    EngineOption,
    NoStore,
    Resume,
    StoreOption,
    Workers,
    choose_store,
    remark,
)
from goodoffices.cli.settings import (
    Accuracy,
    Changes,
    Method,
    Rounds,
    Whole,
    at_least,
    read_accuracy,
    read_changes,
    read_rounds,
)
from goodoffices.cli.streams import Interrupted, Misuse, messages, output

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress, TaskID


def study(
    scenario: Annotated[str, Parameter(help="A scenario file, or a name from the catalogue.")],
    /,
    *,
    out: Annotated[Path, Parameter(help="Folder for report.html and study.json.")] = Path("study"),
    draws: Annotated[int, Whole, Parameter(help="Number of draws from the priors.")] = 512,
    seed: Annotated[int, Whole, Parameter(help="Seed of the draws; the same seed gives the same study.")] = 1,
    rounds: Rounds = None,
    method: Method = "auto",
    accuracy: Accuracy = None,
    changes: Changes = (),
    store: StoreOption = None,
    no_store: NoStore = False,
    resume: Resume = False,
    engine: EngineOption = "local",
    workers: Workers = None,
    address: Address = None,
    also: Annotated[
        tuple[str, ...],
        Parameter(
            name="--with",
            negative=(),
            show_default=False,
            help="What else the report says, with commas between: "
            "`why`, `decide`, `tipping`, `discover`, `levers`, `inverse`, `signals`, or `all`.",
        ),
    ] = (),
    quiet: Annotated[bool, Parameter(negative=(), help="Write the files and print nothing.")] = False,
) -> None:
    """Put a scenario's claims to the test: a verdict for each, certificates, and a report in a folder."""
    at_least("--draws", draws, 2)
    at_least("--seed", seed, 0)
    span = read_rounds(rounds)
    exact = read_accuracy(accuracy)
    at_least("--workers", workers, 1)
    kept_in = choose_store(store, no_store=no_store, resume=resume)
    fixed, wanted = read_changes(changes), _read_names(also)

    from goodoffices import workflow

    model = workflow.load(scenario, set=fixed)
    _make_folder(out)
    keep_compiled_code()
    try:
        with _progress(quiet=quiet) as progress:
            found = workflow.study(
                model,
                draws=draws,
                seed=seed,
                rounds=span,
                method=method,
                accuracy=exact,
                store=kept_in,
                resume=resume,
                engine=engine,
                workers=workers,
                address=address,
                notice=remark,
                progress=_callback(progress),
            )
            parts = workflow.analyse(found, wanted, store=kept_in, progress=_callback(progress))
        from goodoffices import reports

        try:
            reports.write(found, out, analyses=parts)
        except OSError as error:
            raise Misuse(f"the study cannot be written to {str(out)!r}: {error.strerror}") from None
    except KeyboardInterrupt:
        kept = (
            "an earlier study was left as it was" if (out / "study.json").exists() else "nothing was written"
        )
        raise Interrupted(f"{kept[0].upper()}{kept[1:]} in {out}/.") from None
    stopped = found.settings.get("interrupted")
    if not quiet:
        from goodoffices.reports.terminal import print_study

        console = output()
        print_study(found, console)
        console.print(
            f"\nReport: {out / 'report.html'}\nNumbers: {out / 'study.json'}", markup=False, soft_wrap=True
        )
    unfinished = [part.title for part in parts if part.interrupted]
    if unfinished and not stopped:
        raise Interrupted(f"{out}/ holds what was finished; not finished: {', '.join(unfinished)}.")
    if stopped:
        raise Interrupted(f"{out}/ holds what was finished: {stopped}.")


def _read_names(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Read names of analyses with commas between, before anything is solved."""
    names = [name for text in texts for name in (part.strip() for part in text.split(",")) if name]
    if not names:
        return ()
    from goodoffices.workflow.accompanying import ANALYSES

    for name in names:
        if name not in (*ANALYSES, "all"):
            raise Misuse(f"--with takes {', '.join(ANALYSES)} or all, not {name!r}")
    return tuple(ANALYSES) if "all" in names else tuple(names)


def _make_folder(folder: Path) -> None:
    """Find out before the work, not after it, that nothing can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError as error:
        raise Misuse(f"--out takes a folder, and {str(folder)!r} cannot be made: {error.strerror}") from None
    if not writable:
        raise Misuse(f"--out takes a folder, and {str(folder)!r} cannot be written to")


def _progress(*, quiet: bool) -> AbstractContextManager[Progress | None]:
    if quiet or not sys.stderr.isatty():
        return nullcontext()  # what draws bars takes a tenth of a second to load
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = messages(quiet=quiet)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _callback(progress: Progress | None) -> Callable[[str, int, int], None] | None:
    """One bar a stage, made when the stage first reports."""
    if progress is None:
        return None
    bars: dict[str, TaskID] = {}

    def report(stage: str, done: int, total: int) -> None:
        if stage not in bars:
            bars[stage] = progress.add_task(stage, total=total)
        progress.update(bars[stage], completed=done, total=total)

    return report
