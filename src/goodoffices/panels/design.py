"""From terms to numbers: each payoff is an index, linear in columns of the table, and its coefficients have names.

Receives named utilities and a table without missing cells; returns a `Design` that turns coefficients [k] into indices
[row, index] and derivatives in the indices into derivatives in the coefficients. Refuses collinear columns by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from goodoffices.core.diagnostics import Diagnostic, Refusal, refuse
from goodoffices.panels.specification import Utility
from goodoffices.panels.table import Table
from goodoffices.panels.terms import expand, used_columns

Floats = NDArray[np.float64]
COLLINEAR = 1e-9
"""Share of a column's length that others leave unexplained, below which it is their combination."""


@dataclass(frozen=True, eq=False)
class Design:
    """How indices come from coefficients: index m of row r is `offset[r, m] + sum over its coefficients k of x[r, k] b[k]`."""

    indices: tuple[str, ...]
    """[m] names, such as `target(war)`."""
    offset: Floats
    """[r, m] the known part."""
    names: tuple[str, ...]
    """[k] names of the coefficients, such as `target(war).balance`."""
    index: NDArray[np.intp]
    """[k] which index a coefficient belongs to."""
    x: Floats
    """[r, k] the column that a coefficient multiplies."""

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.x.shape[0]

    @cached_property
    def moving(self) -> NDArray[np.intp]:
        """The indices that have coefficients; only in these are derivatives needed."""
        return np.unique(self.index)

    @cached_property
    def _slot(self) -> NDArray[np.intp]:
        return np.searchsorted(self.moving, self.index)

    def eta(self, b: Floats) -> Floats:
        """[r, m] the indices at coefficients b [k]."""
        out = self.offset.copy()
        for m in self.moving:
            of = self.index == m
            out[:, m] += self.x[:, of] @ b[of]
        return out

    def scores(self, gradient: Floats) -> Floats:
        """[r, k] derivatives in the coefficients from those in the moving indices [r, moving]."""
        return self.x * gradient[:, self._slot]

    def hessian(self, second: Floats) -> Floats:
        """[k, k] sum over rows of second derivatives, from those in the moving indices [r, moving, moving]."""
        k = len(self.names)
        out = np.empty((k, k))
        for a in range(len(self.moving)):
            rows = self._slot == a
            for b in range(a, len(self.moving)):
                columns = self._slot == b
                block = self.x[:, rows].T @ (second[:, a, b, None] * self.x[:, columns])
                out[np.ix_(rows, columns)] = block
                out[np.ix_(columns, rows)] = block.T
        return out

    def hold(self, fixed: Mapping[str, float]) -> Design:
        """The design with some coefficients held at values.

        Raises:
            Refusal: `unknown-coefficient`.
        """
        if not fixed:
            return self
        known_names(self.names, fixed, "fixed")
        offset = self.offset.copy()
        for name, value in fixed.items():
            k = self.names.index(name)
            offset[:, self.index[k]] += self.x[:, k] * value
        free = np.array([name not in fixed for name in self.names])
        names = tuple(n for n, f in zip(self.names, free, strict=True) if f)
        return Design(self.indices, offset, names, self.index[free], self.x[:, free])


def known_names(names: tuple[str, ...], given: Mapping[str, object], what: str) -> None:
    """Refuse names in `given` that are no coefficient's."""
    for name in given:
        if name not in names:
            from rapidfuzz import process

            near = [n for n, _, _ in process.extract(name, names, limit=2, score_cutoff=50)]
            raise refuse(
                "unknown-coefficient",
                f"`{what}` names `{name}`, and there is no such coefficient",
                hint=f"there are {', '.join(f'`{n}`' for n in near or names[:8])}",
            )


def columns_of(utilities: Mapping[str, Utility]) -> tuple[str, ...]:
    """Every column that the utilities read."""
    found: list[str] = []
    for utility in utilities.values():
        if isinstance(utility, str):
            found.extend(used_columns(utility))
        elif isinstance(utility, tuple):
            for term in utility:
                found.extend(used_columns(term))
    return tuple(dict.fromkeys(found))


def make_design(utilities: Mapping[str, Utility], table: Table) -> Design:
    """The design of named utilities over the rows of a table.

    Raises:
        Refusal: `repeated-term`, `collinear`, or what `expand` refuses.
    """
    offset = np.zeros((table.n, len(utilities)))
    names: list[str] = []
    index: list[int] = []
    columns: list[Floats] = []
    for m, (name, utility) in enumerate(utilities.items()):
        if isinstance(utility, (int, float)):
            offset[:, m] = utility
        elif isinstance(utility, str):
            offset[:, m] = _known(name, utility, table)
        else:
            block = _block(name, utility, table)
            _refuse_collinear(name, block)
            names.extend(f"{name}.{column}" for column in block)
            index.extend([m] * len(block))
            columns.extend(block.values())
    x = np.stack(columns, axis=1) if columns else np.zeros((table.n, 0))
    return Design(tuple(utilities), offset, tuple(names), np.array(index, dtype=np.intp), x)


def _known(name: str, column: str, table: Table) -> Floats:
    found = expand(column, table)
    if len(found) != 1:
        raise refuse(
            "not-a-number", f"the utility `{name}` is one known number a row, and `{column}` is {len(found)}"
        )
    return next(iter(found.values()))


def _block(name: str, terms: tuple[str, ...], table: Table) -> dict[str, Floats]:
    block: dict[str, Floats] = {}
    for term in terms:
        for column, values in expand(term, table).items():
            if column in block:
                raise refuse("repeated-term", f"the utility `{name}` names `{column}` twice")
            block[column] = values
    return block


def _refuse_collinear(name: str, block: Mapping[str, Floats]) -> None:
    """Name each column that is a combination of those before it, and the columns that it combines."""
    problems: list[Diagnostic] = []
    basis: list[str] = []
    for column, values in block.items():
        length = float(np.linalg.norm(values))
        if not basis:
            explained, weights = np.zeros_like(values), np.zeros(0)
        else:
            before = np.stack([block[b] for b in basis], axis=1)
            lengths = np.linalg.norm(before, axis=0)
            weights = np.linalg.lstsq(before / lengths, values, rcond=None)[0]
            explained = (before / lengths) @ weights
        if length == 0 or np.linalg.norm(values - explained) <= COLLINEAR * length:
            of = [b for b, w in zip(basis, weights, strict=True) if abs(w) > 1e-6 * max(length, 1e-300)]
            problems.append(_collinear(name, column, of))
        else:
            basis.append(column)
    if problems:
        raise Refusal(problems)


def _collinear(name: str, column: str, of: list[str]) -> Diagnostic:
    if not of:
        return Diagnostic(
            "collinear", f"in `{name}`, column `{column}` is 0 in every row", hint="leave it out"
        )
    if of == ["constant"]:
        what = "is the same in every row, as the constant is"
    else:
        what = f"is a combination of {', '.join(f'`{b}`' for b in of)}"
    return Diagnostic(
        "collinear",
        f"in `{name}`, column `{column}` {what}, so their coefficients cannot be told apart",
        hint=f"leave out `{column}` or one of the others",
    )
