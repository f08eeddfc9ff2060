"""A file of events, in whatever format -> a `Record`.

Receives a path; returns the events by date. A file of more than `MOST_EVENTS` rows is read through a selection, and what
the selection leaves out is counted by reason. Refuses events without a readable date in a format written by hand, ids
that stand twice, and files that no format fits.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from goodoffices.core.diagnostics import Diagnostic, Refusal, refuse
from goodoffices.records.event import Event, Record, Selection
from goodoffices.records.formats import FORMATS
from goodoffices.records.tables import EventTable, open_table
from goodoffices.records.yaml_events import read_yaml

MOST_EVENTS = 100_000
"""Rows of the largest file that is kept whole, and the most events that a selection may leave."""
YAML = (".yaml", ".yml")


def read_record(
    path: str | Path,
    *,
    format: str | None = None,
    selection: Selection | None = None,
    most: int = MOST_EVENTS,
) -> Record:
    """Read a file of events.

    Args:
        path: CSV, Parquet or YAML.
        format: A key of `FORMATS`; found out from the columns where it is left out.
        selection: What to keep of a file with more than `most` rows; smaller files are kept whole.
        most: Rows that are kept.

    Raises:
        Refusal: `file-not-found`, `no-duckdb`, `unreadable-record`, `unknown-format`, `missing-columns`, `bad-event`,
            `bad-date`, `repeated-id`, `too-many-events`.
    """
    path = _existing(path)
    if path.suffix.lower() in YAML:
        return _ordered(read_yaml(path), path, "yaml")
    table = open_table(path, _named(format))
    rows = table.count()
    wanted = (selection or Selection()) if rows > most else Selection()
    left_out = table.left_out(wanted)
    if rows - sum(left_out.values()) > most:
        raise refuse(
            "too-many-events",
            f"`{path.name}` has {rows:,} rows, of which {rows - sum(left_out.values()):,} would be kept; at most "
            f"{most:,} can be",
            hint="name days (`from`, `until`) and actors in the scenario's `record`, or cut the file",
        )
    if table.format.name == "goodoffices" and left_out:
        _refuse_undated(table)
    events = [event for batch in table.batches(wanted) for event in batch]
    return replace(_ordered(events, path, table.format.name), left_out=left_out)


def stream_events(
    path: str | Path, *, format: str | None = None, selection: Selection | None = None
) -> Iterator[list[Event]]:
    """Batches of a table's selected events in the order of the file, in bounded memory.

    Raises:
        Refusal: as `read_record`.
    """
    path = _existing(path)
    if path.suffix.lower() in YAML:
        keep = selection or Selection()
        yield [event for event in read_yaml(path) if keep.reason(event) is None]
        return
    yield from open_table(path, _named(format)).batches(selection or Selection())


def join_records(records: Sequence[Record]) -> Record:
    """One record of several; where they share ids, each id gets the name of its file in front."""
    shared = Counter(event.id for record in records for event in {e.id: e for e in record.events}.values())
    apart = any(count > 1 for count in shared.values())
    events = [
        replace(event, id=f"{Path(event.origin).stem}:{event.id}") if apart else event
        for record in records
        for event in record.events
    ]
    left_out: Counter[str] = Counter()
    for record in records:
        left_out.update(record.left_out)
    return Record(
        tuple(sorted(events, key=lambda e: e.date)),
        tuple(file for record in records for file in record.files),
        tuple(kind for record in records for kind in record.formats),
        dict(left_out),
    )


def _ordered(events: list[Event], path: Path, format: str) -> Record:
    repeated = [id for id, count in Counter(event.id for event in events).items() if count > 1]
    if repeated:
        raise Refusal(
            [
                Diagnostic(
                    "repeated-id",
                    f"the id `{id}` stands more than once in `{path.name}`",
                    None,
                    "ids tell events apart",
                )
                for id in repeated[:10]
            ]
        )
    nameless = sum(1 for event in events if not event.id)
    if nameless:
        raise refuse("bad-event", f"{nameless} events of `{path.name}` have no id")
    return Record(tuple(sorted(events, key=lambda e: e.date)), (str(path),), (format,))


def _refuse_undated(table: EventTable) -> None:
    """Records kept by hand are put right rather than read in part."""
    bad = table.undated()
    if bad:
        raise Refusal(
            [
                Diagnostic(
                    "bad-date",
                    f"event `{id}` of `{table.path.name}` has the date `{day}`",
                    None,
                    "as in `2025-04-18`",
                )
                for id, day in bad
            ]
        )


def _existing(path: str | Path) -> Path:
    path = Path(path)
    if not path.is_file():
        present = (
            sorted(p.name for p in path.parent.iterdir() if re.search(r"\.(csv|tsv|parquet|ya?ml)$", p.name))
            if path.parent.is_dir()
            else []
        )
        raise refuse(
            "file-not-found",
            f"there is no file `{path}`",
            hint=f"its folder holds {', '.join(f'`{p}`' for p in present[:5])}" if present else None,
        )
    return path


def _named(format: str | None) -> str | None:
    if format is not None and format not in FORMATS:
        raise refuse(
            "unknown-format",
            f"no format is called `{format}`",
            hint=f"there are {', '.join(f'`{name}`' for name in FORMATS)}",
        )
    return format
