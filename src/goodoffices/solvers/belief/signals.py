"""One turn of one party with two types, at many cells at once: the fixed point of choice and belief.

The unknowns of a cell are the log-odds z_m of the mover's first type against its second after each of its moves m. With
prior log-odds l, precision of choice r and Q_k(m) the payoff and continuation of type k after m, believed as z_m says,

    F_m = z_m - l - (r Q_1(m) - LSE_1) + (r Q_2(m) - LSE_2),        LSE_k = log sum_m exp(r Q_k(m)).

Q(m) depends on z_m only, and the LSE are common to all moves, so the Jacobian is a diagonal matrix plus one outer
product and Newton's step costs a few operations a move.

Arrays have moves first and cells last; `xp` is NumPy or JAX's NumPy. Index letters: m move, k type (of two), x whatever
cells there are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

Array = Any


class Stage(NamedTuple):
    """The fixed point's equation at some z."""

    gap: Array
    """[m, x] F."""
    log_choice: Array
    """[k, m, x]"""
    diagonal: Array
    """[m, x] diagonal part of the Jacobian."""
    row: Array
    """[m, x] the vector v of the outer product 1 v'."""
    by_rationality: Array
    """[m, x] derivative of F in the precision of choice."""


def evaluate(
    z: Array,
    prior: Array,
    rationality: Array,
    q: Array,
    q_change: Array,
    xp: Any = np,
    *,
    allowed: Array = None,
) -> Stage:
    """F and its derivatives at z [m, x], given q and its derivative in the belief, both [k, m, x]."""
    u = rationality * q
    if allowed is not None:
        u = xp.where(allowed, u, -np.inf)
    top = u.max(1, keepdims=True)
    e = xp.exp(u - top)
    total = e.sum(1, keepdims=True)
    choice = e / total
    logs = u - (top + xp.log(total))
    if allowed is not None:
        logs = xp.where(allowed, logs, 0.0)
    gap = z - prior - (logs[0] - logs[1])
    p = 1.0 / (1.0 + xp.exp(-xp.abs(z)))
    bend = rationality * p * (1.0 - p)
    diagonal = 1.0 - bend * (q_change[0] - q_change[1])
    row = bend * (choice[0] * q_change[0] - choice[1] * q_change[1])
    mean = (choice * q).sum(1, keepdims=True)
    surplus = q - mean
    return Stage(gap, logs, diagonal, row, surplus[1] - surplus[0])


def probability(z: Array, xp: Any = np) -> Array:
    """The belief in the first type; exact at both ends."""
    return xp.where(z >= 0, 1.0 / (1.0 + xp.exp(-xp.abs(z))), xp.exp(-xp.abs(z)) / (1.0 + xp.exp(-xp.abs(z))))
