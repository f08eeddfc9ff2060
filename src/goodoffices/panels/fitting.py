"""Maximum likelihood for a panel: the estimates, their errors, and whether the search ended at a maximum.

Receives a `Panel` and data; returns a `Fit`. Refuses bad data, coefficients that cannot be told apart and separated
outcomes; a search that did not converge is a value, and the `Fit` says so first.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodoffices.core.diagnostics import refuse
from goodoffices.panels.assembling import Assembled, assemble
from goodoffices.panels.beginnings import beginning
from goodoffices.panels.design import known_names
from goodoffices.panels.errors import NAMES, Errors, covariance
from goodoffices.panels.kernel import Evaluation, Likelihood
from goodoffices.panels.maximise import Maximum, maximise
from goodoffices.panels.problems import separated, unidentified
from goodoffices.panels.specification import Bimatrix, Panel, Signalling, Tree, Ultimatum
from goodoffices.panels.table import read_table

Floats = NDArray[np.float64]

STARTS = 3
"""Searches from different places, where one takes milliseconds."""
SAME = 1e-6
"""Difference of log-likelihood below which two searches found the same maximum."""


@dataclass(frozen=True)
class Coefficient:
    """One row of the table of estimates."""

    name: str
    estimate: float
    error: float
    """Standard error; nan where the coefficient is held."""
    fixed: bool = False

    @property
    def z(self) -> float:
        """Estimate over standard error."""
        return self.estimate / self.error

    @property
    def p(self) -> float:
        """Two-sided probability of a z at least as large were the coefficient zero, by the normal approximation."""
        import math

        return math.erfc(abs(self.z) / math.sqrt(2.0))


@dataclass(frozen=True, eq=False)
class Fit:
    """Estimates of a panel's coefficients. Look at `converged` before anything else."""

    panel: Panel
    names: tuple[str, ...]
    """[k] the coefficients that were estimated."""
    estimates: Floats
    """[k] in utility for one unit of the column."""
    covariance: Floats
    """[k, k] by the method `errors`."""
    errors: str
    """How standard errors were computed."""
    log_likelihood: float
    objective: float
    """What was maximised: the log-likelihood, plus the penalty where there is one."""
    rows: int
    observations: float
    """Number of outcomes; more than rows where the table holds counts."""
    outcomes: Mapping[str, float]
    """How often each outcome occurred."""
    left_out: Mapping[str, int]
    maximum: Maximum = field(repr=False)
    evaluation: Evaluation = field(repr=False)
    """Log-likelihood of each row, scores and second derivatives at the estimates."""
    notes: tuple[str, ...] = ()
    """What a reader must know: starts that ended elsewhere, equilibria, the first stage."""
    statistics: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def converged(self) -> bool:
        """Whether the estimates are at a maximum."""
        return self.maximum.converged

    @property
    def standard_errors(self) -> Floats:
        """[k] square roots of the variances; nan where a variance is not positive."""
        with np.errstate(invalid="ignore"):
            return np.sqrt(np.diag(self.covariance))

    @property
    def coefficients(self) -> tuple[Coefficient, ...]:
        """The estimated coefficients in order, then those that were held."""
        free = zip(self.names, self.estimates.tolist(), self.standard_errors.tolist(), strict=True)
        held = (Coefficient(n, v, float("nan"), fixed=True) for n, v in self.panel.fixed.items())
        return (*(Coefficient(n, b, s) for n, b, s in free), *held)

    @property
    def sentence(self) -> str:
        """What was found, and whether to believe it, in a sentence."""
        what = {Tree: "a game tree", Ultimatum: "an ultimatum game", Signalling: "a crisis-signalling game"}
        game = what.get(type(self.panel.model), "a simultaneous game")
        strong = [c for c in self.coefficients if not c.fixed and abs(c.z) > 1.959964]
        k, n = len(self.names), self.rows
        counted = "1 coefficient" if k == 1 else f"{k} coefficients"
        were = "was" if k == 1 else "were"
        start = f"{counted} of {game} {were} estimated from {n:,} row{'s' if n != 1 else ''}"
        if not self.converged:
            return f"{start}, but the search did not end at a maximum: {self.maximum.message}."
        names = ", ".join(c.name for c in strong[:4]) + (" and others" if len(strong) > 4 else "")
        apart = (
            f"{len(strong)} differ{'s' if len(strong) == 1 else ''} from 0 by more than 1.96 standard errors"
        )
        return (
            f"{start} (log-likelihood {self.log_likelihood:.3f}); {apart}{f' ({names})' if strong else ''}."
        )


