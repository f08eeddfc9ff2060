"""Newton's equations for one laid-out game in NumPy: residual, solution for any right-hand side, and how to solve.

Receives a `Layout` and numbers with a draw axis; gives points (beliefs with the play they imply) and exact solutions of
the linearised system at a point. Three ways to solve, of which `choose` takes the cheapest:

- `sweep`: by elimination over public states (see `sweep`), where these are small;
- `dense`: the matrix column by column from the linearised passes, where everything is private but small;
- `krylov`: restarted GMRES with two passes a product (Saad and Schultz 1986), for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from goodoffices.games.extensive import GameData
from goodoffices.solvers.bags import Bags, find_bags
from goodoffices.solvers.layout import Layout
from goodoffices.solvers.passes import (
    LOG_NOTHING,
    LevelIndex,
    LevelNumbers,
    LevelPlay,
    backward,
    backward_change,
    forward,
    forward_change,
    gather,
    indices,
    normalise,
)
from goodoffices.solvers.sweep import orientation, sweep
from goodoffices.solvers.wiring import SweepIndex, sweep_indices

Method = Literal["sweep", "dense", "krylov"]
Floats = NDArray[np.float64]

LARGEST_DENSE = 3000
"""Most belief entries for which a matrix is stored."""

LARGEST_SHARED_WORK = 1e9
"""Most multiplications of one elimination for which many draws are eliminated together."""


class Point(NamedTuple):
    """Beliefs, the play they imply, and how far Bayes' rule takes them."""

    z: Floats
    """[k, b] normalised log beliefs."""
    rationality: Floats
    """[p, b]"""
    plays: tuple[LevelPlay, ...]
    values: Floats
    """[p, b] at the root, its own payoff not counted."""
    belief: Floats
    """[k, b] Bayes' normalised log beliefs."""
    residual: Floats
    """[k, b] z - belief, zero on padding."""


@dataclass(frozen=True, eq=False)
class Structure:
    """What every solve of one game shares."""

    layout: Layout
    bags: Bags | None
    at: tuple[LevelIndex, ...]
    sweep_at: tuple[SweepIndex, ...]
    method: Method

    @property
    def players(self) -> int:
        """How many players."""
        return self.layout.players


def structure_of(layout: Layout, *, method: str = "auto") -> Structure:
    """Find the public states of a game and choose how its linear systems are solved."""
    bags = find_bags(layout) if method in ("auto", "many", "sweep") else None
    chosen: Method
    if method == "many":
        # One call of an array operation serves all draws, so that only the arithmetic counts.
        chosen = "sweep" if bags is not None and bags.work < LARGEST_SHARED_WORK else choose(layout, None)
    else:
        chosen = choose(layout, bags) if method == "auto" else method  # type: ignore[assignment]
    if chosen == "sweep" and bags is None:
        bags = find_bags(layout, most_patterns=1_000_000_000)
    keep = bags if chosen == "sweep" else None
    return Structure(layout, keep, indices(layout), sweep_indices(layout, keep) if keep else (), chosen)


def choose(layout: Layout, bags: Bags | None) -> Method:
    """Take the way with the least expected time (rough costs in seconds, from measurements on one core)."""
    entries, edges = layout.beliefs, sum(level.edges for level in layout.levels)
    dense = 2e-8 * entries * edges * layout.players + 3e-11 * entries**3 + 1e-4 * len(layout.levels)
    sweeping = np.inf
    if bags is not None:
        sweeping = 3e-4 * bags.patterns + 2e-9 * layout.players * bags.work
    if entries > LARGEST_DENSE:
        dense = np.inf
    krylov = 60 * (2e-8 * edges * layout.players + 1e-4 * len(layout.levels))
    if sweeping <= min(dense, 10 * krylov):
        return "sweep"
    return "dense" if dense <= 10 * krylov else "krylov"


