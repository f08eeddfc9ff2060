"""CSV and Parquet files of events, read through DuckDB in pieces of bounded size.

Receives a path; returns which format it is, and batches of rows as events. Refuses files that no format fits, and names
the extra to install where DuckDB is not there. Nothing is fetched from outside.
"""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goodoffices.core.diagnostics import Refusal, refuse
from goodoffices.records.event import AFTER, BEFORE, OTHER, UNDATED, Event, Pattern, Selection
from goodoffices.records.formats import FIELDS, FORMATS, Format

PARQUET = (".parquet", ".pq")
BATCH = 10_000
"""Rows that are in Python at a time."""
MOST_CHARACTERS = 100_000
"""Of the first line."""
MEMORY = "512MB"
"""What DuckDB may use; it reads files in pieces."""


@dataclass(frozen=True)
class EventTable:
    """A file whose format is known."""

    path: Path
    format: Format
    columns: tuple[str, ...]
    """As the file has them."""
    relation: str
    """The table function that reads it."""

    def batches(self, selection: Selection = Selection()) -> Iterator[list[Event]]:  # noqa: B008 (frozen)
        """Selected events in the order of the file; those without a readable date are never selected."""
        keep = f"where {_kind(selection)} = ''"
        fields = ", ".join(f'"{name}"' for name in FIELDS)
        rows = _rows(f"select {fields}, day, sources from ({self._query()}) {keep}", self.path)
        for batch in rows:
            yield [self._event(row) for row in batch]

    def left_out(self, selection: Selection) -> dict[str, int]:
        """Reason -> number of rows that the selection leaves out."""
        query = f"select {_kind(selection)} as kind, count(*) from ({self._query()}) group by kind"
        found = {str(kind): int(count) for batch in _rows(query, self.path) for kind, count in batch}
        return {reason: found[reason] for reason in (UNDATED, BEFORE, AFTER, OTHER) if reason in found}

    def undated(self) -> list[tuple[str, str]]:
        """Id and date of the first rows whose date cannot be read."""
        query = f"select id, date from ({self._query()}) where day is null limit 5"
        return [(str(one), str(two)) for batch in _rows(query, self.path) for one, two in batch]

    def count(self) -> int:
        """Number of rows."""
        return int(next(_rows(f"select count(*) from {self.relation}", self.path))[0][0])

    def _query(self) -> str:
        present = {name.lower() for name in self.columns}
        known = [*self.format.needs, *(c for c in self.format.optional if c.lower() in present)]
        inner = [f"coalesce({_quoted(c)}, '') as {_quoted(c)}" for c in known]
        inner += [
            f"'' as {_quoted(c)}" for c in self.format.optional if c.lower() not in present and c not in known
        ]
        outer = [f"{self.format.fields.get(name, repr(''))} as {_quoted(name)}" for name in FIELDS]
        tried = ", ".join(
            f"try_strptime({self.format.fields['date']}, '{form}')" for form in self.format.dates
        )
        return (
            f"select {', '.join(outer)}, cast(coalesce({tried}) as date) as day, {self.format.sources} as sources "
            f"from (select {', '.join(inner)} from {self.relation})"
        )

    def _event(self, row: tuple[Any, ...]) -> Event:
        values = dict(zip(FIELDS, (str(v).strip() for v in row), strict=False))
        day: datetime.date = row[len(FIELDS)]
        sources = tuple(str(s).strip() for s in row[len(FIELDS) + 1] if s and str(s).strip())
        del values["date"]
        return Event(date=day, sources=sources, origin=self.path.name, **values)


def open_table(path: Path, format: str | None = None) -> EventTable:
    """Find out the format of a CSV or Parquet file by its columns.

    Raises:
        Refusal: `no-duckdb`, `unreadable-record`, `unknown-format`, `missing-columns`.
    """
    if any(mark in str(path) for mark in "*?["):
        raise refuse(
            "unreadable-record", f"`{path}` has a `*`, `?` or `[` in its name", hint="rename the file"
        )
    parquet = path.suffix.lower() in PARQUET
    tried: list[tuple[Format, tuple[str, ...]]] = []
    for kind in [FORMATS[format]] if format else FORMATS.values():
        head = _parquet_columns(path) if parquet else _first_line(path, kind.delimiter)
        named = parquet or not kind.columns or len(head) != len(kind.columns) or not _is_number(head[0])
        columns = head if named else kind.columns
        tried.append((kind, columns))
        if {c.lower() for c in kind.needs} <= {c.lower() for c in columns}:
            return EventTable(path, kind, columns, _relation(path, kind, columns, named=named))
    raise _no_format(path, format, tried)


