"""A population of Markov chains whose states are draws from a posterior with a unit normal prior.

Receives a function from points [n, d] to the terms [n, i] of a log-likelihood, points to start from, and a proposal;
returns `Block`s of moves. All chains move together, one likelihood of each at every move. Moves take turns: *far* ones
propose points of a proposal that knows nothing of where the chain is (Tierney 1994); *near* ones are Crank-Nicolson steps
that keep the proposal's mean and covariance (Cotter and others 2013), some half as long as others. Far moves cross the
bulk at once, near ones walk along the narrow ridges where a far move hardly ever lands.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from goodoffices.inference.prior_space import Floats
from goodoffices.inference.proposals import Proposal
from goodoffices.inference.tempering import LEAST_STEP, MOST_STEP, WANTED, Terms, evaluate

FAR, NEAR, NEARER = "far", "near", "nearer"
MOVES = (FAR, FAR, NEAR, FAR, NEARER) * 2
"""Of a block, in their order."""


@dataclass(frozen=True, eq=False)
class Block:
    """Moves of all chains. Index letters t move, g far move, c chain, d coordinate, i term of the likelihood."""

    proposal: Proposal
    points: Floats = field(repr=False)
    """[t, c, d] states after each move."""
    terms: Floats = field(repr=False)
    """[t, c, i] of their log-likelihood."""
    tried: Floats = field(repr=False)
    """[g, c, d] what far moves proposed: draws from the proposal."""
    tried_terms: Floats = field(repr=False)
    """[g, c, i]; minus infinity in the first where the likelihood is not a number."""
    step: float
    """Length of near moves, between zero and one."""
    accepted: float
    """Share of the near moves, not the nearer ones, that were accepted."""
    unsolved: int
    """Likelihoods that were not a number."""

    @property
    def size(self) -> int:
        """Likelihoods computed."""
        return self.points.shape[0] * self.points.shape[1]

    @property
    def next_step(self) -> float:
        """A better length of near moves."""
        return float(np.clip(self.step * np.exp(2 * (self.accepted - WANTED)), LEAST_STEP, MOST_STEP))


def run_block(
    terms: Terms,
    points: Floats,
    values: Floats,
    proposal: Proposal,
    *,
    step: float,
    rng: np.random.Generator,
) -> Block:
    """Let all chains make the moves of a block.

    Args:
        points: [c, d] where the chains are.
        values: [c, i] terms of the log-likelihood there; one that is impossible is left at the first chance.
        step: Length of near moves.
    """
    mover = _Mover(proposal, step)
    states, tried, accepted, unsolved = list[tuple[Floats, Floats]](), list[tuple[Floats, Floats]](), [], 0
    for kind in MOVES:
        there, ratio = mover.propose(points, kind, rng)
        new, bad = evaluate(terms, there)
        luck = np.log(rng.random(len(points)))
        with np.errstate(invalid="ignore"):  # from one impossible point to another
            good = luck < new.sum(1) - values.sum(1) + ratio
        points, values = np.where(good[:, None], there, points), np.where(good[:, None], new, values)
        states.append((points, values))
        unsolved += bad
        if kind == FAR:
            tried.append((there, new))
        if kind == NEAR:
            accepted.append(float(good.mean()))
    return Block(
        proposal,
        np.stack([p for p, _ in states]),
        np.stack([v for _, v in states]),
        np.stack([p for p, _ in tried]),
        np.stack([v for _, v in tried]),
        step,
        float(np.mean(accepted)),
        unsolved,
    )


class _Mover:
    def __init__(self, proposal: Proposal, step: float) -> None:
        self.proposal, self.step = proposal, step
        self.prior = Proposal.prior(proposal.centres.shape[1])
        self.mean = proposal.centres.mean(0)
        self.root = np.linalg.cholesky(proposal.whole_covariance())

    def propose(self, points: Floats, kind: str, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """[c, d] where to go, and [c] the logarithm of the prior's ratio times that of coming back to going there."""
        if kind == FAR:
            there, keeps = self.proposal.draw(len(points), rng), self.proposal.log_density
        else:
            size = self.step if kind == NEAR else self.step / 2
            noise = rng.standard_normal(points.shape) @ self.root.T
            there = self.mean + np.sqrt(1 - size**2) * (points - self.mean) + size * noise
            keeps = self._normal
        ratio = self.prior.log_density(there) - self.prior.log_density(points)
        return there, ratio + keeps(points) - keeps(there)

    def _normal(self, points: Floats) -> Floats:
        """[c] logarithm of the density that near moves keep, but for a constant."""
        own = np.linalg.solve(self.root, (points - self.mean).T)
        return -0.5 * (own**2).sum(0)


def worth_of_chains(points: Floats, weights: Floats) -> Floats:
    """[d] independent draws that the weighted means of states [t, c, d], weights [t, c], are worth.

    Chains are independent, so that the spread of their sums says how uncertain the whole is, however long each remembers.
    """
    shares = weights / weights.sum()
    away = points - np.einsum("tc,tcd->d", shares, points)
    variance = np.einsum("tc,tcd->d", shares, away**2)
    chains = points.shape[1]
    uncertain = (np.einsum("tc,tcd->cd", shares, away) ** 2).sum(0) * chains / (chains - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = variance / uncertain
    return np.where(np.isfinite(found), np.minimum(found, shares.size), 1.0)