def fit(
    panel: Panel, data: Any, *, errors: Errors = "hessian", starts: int | None = None, seed: int = 1
) -> Fit:
    """Estimate a panel's coefficients by maximum likelihood (or pseudo-likelihood, where the panel says so).

    Args:
        panel: the game and its terms.
        data: a DataFrame, a mapping of columns, a `Table`, or the path of a CSV or Parquet file.
        errors: `hessian`, `unpenalised`, `opg`, `robust` or `clustered`; see `goodoffices.panels.errors`.
        starts: number of searches from different places; None takes 3 where a search takes milliseconds, else 1.
        seed: of the places.

    Raises:
        Refusal: bad data (see `assembling`), `not-identified`, `separated`, `unknown-coefficient`,
            or `no-cluster` for clustered errors of a panel that names no cluster.
    """
    begun, cpu = time.perf_counter(), time.process_time()
    if errors not in NAMES:
        raise refuse(
            "unknown-errors", f"there are no errors `{errors}`", hint=f"there are {', '.join(NAMES)}"
        )
    if errors == "clustered" and panel.cluster is None:
        raise refuse(
            "no-cluster",
            "clustered standard errors need the column of clusters",
            hint="add `cluster: COLUMN`",
        )
    known = assemble(panel, read_table(data))
    known_names(known.all_names, panel.start, "start")
    notes: list[str] = []
    if isinstance(panel.model, Signalling) and panel.model.estimator != "pl":
        from goodoffices.panels.repeated import estimate

        likelihood, found, spread, more = estimate(known, errors)
        notes += more
    else:
        likelihood = known.likelihood
        floored = isinstance(panel.model, Ultimatum) and panel.model.floor > 0
        also = _without_floor(panel, known) if floored else None
        found = search(known, likelihood, starts=starts, seed=seed, notes=notes, also=also)
        if also is not None and (low := int((also.rows(found.point.b) < found.point.rows - 1e-9).sum())):
            notes.append(f"{low} of {known.table.n} rows lie on the floor, where there can be many maxima.")
        spread = None
        if isinstance(panel.model, Signalling):
            notes.append(
                "Standard errors take the first-stage probabilities as known, so they are too small."
            )
    point: Evaluation = found.point.evaluation
    if spread is None:
        spread = _covariance(known, found, point, errors)
    return Fit(
        panel=panel,
        names=likelihood.design.names,
        estimates=point.b,
        covariance=spread,
        errors=NAMES[errors],
        log_likelihood=point.value,
        objective=found.point.value,
        rows=known.table.n,
        observations=_observations(known),
        outcomes=known.counts,
        left_out=known.left_out,
        maximum=found,
        evaluation=point,
        notes=tuple(notes),
        statistics={
            "seconds": time.perf_counter() - begun,
            "cpu_seconds": time.process_time() - cpu,
            "evaluations": float(found.evaluations),
        },
    )


def _without_floor(panel: Panel, known: Assembled) -> Likelihood:
    """The likelihood of an ultimatum game without its floor, on which no direction is uphill."""
    assert isinstance(panel.model, Ultimatum)
    return assemble(replace(panel, model=replace(panel.model, floor=0.0)), known.table).likelihood


@dataclass(frozen=True, eq=False)
class Objective:
    """The log-likelihood with what is added to it."""

    evaluation: Evaluation
    value: float
    gradient: Floats
    hessian: Floats

    @property
    def b(self) -> Floats:
        """[k] the coefficients."""
        return self.evaluation.b

    @property
    def rows(self) -> Floats:
        """[r] log-likelihood of each row."""
        return self.evaluation.rows


def objective(likelihood: Likelihood, penalty: str | None) -> Any:
    """The function that is maximised."""

    def at(b: Floats) -> Objective:
        e = likelihood.at(b)
        if penalty is None:
            return Objective(e, e.value, e.gradient, e.hessian)
        share = 1.0 / (1.0 + np.exp(-b))
        added = float((b / 2 - np.logaddexp(0.0, b)).sum())
        return Objective(
            e, e.value + added, e.gradient + 0.5 - share, e.hessian - np.diag(share * (1 - share))
        )

    return at


def search(
    known: Assembled,
    likelihood: Likelihood,
    *,
    starts: int | None,
    seed: int,
    notes: list[str],
    also: Likelihood | None = None,
) -> Maximum:
    """The best of several searches, refused where no maximum exists; remarks go to `notes`.

    `also` is a likelihood without kinks, whose maximum is one more place to search from.
    """
    panel, design = known.panel, likelihood.design
    scale, first = column_scale(likelihood), beginning(known)
    if (
        len(design.names)
        and panel.penalty is None
        and (refusal := unidentified(also or likelihood, first, scale))
    ):
        raise refusal
    climb = objective(likelihood, panel.penalty)
    fast = isinstance(panel.model, (Tree, Ultimatum))
    count = starts if starts is not None else (STARTS if fast else 1)
    random = np.random.default_rng(seed)
    places = [first, *(first + random.normal(scale=0.5, size=len(first)) / scale for _ in range(count - 1))]
    if also is not None:
        places.insert(0, maximise(objective(also, panel.penalty), first, scale).point.b)
    found: list[Maximum] = []
    for place in places:
        # Where the first search ran away the others need not run as far to show that one stays.
        found.append(maximise(climb, place, scale, most=100 if found and not found[0].converged else 500))
    best = max(found, key=lambda m: m.point.value)
    close = [m for m in found if m.converged and m.point.value > best.point.value - SAME]
    best = close[0] if close else best
    if panel.penalty is None and (refusal := separated(likelihood, best, scale)):
        raise refusal
    others = [
        m for m in found if m is not best and m.converged and abs(m.point.value - best.point.value) > SAME
    ]
    if others:
        gap = best.point.value - max(m.point.value for m in others)
        notes.append(
            f"{len(others)} of {len(places)} searches ended at another maximum, lower by {gap:.3g} or more in log-likelihood."
        )
    return best


def column_scale(likelihood: Likelihood) -> Floats:
    """[k] root mean square of the column that each coefficient multiplies."""
    return np.sqrt(np.maximum((likelihood.design.x**2).mean(axis=0), 1e-300))


def _covariance(known: Assembled, found: Maximum, point: Evaluation, errors: Errors) -> Floats:
    hessian = point.hessian if errors == "unpenalised" else found.point.hessian
    try:
        return covariance(hessian, point.scores, errors=errors, clusters=known.clusters)
    except np.linalg.LinAlgError:
        return np.full(hessian.shape, np.nan)


def _observations(known: Assembled) -> float:
    model = known.panel.model
    if isinstance(model, Bimatrix):
        return float(sum(known.counts.values()))
    return float(known.table.n if isinstance(model, Ultimatum) else sum(known.counts.values()))
