"""`goodoffices record` and `goodoffices beliefs`: what became of every event, and what everybody could believe along them."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import cyclopts
from cyclopts import Parameter

from goodoffices.cli.cache import keep_compiled_code
from goodoffices.cli.settings import Changes, Whole, at_least, read_changes
from goodoffices.cli.streams import OK, REFUSED, Misuse, complain, output

if TYPE_CHECKING:
    from goodoffices.inference.path import BeliefPath
    from goodoffices.workflow.recording import RecordFindings

RecordFiles = Annotated[
    tuple[str, ...],
    Parameter(
        name="--record",
        negative=(),
        show_default=False,
        help="A file of events instead of the scenario's own; may be repeated.",
    ),
]
AsOf = Annotated[
    str | None, Parameter(name="--as-of", help="Look at nothing later than this day (`2025-04-19`).")
]
Format = Annotated[
    str | None,
    Parameter(
        help="Format of the files (`acled`, `gdelt`, `icews`, `polecat`, `ucdp`); found out where it is left out."
    ),
]

record = cyclopts.App(name="record", help="Confront a scenario with its record of dated events.")
HEADS = {
    "used": "Used",
    "superseded": "Superseded (another event of the round counts before it)",
    "conflict": "In conflict with the model, or with each other",
    "outside": "Outside the model",
}


@record.command
def check(
    scenario: Annotated[str, Parameter(help="A scenario file, or a name from the catalogue.")],
    /,
    *,
    record: RecordFiles = (),
    format: Format = None,
    as_of: AsOf = None,
    as_json: Annotated[bool, Parameter(name="--json", negative=(), help="Print everything as JSON.")] = False,
) -> int:
    """List every event as used, superseded, in conflict or outside the model, with the reason; exit code 1 if the
    history cannot be followed."""
    day = read_day("--as-of", as_of)
    from goodoffices.workflow.recording import check_record

    found = check_record(scenario, record=record, format=format, as_of=day)
    if as_json:
        output().print(json.dumps(found.data(), ensure_ascii=False, indent=2), markup=False, soft_wrap=True)
    else:
        _print(found)
    return REFUSED if found.refused else OK


def beliefs(
    scenario: Annotated[str, Parameter(help="A scenario file, or a name from the catalogue.")],
    /,
    *,
    draws: Annotated[
        int, Whole, Parameter(help="Number of draws from the priors; the first is their medians.")
    ] = 64,
    seed: Annotated[int, Whole, Parameter(help="Seed of the draws.")] = 1,
    out: Annotated[Path, Parameter(help="Folder for beliefs.html and beliefs.json.")] = Path("study"),
    nodes: Annotated[int | None, Whole, Parameter(help="Nodes on each axis of belief.")] = None,
    record: RecordFiles = (),
    format: Format = None,
    as_of: AsOf = None,
    changes: Changes = (),
    as_json: Annotated[
        bool, Parameter(name="--json", negative=(), help="Print the numbers as JSON, and write nothing.")
    ] = False,
) -> int:
    """Follow a record through the solved game: how likely each move was, and what everybody could believe after it."""
    at_least("--draws", draws, 1)
    at_least("--seed", seed, 0)
    at_least("--nodes", nodes, 2)
    day, fixed = read_day("--as-of", as_of), read_changes(changes)
    keep_compiled_code()
    from goodoffices.workflow.recording import beliefs as follow

    path = follow(
        scenario, draws=draws, seed=seed, nodes=nodes, record=record, format=format, as_of=day, set=fixed
    )
    if as_json:
        from goodoffices.reports.record_data import record_data

        text = json.dumps(record_data(path), ensure_ascii=False, indent=1)
        output().print(text, markup=False, soft_wrap=True)
        return OK
    from goodoffices.reports.record_view import write_record

    try:
        files = write_record(path, out)
    except OSError as error:
        raise Misuse(f"the beliefs cannot be written to {str(out)!r}: {error.strerror}") from None
    _print_path(path)
    output().print(f"\nPage: {files[0]}\nNumbers: {files[1]}", markup=False, soft_wrap=True)
    return OK


def read_day(option: str, text: str | None) -> datetime.date | None:
    """Read a day of the calendar."""
    if text is None:
        return None
    try:
        return datetime.date.fromisoformat(text.strip())
    except ValueError:
        raise Misuse(f"{option} takes a day such as 2025-04-19, not {text!r}") from None


def _print(found: RecordFindings) -> None:
    from goodoffices.core.diagnostics import render
    from goodoffices.core.reading import read_sources

    console, coded = output(), found.coded
    for fate, head in HEADS.items():
        listed = [f for f in coded.fates if f.fate == fate]
        console.print(f"{head}: {len(listed)}", markup=False)
        for one in listed:
            event = one.event
            what = event.lever or event.type or event.code
            who = f"{event.actor} -> {event.target}" if event.target else event.actor
            console.print(
                f"  {event.id}  {event.date}  {who}  {what}: {one.reason}", markup=False, soft_wrap=True
            )
    if found.record.left_out:
        counted = ", ".join(f"{count:,} {reason}" for reason, count in found.record.left_out.items())
        console.print(
            f"Left out while reading {found.record.rows:,} rows: {counted}", markup=False, soft_wrap=True
        )
    if found.duplicates:
        from goodoffices.records.duplicates import MOST

        more = " or more" if len(found.duplicates) >= MOST else ""
        console.print(f"Perhaps one act told twice: {len(found.duplicates)}{more}", markup=False)
        for pair in found.duplicates:
            console.print(f"  {pair.first} and {pair.second}: {pair.reason}", markup=False, soft_wrap=True)
    if coded.problems:
        complain(render(coded.problems, read_sources(coded.problems, {})))
    counts = ", ".join(
        f"{len(coded.of(fate))} {fate}" for fate in ("used", "superseded", "conflict", "outside")
    )
    total = "1 event" if len(coded.fates) == 1 else f"{len(coded.fates)} events"
    console.print(f"{total} until {coded.last_day}: {counts}", markup=False, soft_wrap=True)


def _print_path(path: BeliefPath) -> None:
    """Each step with its surprise and what is believed after it: medians over the draws."""
    import numpy as np

    console = output()
    for point in path.points:
        bits = float(np.median(point.surprise))
        share = float(np.median(point.probability[point.names.index(point.happened)]))
        told = ", ".join(
            f"{name} {float(np.median(row)):.2f}"
            for name, row in zip(path.types.get(point.party or "", ()), point.after, strict=False)
        )
        who = f"{point.party}.{point.happened}" if point.party else point.happened
        events = f" ({', '.join(point.events)})" if point.events else ""
        after = f"; then {told}" if told else ""
        line = f"{point.round:>3}  {point.begins}  {who}{events}: {share:.2f} before, {bits:.1f} bits{after}"
        console.print(line, markup=False, soft_wrap=True)
    left = f", {path.unsolved} more could not be followed" if path.unsolved else ""
    draws = "1 draw" if path.draws == 1 else f"{path.draws} draws"
    console.print(
        f"{draws}{left}; log-likelihood {float(np.median(path.log_likelihood)):.1f} (median); "
        f"{path.effective_draws():.1f} of them carry its weight",
        markup=False,
        soft_wrap=True,
    )
