"""How answers change with each parameter at the medians of the priors: derivatives, in two units.

Receives parameters with priors and a `Judge`; returns `Slopes`. Each parameter is moved a little to both sides, in the
standard-normal coordinate of its prior; a slope is the difference quotient. What it says is local: of worlds far from
the medians nothing is known. Where the two sides disagree there is a kink, and the slope is the mean of both. Parameters with
a prior of a few values have no slopes and are named. What was not solved has no slope.

On a grid of beliefs, slopes are those of the grid's solution. They settle later than values do as the grid is refined, above
all where strategies turn sharply in a belief, so `compare_grids` puts beside each the change from a coarser grid.

To first order a claim flips where its margin is used up: at margin / |slopes| standard deviations in the direction of
steepest change (the first step of the search of Hasofer and Lind 1974 for the nearest such point).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from goodoffices.analyses.asking import Judge, Outcome
from goodoffices.claims.tipping import varying
from goodoffices.compiler.expressions import Array
from goodoffices.language.priors import median, quantile
from goodoffices.language.scenario import Parameter

STEP = 1e-3
"""Prior standard deviations to each side: far above what a solver's tolerance leaves of a difference, and short enough
that what is left out, of the order of its square, does not show."""
KINK = 0.02
"""Two sides that differ by more than this share of the larger make a kink."""
NONE = 1e-6
"""A change for a standard deviation of at most this much is none: solutions are not more exact."""
LITTLE = 0.001
"""Changes that are smaller are not told to a digit in sentences."""
FAR = 100
"""Prior standard deviations beyond which a distance is not told."""


@dataclass(frozen=True)
class Slope:
    """What one parameter does to one answer."""

    parameter: str
    unit: str | None
    at: float
    """The prior median."""
    deviation: float
    """Change of the parameter for one prior standard deviation, at the median."""
    per_unit: float
    """Change of the answer for one unit of the parameter."""
    per_deviation: float
    """Change of the answer for one prior standard deviation."""
    kink: bool
    """Whether the answer bends here, so that the slope is the mean of two."""
    by_grid: float = 0.0
    """How far `per_deviation` is from that of a coarser grid; zero where there is no grid."""

    @property
    def clear(self) -> bool:
        """Whether there is a slope, and the grid leaves no doubt of its sign."""
        return abs(self.per_deviation) > max(NONE, self.by_grid)


@dataclass(frozen=True)
class Sloped:
    """One answer and its slopes."""

    question: str
    unit: str
    """That of the quantity, or of the claim's margin."""
    is_claim: bool
    at: float
    """The quantity, or the claim's margin, with every parameter at its prior median."""
    slopes: tuple[Slope, ...]
    """The steepest first, by `per_deviation`."""

    @property
    def distance(self) -> float:
        """Prior standard deviations after which a claim would flip, to first order; infinite where nothing moves it."""
        steepness = math.hypot(*(s.per_deviation for s in self.slopes))
        return abs(self.at) / steepness if steepness > NONE else math.inf

    @property
    def sentence(self) -> str:
        """The finding in a sentence."""
        if math.isnan(self.at):
            return f"`{self.question}` has no answer at the medians of the priors."
        if self.is_claim:
            state = "holds" if self.at >= 0 else "does not hold"
            opening = f"`{self.question}` {state} at the prior medians, by {abs(self.at):.3g} ({self.unit})"
        else:
            opening = f"`{self.question}` is {self.at:.3g} at the prior medians"
        moving = [s for s in self.slopes if s.clear]
        if not moving:
            known = all(abs(s.per_deviation) <= NONE for s in self.slopes)
            return f"{opening}; no parameter {'moves it there' if known else 'has a slope that the grid settles'}."
        named = [f"{_amount(s)} with `{s.parameter}`" for s in moving[:3]]
        listed = named[0] if len(named) == 1 else ", ".join(named[:-1]) + " and " + named[-1]
        what = "its margin changes" if self.is_claim else "it changes"
        text = f"{opening}. For one prior standard deviation {what} by {listed}"
        doubt = math.hypot(*(s.by_grid for s in self.slopes))
        if self.is_claim and doubt < math.hypot(*(s.per_deviation for s in self.slopes)) / 2:
            far = f"{self.distance:.2g}" if self.distance < FAR else f"more than {FAR}"
            text += f"; to first order it flips {far} standard deviations away"
        return text + "."


