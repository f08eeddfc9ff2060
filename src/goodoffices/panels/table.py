"""A table of episodes: named columns of numbers or of labels, one row an episode, and where cells are missing.

Receives a CSV or Parquet file, a pandas DataFrame, or a mapping from names to columns; returns a `Table`. Refuses files
that cannot be read, repeated names and rows of unequal length. Missing cells are kept and are somebody else's to judge.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from goodoffices.core.diagnostics import Refusal, refuse

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "."})
"""What stands for a missing cell in a file, in lower case."""
Column = NDArray[np.float64] | NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of equal length; numbers are float64 with nan for a missing cell, labels are text with "" for one."""

    columns: Mapping[str, Column]
    numbers: NDArray[np.int64]
    """[row] the row's number in its source, from one, so that a remark about a row can be followed up."""
    source: str = "the data"

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.numbers)

    def column(self, name: str) -> Column:
        """A column by name.

        Raises:
            Refusal: `unknown-column`, with the names that come nearest.
        """
        if name in self.columns:
            return self.columns[name]
        raise unknown_column(name, self)

    def number(self, name: str) -> NDArray[np.float64]:
        """A column of numbers by name.

        Raises:
            Refusal: `unknown-column`, or `not-a-number` where the column holds labels.
        """
        found = self.column(name)
        if is_labels(found):
            labels = [str(v) for v in np.unique(found[found != ""])[:3]]
            raise refuse(
                "not-a-number",
                f"column `{name}` holds labels ({', '.join(labels)}, ...) where numbers are needed",
                hint=f"`factor({name})` makes a column of noughts and ones for each label",
            )
        return cast("NDArray[np.float64]", found)

    def missing(self, name: str) -> NDArray[np.bool_]:
        """[row] whether a cell of a column is missing."""
        found = self.column(name)
        return np.asarray(found == "") if is_labels(found) else np.isnan(cast("NDArray[np.float64]", found))

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Table:
        """The rows asked for, in order."""
        return Table({k: v[rows] for k, v in self.columns.items()}, self.numbers[rows], self.source)


def is_labels(column: Column) -> bool:
    """Whether a column holds labels rather than numbers."""
    return column.dtype.kind == "U"


def unknown_column(name: str, table: Table) -> Refusal:
    """The refusal for a column that the table does not have."""
    from rapidfuzz import process

    near = [found for found, _, _ in process.extract(name, list(table.columns), limit=2, score_cutoff=60)]
    hint = f"did you mean {' or '.join(f'`{n}`' for n in near)}?" if near else None
    return refuse("unknown-column", f"{table.source} has no column `{name}`", hint=hint or _listing(table))


def _listing(table: Table) -> str:
    names = list(table.columns)
    more = ", ..." if len(names) > 12 else ""
    return f"it has {', '.join(f'`{n}`' for n in names[:12])}{more}"


def read_table(source: str | PathLike[str] | Table | Any) -> Table:
    """Read a table of episodes.

    Args:
        source: path of a `.csv` (or `.tsv`) or `.parquet` file, a pandas DataFrame, or a mapping from column names to
            sequences.

    Raises:
        Refusal: `file-not-found`, `unreadable`, `repeated-column`, `ragged-row`, `no-rows`, or `not-a-table`.
    """
    if isinstance(source, Table):
        return source
    if isinstance(source, (str, PathLike)):
        return _read_file(Path(cast("str", source)))
    if isinstance(source, Mapping) or hasattr(source, "columns"):
        return _from_columns(source)
    raise refuse("not-a-table", f"a table, a DataFrame or a file is needed, not a {type(source).__name__}")


def _read_file(path: Path) -> Table:
    if not path.is_file():
        raise refuse("file-not-found", f"there is no file `{path}`")
    if path.suffix.lower() in (".parquet", ".pq"):
        return _read_parquet(path)
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream, delimiter=delimiter))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise refuse("unreadable", f"`{path}` cannot be read: {error}") from None
    rows = [row for row in rows if row]
    if len(rows) < 2:
        raise refuse("no-rows", f"`{path}` has no rows below its line of names")
    names = [name.strip() for name in rows[0]]
    _no_repeats(names, str(path))
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(names):
            raise refuse(
                "ragged-row",
                f"row {number} of `{path}` has {len(row)} cells, and there are {len(names)} columns",
            )
    columns = {name: _parse([row[k] for row in rows[1:]]) for k, name in enumerate(names)}
    return Table(columns, np.arange(1, len(rows)), f"`{path.name}`")


def _parse(cells: Sequence[str]) -> Column:
    """Numbers where every cell that is there is one, labels otherwise."""
    texts = ["" if cell.strip().lower() in MISSING else cell.strip() for cell in cells]
    try:
        return np.array([float(t) if t else np.nan for t in texts], dtype=np.float64)
    except ValueError:
        return np.array(texts, dtype=np.str_)


def _read_parquet(path: Path) -> Table:
    try:
        import duckdb
    except ImportError:
        raise refuse(
            "missing-package",
            "reading Parquet files needs the package `duckdb`",
            hint="install `goodoffices[record]`, or write the table as CSV",
        ) from None
    engine = cast("Any", duckdb)
    try:
        found = engine.connect(":memory:").execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [str(d[0]) for d in found.description]
        rows = found.fetchall()
    except engine.Error as error:
        raise refuse("unreadable", f"`{path}` cannot be read: {str(error).splitlines()[0]}") from None
    _no_repeats(names, str(path))
    if not rows:
        raise refuse("no-rows", f"`{path}` has no rows")
    columns = {name: _convert([row[k] for row in rows]) for k, name in enumerate(names)}
    return Table(columns, np.arange(1, len(rows) + 1), f"`{path.name}`")


def _from_columns(source: Any) -> Table:
    names = [str(name) for name in (source.keys() if isinstance(source, Mapping) else source.columns)]
    _no_repeats(names, "the data")
    columns = {name: _convert(list(source[name])) for name in names}
    lengths = {name: len(column) for name, column in columns.items()}
    if not columns or not min(lengths.values()):
        raise refuse("no-rows", "the data have no rows")
    if len(set(lengths.values())) > 1:
        shortest, longest = min(lengths, key=lengths.__getitem__), max(lengths, key=lengths.__getitem__)
        raise refuse(
            "ragged-row",
            f"column `{shortest}` has {lengths[shortest]} rows and column `{longest}` has {lengths[longest]}",
        )
    return Table(columns, np.arange(1, len(columns[names[0]]) + 1))


def _convert(cells: Sequence[Any]) -> Column:
    """Python values as numbers (booleans are noughts and ones) or as labels; None and nan are missing."""
    gone = [cell is None or (isinstance(cell, float) and cell != cell) or _is_null(cell) for cell in cells]
    try:
        return np.array(
            [np.nan if g else _as_float(cell) for g, cell in zip(gone, cells, strict=True)], dtype=np.float64
        )
    except (TypeError, ValueError):
        return np.array(["" if g else str(cell) for g, cell in zip(gone, cells, strict=True)], dtype=np.str_)


def _as_float(cell: Any) -> float:
    if isinstance(cell, str):
        raise TypeError
    return float(cell)


def _is_null(cell: Any) -> bool:
    return type(cell).__name__ in ("NAType", "NaTType")


def _no_repeats(names: Sequence[str], source: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise refuse("repeated-column", f"{source} has more than one column named `{name}`")
        seen.add(name)
