"""Turns of a party with two types at many cells: Newton's method, what the turn comes to, and which answers are proven.

Receives cells one beside the other (of any places, beliefs and draws); gives log-odds of beliefs after each move. Every
cell is computed apart from the others, so that no answer depends on the company it was found in.

Index letters: m move, k the mover's type, v component, c cell, s source, i interval, r the rest (see `curves`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from goodoffices.solvers.belief.curves import Curves, bounds, change, value
from goodoffices.solvers.belief.grid import LOG_ODDS_OF_CERTAINTY
from goodoffices.solvers.belief.signals import Stage, evaluate, probability

Array = Any
CLOSE = 3e-6
"""A Newton step this small (in log-odds) leaves an error of its square."""
LARGEST_MOVE = 4.0
"""Longest Newton step, in log-odds."""
LARGEST_WARM = 1.0
"""Longest first Newton step of a cell that counts as followed from the round before."""
LEAST_REGULAR = 0.05
"""Least diagonal and determinant (relative to it) of a cell that counts as far from a fold."""


class Turn(NamedTuple):
    """Cells of one group, ready to be solved."""

    curves: Curves
    """What follows, of all sources."""
    first: int
    """Component of the mover's first type; the second follows."""
    prior: Array
    """[c] log-odds of the first type."""
    precision: Array
    """[c]"""
    base: Array
    """[m, c] which (s, r) of the curves follows a move."""
    own: Array
    """[k, m, c] payoff of each move."""

    def some(self, which: Array) -> Turn:
        """The cells of an index or a slice."""
        return self._replace(
            prior=self.prior[which],
            precision=self.precision[which],
            base=self.base[:, which],
            own=self.own[:, :, which],
        )


def stage(turn: Turn, z: Array, share: Array | float = 1.0, xp: Any = np) -> Stage:
    """The fixed point's equation at z [m, c], at a share of the rationality."""
    offset, t, inverse = turn.curves.locate(probability(z, xp), xp)
    q, bend = [], []
    for k in (0, 1):
        c = turn.curves.at(turn.base, offset, turn.first + k, xp)
        q.append(value(c, t) + turn.own[k])
        bend.append(change(c, t, inverse))
    return evaluate(z, turn.prior, share * turn.precision, xp.stack(q), xp.stack(bend), xp)


class Found(NamedTuple):
    """Where Newton's method ended."""

    z: Array
    """[m, c]"""
    first: Array
    """[c] size of its first step."""
    regular: Array
    """[c] least of the Jacobian's diagonal and its determinant over that, at the last step."""

    @property
    def followed(self) -> Array:
        """[c] whether the answer is near the guess and far from a fold."""
        return (self.first <= LARGEST_WARM) & (self.regular >= LEAST_REGULAR)


def newton(turn: Turn, guess: Array, iterations: int, share: Array | None = None) -> Found:
    """Newton's method from a guess [m, c]; a cell that has arrived is left alone."""
    z = guess.copy()
    first = np.zeros(z.shape[1])
    regular = np.zeros(z.shape[1])
    who: Array = slice(None)
    part, part_z, part_share = turn, z, 1.0 if share is None else share
    for n in range(iterations):
        at = stage(part, part_z, part_share)
        step, size, now = _step(at)
        if n == 0:
            first = size
        part_z = part_z - step
        z[:, who] = part_z
        regular[who] = now
        going = np.flatnonzero(~(size <= CLOSE))
        if not going.size:
            break
        if going.size < len(size):
            who = going if isinstance(who, slice) else who[going]
            part, part_z = turn.some(who), z[:, who]
            part_share = 1.0 if share is None else share[who]
    return Found(z, first, regular)


def _step(at: Stage) -> tuple[Array, Array, Array]:
    """Newton's step (not too long), its size before it was shortened, and how regular the Jacobian is."""
    diagonal = np.where(np.abs(at.diagonal) < 1e-12, 1e-12, at.diagonal)
    w = 1.0 / diagonal
    y = at.gap * w
    bottom = 1.0 + (at.row * w).sum(0)
    step = y - w * ((at.row * y).sum(0) / np.where(np.abs(bottom) < 1e-12, 1e-12, bottom))
    size = np.abs(step).max(0)
    regular = np.minimum(diagonal.min(0), bottom)
    with np.errstate(divide="ignore"):
        return step * np.minimum(1.0, LARGEST_MOVE / size), size, regular


class Outcome(NamedTuple):
    """What a turn comes to at given log-odds, payoffs to others than the mover left out."""

    values: Array
    """[v, c] the mover's types: what they get; others: what follows."""
    total: Array
    """[m, c] probability of each move."""
    x: Array
    """[m, c] belief after it."""
    log_choice: Array
    """[m, k, c]"""
    gap: Array
    """[c] what is left of the fixed point's equation, relative to 1 + |log-odds|."""