def _relation(path: Path, kind: Format, columns: tuple[str, ...], *, named: bool) -> str:
    """The table function that reads a file; nothing about it is guessed from its content."""
    name = str(path).replace("'", "''")
    if path.suffix.lower() in PARQUET:
        return f"(select columns(*)::varchar from read_parquet('{name}'))"
    types = ", ".join(f"'{c.replace(chr(39), chr(39) * 2)}': 'VARCHAR'" for c in columns)
    # Exports with tabs have quotation marks inside fields and none around them.
    quote = "" if kind.delimiter == "\t" else '"'
    return (
        f"read_csv('{name}', columns={{{types}}}, auto_detect=false, delim='{kind.delimiter}', quote='{quote}', "
        f"escape='{quote}', header={str(named).lower()}, null_padding=true)"
    )


def _first_line(path: Path, delimiter: str) -> tuple[str, ...]:
    """The fields of the first line; names that are missing or stand twice are made up."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            line = stream.readline(MOST_CHARACTERS)
    except (OSError, ValueError) as error:
        raise refuse("unreadable-record", f"`{path}` cannot be read: {error}") from None
    line = line.rstrip("\r\n")
    fields = line.split(delimiter) if delimiter == "\t" else next(csv.reader([line]), list[str]())
    names: list[str] = []
    for number, name in enumerate(fields):
        taken = not name.strip() or name.lower() in [n.lower() for n in names]
        names.append(f"column {number + 1}" if taken else name.strip())
    return tuple(names)


def _parquet_columns(path: Path) -> tuple[str, ...]:
    name = str(path).replace("'", "''")
    query = f"select column_name from (describe select * from read_parquet('{name}'))"
    return tuple(str(row[0]) for batch in _rows(query, path) for row in batch)


def _is_number(text: str) -> bool:
    return text.strip().isdecimal()


def _no_format(path: Path, format: str | None, tried: list[tuple[Format, tuple[str, ...]]]) -> Refusal:
    if format:
        kind, columns = tried[0]
        missing = [c for c in kind.needs if c.lower() not in {x.lower() for x in columns}]
        return refuse(
            "missing-columns",
            f"`{path.name}` lacks {', '.join(f'`{c}`' for c in missing)}, which {kind.title} has",
            hint=f"it has {', '.join(f'`{c}`' for c in columns[:12])}",
        )
    columns = max((columns for _, columns in tried), key=len, default=())
    return refuse(
        "unknown-format",
        f"`{path.name}` has the columns of no format that is known",
        hint=f"it has {', '.join(f'`{c}`' for c in columns[:12])}; a record needs `id`, `date` and `actor`",
    )


def _kind(selection: Selection) -> str:
    """An expression: why a row is left out, empty where it is not."""
    tests = [f"when day is null then '{UNDATED}'"]
    if selection.since is not None:
        tests.append(f"when day < date '{selection.since}' then '{BEFORE}'")
    if selection.until is not None:
        tests.append(f"when day > date '{selection.until}' then '{AFTER}'")
    if selection.actors:
        tests.append(f"when trim(actor) not in ({_texts(sorted(selection.actors))}) then '{OTHER}'")
    if selection.patterns:
        any_of = " or ".join(f"({_fits(pattern)})" for pattern in selection.patterns)
        tests.append(f"when not ({any_of}) then '{OTHER}'")
    return f"case {' '.join(tests)} else '' end"


def _fits(pattern: Pattern) -> str:
    """An expression: whether a row fits a pattern."""
    tests = ["true"]
    for name, values in pattern:
        field = f"trim({_quoted(name)})"
        if name == "code":
            begins = " or ".join(f"starts_with({field}, {_texts([value])})" for value in values)
            tests.append(f"({begins})")
        else:
            tests.append(f"{field} in ({_texts(values)})")
    return " and ".join(tests)


def _texts(values: Iterable[str]) -> str:
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _rows(query: str, path: Path) -> Iterator[list[tuple[Any, ...]]]:
    """Batches of a query's rows; a problem of the file is a refusal."""
    duckdb = import_duckdb()
    settings: Mapping[str, Any] = {
        "memory_limit": MEMORY,
        "threads": 2,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(":memory:", config=dict(settings))
    try:
        try:
            found = connection.execute(query)
            while batch := found.fetchmany(BATCH):
                yield batch
        except duckdb.Error as error:
            reason = str(error).strip().splitlines()[0]
            raise refuse("unreadable-record", f"`{path}` cannot be read: {reason}") from None
    finally:
        connection.close()


def import_duckdb() -> Any:
    """DuckDB, or a refusal that names the extra."""
    try:
        import duckdb
    except ImportError:
        raise refuse(
            "no-duckdb",
            "reading events from CSV and Parquet files needs DuckDB, which is not installed",
            hint="install `goodoffices[record]`, or write the events as YAML",
        ) from None
    return duckdb
