"""The grid of a tipping map while it is being solved: from coarse to fine, and which of its points are known.

Receives axes, the values of everything else and a `Judge`; holds, for each claim, verdicts, margins and status at every
point. All claims share each solved point.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from goodoffices.analyses.asking import Bools, Judge, Judged
from goodoffices.compiler.expressions import Array

if TYPE_CHECKING:
    from goodoffices.analyses.tipping_maps import Axis

COARSE = 4
"""Steps of the grid between points of the coarse one."""
HUB = 4
"""Points of a square of this side start from the one in its middle."""
SOLVED, INFERRED, UNSOLVED = 0, 1, 2
Ints = NDArray[np.int64]


@dataclass(eq=False)
class Grid:
    """A map under way. Flat index of a point: row-major over the axes."""

    axes: Sequence[Axis]
    fixed: Mapping[str, float]
    judge: Judge
    progress: Callable[[str, int, int], None] | None = None
    holds: dict[str, Bools] = field(default_factory=dict[str, Bools])
    margins: dict[str, Array] = field(default_factory=dict[str, Array])
    status: dict[str, NDArray[np.int8]] = field(default_factory=dict[str, NDArray[np.int8]])
    units: dict[str, str] = field(default_factory=dict[str, str])
    middle: dict[str, bool | None] = field(default_factory=dict[str, bool | None])
    games: int = 0
    interrupted: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each axis."""
        return tuple(len(axis.values) for axis in self.axes)

    def fill(self, *, every: bool) -> None:
        """Solve the grid: all of it, or coarsely and then where a claim may flip. An interruption ends it early.

        Raises:
            KeyboardInterrupt: stopped before the coarse grid was solved.
        """
        steps = [1] if every or len(self.axes) == 1 else [COARSE, 2, 1]
        self._solve(
            self._lattice(steps[0]), f"grid, every {steps[0]}" if steps[0] > 1 else "grid", first=True
        )
        for step in steps[1:]:
            if self.interrupted:
                return
            inner = self._lattice(step)
            doubtful = self._doubtful(2 * step)
            todo = np.array(
                [k for k in inner if doubtful.flat[k] and not self._known(int(k))], dtype=np.int64
            )
            self._infer(np.setdiff1d(inner, todo), 2 * step)
            if len(todo):
                self._solve(todo, f"grid, every {step}" if step > 1 else "grid")
        while not self.interrupted and len(todo := self._guessed_at_flips()):
            self._solve(todo, "boundary")

    def flips(self, name: str, axis: int) -> Ints:
        """Flat indices of points from which the claim flips to the next one along the axis; both are not unsolved."""
        known = self.status[name] != UNSOLVED
        here, there = self._pairs(axis)
        differ = (self.holds[name][here] != self.holds[name][there]) & known[here] & known[there]
        return np.ravel_multi_index(np.nonzero(differ), self.shape).astype(np.int64)

    def _pairs(self, axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
        whole = [slice(None)] * len(self.shape)
        here, there = list(whole), list(whole)
        here[axis], there[axis] = slice(0, -1), slice(1, None)
        return tuple(here), tuple(there)

    def _guessed_at_flips(self) -> Ints:
        """Inferred points beside a flip: a boundary is only believed between two solved points."""
        out: list[Ints] = []
        strides = np.array([int(np.prod(self.shape[k + 1 :])) for k in range(len(self.shape))])
        for name, status in self.status.items():
            for axis in range(len(self.shape)):
                first = self.flips(name, axis)
                both = np.concatenate([first, first + strides[axis]])
                out.append(both[status.flat[both] == INFERRED])
        return np.unique(np.concatenate(out))

    def ask(self, points: Mapping[str, Array], stage: str, hub: Ints | None = None) -> Judged:
        """Judge points given by the mapped parameters, the others at their values."""
        width = len(next(iter(points.values())))
        whole = {name: np.full(width, value) for name, value in self.fixed.items()} | dict(points)
        whole = {name: whole[name] for name in self.fixed}
        progress = self.progress
        found = self.judge(
            whole,
            hub=hub,
            progress=None if progress is None else lambda done, total: progress(stage, done, total),
        )
        self.games += found.games
        self.interrupted |= found.interrupted
        return found

    def _known(self, flat: int) -> bool:
        return any(int(status.flat[flat]) != INFERRED for status in self.status.values())

    def _ticks(self, size: int, step: int) -> Ints:
        return np.unique(np.append(np.arange(0, size, step), size - 1))

    def _lattice(self, step: int) -> Ints:
        """Flat indices of the points of the grid with this step; the last row and column belong to it."""
        ticks = np.meshgrid(*(self._ticks(size, step) for size in self.shape), indexing="ij")
        return np.ravel_multi_index(tuple(t.ravel() for t in ticks), self.shape).astype(np.int64)

    def _solve(self, flat: Ints, stage: str, *, first: bool = False) -> None:
        places = np.unravel_index(flat, self.shape)
        points = {axis.parameter: axis.values[k] for axis, k in zip(self.axes, places, strict=True)}
        if first:
            # One more point: everything at its prior median.
            points = {axis.parameter: np.append(points[axis.parameter], axis.median) for axis in self.axes}
        found = self.ask(points, stage, self._hubs(places, extra=first))
        if first:
            if found.interrupted or not found.claims:
                raise KeyboardInterrupt
            self._begin(found)
        done = min(found.width, len(flat))
        for name, out in found.claims.items():
            self.holds[name].flat[flat[:done]] = out.holds[:done]
            self.margins[name].flat[flat[:done]] = out.margins[:done]
            self.status[name].flat[flat[:done]] = np.where(out.solved[:done], SOLVED, UNSOLVED)

    def _begin(self, found: Judged) -> None:
        for name, out in found.claims.items():
            self.holds[name] = np.zeros(self.shape, dtype=bool)
            self.margins[name] = np.full(self.shape, np.nan)
            self.status[name] = np.full(self.shape, INFERRED, dtype=np.int8)
            self.units[name] = out.unit
            self.middle[name] = bool(out.holds[-1]) if out.solved[-1] else None

    def _hubs(self, places: tuple[Ints, ...], *, extra: bool) -> Ints:
        """[b] the first asked point of each square: the others start from its solution."""
        squares = np.zeros(len(places[0]), dtype=np.int64)
        for k, size in zip(places, self.shape, strict=True):
            squares = squares * (size // HUB + 1) + k // HUB
        _, starts, where = np.unique(squares, return_index=True, return_inverse=True)
        hub: Ints = np.asarray(starts)[np.asarray(where).reshape(-1)]
        hub = np.where(hub == np.arange(len(hub)), -1, hub)
        return np.append(hub, -1) if extra else hub

    def _cells(self, step: int) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        rows, columns = (self._ticks(size, step).tolist() for size in self.shape)
        return [((a, b), (c, d)) for a, b in itertools.pairwise(rows) for c, d in itertools.pairwise(columns)]

    def _doubtful(self, step: int) -> Bools:
        """Points in cells where some claim may flip: corners disagree, are unknown, or margins run towards zero.

        A margin that changes across a cell by more than it is large might change as much again inside it.
        """
        out = np.zeros(self.shape, dtype=bool)
        for (a, b), (c, d) in self._cells(step):
            for name, holds in self.holds.items():
                corners = np.ix_([a, b], [c, d])
                margins, status = self.margins[name][corners], self.status[name][corners]
                agree = bool(holds[corners].all() or not holds[corners].any())
                settled = agree and not (status == UNSOLVED).any()
                near = bool((status == SOLVED).all()) and np.abs(margins).min() < 0.5 * np.ptp(margins)
                if not settled or near:
                    out[a : b + 1, c : d + 1] = True
                    break
        return out

    def _infer(self, flat: Ints, step: int) -> None:
        """Points that nobody will solve take the verdict of the corners around them."""
        places = np.unravel_index(flat, self.shape)
        nearest: list[Ints] = []
        for k, size in zip(places, self.shape, strict=True):
            ticks = self._ticks(size, step)
            below = np.asarray(np.searchsorted(ticks, k, side="right"), dtype=np.int64) - 1
            nearest.append(ticks[below])
        source = np.ravel_multi_index(tuple(nearest), self.shape)
        for name, holds in self.holds.items():
            fresh = self.status[name].flat[flat] == INFERRED
            holds.flat[flat[fresh]] = holds.flat[source[fresh]]
