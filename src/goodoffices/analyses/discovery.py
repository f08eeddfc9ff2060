"""Scenario discovery: the fewest readable rules that separate worlds where a claim holds from worlds where it fails.

Receives parameters with priors and a claim judged at independent draws; returns a `Discovery`: boxes over parameters, each
with its coverage and density on worlds that it was not made from, how often resampling finds the same parameters, and
whether chance could have made it. A rule that shuffled verdicts yield as well is not given.

Source: Bryant and Lempert (2010), Technological Forecasting and Social Change 77, 34-49 (boxes, coverage and density,
resampling); the boxes themselves are those of `peeling`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goodoffices.analyses.asking import Judged
from goodoffices.analyses.peeling import LEAST_WORLDS, Bools, Box, Floats, Score, find_box, score
from goodoffices.claims.verdicts import share_error
from goodoffices.claims.wording import share_text
from goodoffices.language.scenario import Parameter

MOST_RULES = 3
MOST_LIMITS = 4
"""Parameters that one rule limits: a reader keeps no more in mind."""
RESAMPLES = 20
SHUFFLES = 39
"""Shuffled verdicts against which a rule is tried: it has to separate better than all of them (a level of 1 in 40)."""


@dataclass(frozen=True)
class Limit:
    """What a rule demands of one parameter."""

    parameter: str
    low: float | None
    """At least this, where there is a limit."""
    high: float | None
    """At most this, where there is a limit."""
    found_again: float
    """Share of resamples whose rule limits the parameter from the same side."""

    @property
    def text(self) -> str:
        """`recognition ≤ 0.62`, `0.1 ≤ odds ≤ 0.4`."""
        if self.low is not None and self.high is not None:
            return f"{number(self.low)} ≤ {self.parameter} ≤ {number(self.high)}"
        if self.low is not None:
            return f"{self.parameter} ≥ {number(self.low)}"
        return f"{self.parameter} ≤ {number(self.high if self.high is not None else float('nan'))}"


@dataclass(frozen=True)
class Rule:
    """A box over parameters."""

    limits: tuple[Limit, ...]
    """All have to be met; by parameter."""
    worlds: int
    """Draws that meet them."""
    coverage: float
    """Share of the worlds of the kind that meet the rule."""
    density: float
    """Share of the worlds that meet the rule that are of the kind."""
    density_error: float
    """Monte Carlo standard error."""
    tested_coverage: float
    """Coverage of rules made from resamples, on the worlds left out of them: mean."""
    tested_density: float
    """Density of the same; of later rules, both among the worlds that the earlier ones do not cover."""
    tested_error: float
    """Standard deviation of that density over the resamples."""
    chance: float
    """The p-value: share of verdicts, the found ones and shuffled ones, that gave a rule as good."""

    @property
    def text(self) -> str:
        """The rule as one condition."""
        return " and ".join(limit.text for limit in self.limits)


@dataclass(frozen=True, eq=False)
class Discovery:
    """The rules for one claim."""

    claim: str
    kind: str
    """`holds` or `fails`: which worlds the rules describe."""
    rules: tuple[Rule, ...]
    """Later ones are made for worlds that the earlier ones do not cover; coverage is that of each rule by itself."""
    together: Score | None
    """Of worlds that meet at least one rule; None without rules."""
    n: int
    """Draws."""
    failed: int
    """Of them not solved; they are in no count."""
    share: float
    """Share of solved draws of the kind."""
    error: float
    """Its Monte Carlo standard error."""
    why_none: str | None
    """Where there is no rule, why."""
    draws: Mapping[str, Floats]
    """Parameter -> [b] of the solved draws."""
    meant: NDArray[np.bool_]
    """[b] solved draws of the kind."""
    seed: int
    games: int
    interrupted: bool

    @property
    def sentence(self) -> str:
        """The finding in a sentence, with counts and errors."""
        solved = self.n - self.failed
        opening = (
            f"`{self.claim}` {self.kind} in {share_text(self.share, self.error)} of {solved} prior draws"
        )
        if not self.rules or self.together is None:
            return f"{opening}; no rule describes these worlds: {self.why_none}."
        rule = self.rules[0]
        same = f"It {self.kind} in {share_text(rule.density, rule.density_error)} of the {rule.worlds} draws with"
        more = len(self.rules) - 1
        others = (
            (" One more rule covers others." if more == 1 else f" {more} more rules cover others.")
            if more
            else ""
        )
        return (
            f"{opening}. {same} {rule.text}, and these are {rule.coverage:.0%} of all draws in which it {self.kind}."
            + others
        )


def number(value: float) -> str:
    """A limit as it was rounded: the shortest decimal."""
    return f"{value:.10g}"


def discover(
    parameters: Sequence[Parameter],
    judged: Judged,
    claim: str,
    *,
    kind: str = "rarer",
    most_rules: int = MOST_RULES,
    most_limits: int = MOST_LIMITS,
    seed: int = 1,
) -> Discovery:
    """Find rules for the worlds in which a claim holds, or fails.

    Args:
        parameters: of the scenario; those with fixed values are left out.
        judged: claims at independent draws from the priors.
        claim: which of the claims.
        kind: `holds`, `fails`, or `rarer` for what is true of fewer draws.
        most_rules: rules at most.
        most_limits: parameters that one rule limits at most.
        seed: of resamples and shuffles.
    """
    out = judged.claims[claim]
    good = out.solved
    names = sorted(p.name for p in parameters if p.prior.name != "fixed")
    draws = {name: judged.points[name][good] for name in names}
    holds = out.holds[good]
    if kind == "rarer":
        kind = "holds" if holds.mean() < 0.5 else "fails" if len(holds) else "holds"
    meant = holds if kind == "holds" else ~holds
    values = np.stack([draws[name] for name in names]) if names else np.zeros((0, len(meant)))
    rules, boxes, why = _rules(names, values, meant, most_rules, most_limits, seed)
    inside = np.zeros(len(meant), dtype=bool)
    for box in boxes:
        inside |= box.inside(values)
    return Discovery(
        claim=claim,
        kind=kind,
        rules=tuple(rules),
        together=score(inside, meant) if rules else None,
        n=len(good),
        failed=int((~good).sum()),
        share=float(meant.mean()) if len(meant) else float("nan"),
        error=share_error(int(meant.sum()), len(meant)),
        why_none=None if rules else why,
        draws=draws,
        meant=meant,
        seed=seed,
        games=judged.games,
        interrupted=judged.interrupted,
    )


def _rules(
    names: Sequence[str], values: Floats, meant: Bools, most: int, limits: int, seed: int
) -> tuple[list[Rule], list[Box], str]:
    rules: list[Rule] = []
    boxes: list[Box] = []
    if not len(names):
        return rules, boxes, "no parameter varies"
    if min(int(meant.sum()), int((~meant).sum())) < LEAST_WORLDS:
        return rules, boxes, f"fewer than {LEAST_WORLDS} draws are of one kind"
    left = np.ones(len(meant), dtype=bool)
    for k in range(most):
        if int((meant & left).sum()) < LEAST_WORLDS or bool(meant[left].all()):
            break
        here, right = values[:, left], meant[left]
        box = find_box(here, right, most=limits)
        if box is None:
            break
        box = _rounded(box, here, right)
        stream = np.random.default_rng([seed, k])
        reached = score(box.inside(here), right).balance
        chance = _chance(here, right, reached, limits, stream)
        if chance > 1 / (SHUFFLES + 1):
            break
        rules.append(_rule(names, box, values, meant, here, right, limits, chance, stream))
        boxes.append(box)
        left &= ~box.inside(values)
    return rules, boxes, "none separates better than what shuffled verdicts yield"


def _chance(values: Floats, meant: Bools, reached: float, limits: int, stream: np.random.Generator) -> float:
    """The p-value of a rule: how often shuffled verdicts give one as good."""
    as_good = 0
    for _ in range(SHUFFLES):
        shuffled = stream.permutation(meant)
        box = find_box(values, shuffled, most=limits)
        as_good += box is not None and score(box.inside(values), shuffled).balance >= reached
        if as_good:
            break  # already more than the level allows
    return (1 + as_good) / (1 + SHUFFLES)


def _rule(
    names: Sequence[str],
    box: Box,
    values: Floats,
    meant: Bools,
    here: Floats,
    right: Bools,
    limits: int,
    chance: float,
    stream: np.random.Generator,
) -> Rule:
    again = np.zeros((2, len(names)))
    tested: list[tuple[float, float]] = []
    for _ in range(RESAMPLES):
        chosen = stream.integers(0, len(right), len(right))
        out = np.ones(len(right), dtype=bool)
        out[chosen] = False
        found = find_box(here[:, chosen], right[chosen], most=limits)
        if found is None:
            continue
        again += np.isfinite(np.stack([found.low, found.high]))
        counted = score(found.inside(here[:, out]), right[out])
        if counted.worlds and counted.all_meant:
            tested.append((counted.coverage, counted.density))
    seen = score(box.inside(values), meant)
    shown: list[Limit] = []
    for k in box.limited():
        low, high = float(box.low[k]), float(box.high[k])
        sides = [side for side, limit in enumerate((low, high)) if np.isfinite(limit)]
        shown.append(
            Limit(
                names[int(k)],
                low if np.isfinite(low) else None,
                high if np.isfinite(high) else None,
                float(min(again[side, k] for side in sides) / RESAMPLES),
            )
        )
    means = np.array(tested) if tested else np.full((1, 2), np.nan)
    return Rule(
        limits=tuple(shown),
        worlds=seen.worlds,
        coverage=seen.coverage,
        density=seen.density,
        density_error=share_error(seen.meant, seen.worlds),
        tested_coverage=float(means[:, 0].mean()),
        tested_density=float(means[:, 1].mean()),
        tested_error=float(means[:, 1].std()),
        chance=chance,
    )


def _rounded(box: Box, values: Floats, meant: Bools) -> Box:
    """The same box with its limits in as few digits as lose nothing that matters (a hundredth of the balance)."""
    before = score(box.inside(values), meant).balance
    for k in box.limited():
        for side in ("low", "high"):
            limit = float(getattr(box, side)[k])
            if not np.isfinite(limit):
                continue
            for digits in range(2, 16):
                shorter = float(f"{limit:.{digits - 1}e}")
                tried = box.changed(int(k), **{side: shorter})
                if score(tried.inside(values), meant).balance >= before * 0.99:
                    box = tried
                    break
    return box
