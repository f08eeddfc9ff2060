"""`goodoffices record`: what became of every event of a record."""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Annotated

import cyclopts
from cyclopts import Parameter

from goodoffices.cli.streams import OK, REFUSED, Misuse, complain, output

if TYPE_CHECKING:
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
        console.print(f"Perhaps one act told twice: {len(found.duplicates)}", markup=False)
        for pair in found.duplicates:
            console.print(f"  {pair.first} and {pair.second}: {pair.reason}", markup=False, soft_wrap=True)
    if coded.problems:
        complain(render(coded.problems, read_sources(coded.problems, {})))
    counts = ", ".join(
        f"{len(coded.of(fate))} {fate}" for fate in ("used", "superseded", "conflict", "outside")
    )
    console.print(f"{len(coded.fates)} events until {coded.last_day}: {counts}", markup=False, soft_wrap=True)
