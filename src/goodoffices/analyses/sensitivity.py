"""Which parameters decide a claim: Sobol indices of its margin, and PAWN from plain draws.

Receives parameters with priors and a `Judge`; returns a `Decision`. Parameters are drawn from their priors through their
quantiles: independently for the share and for PAWN, by Saltelli's design for the Sobol indices. Where there are more
parameters than are asked for one by one, those that PAWN finds weakest vary together, as one group with indices of its
own: nothing is held fixed. Rows of the design with a point that was not solved are left out whole and counted.

Sources: Saltelli et al. (2010), Computer Physics Communications 181, 259-270 (design and estimators); Pianosi and Wagener
(2018), Environmental Modelling & Software 108, 197-207 (PAWN from given draws); both as implemented in SALib.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodoffices.analyses.asking import Judge, Judged, Outcome
from goodoffices.claims.verdicts import share_error
from goodoffices.claims.wording import share_text
from goodoffices.compiler.expressions import Array
from goodoffices.core.diagnostics import refuse
from goodoffices.language.priors import quantile
from goodoffices.language.scenario import Parameter

StageProgress = Callable[[str, int, int], None]

ALONE = 12
"""Parameters that get indices of their own, unless more are asked for."""
SLICES = 10
"""Slices of a parameter's range for PAWN."""
SHUFFLES = 40
"""Shuffled parameters from which PAWN's noise is measured."""
FEWEST_ROWS = 16
"""Rows of the design below which no index is given."""
FEWEST_DRAWS = 50
"""Solved draws below which PAWN says nothing: each slice would have fewer than five."""
EDGE = 2.0**-40
"""Quantiles stay this far from 0 and 1, where those of unbounded priors are infinite."""


@dataclass(frozen=True)
class Influence:
    """How much of a claim's margin hangs on one parameter, or on a group of them."""

    parameters: tuple[str, ...]
    """One name, or those that vary together."""
    first: float
    """First-order Sobol index: share of the margin's variance explained by it alone. Not a number where unknown."""
    first_error: float
    """Half-width of the 95% bootstrap confidence interval."""
    total: float
    """Total Sobol index: share of the variance that would remain if everything else were known."""
    total_error: float
    """Half-width of the 95% bootstrap confidence interval."""
    pawn: float
    """Median over slices of the distance between the margin's distribution there and everywhere (0 to 1); not a number
    for groups."""

    @property
    def label(self) -> str:
        """`recognition`, or `21 others together`."""
        return self.parameters[0] if len(self.parameters) == 1 else f"{len(self.parameters)} others together"

    @property
    def clear(self) -> bool:
        """Whether the total index is above zero by more than its error."""
        return self.total > self.total_error


@dataclass(frozen=True)
class Decided:
    """One claim and what decides it."""

    claim: str
    n: int
    """Independent prior draws."""
    failed: int
    """Of them not solved."""
    share: float
    """Share of solved draws in which the claim holds."""
    error: float
    """Its Monte Carlo standard error."""
    unit: str
    """Of the margin."""
    rows: int
    """Rows of the design that were used."""
    lost: int
    """Rows left out because a point of them was not solved or has no finite margin."""
    spread: float
    """Standard deviation of the margin over the design, in its unit."""
    influences: tuple[Influence, ...]
    """Strongest first, by total index, then PAWN, then name."""
    noise: float
    """PAWN of a parameter without any influence stays below this in 95% of cases."""

    @property
    def sentence(self) -> str:
        """The finding in a sentence, with its errors and counts."""
        if self.n == self.failed:
            return f"`{self.claim}` cannot be judged: none of {self.n} prior draws was solved."
        opening = f"`{self.claim}` holds in {share_text(self.share, self.error)} of {self.n - self.failed} prior draws"
        if self.rows < FEWEST_ROWS:
            return f"{opening}; too few rows of the design were solved ({self.rows}) to say what decides it."
        if not self.spread > 0:
            return f"{opening}, and its margin is the same in all of them: no parameter decides it."
        clear = [i for i in self.influences if i.clear][:3]
        if not clear:
            return f"{opening}; no parameter's share in its margin stands out from the error of {self.rows} rows."
        named = [
            f"{'' if len(i.parameters) > 1 else '`'}{i.label}{'' if len(i.parameters) > 1 else '`'} "
            f"({i.total:.0%} ± {i.total_error:.0%})"
            for i in clear
        ]
        listed = named[0] if len(named) == 1 else ", ".join(named[:-1]) + " and " + named[-1]
        return (
            f"{opening}. Of its margin's variance, most hangs on {listed}: total Sobol indices with 95% intervals, "
            f"from {self.rows} rows of Saltelli's design."
        )


