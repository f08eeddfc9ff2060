"""Which turns have one fixed point only: bounds on how strongly choice and belief can act on each other.

Receives the curves of what follows; proves, for cells, that no more than one answer exists at a rationality. Then any
answer that was found is on the principal branch, and cells need not be followed along it.

With s_k the choice probabilities and q_k = r p (1 - p) dQ_k/dp after a move, the determinant of F's Jacobian over the
product of its diagonal d = 1 - q_1 + q_2 is the sum over moves of ((s_1 + s_2) + (s_1 - s_2) (q_1 + q_2)) / 2 d. So where
q_1 - q_2 < 1 and |q_1 + q_2| is below (s_1 + s_2) / |s_1 - s_2| everywhere, F is one-to-one. Derivatives are bounded by
their Bernstein coefficients on every interval, p (1 - p) by its largest value there, and |s_1 - s_2| / (s_1 + s_2) by the
widest range of log s_1 / s_2.

Index letters: s source, i interval, r the rest (see `curves`), m move, k the mover's type, c cell.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from goodoffices.games.recursive import Floats, Ints
from goodoffices.solvers.belief.curves import Curves, blocks, bounds
from goodoffices.solvers.belief.grid import LOG_ODDS_OF_CERTAINTY


def is_certain(prior: Floats) -> np.ndarray:
    """Cells at certainty, where beliefs do not move and nothing that is chosen depends on itself."""
    return np.abs(prior) > 0.9 * LOG_ODDS_OF_CERTAINTY


class Steepness:
    """How strongly what follows can bend choices, by source."""

    def __init__(self, curves: Curves, first: int) -> None:
        a, b = curves.nodes[:-1], curves.nodes[1:]
        hump = np.maximum(a * (1 - a), b * (1 - b))
        hump[(a < 0.5) & (b > 0.5)] = 0.25
        hump = hump[:, None]
        ones, twos = curves.whole(first), curves.whole(first + 1)
        table = np.empty((4, ones.shape[1], curves.rest))
        for some in blocks(ones.shape[1], 4 * ones[0, :1].size):
            one, two = ones[:, some], twos[:, some]
            one_way, other_way = bounds(one - two, curves.nodes), bounds(one + two, curves.nodes)
            (hump * one_way.steepest).max(1, out=table[0, some])
            (hump * np.maximum(other_way.steepest, -other_way.flattest)).max(1, out=table[1, some])
            one_way.high.max(1, out=table[2, some])
            one_way.low.min(1, out=table[3, some])
        self.rows = _Rows(*table.reshape(4, -1))

    def strength(self, source: Ints, own: Floats) -> Strength:
        """Of turns with sources [m, c] (numbered as (s, r)) and payoffs own [k, m, c], over all beliefs."""
        rows, differ = self.rows, own[0] - own[1]
        reach = (rows.top[source] + differ).max(0) - (rows.bottom[source] + differ).min(0)
        return Strength(rows.apart[source].max(0), rows.both[source].max(0), reach)


class _Rows(NamedTuple):
    """By (source, rest), flat, over all beliefs."""

    apart: Floats
    """Largest p (1 - p) d(V_1 - V_2)/dp."""
    both: Floats
    """Largest p (1 - p) |d(V_1 + V_2)/dp|."""
    top: Floats
    """Largest V_1 - V_2."""
    bottom: Floats
    """Least V_1 - V_2."""


class Strength(NamedTuple):
    """How strongly turns act on themselves; [c]."""

    apart: Floats
    both: Floats
    reach: Floats
    """Widest range of log s_1 / s_2 for a precision of one."""

    def is_proven(self, precision: Floats) -> np.ndarray:
        """Whether there is one answer only, at this precision of choice and so at any smaller one."""
        turned = precision * self.both * np.tanh(0.5 * precision * self.reach)
        return np.asarray((precision * self.apart < 1.0) & (turned < 1.0))

    def share(self, precision: Floats) -> Floats:
        """A share of the precision, at most one, up to which there is one answer only."""
        apart, both, reach = (np.maximum(f, 1e-150) for f in self)
        most = np.maximum(1.0 / both, np.sqrt(2.0 / both / reach))
        return np.minimum(1.0, 0.999 * np.minimum(1.0 / apart, most) / np.maximum(precision, 1e-150))
