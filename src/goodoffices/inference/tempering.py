"""Draws from a posterior by adaptive tempered sequential Monte Carlo, waste-free, over batches of likelihoods.

Receives functions from points [n, d] of a space with a unit normal prior to the terms [n, i] of their log-likelihood, from
coarse to fine; returns a `Run`: the cloud at every temperature, the last one distributed as the posterior, and the logarithm
of the evidence. Points at which the likelihood is not a number have none, and are counted.

At each temperature a few points are chosen by weight and each is the beginning of a Markov chain; *all* states of all
chains are the next cloud (waste-free: Dau and Chopin 2022). The next temperature is the one that keeps a given share of the
cloud effective (Jasra and others 2011). Chains propose by a Crank-Nicolson step that keeps the normal distribution with the
cloud's own mean and covariance (Cotter and others 2013; Rudolf and Sprungk 2018), so that one number, the step's size, is
tuned. A finer likelihood is reached from the coarse one as from a prior, its proposals screened by the coarse one first
(delayed acceptance: Christen and Fox 2005).

Every temperature has a random stream of its own, so that a run that is taken up again is the run that was not stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from goodoffices.inference.prior_space import Floats
from goodoffices.inference.weights import systematic

Terms = Callable[[Floats], Floats]
"""Points [n, d] -> [n, i] additive terms of the log-likelihood."""
Levels = Sequence["Terms | Longer"]
LEAST_STEP, MOST_STEP = 0.05, 1.0
WANTED = 0.3
"""Share of proposals that should be accepted."""
MOST_TEMPERATURES = 400


@dataclass(frozen=True)
class Longer:
    """A likelihood that only adds terms to the one before it, as a longer record does: nothing is computed twice."""

    terms: Terms
    earlier: int
    """Number of its first terms that are the likelihood before it."""


@dataclass(frozen=True)
class Tempering:
    """How a posterior is drawn from."""

    chains: int = 32
    """Markov chains at each temperature, moved together."""
    length: int = 16
    """States of each; chains times length is the size of the cloud."""
    keep: float = 0.5
    """Share of the cloud that stays effective from one temperature to the next."""
    seed: int = 1
    last: int = 1
    """How many times as long the chains are at the very last temperature, whose cloud is the result: what leads there
    only has to show the way."""

    @property
    def size(self) -> int:
        """Points in a cloud."""
        return self.chains * self.length


@dataclass(frozen=True, eq=False)
class Cloud:
    """Points at one temperature of one likelihood. Index letters n point, d coordinate, i term of the likelihood."""

    level: int
    """Which likelihood, from zero."""
    exponent: float
    """Of that likelihood relative to the one before it; one is the likelihood itself."""
    points: Floats
    """[n, d]; the states of each chain follow each other."""
    terms: Floats
    """[n, i] of the level's likelihood; minus infinity in the first term where it is not a number."""
    base: Floats
    """[n] logarithm of the previous level's likelihood; zero at the first."""
    log_evidence: float
    """Of everything up to this temperature."""
    step: float
    """Size of the moves that come next, between zero and one."""
    accepted: float
    """Share of the proposals that led here."""
    effective: float
    """Points that were effective when the temperature was raised to this one (Kish)."""
    evaluations: tuple[int, ...]
    """[level] likelihoods computed so far."""
    unsolved: tuple[int, ...]
    """[level] of them, those that were not a number."""
    number: int = 0
    """Of the cloud in its run, from zero."""

    @property
    def likelihood(self) -> Floats:
        """[n] logarithm of the level's likelihood."""
        return self.terms.sum(1)

    def tempered(self) -> Floats:
        """[n] logarithm of what multiplies the prior at this temperature."""
        return mixed(self.base, self.likelihood, self.exponent)


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run."""

    settings: Tempering
    clouds: tuple[Cloud, ...] = field(repr=False)
    """From the prior to the posterior."""

    @property
    def last(self) -> Cloud:
        """The cloud that is distributed as the posterior."""
        return self.clouds[-1]

    @property
    def log_evidence(self) -> float:
        """Natural logarithm of the likelihood's mean over the prior."""
        return self.last.log_evidence


def mixed(base: Floats, likelihood: Floats, exponent: float) -> Floats:
    """Logarithm of base**(1 - exponent) * likelihood**exponent; what is impossible stays so at any positive exponent."""
    if exponent == 0:
        return base
    if exponent == 1:
        return likelihood
    with np.errstate(invalid="ignore"):
        found = (1 - exponent) * base + exponent * likelihood
    return np.where(np.isnan(found), -np.inf, found)


