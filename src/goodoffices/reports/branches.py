"""Which part of the play is drawn: the points most often reached, to a number of lines and a depth that fit a page.

Receives a `PlayPoint` tree; returns the same tree as `Branch`es, cut, with the number of points left out. The drawing and
the table that stands in for it are made from the same branches, so that they cannot tell different stories.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

from goodoffices.claims.verdict import PlayMove, PlayPoint

LINES = 18
"""At most about so many ends of branches."""
DEPTH = 4
"""At most so many moves in a row."""


@dataclass
class Branch:
    """One move at one point, with the branches that follow where they are drawn."""

    point: PlayPoint
    move: PlayMove
    likeliest: bool
    """Whether it is on the single most likely path of play."""
    following: list[Branch] = field(default_factory=list["Branch"])

    @property
    def cut(self) -> bool:
        """Whether play goes on beyond what is drawn."""
        return self.move.then is not None and not self.following


def branches(play: PlayPoint, *, lines: int = LINES, depth: int = DEPTH) -> list[Branch]:
    """Cut the play to what fits: open the point with the highest reach first, until the lines are used up.

    The first point is always opened, however many moves it has.
    """
    roots = _open(play, on_path=True)
    used = len(roots)
    waiting: list[tuple[float, int, int, Branch]] = []
    order = 0

    def offer(found: list[Branch], level: int) -> None:
        nonlocal order
        for branch in found:
            if branch.move.then is not None and branch.move.then.moves and level < depth:
                heapq.heappush(waiting, (-branch.move.then.reach, order, level, branch))
                order += 1

    offer(roots, 1)
    while waiting:
        _, _, level, branch = heapq.heappop(waiting)
        then = branch.move.then
        assert then is not None
        if used + len(then.moves) - 1 > lines:
            continue
        branch.following = _open(then, on_path=branch.likeliest)
        used += len(then.moves) - 1
        offer(branch.following, level + 1)
    return roots


def _open(point: PlayPoint, *, on_path: bool) -> list[Branch]:
    best = max(range(len(point.moves)), key=lambda k: point.moves[k].probability, default=0)
    return [Branch(point, move, on_path and k == best) for k, move in enumerate(point.moves)]


def walk(roots: list[Branch], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Branch]]:
    """Every drawn branch with the labels of the moves before it, in reading order."""
    for branch in roots:
        yield path, branch
        yield from walk(branch.following, (*path, branch.move.label))


def points_in(play: PlayPoint) -> int:
    """How many points of play there are in all, drawn or not."""
    return 1 + sum(points_in(move.then) for move in play.moves if move.then is not None)


def points_drawn(roots: list[Branch]) -> int:
    """How many points of play are opened in the drawing."""
    return 1 + sum(1 for _, branch in walk(roots) if branch.following)
