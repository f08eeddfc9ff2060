"""One turn at one belief solved along its branch from zero rationality: where Newton's method does not arrive.

Receives a solution, a draw, a place and coordinates of belief; returns log strategies, or None where the branch is lost.
The turn is computed from the stored values that follow it, as the certificate does; derivatives are differences.
"""

from __future__ import annotations

import numpy as np

from goodoffices.certificates.recursive import Examiner
from goodoffices.games.recursive import Floats, Ints, RecursiveSolution
from goodoffices.solvers.belief.arclength import Equations, follow
from goodoffices.solvers.belief.forward import one_draw

DIFFERENCE = 1e-6


def trace_turn(
    solution: RecursiveSolution, *, draw: int, round: int, place: int, point: Floats
) -> Floats | None:
    """[choice, type] log strategies at coordinates [axis] of public belief, on the principal branch.

    Args:
        round: Index into the stored rounds.
    """
    examiner = Examiner(one_draw(solution, draw))
    play = examiner.play
    following = examiner.following(round, int(solution.game.place_slot[place]))
    movers = examiner.movers(place)
    width = max(solution.game.types[party] for party, _ in movers)
    count = len(play.rows(place))
    real = [(n, k) for party, rows in movers for n in rows for k in range(solution.game.types[party])]
    index: tuple[Ints, ...] = tuple(np.array(real, dtype=np.int64).T)
    precision = {party: float(examiner.precision(round, party)[0]) for party, _ in movers}
    highest = max(precision.values())

    def worth(x: Floats) -> Floats:
        """[choice, k, n] rationality times worth of each move under log strategies [n, d]."""
        table = np.zeros((count, width, len(x)))
        table[index] = x.T
        points = np.repeat(point[:, None], len(x), 1)
        found = play.turn(place, points, table, following).choice_worth
        out = np.zeros_like(found)
        for party, rows in movers:
            out[rows] = precision[party] * found[rows]
        return out

    def respond(x: Floats, share: Floats) -> tuple[Floats, Floats]:
        """(log logit choice [n, d], its derivative in the share of rationality [n, d])."""
        level = worth(x)
        logs, slope = np.zeros_like(level), np.zeros_like(level)
        for party, rows in movers:
            types = solution.game.types[party]
            u = level[rows, :types]
            scaled = share * u
            own = scaled - np.logaddexp.reduce(scaled, 0)
            logs[rows, :types] = own
            slope[rows, :types] = u - (np.exp(own) * u).sum(0)
        return logs[index].T, slope[index].T

    def evaluate(_who: Ints, x: Floats, share: Floats) -> Equations:
        d = x.shape[1]
        gap, by_share = np.empty_like(x), np.empty_like(x)
        jacobian = np.empty((len(x), d, d))
        for n in range(len(x)):
            moved: Floats = np.concatenate([x[n : n + 1], x[n] + DIFFERENCE * np.eye(d)])
            wide: Floats = np.repeat(share[n : n + 1], d + 1)
            image, slope = respond(moved, wide)
            residual = moved - image
            gap[n], by_share[n] = residual[0], -slope[0]
            jacobian[n] = ((residual[1:] - residual[0]) / DIFFERENCE).T
        return Equations(gap, jacobian, by_share)

    start = np.zeros((count, width))
    for party, rows in movers:
        start[rows, : solution.game.types[party]] = -np.log(len(rows))
    with np.errstate(all="ignore"):
        found = follow(evaluate, start[index][None], np.array([highest]))
    if not found.arrived[0]:
        return None
    out = np.zeros((count, width))
    out[index] = found.x[0]
    return out