def temper(
    levels: Levels,
    size: int,
    settings: Tempering,
    *,
    clouds: Sequence[Cloud] = (),
    watch: Callable[[Sequence[Cloud]], None] | None = None,
) -> Run:
    """Go from the prior to the posterior.

    Args:
        levels: Likelihoods from coarse to fine, or of ever longer records; the last is the one that is meant.
        size: Number of coordinates d.
        clouds: Of an earlier run with the same arguments, to go on from.
        watch: Told of all clouds after each temperature.

    Raises:
        ValueError: The likelihood is nothing at every point, or does not come to an end.
    """
    found = list(clouds) or [_prior(_terms(levels[0]), size, settings, len(levels))]
    if watch is not None and not clouds:
        watch(found)
    while found[-1].level < len(levels) - 1 or found[-1].exponent < 1:
        found.append(_advance(levels, found[-1], settings))
        if watch is not None:
            watch(found)
        if len(found) > MOST_TEMPERATURES:
            raise ValueError(f"the posterior was not reached in {MOST_TEMPERATURES} temperatures")
    return Run(settings, tuple(found))


def _prior(terms: Terms, size: int, settings: Tempering, levels: int) -> Cloud:
    rng = np.random.default_rng([settings.seed, 0])
    points = rng.standard_normal((settings.size, size))
    values, bad = evaluate(terms, points)
    counts = (len(points),) + (0,) * (levels - 1)
    return Cloud(
        0, 0.0, points, values, np.zeros(len(points)), 0.0, 0.5, 1.0, float(len(points)),
        counts, (bad,) + (0,) * (levels - 1),
    )  # fmt: skip


def _advance(levels: Levels, cloud: Cloud, settings: Tempering) -> Cloud:
    """Raise the temperature as far as the cloud allows, choose points by weight, and let chains run from them."""
    if cloud.exponent == 1:
        cloud = _refine(levels, cloud)
    gain = cloud.likelihood - cloud.base
    if not np.isfinite(cloud.likelihood).any():
        raise ValueError("the record has no likelihood at any point of the cloud")
    exponent = _next_exponent(gain, cloud.exponent, settings.keep * len(gain))
    logs = _scaled(gain, exponent - cloud.exponent)
    weights = np.exp(logs - logs.max())
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    evidence = cloud.log_evidence + float(np.log(weights.mean()) + logs.max())
    weights /= weights.sum()
    rng = np.random.default_rng([settings.seed, cloud.number + 1])
    chosen = systematic(weights, settings.chains, rng)
    moves = _Moves(levels, cloud, exponent, weights)
    states = [(cloud.points[chosen], cloud.terms[chosen], cloud.base[chosen])]
    accepted = 0.0
    final = exponent == 1 and cloud.level == len(levels) - 1
    length = settings.length * (settings.last if final else 1)
    for _ in range(length - 1):
        state, share = moves.move(states[-1], rng)
        states.append(state)
        accepted += share / max(1, length - 1)
    points, terms, base = (_interleave([s[i] for s in states]) for i in range(3))
    step = float(np.clip(cloud.step * np.exp(2 * (accepted - WANTED)), LEAST_STEP, MOST_STEP))
    return Cloud(
        cloud.level, exponent, points, terms, base, evidence, step, accepted, effective,
        tuple(moves.evaluations), tuple(moves.unsolved), cloud.number + 1,
    )  # fmt: skip


def _refine(levels: Levels, cloud: Cloud) -> Cloud:
    """The same points under the next finer likelihood, at exponent zero."""
    level = cloud.level + 1
    terms, bad = evaluate(_terms(levels[level]), cloud.points)
    evaluations, unsolved = list(cloud.evaluations), list(cloud.unsolved)
    evaluations[level] += len(terms)
    unsolved[level] += bad
    return replace(
        cloud,
        level=level,
        exponent=0.0,
        terms=terms,
        base=cloud.likelihood,
        evaluations=tuple(evaluations),
        unsolved=tuple(unsolved),
    )


State = tuple[Floats, Floats, Floats]
"""Points [m, d], terms [m, i] and base [m] of the chains."""