@dataclass(frozen=True, eq=False)
class Decision:
    """What decides claims."""

    claims: tuple[Decided, ...]
    alone: tuple[str, ...]
    """Parameters with indices of their own, by name."""
    together: tuple[str, ...]
    """Parameters that vary as one group, by name."""
    draws: Mapping[str, Array]
    """Parameter -> [b], the independent draws."""
    judged: Judged
    """Claims at those draws."""
    seed: int
    games: int
    """Games solved in all."""
    interrupted: bool
    """Whether the user stopped before the end; whole rows that were finished are used."""


def find_deciders(
    parameters: Sequence[Parameter],
    judge: Judge,
    *,
    draws: Mapping[str, Array],
    rows: int = 256,
    alone: Sequence[str] | int = ALONE,
    seed: int = 1,
    progress: StageProgress | None = None,
) -> Decision:
    """Find which parameters decide each claim.

    Args:
        parameters: every parameter that the judge takes; those with fixed values stay at them.
        judge: judges all claims at once.
        draws: independent draws from the priors, parameter -> [b].
        rows: of Saltelli's design, a power of two; it has this many times the number of groups plus two points.
        alone: which parameters get indices of their own, or how many of the strongest by PAWN.
        seed: of the design's scrambling and of the bootstrap.
        progress: called as `progress(stage, done, total)`.

    Raises:
        Refusal: `extra-missing` (SALib), `rows-not-a-power-of-two`, `nothing-varies`, `no-such-parameter`.
        KeyboardInterrupt: stopped before there was anything to say.
    """
    salib = _salib()
    if rows < FEWEST_ROWS or rows & (rows - 1):
        raise refuse(
            "rows-not-a-power-of-two",
            f"Saltelli's design takes 16, 32, 64, ... rows, not {rows}",
            hint="its points fill the space evenly only then",
        )
    moving = sorted((p for p in parameters if p.prior.name != "fixed"), key=lambda p: p.name)
    if not moving:
        raise refuse("nothing-varies", "every parameter is known for certain, so none decides anything")
    plain = judge(draws, progress=_stage(progress, "draws"))
    if plain.width < 2:
        raise KeyboardInterrupt
    pawn = {name: _pawn(salib, moving, plain, out, seed) for name, out in plain.claims.items()}
    chosen = _choose(moving, alone, pawn)
    design = _design(salib, parameters, moving, chosen, rows, seed)
    width = len(chosen) + (len(chosen) < len(moving)) + 2
    if plain.interrupted:
        found = Judged({}, {}, 0, True)
    else:
        found = judge(design, progress=_stage(progress, "design"))
    groups = [(name,) for name in chosen]
    rest = tuple(p.name for p in moving if p.name not in chosen)
    groups += [rest] if rest else []
    decided = tuple(
        _decided(salib, name, out, found.claims.get(name), groups, width, pawn[name], seed)
        for name, out in plain.claims.items()
    )
    return Decision(
        decided,
        tuple(chosen),
        rest,
        plain.points,
        plain,
        seed,
        plain.games + found.games,
        plain.interrupted or found.interrupted,
    )


def _salib() -> Any:
    try:
        for name in ("SALib.sample.sobol", "SALib.analyze.sobol", "SALib.analyze.pawn"):
            importlib.import_module(name)
    except ImportError:
        raise refuse(
            "extra-missing",
            "sensitivity indices need SALib, which is not installed",
            hint="pip install 'goodoffices[analyses]'",
        ) from None
    return importlib.import_module("SALib")


def _stage(progress: StageProgress | None, name: str) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    return lambda done, total: progress(name, done, total)


def _choose(
    moving: Sequence[Parameter], alone: Sequence[str] | int, pawn: Mapping[str, tuple[Array, float]]
) -> list[str]:
    """Names of the parameters with indices of their own, sorted."""
    names = [p.name for p in moving]
    if not isinstance(alone, int):
        unknown = sorted(set(alone) - set(names))
        if unknown:
            raise refuse(
                "no-such-parameter", f"`{unknown[0]}` is not a parameter that varies here", hint="see `show`"
            )
        return sorted(set(alone))
    if len(names) <= alone:
        return names
    # A parameter counts by the claim in which it stands out most.
    with np.errstate(all="ignore"):
        best = np.max([np.nan_to_num(sizes / noise) for sizes, noise in pawn.values()], axis=0)
    strongest = sorted(range(len(names)), key=lambda k: (-best[k], names[k]))[:alone]
    return sorted(names[k] for k in strongest)


def _problem(names: Sequence[str], groups: Sequence[str] | None = None) -> dict[str, Any]:
    out: dict[str, Any] = {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}
    return out | ({"groups": list(groups)} if groups else {})


