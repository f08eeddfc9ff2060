"""The patient rule induction method: a box over parameters in which one kind of world is dense.

Receives values [parameter, b] and which worlds are meant [b]; returns boxes. Peeling cuts a thin slice off one side of the
box again and again, the slice whose loss gains most; pasting puts back what was cut too much; pruning takes away limits
that are not missed. Nothing here knows games or claims.

Source: Friedman and Fisher (1999), Statistics and Computing 9, 123-143; the gain per world lost is their equation for
categorical inputs, which Bryant and Lempert (2010), Technological Forecasting and Social Change 77, 34-49, use for all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PEEL = 0.05
"""Share of the box's worlds that one cut takes."""
LEAST_WORLDS = 20
"""A box holds at least so many worlds."""
LEAST_SHARE = 0.02
"""And at least this share of them all."""


@dataclass(frozen=True, eq=False)
class Box:
    """Limits on some parameters; what has none is infinite."""

    low: Floats
    """[parameter]"""
    high: Floats
    """[parameter]"""

    def inside(self, values: Floats) -> Bools:
        """[b] which of the worlds [parameter, b] are in it; both limits belong to it."""
        kept = (values >= self.low[:, None]) & (values <= self.high[:, None])
        return np.asarray(kept.all(0))

    def limited(self) -> NDArray[np.int64]:
        """Numbers of the parameters with a limit."""
        return np.flatnonzero(np.isfinite(self.low) | np.isfinite(self.high))

    def changed(self, parameter: int, *, low: float | None = None, high: float | None = None) -> Box:
        """The same box with another limit."""
        lows, highs = self.low.copy(), self.high.copy()
        if low is not None:
            lows[parameter] = low
        if high is not None:
            highs[parameter] = high
        return Box(lows, highs)


def everything(parameters: int) -> Box:
    """The box without limits."""
    return Box(np.full(parameters, -np.inf), np.full(parameters, np.inf))


@dataclass(frozen=True)
class Score:
    """How well a box separates."""

    worlds: int
    """Worlds in it."""
    meant: int
    """Of them of the kind that is meant."""
    all_meant: int
    """Of that kind anywhere."""

    @property
    def density(self) -> float:
        """Share of the box's worlds that are meant."""
        return self.meant / self.worlds if self.worlds else 0.0

    @property
    def coverage(self) -> float:
        """Share of the worlds that are meant that are in the box."""
        return self.meant / self.all_meant if self.all_meant else 0.0

    @property
    def balance(self) -> float:
        """Harmonic mean of coverage and density (0 to 1)."""
        return 2 * self.meant / (self.worlds + self.all_meant) if self.worlds + self.all_meant else 0.0


def score(inside: Bools, meant: Bools) -> Score:
    """Count a box."""
    return Score(int(inside.sum()), int((inside & meant).sum()), int(meant.sum()))


def find_box(values: Floats, meant: Bools, *, most: int) -> Box | None:
    """The box with the fewest limits among those that separate about as well as the best.

    Args:
        values: [parameter, b]
        meant: [b]
        most: limits are put on at most so many parameters.

    Returns:
        None where nothing can be cut.
    """
    path = _peel(values, meant)
    if len(path) < 2:
        return None
    balances = [score(box.inside(values), meant).balance for box in path]
    # The box that separates best so far, and the smallest: of two dense places far apart only that one has chosen.
    starts = {int(np.argmax(balances)), len(path) - 1} - {0}
    simpler = [pair for k in sorted(starts) for pair in _prune(path[k], values, meant, few=2 * most)]
    allowed = [(box, found) for box, found in simpler if 1 <= len(box.limited()) <= most]
    if not allowed:
        return None
    best = max(found.balance for _, found in allowed)
    # Boxes within a standard error of the best are as good: of those the fewest limits.
    error = np.sqrt(best * (1 - best) / max(1, int(meant.sum())))
    good = [pair for pair in allowed if pair[1].balance >= best - error]
    return min(good, key=lambda pair: (len(pair[0].limited()), -pair[1].balance))[0]


