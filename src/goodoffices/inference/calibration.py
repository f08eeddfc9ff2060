"""Simulation-based calibration: whether posteriors mean what they say, on records whose parameters are known.

Receives how to draw a record from parameters and how to fit one; returns a `Calibration`. Parameters are drawn from the
prior, a record from them, a posterior from the record: the rank of the truth among the posterior's draws is uniform, and an
interval holds the truth as often as it says, if everything is right (Talts and others 2018).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from goodoffices.inference.importance import Importance
from goodoffices.inference.likelihood import SolveTalks, solve_by_grid
from goodoffices.inference.prior_space import Floats, PriorSpace, prior_space
from goodoffices.inference.sampling import sample
from goodoffices.inference.tempering import Terms
from goodoffices.language.scenario import Scenario

BINS = 8
RANKED = 63
"""Draws that a truth is ranked among."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Ranks of the truth. Index letters s synthetic record, d parameter."""

    names: tuple[str, ...]
    """[d]"""
    shares: Floats
    """[s, d] share of posterior draws below the truth, ties broken by chance."""
    log_evidence: Floats
    """[s]"""

    def coverage(self, level: float) -> Floats:
        """[d] share of records whose central interval of this level holds the truth."""
        tail = (1 - level) / 2
        return ((self.shares >= tail) & (self.shares <= 1 - tail)).mean(0)

    def uniformity(self) -> Floats:
        """[d] p-value of a chi-squared test that the ranks are uniform, over eight bins."""
        from goodoffices.inference.prior_space import special

        count = len(self.shares)
        out = np.empty(len(self.names))
        for d in range(len(self.names)):
            found = np.histogram(self.shares[:, d], bins=BINS, range=(0, 1))[0]
            statistic = float(((found - count / BINS) ** 2 / (count / BINS)).sum())
            out[d] = special().chdtrc(BINS - 1, statistic)
        return out


def calibrate(
    names: tuple[str, ...],
    simulate: Callable[[Floats], list[Terms]],
    *,
    records: int,
    settings: Importance,
) -> Calibration:
    """Draw parameters and records, and fit each.

    Args:
        names: [d] of the coordinates.
        simulate: Points [s, d] -> the likelihood of a record drawn at each of them.
        records: How many.
        settings: Of each fit; its seed also draws the truths.
    """
    rng = np.random.default_rng([settings.seed, 41])
    truth = rng.standard_normal((records, len(names)))
    shares, evidence = np.empty(truth.shape), np.empty(records)
    for s, terms in enumerate(simulate(truth)):
        run = sample([terms], len(names), replace(settings, seed=settings.seed * 100_003 + s))
        draws = run.points[run.draw(RANKED)]
        below = (draws < truth[s]).sum(0)
        shares[s] = (below + rng.random(len(names))) / (RANKED + 1)
        evidence[s] = run.log_evidence
    return Calibration(names, shares, evidence)


def calibrate_scenario(
    scenario: Scenario,
    *,
    rounds: int,
    records: int,
    settings: Importance,
    nodes: int = 5,
    solve: SolveTalks = solve_by_grid,
) -> Calibration:
    """Calibrate the posteriors of a scenario on records of its own of so many rounds."""
    space = prior_space(scenario)

    def simulate(points: Floats) -> list[Terms]:
        return synthetic_terms(scenario, space, points, rounds, nodes, settings.seed, solve)

    return calibrate(space.names, simulate, records=records, settings=settings)


def synthetic_terms(
    scenario: Scenario,
    space: PriorSpace,
    points: Floats,
    rounds: int,
    nodes: int,
    seed: int,
    solve: SolveTalks = solve_by_grid,
    fitted: Scenario | None = None,
) -> list[Terms]:
    """The likelihood of a record drawn at each point, under the scenario itself or under another one that is fitted."""
    from goodoffices.compiler.recursive import compile_round
    from goodoffices.inference.calendar import timetable
    from goodoffices.inference.likelihood import RecordLikelihood
    from goodoffices.inference.posterior_records import synthetic_records
    from goodoffices.inference.posterior_terms import record_terms

    compiled = compile_round(scenario)
    solution = solve(compiled.game, compiled.data(space.draws(points)), timetable(scenario).rounds, nodes)
    coded = synthetic_records(compiled, solution, rounds=rounds, seed=seed)
    other = scenario if fitted is None else fitted
    form, coordinates = compile_round(other), prior_space(other)
    return [
        record_terms(
            RecordLikelihood(other, replace(c, scenario=other), form, nodes, solve=solve), coordinates
        )
        for c in coded
    ]
