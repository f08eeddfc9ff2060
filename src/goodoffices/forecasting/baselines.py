"""What anybody could forecast without a model: base rates, chains of last moves, persistence.

Receives the choices that were recorded before the forecast, in order; returns the probability of each thing that a party
could do next. Counting begins with one half of an observation for each (Jeffreys's prior), so that nothing is impossible
and nothing needs tuning.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from goodoffices.forecasting.rules import Floats

START = 0.5
"""What each outcome is counted with before anything was seen."""


@dataclass(frozen=True)
class Past:
    """One recorded choice of one party."""

    series: str
    """Whose and at which turn: choices of one series follow each other."""
    happened: str


Baseline = Callable[[Sequence[Past], str, Sequence[str], int], Floats]
"""(past, series, names of what could happen, rounds ahead from one) -> probabilities in the order of the names."""


def base_rates(past: Sequence[Past], series: str, names: Sequence[str], ahead: int = 1) -> Floats:
    """How often each was done so far."""
    return _shares([p.happened for p in past if p.series == series], names)


def markov_chain(past: Sequence[Past], series: str, names: Sequence[str], ahead: int = 1) -> Floats:
    """How often each followed what was done last, carried forward as many rounds as are looked ahead.

    Rows of the chain start from the base rates, with the weight of one observation.
    """
    seen = [p.happened for p in past if p.series == series]
    rates = base_rates(past, series, names)
    known = [name for name in seen if name in names]
    if not known:
        return rates
    index = {name: i for i, name in enumerate(names)}
    counts = np.tile(rates, (len(names), 1))
    for one, two in itertools.pairwise(known):
        counts[index[one], index[two]] += 1
    chain = counts / counts.sum(1, keepdims=True)
    now = np.zeros(len(names))
    now[index[known[-1]]] = 1
    return now @ np.linalg.matrix_power(chain, max(1, ahead))


def persistence(past: Sequence[Past], series: str, names: Sequence[str], ahead: int = 1) -> Floats:
    """That the last thing is done again, as surely as it was so far; the rest is shared evenly."""
    seen = [p.happened for p in past if p.series == series and p.happened in names]
    if not seen or len(names) == 1:
        return np.full(len(names), 1 / len(names))
    same = sum(a == b for a, b in itertools.pairwise(seen))
    stays = (same + START) / (len(seen) - 1 + 2 * START)
    found = np.full(len(names), (1 - stays) / (len(names) - 1))
    found[list(names).index(seen[-1])] = stays
    return found


BASELINES: Mapping[str, Baseline] = {
    "base rates": base_rates,
    "Markov chain": markov_chain,
    "persistence": persistence,
}
"""Name -> baseline; all of them are in every forecast."""


def _shares(seen: Sequence[str], names: Sequence[str]) -> Floats:
    counts = np.array([START + sum(s == name for s in seen) for name in names])
    return counts / counts.sum()