def _peel(values: Floats, meant: Bools) -> list[Box]:
    """Boxes from everything to the smallest that may be."""
    least = max(LEAST_WORLDS, int(np.ceil(LEAST_SHARE * len(meant))))
    box = everything(len(values))
    path = [box]
    inside = np.ones(len(meant), dtype=bool)
    while True:
        worlds = np.flatnonzero(inside)
        if len(worlds) <= least:
            return path
        here, right = values[:, worlds], meant[worlds]
        best: tuple[float, int, int, float] | None = None
        mean = float(right.mean())
        if mean in (0.0, 1.0):
            return path
        last = len(worlds) - 1
        ends = int(np.ceil(PEEL * last)), int((1 - PEEL) * last)
        ordered = np.partition(here, ends, axis=1)
        for side, cuts in ((0, ordered[:, ends[0]]), (1, ordered[:, ends[1]])):
            kept = here >= cuts[:, None] if side == 0 else here <= cuts[:, None]
            # Where many worlds share the limit (a discrete prior) all of them go.
            same = kept.all(1)
            if same.any():
                edge = here.min(1) if side == 0 else here.max(1)
                strict = here > edge[:, None] if side == 0 else here < edge[:, None]
                kept[same] = strict[same]
            number = kept.sum(1)
            with np.errstate(all="ignore"):
                gain = ((kept & right).sum(1) / number - mean) / (len(worlds) - number)
            gain[(number < least) | (number == len(worlds))] = -np.inf
            k = int(np.argmax(gain))
            # The best cut is made even where it loses: two boxes far apart are found only through worse ones.
            if gain[k] > (best[0] if best else -np.inf):
                mine = here[k][kept[k]]
                best = (float(gain[k]), k, side, float(mine.min() if side == 0 else mine.max()))
        if best is None:
            return path
        _, k, side, limit = best
        box = box.changed(k, low=limit) if side == 0 else box.changed(k, high=limit)
        inside = box.inside(values)
        path.append(box)


def _paste(box: Box, values: Floats, meant: Bools) -> Box:
    """Move single limits to where the balance of coverage and density is best, as long as that gains."""
    current = score(box.inside(values), meant).balance
    while True:
        found: tuple[float, Box] | None = None
        for k in box.limited():
            number = int(k)
            for side in (0, 1):
                free = box.changed(number, low=-np.inf) if side == 0 else box.changed(number, high=np.inf)
                moved = _best_limit(free, number, side, values, meant)
                if moved[0] > (found[0] if found else current) + 1e-12:
                    found = moved
        if found is None:
            return box
        current, box = found


def _best_limit(free: Box, k: int, side: int, values: Floats, meant: Bools) -> tuple[float, Box]:
    """The best place of one limit, every other one given; none at all is among the places."""
    worlds = np.flatnonzero(free.inside(values))
    column, right = values[k, worlds], meant[worlds]
    order = np.argsort(column if side == 1 else -column, kind="stable")
    sorted_values = column[order]
    count, hits = np.arange(1, len(order) + 1), np.cumsum(right[order])
    balance = 2 * hits / (count + meant.sum())
    ends = np.append(sorted_values[1:] != sorted_values[:-1], True)
    balance = np.where(ends & (count >= LEAST_WORLDS), balance, -1.0)
    at = int(np.argmax(balance))
    if balance[at] < 0:
        return -1.0, free
    if at == len(order) - 1:
        return float(balance[at]), free
    limit = float(sorted_values[at])
    return float(balance[at]), free.changed(k, low=limit) if side == 0 else free.changed(k, high=limit)


def _prune(box: Box, values: Floats, meant: Bools, *, few: int) -> list[tuple[Box, Score]]:
    """The box, and simpler ones: again and again the parameter goes whose limits are missed least.

    Limits are moved to their best places only where `few` parameters or fewer are left to limit.
    """
    out: list[tuple[Box, Score]] = []
    while True:
        limited = box.limited()
        if len(limited) <= few:
            box = _paste(box, values, meant)
            limited = box.limited()
        out.append((box, score(box.inside(values), meant)))
        if len(limited) <= 1:
            return out
        outside = (values[limited] < box.low[limited, None]) | (values[limited] > box.high[limited, None])
        # A world comes in when a parameter goes if it was outside by no other.
        inside = outside.sum(0)[None, :] - outside == 0
        balance = 2 * (inside & meant).sum(1) / (inside.sum(1) + meant.sum())
        box = box.changed(int(limited[int(np.argmax(balance))]), low=-np.inf, high=np.inf)