def _design(
    salib: Any,
    parameters: Sequence[Parameter],
    moving: Sequence[Parameter],
    chosen: Sequence[str],
    rows: int,
    seed: int,
) -> dict[str, Array]:
    """Saltelli's design, parameter -> [rows * (groups + 2)], row by row."""
    # Columns are given out in the order of names: that of declaration changes nothing.
    order = [*chosen, *(p.name for p in moving if p.name not in chosen)]
    groups = [*chosen, *[" together"] * (len(order) - len(chosen))]
    problem = _problem(order, groups if len(set(groups)) > 1 else None)
    if len(set(groups)) == 1 and len(order) > 1:
        raise refuse("nothing-alone", "at least one parameter has to be asked about by itself")
    u = salib.sample.sobol.sample(problem, rows, calc_second_order=False, seed=seed + 1)
    u = np.clip(u, EDGE, 1 - EDGE)
    by_name = {p.name: p for p in parameters}
    points = {name: quantile(by_name[name].prior, u[:, k]) for k, name in enumerate(order)}
    middle = {p.name: np.full(len(u), float(quantile(p.prior, 0.5))) for p in parameters}
    return {p.name: points.get(p.name, middle[p.name]) for p in parameters}


def _pawn(
    salib: Any, moving: Sequence[Parameter], plain: Judged, out: Outcome, seed: int
) -> tuple[Array, float]:
    """PAWN [parameter] and the level that a parameter without influence stays below in 95% of cases."""
    good = np.isfinite(out.margins)
    y = out.margins[good]
    if len(y) < FEWEST_DRAWS or np.ptp(y) == 0:
        return np.full(len(moving), np.nan), float("nan")
    stream = np.random.default_rng([seed, 7])
    dummies = [stream.permutation(len(y)).astype(float) for _ in range(SHUFFLES)]
    values = np.stack([plain.points[p.name][good] for p in moving] + dummies, 1)
    names = [p.name for p in moving] + [f" {k}" for k in range(SHUFFLES)]
    with np.errstate(all="ignore"):
        found = salib.analyze.pawn.analyze(_problem(names), values, y, S=SLICES)
    sizes = np.asarray(found["median"], float)
    return sizes[: len(moving)], float(np.quantile(sizes[len(moving) :], 0.95))


def _decided(
    salib: Any,
    claim: str,
    plain: Outcome,
    design: Outcome | None,
    groups: Sequence[tuple[str, ...]],
    width: int,
    pawn: tuple[Array, float],
    seed: int,
) -> Decided:
    sizes, noise = pawn
    names = sorted(name for group in groups for name in group)
    by_name = dict(zip(names, sizes.tolist(), strict=True))
    y = np.zeros((0, width)) if design is None else _rows(design.margins, width)
    good = np.isfinite(y).all(1)
    kept = y[good]
    spread = float(np.std(kept)) if len(kept) else float("nan")
    indices = np.full((len(groups), 4), np.nan)
    # A spread that is rounding is none.
    if len(kept) >= FEWEST_ROWS and spread > 1e-9 * max(1.0, float(np.abs(kept).max())):
        indices = _indices(salib, kept, len(groups), seed)
    elif len(kept) >= FEWEST_ROWS:
        spread = 0.0
    influences = [
        Influence(
            parameters=group,
            first=float(row[0]),
            first_error=float(row[1]),
            total=float(row[2]),
            total_error=float(row[3]),
            pawn=by_name[group[0]] if len(group) == 1 else float("nan"),
        )
        for group, row in zip(groups, indices, strict=True)
    ]
    influences.sort(key=lambda i: (-np.nan_to_num(i.total), -np.nan_to_num(i.pawn), i.parameters))
    n, solved, holds = len(plain.margins), int(plain.solved.sum()), int(plain.holds.sum())
    return Decided(
        claim=claim,
        n=n,
        failed=n - solved,
        share=holds / solved if solved else float("nan"),
        error=share_error(holds, solved),
        unit=plain.unit,
        rows=len(kept),
        lost=len(y) - len(kept),
        spread=spread,
        influences=tuple(influences),
        noise=noise,
    )


def _rows(margins: Array, width: int) -> Array:
    """[row, point] the whole rows that were finished."""
    whole = len(margins) // width
    return margins[: whole * width].reshape(whole, width)


def _indices(salib: Any, y: NDArray[np.float64], groups: int, seed: int) -> Array:
    """[group, (first, error, total, error)] of margins [row, point]."""
    names = [f"x{k}" for k in range(groups)]
    found = salib.analyze.sobol.analyze(
        _problem(names), y.reshape(-1), calc_second_order=False, num_resamples=200, seed=seed + 1
    )
    return np.stack([np.asarray(found[k], float) for k in ("S1", "S1_conf", "ST", "ST_conf")], 1)
