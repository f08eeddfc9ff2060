"""Terms: what a panel file writes in a list of columns, and the columns of numbers that it stands for.

Receives the text of a term (`1`, `balance`, `sqrt(trade)`, `factor(regime, base=autocracy)`, `allies:balance`) and a table;
returns named columns. A column of labels is a factor by itself. Refuses unknown columns and functions, and numbers outside
a function's domain, with the rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodoffices.core.diagnostics import Refusal, refuse
from goodoffices.panels.table import Table, is_labels

CONSTANT = "constant"
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Function:
    """A function of a column that a term may use."""

    apply: Callable[[Any], Any]
    domain: Callable[[Any], Any]
    """Where it is defined."""
    needs: str
    """What it needs, in words."""


FUNCTIONS = {
    "sqrt": Function(np.sqrt, lambda x: x >= 0, "numbers from 0"),
    "log": Function(np.log, lambda x: x > 0, "numbers above 0"),
    "log1p": Function(np.log1p, lambda x: x > -1, "numbers above -1"),
    "exp": Function(np.exp, lambda x: x < 700, "numbers below 700"),
    "square": Function(np.square, lambda x: np.isfinite(x), "finite numbers"),
}
"""Functions of a column, beside `factor`."""

_CALL = re.compile(r"^(?P<function>[A-Za-z]\w*)\((?P<inside>.*)\)$")


def used_columns(term: str) -> tuple[str, ...]:
    """Names of the columns that a term reads."""
    if ":" in term:
        return tuple(name for part in _split(term) for name in used_columns(part))
    term = term.strip()
    if term == "1":
        return ()
    if call := _CALL.match(term):
        return (call["inside"].split(",")[0].strip(),)
    return (term,)


def expand(term: str, table: Table) -> dict[str, Floats]:
    """The columns that a term stands for, by name; each [row].

    Raises:
        Refusal: `unknown-column`, `unknown-function`, `outside-the-domain`, `unknown-level` or `one-level`.
    """
    term = term.strip()
    if not term:
        raise refuse("empty-term", "a list of columns has an empty item")
    if term == "1":
        return {CONSTANT: np.ones(table.n)}
    if ":" in term:
        parts = [expand(part, table) for part in _split(term)]
        crossed = parts[0]
        for part in parts[1:]:
            crossed = {f"{a}:{b}": x * y for a, x in crossed.items() for b, y in part.items()}
        return crossed
    if call := _CALL.match(term):
        return _apply(term, call["function"], call["inside"], table)
    if is_labels(table.column(term)):
        return _levels(term, None, table)
    return {term: table.number(term)}


def _split(term: str) -> list[str]:
    return [part.strip() for part in term.split(":")]


def _apply(term: str, name: str, inside: str, table: Table) -> dict[str, Floats]:
    if name == "factor":
        column, _, rest = (part.strip() for part in inside.partition(","))
        key, _, base = (part.strip() for part in rest.partition("="))
        if rest and (key != "base" or not base):
            raise refuse("unknown-function", f"`{term}` is written `factor({column}, base=LEVEL)`")
        return _levels(column, base or None, table)
    if name not in FUNCTIONS:
        raise refuse(
            "unknown-function",
            f"`{term}`: there is no function `{name}` of a column",
            hint=f"there are {', '.join(f'`{f}`' for f in ('factor', *FUNCTIONS))}",
        )
    function, values = FUNCTIONS[name], table.number(inside.strip())
    with np.errstate(invalid="ignore"):
        outside = ~np.asarray(function.domain(values), dtype=bool) & ~np.isnan(values)
    if outside.any():
        raise refuse(
            "outside-the-domain",
            f"`{term}` needs {function.needs}, and column `{inside.strip()}` has others in {rows(table, outside)}",
        )
    return {term: np.asarray(function.apply(values), dtype=np.float64)}


def _levels(column: str, base: str | None, table: Table) -> dict[str, Floats]:
    """A column of noughts and ones for each level but the base, which is the first in order unless it is named."""
    values = table.column(column)
    found = [str(v) for v in np.unique(values[~table.missing(column)])]
    shown = {v: v if is_labels(values) else f"{float(v):g}" for v in found}
    names = list(shown.values())
    if len(names) < 2:
        raise refuse(
            "one-level",
            f"column `{column}` has the one level `{names[0] if names else ''}` in the rows that are used, "
            "so it explains nothing",
            hint="leave the term out",
        )
    base = base or names[0]
    if base not in names:
        raise refuse(
            "unknown-level", f"column `{column}` has no level `{base}`", hint=f"it has {', '.join(names)}"
        )
    raw = {shown[v]: (v if is_labels(values) else float(v)) for v in found}
    return {f"{column}={n}": (values == raw[n]).astype(np.float64) for n in names if n != base}


def rows(table: Table, which: NDArray[np.bool_], *, most: int = 5) -> str:
    """`row 3`, `rows 3, 7 and 12`, `rows 3, 7, 12, 20, 31 and 40 more`: the rows' numbers in their source."""
    numbers = [str(k) for k in table.numbers[which]]
    if len(numbers) == 1:
        return f"row {numbers[0]}"
    if len(numbers) > most:
        return f"rows {', '.join(numbers[:most])} and {len(numbers) - most} more"
    return f"rows {', '.join(numbers[:-1])} and {numbers[-1]}"


def refuse_missing(table: Table, columns: tuple[str, ...]) -> Refusal | None:
    """The refusal for missing cells in the columns, naming each column and its rows; None where there are none."""
    from goodoffices.core.diagnostics import Diagnostic

    found = [(name, table.missing(name)) for name in dict.fromkeys(columns)]
    bad = [(name, gone) for name, gone in found if gone.any()]
    if not bad:
        return None
    return Refusal(
        Diagnostic(
            "missing-cells",
            f"column `{name}` has {int(gone.sum())} missing cell{'s' if gone.sum() > 1 else ''}: {rows(table, gone)}",
            hint="fill them in, or say `missing: drop` to leave out every row with a missing cell",
        )
        for name, gone in bad
    )
