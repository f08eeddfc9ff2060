"""The evidence from two sets of points: some drawn from a proposal whose density is known, some from the posterior.

Receives, at both, the logarithm of prior times likelihood over the proposal's density; returns the logarithm of the
evidence, and weights under which both sets together stand for the prior. This is bridge sampling with the optimal bridge
(Meng and Wong 1996), found as the root of an increasing function. Unlike weights of the proposal's points alone, these are
bounded: where the posterior is high and the proposal low, the posterior's own draws are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from goodoffices.inference.weights import Floats

WIDE, STEPS = 100.0, 60
"""How far the evidence may lie from the middle of the ratios, in logarithms; halvings of that."""


@dataclass(frozen=True, eq=False)
class Bridge:
    """Between a proposal and a posterior. Index letters c chain, g point of the proposal, t state of the chain."""

    log_evidence: float
    error: float
    """Monte Carlo standard error, from the spread between chains."""
    log_share_tried: Floats
    """[g, c] logarithm of a weight at the proposal's points, times the proposal's density: with the prior's density, and
    averaged over both sets, it integrates what is multiplied with it over the prior."""
    log_share_drawn: Floats
    """[t, c] the same at the posterior's draws."""


def bridge(tried: Floats, drawn: Floats, worth: float) -> Bridge:
    """Bridge a proposal and a posterior.

    Args:
        tried: [g, c] logarithm of prior times likelihood over the proposal's density at draws from the proposal; minus
            infinity where the likelihood is nothing.
        drawn: [t, c] the same at draws from the posterior, chain by chain.
        worth: Independent draws that the posterior's are worth.
    """
    share = worth / (worth + tried.size)
    odds = np.log(share) - np.log1p(-share)

    def lack(log_evidence: float) -> Floats:
        """[c] by how much the evidence is too high, chain by chain."""
        at_tried, at_drawn = _share(odds + tried - log_evidence), _share(log_evidence - odds - drawn)
        return share * at_drawn.mean(0) - (1 - share) * at_tried.mean(0)

    low = float(np.median(drawn)) - WIDE
    high = low + 2 * WIDE
    for _ in range(STEPS):
        found = (low + high) / 2
        low, high = (low, found) if lack(found).mean() > 0 else (found, high)
    found = (low + high) / 2
    at_tried, at_drawn = odds + tried - found, odds + drawn - found
    slope = share * _slope(at_drawn).mean() + (1 - share) * _slope(at_tried).mean()
    by_chain = lack(found)
    total = tried.size + drawn.size
    return Bridge(
        found,
        float(by_chain.std(ddof=1) / np.sqrt(len(by_chain)) / slope),
        np.log(total / tried.size) + _log_share(-at_tried),
        # Of the draws only what they are worth counts.
        np.log(total / drawn.size) + odds + _log_share(-at_drawn),
    )


def _log_share(logit: Floats) -> Floats:
    return -np.logaddexp(0.0, -logit)


def _share(logit: Floats) -> Floats:
    return np.exp(_log_share(logit))


def _slope(logit: Floats) -> Floats:
    return _share(logit) * _share(-logit)