class _Moves:
    """Moves that leave one tempered posterior as it is."""

    def __init__(self, levels: Levels, cloud: Cloud, exponent: float, weights: Floats) -> None:
        self.level, self.exponent, self.size = cloud.level, exponent, cloud.step
        here = levels[cloud.level]
        self.earlier = here.earlier if isinstance(here, Longer) and cloud.level else None
        self.fine = _terms(here)
        screened = cloud.level and self.earlier is None
        self.coarse = _terms(levels[cloud.level - 1]) if screened else None
        self.evaluations, self.unsolved = list(cloud.evaluations), list(cloud.unsolved)
        self.centre = weights @ cloud.points
        spread = cloud.points - self.centre
        covariance = (spread * weights[:, None]).T @ spread
        # Few points say little about many coordinates: what they say is mixed with the prior's unit covariance.
        d, known = cloud.points.shape[1], 1 / float((weights**2).sum())
        share = known / (known + d)
        self.root = np.linalg.cholesky(share * covariance + (1 - share) * np.eye(d))

    def move(self, state: State, rng: np.random.Generator) -> tuple[State, float]:
        """The chains' next states, and the share of proposals that were accepted."""
        points, terms, base = state
        count = len(points)
        noise = rng.standard_normal(points.shape)
        luck = np.log(rng.random((2, count)))
        there = (
            self.centre + np.sqrt(1 - self.size**2) * (points - self.centre) + self.size * noise @ self.root.T
        )
        # The step keeps the cloud's normal distribution, so that only the ratio to it decides.
        ratio = self._prior_ratio(there) - self._prior_ratio(points)
        if self.coarse is None:
            new = self._count(self.fine, there, self.level)
            new_base = base * 0 if self.earlier is None else new[:, : self.earlier].sum(1)
            target = mixed(new_base, new.sum(1), self.exponent), mixed(base, terms.sum(1), self.exponent)
            good = luck[0] < ratio + _difference(*target)
        else:
            new_base = self._count(self.coarse, there, self.level - 1).sum(1)
            passed = np.flatnonzero(luck[0] < ratio + _difference(new_base, base))
            new = terms.copy()
            if len(passed):
                new[passed] = self._count(self.fine, there[passed], self.level)
            good = np.zeros(count, dtype=bool)
            rise = mixed(new_base, new.sum(1), self.exponent) - new_base
            stood = mixed(base, terms.sum(1), self.exponent) - base
            good[passed] = luck[1][passed] < _difference(rise, stood)[passed]
        keep = good[:, None]
        after = np.where(keep, there, points), np.where(keep, new, terms), np.where(good, new_base, base)
        return after, float(good.mean())

    def _prior_ratio(self, points: Floats) -> Floats:
        """Logarithm of the prior's density over that of the cloud's normal distribution, but for a constant."""
        own = np.linalg.solve(self.root, (points - self.centre).T)
        return 0.5 * (own**2).sum(0) - 0.5 * (points**2).sum(1)

    def _count(self, terms: Terms, points: Floats, level: int) -> Floats:
        values, bad = evaluate(terms, points)
        self.evaluations[level] += len(points)
        self.unsolved[level] += bad
        return values


def _terms(level: Terms | Longer) -> Terms:
    return level.terms if isinstance(level, Longer) else level


def evaluate(terms: Terms, points: Floats) -> tuple[Floats, int]:
    """Terms with unsolved rows made impossible, and the number of these."""
    values = np.array(terms(points), dtype=float)
    bad = np.asarray(np.isnan(values).any(1))
    values[bad] = 0.0
    values[bad, 0] = -np.inf
    return values, int(bad.sum())


def _difference(new: Floats, old: Floats) -> Floats:
    """new - old, where from an impossible state everything possible is better."""
    with np.errstate(invalid="ignore"):
        found = new - old
    return np.where(np.isneginf(new) | np.isnan(new), -np.inf, np.where(np.isnan(found), np.inf, found))


def _scaled(gain: Floats, by: float) -> Floats:
    with np.errstate(invalid="ignore"):
        found = by * gain
    return np.where(np.isnan(found), -np.inf, found)


def _next_exponent(gain: Floats, exponent: float, wanted: float) -> float:
    """The greatest exponent up to one at which so many points stay effective, by bisection."""

    def enough(candidate: float) -> bool:
        logs = _scaled(gain, candidate - exponent)
        weights = np.exp(logs - logs.max())
        return bool(weights.sum() ** 2 >= wanted * (weights**2).sum())

    if enough(1.0):
        return 1.0
    low, high = exponent, 1.0
    # Points without likelihood fall away at any exponent, however small; then the step is as small as can be told apart.
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if enough(middle) else (low, middle)
    return low if low - exponent > 1e-9 else min(1.0, exponent + 1e-4)


def _interleave(states: list[Floats]) -> Floats:
    """[m * length, ...] chain by chain from [m, ...] step by step."""
    stacked = np.stack(states, 1)
    return stacked.reshape(-1, *stacked.shape[2:])