class Engine:
    """Residuals and Newton directions of one game with one or more draws of its numbers."""

    def __init__(self, structure: Structure, data: GameData) -> None:
        """`data` carries a draw axis; its rationality is ignored in favour of the argument of `at`."""
        self.structure = structure
        self.layout = structure.layout
        self.numbers: tuple[LevelNumbers, ...] = gather(structure.layout, data)

    def start(self, draws: int) -> Floats:
        """Beliefs [k, b] at rationality zero, where play is uniform whatever the beliefs."""
        z = normalise(self.layout, np.zeros((self.layout.beliefs, draws)))
        return self.at(z, np.zeros((self.structure.players, draws))).belief

    def at(self, z: Floats, rationality: Floats) -> Point:
        """Evaluate log beliefs z [k, b] (normalised here) at rationality [p, b]."""
        s = self.structure
        z = normalise(s.layout, z)
        plays, values = backward(s.layout, s.at, self.numbers, z, rationality)
        belief = forward(s.layout, s.at, self.numbers, tuple(p.log_choice for p in plays))
        residual = np.where(z > LOG_NOTHING / 2, z - belief, 0.0)
        return Point(z, rationality, plays, values, belief, residual)

    def drift(self, point: Point, d_rationality: Floats) -> Floats:
        """[k, b] derivative of the residual along a change [p, b] of rationality."""
        s = self.structure
        still = np.zeros_like(point.z)
        logs = backward_change(
            s.layout, s.at, point.plays, self.numbers, point.rationality, still, d_rationality
        )
        return -forward_change(s.layout, s.at, point.belief, logs, self.numbers)

    def solve(self, point: Point, columns: Floats) -> Floats:
        """Solve J dz = -columns for [k, q, b]; not-a-number where the matrix is singular."""
        s = self.structure
        if not s.layout.beliefs:
            return -columns
        try:
            if s.method == "sweep" and s.bags is not None:
                return sweep(
                    s.layout,
                    s.at,
                    s.sweep_at,
                    self.numbers,
                    point.plays,
                    point.rationality,
                    point.belief,
                    columns,
                )
            if s.method == "dense":
                return self._dense(point, columns)
            return self._krylov(point, columns)
        except np.linalg.LinAlgError:
            return np.full_like(columns, np.nan)

    def orientation(self, point: Point) -> Floats:
        """[b] sign of det J, with which the branch goes forward in rationality (+1) or back (-1).

        The sum of these signs over all equilibria is one, and where the branch arrives without or after folds it is
        one, too. Not-a-number where the matrix is too large to know.
        """
        s = self.structure
        draws = point.z.shape[1]
        if not s.layout.beliefs:
            return np.ones(draws)
        if s.bags is not None and s.method == "sweep":
            return orientation(s.layout, s.at, s.sweep_at, self.numbers, point.plays, point.rationality)
        if s.method == "dense" and draws == 1:
            return np.array([np.linalg.slogdet(self._matrix(point))[0]])
        return np.full(draws, np.nan)

    def product(self, point: Point, dz: Floats) -> Floats:
        """J dz for directions [k, q] at a point of one draw."""
        s = self.structure
        still = np.zeros((s.players, dz.shape[-1]))
        logs = backward_change(s.layout, s.at, point.plays, self.numbers, point.rationality, dz, still)
        return dz - forward_change(s.layout, s.at, point.belief, logs, self.numbers)

    def _dense(self, point: Point, columns: Floats) -> Floats:
        _one_draw(columns)
        found: Floats = np.linalg.solve(self._matrix(point), -columns[:, :, 0]).astype(np.float64, copy=False)
        return found[:, :, None]

    def _matrix(self, point: Point) -> Floats:
        size = self.layout.beliefs
        matrix = np.empty((size, size))
        width = max(1, min(size, int(2e7 / max(1, sum(level.edges for level in self.layout.levels)))))
        for first in range(0, size, width):
            last = min(first + width, size)
            unit = np.zeros((size, last - first))
            unit[np.arange(first, last), np.arange(last - first)] = 1.0
            matrix[:, first:last] = self.product(point, unit)
        return matrix

    def _krylov(self, point: Point, columns: Floats) -> Floats:
        from scipy.sparse.linalg import LinearOperator, gmres

        _one_draw(columns)
        size = self.layout.beliefs
        operator: Any = LinearOperator(
            (size, size),
            matvec=lambda v: self.product(point, v.reshape(-1, 1))[:, 0],  # pyright: ignore[reportCallIssue]
            dtype=np.float64,  # pyright: ignore[reportCallIssue]
        )
        out = np.empty_like(columns)
        for k in range(columns.shape[1]):
            right = -columns[:, k, 0]
            solution, info = gmres(operator, right, rtol=1e-9, atol=1e-15, restart=120, maxiter=5)
            out[:, k, 0] = solution if info == 0 else np.nan
        return out


def _one_draw(columns: Floats) -> None:
    if columns.shape[2] != 1:
        raise ValueError("only the sweep solves several draws at once")
