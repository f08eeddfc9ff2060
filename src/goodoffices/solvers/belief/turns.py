"""Turns of a party with two types at many cells: Newton's method, and what the turn comes to.

Receives cells one beside the other (of any places, beliefs and draws); gives log-odds of beliefs after each move. Every
cell is computed apart from the others, so that no answer depends on the company it was found in.

Index letters: m move, k the mover's type, v component, c cell.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from goodoffices.games.recursive import Floats, Ints
from goodoffices.solvers.belief.curves import Curves, change, value

CLOSE = 3e-6
"""A Newton step this small (in log-odds) leaves an error of its square."""
LARGEST_MOVE = 4.0
"""Longest Newton step, in log-odds."""


class Turn(NamedTuple):
    """Cells of one group, ready to be solved."""

    curves: Curves
    """What follows, of all sources."""
    first: int
    """Component of the mover's first type; the second follows."""
    prior: Floats
    """[c] log-odds of the first type."""
    precision: Floats
    """[c]"""
    base: Ints
    """[m, c] which (s, r) of the curves follows a move."""
    own: Floats
    """[k, m, c] payoff of each move."""

    def some(self, which: Ints | slice) -> Turn:
        """The cells of an index or a slice."""
        return self._replace(
            prior=self.prior[which],
            precision=self.precision[which],
            base=self.base[:, which],
            own=self.own[:, :, which],
        )


class Stage(NamedTuple):
    """The fixed point's equation F = 0 of `signals` at some z, as `signals.evaluate` has it but in fewer operations."""

    gap: Floats
    """[m, c] F."""
    diagonal: Floats
    """[m, c] diagonal part of the Jacobian."""
    row: Floats
    """[m, c] the vector v of the outer product 1 v'."""
    q: Floats
    """[k, m, c] what each move is worth."""
    choice: Floats
    """[k, m, c]"""

    def by_rationality(self) -> Floats:
        """[m, c] derivative of F in the precision of choice."""
        surplus = self.q - (self.choice * self.q).sum(1)[:, None]
        return surplus[1] - surplus[0]


def stage(turn: Turn, z: Floats, share: Floats | None = None) -> Stage:
    """The equation at z [m, c], at a share [c] of the rationality."""
    precision = turn.precision if share is None else share * turn.precision
    x, hump = _belief(z)
    place = turn.curves.locate(x)
    c = turn.curves.at(turn.base, place, range(turn.first, turn.first + 2))
    q = value(c, place.t)
    q += turn.own
    bend = change(c, place)
    bend *= precision
    bend *= hump
    u = precision * q
    u -= u.max(1)[:, None]
    gap = u[1] - u[0]
    gap += z
    gap -= turn.prior
    choice = np.exp(u, out=u)
    total = choice.sum(1)
    choice /= total[:, None]
    gap += np.log(total[0] / total[1])
    diagonal = bend[1] - bend[0]
    diagonal += 1.0
    bend *= choice
    return Stage(gap, diagonal, bend[0] - bend[1], q, choice)


def _belief(z: Floats) -> tuple[Floats, Floats]:
    """The belief p at log-odds z, exact at both ends, and p (1 - p)."""
    small = np.exp(-np.abs(z))
    large = 1.0 / (1.0 + small)
    small *= large
    return np.where(z >= 0, large, small), small * large


def step_of(at: Stage, right: Floats) -> Floats:
    """Solve the Jacobian for a right-hand side [m, c] (Sherman and Morrison 1950)."""
    w = 1.0 / away(at.diagonal)
    y = right * w
    return y - w * ((at.row * y).sum(0) / away(1.0 + (at.row * w).sum(0)))


def away(x: Floats) -> Floats:
    """x, kept away from zero."""
    close = np.abs(x) < 1e-12
    return np.where(close, 1e-12, x) if close.any() else x


def newton(turn: Turn, guess: Floats, iterations: int, share: Floats | None = None) -> Floats:
    """[m, c] where Newton's method ends from a guess [m, c]; a cell that has arrived is left alone."""
    z = guess.copy()
    who: Ints | slice = slice(None)
    part, part_z, part_share = turn, z, share
    for _ in range(iterations):
        step, size = _step(stage(part, part_z, part_share))
        part_z = part_z - step
        z[:, who] = part_z
        going = np.flatnonzero(~(size <= CLOSE))
        if not going.size:
            break
        if going.size < len(size):
            who = going if isinstance(who, slice) else who[going]
            part, part_z = turn.some(who), z[:, who]
            part_share = None if share is None else share[who]
    return z


def _step(at: Stage) -> tuple[Floats, Floats]:
    """Newton's step (not too long), and its size before it was shortened."""
    w = 1.0 / away(at.diagonal)
    step = at.gap * w
    bottom = 1.0 + (at.row * w).sum(0)
    w *= (at.row * step).sum(0) / away(bottom)
    step -= w
    size = np.abs(step).max(0)
    long = size > LARGEST_MOVE
    if long.any():
        step[:, long] *= LARGEST_MOVE / size[long]
    return step, size


class Outcome(NamedTuple):
    """What a turn comes to at given log-odds, payoffs to others than the mover left out."""

    values: Floats
    """[v, c] the mover's types: what they get; others: what follows."""
    total: Floats
    """[m, c] probability of each move."""
    x: Floats
    """[m, c] belief after it."""
    log_choice: Floats | None
    """[m, k, c]; None where it is not kept."""
    gap: Floats
    """[c] what is left of the fixed point's equation, relative to 1 + |log-odds|."""


def settle(turn: Turn, z: Floats) -> Outcome:
    """The outcome at log-odds [m, c]."""
    curves, own = turn.curves, range(turn.first, turn.first + 2)
    x, _ = _belief(z)
    place = curves.locate(x)
    values = np.empty((curves.parts, z.shape[1]))
    gain = value(curves.at(turn.base, place, own), place.t)
    gain += turn.own
    logs = turn.precision * gain
    logs -= logs.max(1)[:, None]
    logs -= np.log(np.exp(logs).sum(1))[:, None]
    gap = (np.abs(z - turn.prior - (logs[0] - logs[1])) / (1.0 + np.abs(z))).max(0)
    choice = np.exp(logs)
    gain *= choice
    values[own.start : own.stop] = gain.sum(1)
    belief, _ = _belief(turn.prior)
    total = belief * choice[0]
    total += (1.0 - belief) * choice[1]
    for others in (range(own.start), range(own.stop, curves.parts)):
        if others:
            worth = value(curves.at(turn.base, place, others), place.t)
            worth *= total
            values[others.start : others.stop] = worth.sum(1)
    return Outcome(values, total, x, logs.swapaxes(0, 1), gap)
