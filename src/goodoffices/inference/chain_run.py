"""A posterior from Markov chains on a coarse likelihood, weighed by the fine one at some of their states.

Receives an importance sampling run that found its weights too uneven, and what chains did since; gives the posterior's
points, the evidence, and what both are worth. The first blocks only find the place and the proposal. After them the
proposal stays as it is, and both what far moves proposed and where the chains are count: a bridge between them gives the
coarse evidence. The fine likelihood is computed at every so many moves, a few for each independent draw; its ratio to the
coarse one is those states' weight, and its mean the factor to the fine evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from goodoffices.inference.bridge import Bridge, bridge
from goodoffices.inference.chains import Block, run_block, worth_of_chains
from goodoffices.inference.importance import Batch, Importance, Run
from goodoffices.inference.prior_space import Floats
from goodoffices.inference.proposals import LEAST, Proposal, fit_proposal, fit_weighted, flattened
from goodoffices.inference.tempering import Terms, evaluate
from goodoffices.inference.weights import effective_size, log_mean, systematic, tail_index

WARM = 10
"""Blocks after which the proposal stays as it is; these count for nothing. Half as many were too few for real scenarios."""
FIRST_STEP = 0.4
FEWEST = 16
"""Chains."""
A_DRAW = 2.5
"""Fine likelihoods for each independent draw of the coarse chains."""
FARTHER = 1.25
"""Coarse draws, times those wanted, beyond which more of them would not make up for the unevenness of their fine weights."""
COARSE = 4
"""Coarse likelihoods that chains may take, times the most that the fine ones may be."""


@dataclass(frozen=True, eq=False)
class Slice:
    """The fine likelihood where all chains were after one move. Index letters c chain, i term."""

    index: int
    """Of the move, from zero, after the warm-up."""
    stride: int
    """Moves from one slice to the next."""
    terms: Floats = field(repr=False)
    """[c, i]"""
    unsolved: int


@dataclass(frozen=True, eq=False)
class Pool:
    """What was proposed and where chains were, together, with weights that stand for the prior. Index letter n point."""

    terms: Floats
    """[n, i] of the coarse log-likelihood."""
    log_base: Floats
    """[n] logarithm of the weight."""
    chain: np.ndarray
    """[n] to which chain it belongs."""
    independence: float
    """Independent draws that a point is worth."""

    def error_of_mean(self, values: Floats) -> Floats:
        """[...] standard error of the mean of [n, ...], from the spread between chains."""
        chains = int(self.chain.max()) + 1
        sums = np.zeros((chains, *values.shape[1:]))
        np.add.at(sums, self.chain, values)
        return sums.std(0, ddof=1) * np.sqrt(chains) / len(values)

    def worth(self, logs: Floats) -> float:
        """Independent draws that points with such logarithms of weights are worth."""
        return effective_size(logs) * self.independence


@dataclass(frozen=True, eq=False)
class ChainRun:
    """How far chains have come. Index letters n point of a slice, d coordinate, i term, t move, c chain."""

    settings: Importance
    grids: int
    """Number of likelihoods; chains take the first, weights come from the last."""
    batches: tuple[Batch, ...] = field(repr=False)
    """Of the importance sampling before."""
    blocks: tuple[Block, ...] = field(repr=False)
    slices: tuple[Slice, ...] = field(repr=False)

    @property
    def warm(self) -> bool:
        """Whether there are states that count."""
        return len(self.blocks) > WARM

    @property
    def level(self) -> int:
        """The likelihood that is being computed, from zero."""
        return self.grids - 1 if self.slices else 0

    @property
    def method(self) -> str:
        """What it is called."""
        return "chains"

    @property
    def pool_level(self) -> int:
        """The likelihood of the pool, from zero."""
        return 0

    @cached_property
    def states(self) -> Floats:
        """[t, c, d] after the warm-up."""
        return np.concatenate([b.points for b in self._counting])

    @cached_property
    def state_terms(self) -> Floats:
        """[t, c, i] of the coarse log-likelihood."""
        return np.concatenate([b.terms for b in self._counting])

    @cached_property
    def coarse_worth(self) -> float:
        """Independent draws from the coarse posterior that the states are worth."""
        return _together(self.states, self.state_terms.sum(2), np.ones(self.states.shape[:2]))

    @property
    def drift(self) -> float:
        """By how much the states' mean log-likelihood is higher in their later half than in the earlier, in standard errors
        from the spread between chains. Above two, chains are still finding their way, and the evidence is too low."""
        logs = self.state_terms.sum(2)
        half = len(logs) // 2
        rise = logs[half:].mean(0) - logs[:half].mean(0)
        return float(rise.mean() / rise.std(ddof=1) * np.sqrt(len(rise)))

    @cached_property
    def bridge(self) -> Bridge:
        """To the coarse evidence."""
        tried = np.concatenate([b.tried for b in self._counting])
        terms = np.concatenate([b.tried_terms for b in self._counting])
        return bridge(
            self._ratio(tried) + terms.sum(2),
            self._ratio(self.states) + self.state_terms.sum(2),
            self.coarse_worth,
        )

    @cached_property
    def pool(self) -> Pool:
        """All points of the coarse likelihood, weighed for the prior."""
        tried = np.concatenate([b.tried for b in self._counting])
        terms = np.concatenate([b.tried_terms for b in self._counting])
        found, chains = self.bridge, self.states.shape[1]
        log_base = np.concatenate(
            [
                (found.log_share_tried + self._ratio(tried)).ravel(),
                (found.log_share_drawn + self._ratio(self.states)).ravel(),
            ]
        )
        together = np.concatenate([a.reshape(-1, a.shape[2]) for a in (terms, self.state_terms)])
        worth = (tried.shape[0] * chains + self.coarse_worth) / len(together)
        return Pool(together, log_base, np.arange(len(together)) % chains, worth)

    # ------------------------------------------------------------ the fine posterior
    @cached_property
    def points(self) -> Floats:
        """[n, d]"""
        return self._sliced.reshape(-1, self._sliced.shape[2])

    @cached_property
    def terms(self) -> Floats:
        """[n, i] of the fine log-likelihood."""
        return np.concatenate([s.terms for s in self.slices])

    @cached_property
    def log_weights(self) -> Floats:
        """[n] their mean is the evidence."""
        return self.bridge.log_evidence + self._log_gain.ravel()

    @property
    def log_evidence(self) -> float:
        """Natural logarithm of the likelihood's mean over the prior; of the coarse one before there are slices."""
        return log_mean(self.log_weights) if self.slices else self.bridge.log_evidence

    @cached_property
    def log_evidence_error(self) -> float:
        """Its Monte Carlo standard error, from the spread between chains."""
        gain = np.exp(self._log_gain - log_mean(self._log_gain.ravel())).mean(0)
        return float(np.hypot(self.bridge.error, gain.std(ddof=1) / np.sqrt(len(gain))))

    @cached_property
    def effective_each(self) -> Floats:
        """[d] independent draws that the mean of each coordinate is worth, from the spread between chains."""
        return worth_of_chains(self._sliced, np.exp(self._log_gain - self._log_gain.max()))

    @property
    def effective(self) -> float:
        """The same for all coordinates together, or for the log-likelihood where that is less."""
        if not self.slices:
            return self.coarse_worth
        fine = np.stack([s.terms.sum(1) for s in self.slices])
        return _together(self._sliced, fine, np.exp(self._log_gain - self._log_gain.max()))

    @property
    def independence(self) -> float:
        """Independent draws that a point is worth."""
        return self.effective / effective_size(self.log_weights)

    @property
    def tail(self) -> float:
        """As `Run.tail`, of the fine likelihood's ratio to the coarse one."""
        logs = self._log_gain.ravel()
        return tail_index(logs) if effective_size(logs) < len(logs) / 2 else -np.inf

    def evaluations(self, levels: int) -> tuple[int, ...]:
        """Likelihoods computed, from the coarse to the fine."""
        out = list(Run(self.settings, self.batches).evaluations(levels))
        out[0] += sum(b.size for b in self.blocks)
        out[-1] += sum(len(s.terms) for s in self.slices) if self.grids > 1 else 0
        return tuple(out)

    def unsolved(self, levels: int) -> tuple[int, ...]:
        """Of them, those that were not a number."""
        out = list(Run(self.settings, self.batches).unsolved(levels))
        out[0] += sum(b.unsolved for b in self.blocks)
        out[-1] += sum(s.unsolved for s in self.slices)
        return tuple(out)

    def draw(self, count: int) -> np.ndarray:
        """[count] indices of points chosen by weight, evenly: these are draws without weights."""
        rng = np.random.default_rng([self.settings.seed, 7, len(self.blocks), len(self.slices)])
        shares = np.exp(self.log_weights - self.log_weights.max())
        return systematic(shares / shares.sum(), count, rng)

    @property
    def _counting(self) -> tuple[Block, ...]:
        return self.blocks[WARM:]

    @cached_property
    def _sliced(self) -> Floats:
        return self.states[[s.index for s in self.slices]]

    @cached_property
    def _log_gain(self) -> Floats:
        """[s, c] logarithm of the fine likelihood over the coarse one."""
        coarse = self.state_terms[[s.index for s in self.slices]].sum(2)
        return np.stack([s.terms.sum(1) for s in self.slices]) - coarse

    def _ratio(self, points: Floats) -> Floats:
        """[t, c] logarithm of the prior's density over the proposal's."""
        flat, proposal = points.reshape(-1, points.shape[2]), self.blocks[-1].proposal
        found = Proposal.prior(points.shape[2]).log_density(flat) - proposal.log_density(flat)
        return found.reshape(points.shape[:2])


