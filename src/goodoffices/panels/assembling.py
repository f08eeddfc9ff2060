"""From a panel and a table to a likelihood: the rows that are used, their outcomes, the design and the kernel.

Refuses what no estimator can use, with the columns and rows: missing cells, rows with no outcome or with two, outcomes that
never occur, offers outside the prize, negative counts, and clusters of which there is one.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodoffices.core.diagnostics import Refusal, refuse
from goodoffices.panels.design import Design, columns_of, make_design
from goodoffices.panels.kernel import Kernel, Likelihood
from goodoffices.panels.specification import Bimatrix, Panel, Rule, Signalling, Tree, Ultimatum, Utility
from goodoffices.panels.table import Table, is_labels
from goodoffices.panels.terms import refuse_missing, rows

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True, eq=False)
class Assembled:
    """A panel with its data, ready to be estimated."""

    panel: Panel
    table: Table
    """The rows that are used."""
    likelihood: Likelihood
    all_names: tuple[str, ...]
    """Every coefficient, those that are held included."""
    counts: Mapping[str, float]
    """How often each outcome occurred."""
    left_out: Mapping[str, int]
    """Reason -> number of rows that were left out."""
    clusters: NDArray[np.intp] | None

    @property
    def design(self) -> Design:
        """The design of the free coefficients."""
        return self.likelihood.design


def assemble(panel: Panel, table: Table) -> Assembled:
    """Put a panel and its data together.

    Raises:
        Refusal: see the module.
    """
    used, left_out = _select(panel, table)
    utilities, kernel, data, counts = _parts(panel, used)
    design = make_design(utilities, used)
    free = design.hold(panel.fixed)
    return Assembled(
        panel, used, Likelihood(kernel, free, data), design.names, counts, left_out, _clusters(panel, used)
    )


def _select(panel: Panel, table: Table) -> tuple[Table, dict[str, int]]:
    left_out: dict[str, int] = {}
    keep = np.ones(table.n, dtype=np.bool_)
    for column, condition in panel.where.items():
        keep &= _meets(table, column, condition)
    if not keep.all():
        left_out["outside `where`"] = int((~keep).sum())
        table = table.take(keep)
    needed = (*_columns(panel), *((panel.cluster,) if panel.cluster else ()))
    refusal = refuse_missing(table, needed)
    if refusal and panel.missing == "refuse":
        raise refusal
    if refusal:
        gone = np.logical_or.reduce([table.missing(c) for c in needed])
        left_out["missing cells"] = int(gone.sum())
        table = table.take(~gone)
    if not table.n:
        raise refuse(
            "no-rows", "no row is left", hint=", ".join(f"{n} rows: {why}" for why, n in left_out.items())
        )
    return table, left_out


def _meets(table: Table, column: str, condition: str) -> NDArray[np.bool_]:
    sign = next((s for s in _COMPARE if condition.strip().startswith(s)), None)
    value: Any = condition.strip().removeprefix(sign or "").strip()
    found: Any = table.column(column)
    if sign is None:
        raise refuse(
            "unknown-condition", f"`where` has `{column}: {condition}`", hint="write for example `>= 1850`"
        )
    if not is_labels(found):
        try:
            value = float(value)
        except ValueError:
            raise refuse(
                "not-a-number", f"`where` compares the numbers of `{column}` with `{value}`"
            ) from None
    return np.asarray(_COMPARE[sign](found, value), dtype=np.bool_)


def _columns(panel: Panel) -> tuple[str, ...]:
    """Every column that the panel reads."""
    model = panel.model
    if isinstance(model, Tree):
        from goodoffices.panels.tree import utilities_of

        outcome = model.outcome
        own: list[str] = [outcome] if isinstance(outcome, str) else []
        if isinstance(outcome, Mapping):
            for rule in outcome.values():
                own.extend([rule] if isinstance(rule, str) else list(rule))
        return (*columns_of(utilities_of(model)), *own)
    if isinstance(model, Ultimatum):
        from goodoffices.panels.ultimatum import utilities_of_ultimatum

        own = [model.offer, *([model.accept] if model.accept else [])]
        return (*columns_of(utilities_of_ultimatum(model)), *own)
    if isinstance(model, Signalling):
        from goodoffices.panels.signalling import utilities_of_signalling

        return (
            *columns_of(utilities_of_signalling(model)),
            *model.counts.values(),
            *model.first_stage.values(),
        )
    from goodoffices.panels.bimatrix import utilities_of_bimatrix

    counts = [c for of in model.counts.values() for c in of.values()]
    return (*columns_of(utilities_of_bimatrix(model)), *counts)


Parts = tuple[Mapping[str, Utility], Kernel, dict[str, Any], dict[str, float]]


def _parts(panel: Panel, table: Table) -> Parts:
    model = panel.model
    if isinstance(model, Tree):
        return _tree(model, table)
    if isinstance(model, Ultimatum):
        return _ultimatum(model, table)
    if isinstance(model, Signalling):
        return _signalling(model, table)
    return _bimatrix(model, table)


def _tree(model: Tree, table: Table) -> Parts:
    from goodoffices.panels.tree import outcomes_of, tree_kernel, utilities_of

    outcomes = outcomes_of(model)
    counts = outcome_counts(model, outcomes, table)
    totals = dict(zip(outcomes, counts.sum(axis=0).tolist(), strict=True))
    refuse_one_sided(totals, table)
    return utilities_of(model), tree_kernel(model), {"counts": counts}, totals


def refuse_one_sided(totals: Mapping[str, float], table: Table) -> None:
    """Refuse where an outcome never occurs: whatever makes it unlikely would grow without bound."""
    if never := [outcome for outcome, total in totals.items() if total == 0]:
        raise refuse(
            "one-sided",
            f"{' and '.join(f'`{o}`' for o in never)} never occur{'s' if len(never) == 1 else ''} in the {table.n} rows, "
            "so the data put no bound on how unattractive it is",
            hint="leave the move out of the game, or use rows in which it was made",
        )


def outcome_counts(model: Tree, outcomes: tuple[str, ...], table: Table) -> NDArray[np.float64]:
    """[row, outcome] how often each outcome occurred in each episode.

    Raises:
        Refusal: `unknown-outcome`, `no-outcome` or `two-outcomes`, with the rows.
    """
    if isinstance(model.outcome, str):
        column = table.column(model.outcome)
        labels = column if is_labels(column) else np.array([f"{v:g}" for v in column], dtype=np.str_)
        which = np.stack([labels == o for o in outcomes], axis=1)
        if (lost := ~which.any(axis=1)).any():
            label = str(labels[lost][0])
            raise refuse(
                "unknown-outcome",
                f"column `{model.outcome}` says `{label}` in {rows(table, lost & (labels == label))}, and no move ends there",
                hint=f"outcomes: {', '.join(outcomes)}",
            )
        return which.astype(np.float64)
    refuse_other_outcomes(model.outcome, outcomes)
    if model.counts:
        return nonnegative({o: str(c) for o, c in model.outcome.items()}, outcomes, table)
    which = np.stack([_rule(model.outcome[o], table) for o in outcomes], axis=1)
    for problem, found in (("no-outcome", which.sum(axis=1) == 0), ("two-outcomes", which.sum(axis=1) > 1)):
        if found.any():
            met = (
                "no outcome's rule is met"
                if problem == "no-outcome"
                else "more than one outcome's rule is met"
            )
            raise refuse(problem, f"{met} in {rows(table, found)}")
    return which.astype(np.float64)


def refuse_other_outcomes(given: Mapping[str, Any], outcomes: tuple[str, ...]) -> None:
    """Refuse names that are no outcome's, and outcomes that are not named."""
    if set(given) != set(outcomes):
        odd = [o for o in given if o not in outcomes] or [o for o in outcomes if o not in given]
        raise refuse(
            "unknown-outcome",
            f"`{odd[0]}` is {'no outcome of the game' if odd[0] in given else 'an outcome that has no column or rule'}",
            hint=f"outcomes: {', '.join(outcomes)}",
        )