def settle(turn: Turn, z: Array, xp: Any = np) -> Outcome:
    """The outcome at log-odds [m, c]."""
    curves, own = turn.curves, (turn.first, turn.first + 1)
    x = probability(z, xp)
    offset, t, _ = curves.locate(x, xp)
    ahead = [value(curves.at(turn.base, offset, v, xp), t) for v in range(curves.parts)]
    logs = []
    for k in (0, 1):
        u = turn.precision * (ahead[own[k]] + turn.own[k])
        top = u.max(0)
        logs.append(u - (top + xp.log(xp.exp(u - top).sum(0))))
    gap = (xp.abs(z - turn.prior - logs[0] + logs[1]) / (1.0 + xp.abs(z))).max(0)
    choice = [xp.exp(log) for log in logs]
    belief = probability(turn.prior, xp)
    total = belief * choice[0] + (1.0 - belief) * choice[1]
    values = [
        (choice[v - turn.first] * (worth + turn.own[v - turn.first])).sum(0)
        if v in own
        else (total * worth).sum(0)
        for v, worth in enumerate(ahead)
    ]
    return Outcome(xp.stack(values), total, x, xp.stack(logs, 1), gap)


class Steepness(NamedTuple):
    """How strongly choice and belief can act on each other, by source; [s, r]."""

    apart: Array
    """Largest p (1 - p) d(V_1 - V_2)/dp."""
    both: Array
    """Largest p (1 - p) |d(V_1 + V_2)/dp|."""
    top: Array
    """Largest V_1 - V_2."""
    bottom: Array
    """Least V_1 - V_2."""


def steepness(curves: Curves, first: int, xp: Any = np) -> Steepness:
    """Bounds for the proof of `strength`, from those of the two types' values on every interval."""
    a, b = curves.nodes[:-1], curves.nodes[1:]
    hump = np.maximum(a * (1 - a), b * (1 - b))
    hump[(a < 0.5) & (b > 0.5)] = 0.25
    hump = hump[:, None]
    one, two = curves.whole(first), curves.whole(first + 1)
    apart = bounds(tuple(p - q for p, q in zip(one, two, strict=True)), curves.nodes, xp)  # type: ignore[arg-type]
    both = bounds(tuple(p + q for p, q in zip(one, two, strict=True)), curves.nodes, xp)  # type: ignore[arg-type]
    return Steepness(
        (hump * apart.steepest).max(1),
        (hump * xp.maximum(both.steepest, -both.flattest)).max(1),
        apart.high.max(1),
        apart.low.min(1),
    )


def strength(steep: Steepness, source: Array, own: Array, xp: Any = np) -> tuple[Array, Array, Array]:
    """How strongly a turn acts on itself: what `proven_up_to` reads, for sources [m, x] and payoffs own [k, m, x].

    With s_k the choice probabilities and q_k = r p (1 - p) dQ_k/dp after a move, the determinant of F's Jacobian over
    the product of its diagonal d = 1 - q_1 + q_2 is the sum over moves of ((s_1 + s_2) + (s_1 - s_2) (q_1 + q_2)) / 2 d.
    So where q_1 - q_2 < 1 and |q_1 + q_2| is below (s_1 + s_2) / |s_1 - s_2| everywhere, F is one-to-one. The last is
    bounded by the widest range of log s_1 / s_2.
    """
    apart = own[0] - own[1]
    reach = (xp.take(steep.top.ravel(), source) + apart).max(0) - (
        xp.take(steep.bottom.ravel(), source) + apart
    ).min(0)
    return (
        xp.take(steep.apart.ravel(), source).max(0),
        xp.take(steep.both.ravel(), source).max(0),
        reach,
    )


def is_proven(force: tuple[Array, Array, Array], precision: Array, xp: Any = np) -> Array:
    """Whether the fixed point is the only one at this rationality (and so at any smaller one)."""
    apart, both, reach = force
    return (precision * apart < 1.0) & (precision * both * xp.tanh(0.5 * precision * reach) < 1.0)


def proven_up_to(force: tuple[Array, Array, Array], precision: Array) -> Array:
    """A share of the rationality, at most one, up to which it is the only one."""
    apart, both, reach = (np.maximum(f, 1e-300) for f in force)
    with np.errstate(over="ignore"):
        second = np.maximum(1.0 / both, np.sqrt(2.0 / both / reach))
        return np.minimum(1.0, 0.999 * np.minimum(1.0 / apart, second) / np.maximum(precision, 1e-300))


def is_certain(prior: Array, xp: Any = np) -> Array:
    """Cells at certainty, where beliefs do not move and nothing that is chosen depends on itself."""
    return xp.abs(prior) > 0.9 * LOG_ODDS_OF_CERTAINTY