def _amount(slope: Slope) -> str:
    """`+0.21`, with what the grid leaves open."""
    doubt = f" (± {slope.by_grid:.1g} by grid)" if slope.by_grid > 0.05 * abs(slope.per_deviation) else ""
    if abs(slope.per_deviation) < LITTLE:
        return f"less than {LITTLE:g}"
    return f"{slope.per_deviation:+.2g}{doubt}"


@dataclass(frozen=True, eq=False)
class Slopes:
    """Answers and their slopes."""

    answers: tuple[Sloped, ...]
    left_out: tuple[str, ...]
    """Parameters whose prior is a few values."""
    games: int
    """Games that the judge was asked for."""
    step: float


def find_slopes(
    parameters: Sequence[Parameter],
    judge: Judge,
    *,
    claims: frozenset[str] = frozenset(),
    step: float = STEP,
) -> Slopes:
    """The slopes of every answer in every uncertain parameter.

    Args:
        parameters: of the scenario, all of them.
        judge: gives the margins of claims. A quantity is asked for as the claim that it is not negative.
        claims: names of what are claims and not quantities.
        step: prior standard deviations to each side.

    Raises:
        KeyboardInterrupt: stopped before all points were finished.
    """
    moved = [p for p in varying(parameters) if p.prior.name != "discrete"]
    left_out = tuple(p.name for p in varying(parameters) if p.prior.name == "discrete")
    points = _points(parameters, moved, step)
    found = judge(points)
    if found.interrupted:
        raise KeyboardInterrupt
    answers = tuple(
        _sloped(name, outcome, moved, points, step, is_claim=name in claims)
        for name, outcome in found.claims.items()
    )
    return Slopes(answers, left_out, found.games, step)


def compare_grids(fine: Slopes, coarse: Slopes) -> Slopes:
    """The slopes on a fine grid, each with how far it is from that on a coarser one."""
    answers: list[Sloped] = []
    for answer, other in zip(fine.answers, coarse.answers, strict=True):
        there = {s.parameter: s.per_deviation for s in other.slopes}
        # What the coarser grid did not solve says nothing for the finer one.
        slopes = tuple(
            dataclasses.replace(
                s, by_grid=abs(s.per_deviation - there[s.parameter]) if s.parameter in there else math.inf
            )
            for s in answer.slopes
        )
        answers.append(dataclasses.replace(answer, slopes=slopes))
    return dataclasses.replace(fine, answers=tuple(answers), games=fine.games + coarse.games)


def _points(parameters: Sequence[Parameter], moved: Sequence[Parameter], step: float) -> dict[str, Array]:
    """The medians, then each moved parameter below and above its own."""
    from importlib import import_module

    normal = import_module("scipy.special")  # without type stubs
    points = {p.name: np.full(1 + 2 * len(moved), median(p.prior)) for p in parameters}
    sides: Array = normal.ndtr(np.array([-step, step]))
    for k, parameter in enumerate(moved):
        points[parameter.name][1 + 2 * k : 3 + 2 * k] = quantile(parameter.prior, sides)
    return points


def _sloped(
    question: str,
    outcome: Outcome,
    moved: Sequence[Parameter],
    points: Mapping[str, Array],
    step: float,
    *,
    is_claim: bool,
) -> Sloped:
    sizes = outcome.margins
    slopes: list[Slope] = []
    for k, parameter in enumerate(moved):
        values, sides = points[parameter.name], slice(1 + 2 * k, 3 + 2 * k)
        (low, high), (less, more) = values[sides].tolist(), sizes[sides].tolist()
        below, above = (float(sizes[0]) - less) / step, (more - float(sizes[0])) / step
        mean = (more - less) / (2 * step)
        width = (high - low) / (2 * step)
        bent = abs(above - below) > max(KINK * max(abs(above), abs(below)), 2 * NONE)
        slopes.append(
            Slope(
                parameter.name,
                parameter.unit,
                float(values[0]),
                width,
                mean / width if width > 0 else math.nan,
                mean,
                bent,
            )
        )
    known = [s for s in slopes if math.isfinite(s.per_deviation)]
    known.sort(key=lambda s: (-abs(s.per_deviation), s.parameter))
    return Sloped(question, outcome.unit, is_claim, float(sizes[0]), tuple(known))