def _rule(rule: Any, table: Table) -> NDArray[np.bool_]:
    conditions: Rule = rule
    met = np.ones(table.n, dtype=np.bool_)
    for column, value in conditions.items():
        met &= _meets(table, column, f"== {value}")
    return met


def nonnegative(columns: Mapping[str, str], outcomes: tuple[str, ...], table: Table) -> NDArray[np.float64]:
    """[row, outcome] counts from their columns; refuses negative ones, and rows in which nothing was counted."""
    counts = np.stack([table.number(columns[o]) for o in outcomes], axis=1)
    for k, outcome in enumerate(outcomes):
        if (bad := counts[:, k] < 0).any():
            raise refuse("negative-count", f"column `{columns[outcome]}` is negative in {rows(table, bad)}")
    if (empty := counts.sum(axis=1) == 0).any():
        raise refuse("no-outcome", f"nothing was counted in {rows(table, empty)}")
    return counts


def _ultimatum(model: Ultimatum, table: Table) -> Parts:
    from goodoffices.panels.ultimatum import ultimatum_kernel, utilities_of_ultimatum

    offer = table.number(model.offer)
    if (bad := (offer < 0) | (offer > model.prize)).any():
        raise refuse(
            "offer-outside", f"column `{model.offer}` lies outside 0 to {model.prize:g} in {rows(table, bad)}"
        )
    data = {"offer": offer, "prize": np.full(table.n, float(model.prize))}
    totals = {"offers": float(table.n)}
    if model.accept is not None:
        accepted = table.number(model.accept)
        if (bad := (accepted != 0) & (accepted != 1)).any():
            raise refuse("not-binary", f"column `{model.accept}` is neither 0 nor 1 in {rows(table, bad)}")
        data["accepted"] = accepted
        totals = {"accepted": float(accepted.sum()), "turned down": float((1 - accepted).sum())}
        refuse_one_sided(totals, table)
    return utilities_of_ultimatum(model), ultimatum_kernel(model), data, totals


def _signalling(model: Signalling, table: Table) -> Parts:
    from goodoffices.panels.signalling import signalling_data, signalling_kernel, utilities_of_signalling

    data, totals = signalling_data(model, table)
    refuse_one_sided(totals, table)
    return utilities_of_signalling(model), signalling_kernel(model), data, totals


def _bimatrix(model: Bimatrix, table: Table) -> Parts:
    from goodoffices.panels.bimatrix import bimatrix_data, bimatrix_kernel, utilities_of_bimatrix

    data, totals = bimatrix_data(model, table)
    return utilities_of_bimatrix(model), bimatrix_kernel(model), data, totals


def _clusters(panel: Panel, table: Table) -> NDArray[np.intp] | None:
    if panel.cluster is None:
        return None
    groups = np.unique(table.column(panel.cluster), return_inverse=True)[1].reshape(-1)
    if groups.max() < 1:
        raise refuse(
            "one-cluster",
            f"column `{panel.cluster}` is the same in every row",
            hint="clustered errors need clusters",
        )
    return groups


__all__ = ["Assembled", "Refusal", "assemble"]
