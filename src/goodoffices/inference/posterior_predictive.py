"""Whether a scenario, having learned from a record, could have produced it: replicas beside what happened.

Receives a posterior and the likelihood it was found with; returns `PredictiveCheck`s: how often each party made each move,
and how surprising the record is, beside replicas of the same length played by the same strategies (Gelman, Meng and Stern
1996). A share near zero or one says that the record is unlike anything the scenario makes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from goodoffices.inference.likelihood import RecordLikelihood
from goodoffices.inference.posterior import Posterior
from goodoffices.inference.posterior_play import Moment, play_on
from goodoffices.inference.posterior_terms import terms_of
from goodoffices.inference.prior_space import Floats

SURPRISE = "surprise of the whole record, bits"


@dataclass(frozen=True, eq=False)
class PredictiveCheck:
    """One number of the record beside the same number of its replicas. Index letter n replica."""

    what: str
    observed: float
    """Its mean over draws, where it depends on them."""
    replicas: Floats
    """[n]"""
    tail: float
    """Share of replicas with more, those with as much counted half: a posterior predictive p-value."""

    @property
    def strange(self) -> bool:
        """Whether so few replicas are as extreme that the scenario has to be doubted."""
        return not 0.025 <= self.tail <= 0.975


def predictive_checks(
    posterior: Posterior, likelihood: RecordLikelihood, *, draws: int = 64, seed: int = 1
) -> tuple[PredictiveCheck, ...]:
    """Replay the record.

    Args:
        draws: Posterior draws, one replica each.
    """
    chosen = np.unique(np.linspace(0, posterior.size - 1, draws).round().astype(int))
    points = {name: values[chosen] for name, values in posterior.draws.items()}
    coded = likelihood.coded
    solution = likelihood.solve(
        likelihood.compiled.game, likelihood.compiled.data(points), coded.timetable.rounds, likelihood.nodes
    )
    rounds = 1 + max(step.round for step in coded.complete())
    lanes = np.arange(len(chosen))
    rng = np.random.default_rng([seed, 31])
    paths = play_on(likelihood.compiled, solution, lanes=lanes, rng=rng, until=rounds)
    kept = ~paths.lost
    out: list[PredictiveCheck] = []
    scenario = likelihood.scenario
    for t, turn in enumerate(scenario.turns):
        for mover in turn.movers:
            for i, move in enumerate(mover.moves):
                mine = [m.moves[mover.party][kept] == i for m in paths.moments if m.turn == t]
                made = sum(
                    m.name == move.name
                    for s in coded.complete()
                    if s.turn == t
                    for m in s.moves
                    if m.party == mover.party
                )
                out.append(
                    _check(f"{mover.party}.{move.name}", float(made), np.sum(mine, axis=0).astype(float))
                )
    replicas = np.sum([_surprise(m) for m in paths.moments], axis=0)[kept]
    own = -np.concatenate([terms_of(found).sum(1) for found in likelihood.follow(points)])[kept] / np.log(2)
    with np.errstate(invalid="ignore"):
        tail = float(np.mean((replicas > own) + 0.5 * (replicas == own)))
    out.append(PredictiveCheck(SURPRISE, float(np.nanmean(own)), replicas, tail))
    return tuple(out)


def _check(what: str, observed: float, replicas: Floats) -> PredictiveCheck:
    tail = float(np.mean((replicas > observed) + 0.5 * (replicas == observed)))
    return PredictiveCheck(what, observed, replicas, tail)


def _surprise(moment: Moment) -> Floats:
    """[n] bits of what happened at one turn."""
    bits = -np.log2(moment.chance)
    for party, chosen in moment.moves.items():
        p = moment.probability[party][np.maximum(chosen, 0), np.arange(len(chosen))]
        bits = bits - np.where(chosen >= 0, np.log2(np.where(chosen >= 0, p, 1.0)), 0.0)
    return bits