def go_on(levels: Sequence[Terms], run: ChainRun) -> ChainRun | None:
    """One more block or slice; none where the draws are worth what was asked for, or no more may be computed."""
    if not run.warm:
        return _with_block(levels, run)
    settings, moves, chains = run.settings, *run.states.shape[:2]
    most_coarse = sum(b.size for b in run.blocks) >= COARSE * settings.most
    most_fine = len(run.slices) * chains >= settings.most
    if not run.slices and run.coarse_worth < settings.effective and not most_coarse:
        return _with_block(levels, run)
    # How far states remember was known well enough when the first slice was made; slices keep their distance.
    remembers = moves * chains / run.coarse_worth
    stride = run.slices[0].stride if run.slices else max(1, round(remembers / A_DRAW))
    index = run.slices[-1].index + stride if run.slices else 0
    if index < moves and not most_fine:
        # Where there is no finer likelihood slices cost nothing, and nobody needs to be told of each.
        last = index + 1 if run.grids > 1 else moves
        for at in range(index, last, stride):
            run = _with_slice(levels, run, at, stride)
        return run
    hopeless = most_coarse or most_fine or run.coarse_worth >= FARTHER * settings.effective
    return None if hopeless or run.effective >= settings.effective else _with_block(levels, run)


def _with_block(levels: Sequence[Terms], run: ChainRun) -> ChainRun:
    number = len(run.blocks)
    rng = np.random.default_rng([run.settings.seed, 11, number])
    if not run.blocks:
        pilot = Run(run.settings, tuple(b for b in run.batches if b.level == 0))
        likelihood = pilot.terms.sum(1)
        # Chains should begin where the posterior is, but not all in the few places that outweigh the others.
        weights = flattened(pilot.log_base, likelihood, LEAST)
        chosen = systematic(weights, max(FEWEST, run.settings.batch // 2), rng)
        points, values, step = pilot.points[chosen], pilot.terms[chosen], FIRST_STEP
        proposal = fit_proposal(
            pilot.points, pilot.log_base, likelihood, rng, defensive=run.settings.defensive
        )
    else:
        last = run.blocks[-1]
        points, values = last.points[-1], last.terms[-1]
        step, proposal = last.step, last.proposal
        if number <= WARM:
            step, proposal = last.next_step, _refit(run.blocks, rng, run.settings.defensive)
    block = run_block(levels[0], points, values, proposal, step=step, rng=rng)
    return ChainRun(run.settings, run.grids, run.batches, (*run.blocks, block), run.slices)


def _refit(blocks: Sequence[Block], rng: np.random.Generator, defensive: float) -> Proposal:
    """To the states so far, but for the first block's, which are too near to where chains were put."""
    chosen = blocks[min(1, len(blocks) - 1) :]
    states = np.concatenate([b.points for b in chosen])
    even = np.ones(states.shape[:2])
    points = states.reshape(-1, states.shape[2])
    known = _together(states, np.concatenate([b.terms.sum(2) for b in chosen]), even)
    return fit_weighted(points, even.ravel() / even.size, known, rng, defensive=defensive)


def _with_slice(levels: Sequence[Terms], run: ChainRun, index: int, stride: int) -> ChainRun:
    if run.grids > 1:
        terms, bad = evaluate(levels[-1], run.states[index])
    else:
        terms, bad = run.state_terms[index], 0
    found = Slice(index, stride, terms, bad)
    return ChainRun(run.settings, run.grids, run.batches, run.blocks, (*run.slices, found))


def _together(points: Floats, log_likelihood: Floats, weights: Floats) -> float:
    """Independent draws that states [t, c, d] are worth: those of which as many would make the coordinates' means as
    uncertain, or that of the log-likelihood [t, c], which shows whether ridges had their due, where that is less."""
    each = worth_of_chains(points, weights)
    possible = np.where(weights > 0, log_likelihood, 0.0)
    return min(float(len(each) / (1 / each).sum()), float(worth_of_chains(possible[..., None], weights)[0]))
