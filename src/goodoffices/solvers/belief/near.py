"""Solutions near one that was solved, to first order: `solve_near`, `NearSolver` in place of a solver, and a check.

Receives a solution and numbers close to its own; returns what the solution becomes with them, by its derivatives. What
is left out grows with the square of the distance, so that difference quotients of whatever is read off such solutions
are derivatives of it, for a fraction of the work of solving each. Takes numbers of any size of change: what is near
enough is for the caller to say, or for `NearSolver`, which solves what is not.

Index letter: l draws near the solution, the last axis of what is returned.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from goodoffices.certificates.recursive import certify_recursive
from goodoffices.games.recursive import (
    Floats,
    Ints,
    RecursiveData,
    RecursiveGame,
    RecursiveSolution,
    select_draws,
)
from goodoffices.solvers.belief.payoffs import with_draws
from goodoffices.solvers.belief.tangents import Tangents, differentiate

NEAR = 1e-3
"""Largest change of a number, relative to the largest of its kind, at which `NearSolver` does not solve anew."""

TOGETHER = 32
"""Draws found at a time, which bounds what is held beside the answer."""
CHECKED = 1e-6
"""Length of the step after which derivatives are checked: the square root of a solver's residual would be the best."""

Levels = tuple[tuple[Floats, ...], ...]


def solve_near(solution: RecursiveSolution, data: RecursiveData) -> RecursiveSolution:
    """A solution for numbers close to those of another, to first order in the difference.

    Args:
        solution: one draw, which kept its values.
        data: the numbers, with an axis of draws l; where they are not finite the draw has status 3.

    Returns:
        A solution with everything that `solution` kept, its status and no certificate.

    Raises:
        ValueError: The solution kept no values, has more than one draw, or numbers of another shape.
    """
    if solution.data.discount.shape[-1] != 1:
        raise ValueError("what is near is near to one draw")
    parts: list[RecursiveSolution] = []
    for begin in range(0, data.discount.shape[-1], TOGETHER):
        here = _each(data, lambda a, at=begin: a[..., at : at + TOGETHER])
        change = _both(here, solution.data, lambda new, old: np.moveaxis(new - old, -1, 0)[..., None])
        parts.append(_moved(solution, here, differentiate(solution, change, keep=True)))
    return _joined(parts)


def certify_tangents(
    solution: RecursiveSolution, directions: RecursiveData, *, rounds: int | None = None
) -> Floats:
    """Independent evidence for derivatives: what a step along each direction leaves of the equations, per unit of it.

    Args:
        solution: one draw, which kept its values.
        directions: as for `differentiate`.
        rounds: check the cells of this many rounds, spread evenly, instead of all.

    Returns:
        [d] the largest residual that `certify_recursive`, which shares nothing with a solver, finds after a step of
        length `CHECKED`, divided by it: of log choices, beliefs and values (utility). Derivatives that were wrong by some
        amount would leave about that amount. What is right leaves the solution's own residual over the step, and a term of
        the order of the step. Not a number where the solution has no derivative.
    """
    moved = _both(solution.data, directions, lambda old, by: old + CHECKED * np.moveaxis(by[..., 0], 0, -1))
    found = certify_recursive(solve_near(solution, moved), samples=0, rounds=rounds)
    return np.maximum.reduce([found.logit_residual, found.belief_error, found.value_error]) / CHECKED


class NearSolver:
    """A solver of batches that solves some of their draws and finds those near to them by derivatives.

    A draw within `NEAR` of one that was solved for the same game is not solved. In one batch the first draw of those near to
    each other is, so that points should stand behind what they are near to.
    """

    def __init__(self, solve: Any) -> None:
        """`solve` is called as this is, and keeps values."""
        self.solve = solve
        self.solved = 0
        """Draws that were solved so far."""
        self.near = 0
        """Draws that were found by derivatives."""
        self.first: RecursiveSolution | None = None
        """Of the first draw that was solved."""
        self.bases: dict[Any, list[RecursiveSolution]] = {}

    def __call__(
        self,
        game: RecursiveGame,
        data: RecursiveData,
        /,
        *,
        rounds: int | None,
        nodes: int,
        from_outset: bool,
    ) -> RecursiveSolution:
        """The draws of a batch, solved or near to what was solved."""
        wide = with_draws(game, data)
        bases = self.bases.setdefault((id(game), rounds, nodes, from_outset), [])
        draws = wide.discount.shape[-1]
        of = np.full(draws, -1)
        for k, base in enumerate(bases):
            of[(of < 0) & _is_near(base.data, wide)] = k
        fresh: list[int] = []
        while (of < 0).any():
            first = int(np.argmax(of < 0))
            own = _draws(wide, np.array([first]))
            of[(of < 0) & _is_near(own, wide)] = len(bases) + len(fresh)
            of[first] = len(bases) + len(fresh)
            fresh.append(first)
        if fresh:
            found: RecursiveSolution = self.solve(
                game, _draws(wide, np.array(fresh)), rounds=rounds, nodes=nodes, from_outset=from_outset
            )
            if self.first is None:
                self.first = select_draws(found, slice(0, 1))
            bases += [select_draws(found, slice(k, k + 1)) for k in range(len(fresh))]
        self.solved += len(fresh)
        self.near += draws - len(fresh)
        used = np.unique(of)
        parts = [solve_near(bases[k], _draws(wide, np.flatnonzero(of == k))) for k in used.tolist()]
        order = np.argsort(np.concatenate([np.flatnonzero(of == k) for k in used.tolist()]))
        return _sorted(_joined(parts), order)


def _is_near(base: RecursiveData, data: RecursiveData) -> np.ndarray:
    """[l] whether all numbers are."""
    near = np.ones(data.discount.shape[-1], dtype=bool)

    def look(new: Floats, old: Floats) -> Floats:
        size = np.abs(old).max(initial=1e-300)
        gap = np.abs(new - old).reshape(-1, new.shape[-1]).max(0, initial=0.0)
        near[:] &= gap <= NEAR * size
        return new

    with np.errstate(invalid="ignore"):
        _both(data, base, look)
    return near


def _moved(solution: RecursiveSolution, data: RecursiveData, by: Tangents) -> RecursiveSolution:
    def step(levels: Levels, change: Levels) -> Levels:
        return tuple(
            tuple(a + np.moveaxis(c[..., 0], 0, -1) for a, c in zip(level, moved, strict=True))
            for level, moved in zip(levels, change, strict=True)
        )

    root = solution.root + by.root[..., 0].T
    finite = np.isfinite(root).all(0)
    return dataclasses.replace(
        solution,
        data=data,
        root=root,
        values=step(solution.values, by.values),
        log_choice=step(solution.log_choice, by.log_choice),
        posterior=step(solution.posterior, by.posterior),
        status=np.where(finite | (solution.status != 0), solution.status, 3).astype(np.int8),
        certificate=None,
    )


def _joined(parts: list[RecursiveSolution]) -> RecursiveSolution:
    """Side by side along the axis of draws."""
    if len(parts) == 1:
        return parts[0]

    def join(name: str) -> Levels:
        return tuple(
            tuple(np.concatenate(arrays, -1) for arrays in zip(*level, strict=True))
            for level in zip(*(getattr(part, name) for part in parts), strict=True)
        )

    first, *others = (part.data for part in parts)
    data = first
    for other in others:
        data = _both(data, other, lambda a, b: np.concatenate([a, b], -1))
    return dataclasses.replace(
        parts[0],
        data=data,
        root=np.concatenate([part.root for part in parts], -1),
        values=join("values"),
        log_choice=join("log_choice"),
        posterior=join("posterior"),
        status=np.concatenate([part.status for part in parts]),
    )


def _sorted(solution: RecursiveSolution, order: Ints) -> RecursiveSolution:
    """The draws in another order."""
    if (np.diff(order) == 1).all():
        return solution

    def sort(levels: Levels) -> Levels:
        return tuple(tuple(array[..., order] for array in level) for level in levels)

    return dataclasses.replace(
        solution,
        data=_draws(solution.data, order),
        root=solution.root[:, order],
        values=sort(solution.values),
        log_choice=sort(solution.log_choice),
        posterior=sort(solution.posterior),
        status=solution.status[order],
    )


def _draws(data: RecursiveData, which: Ints) -> RecursiveData:
    return _each(data, lambda a: a[..., which])


def _each(data: RecursiveData, change: Any) -> RecursiveData:
    return _both(data, data, lambda a, _: change(a))


def _both(one: RecursiveData, other: RecursiveData, join: Any) -> RecursiveData:
    """Array by array."""
    return RecursiveData(
        join(one.payoff, other.payoff),
        join(one.odds, other.odds),
        join(one.end, other.end),
        tuple(join(a, b) for a, b in zip(one.prior, other.prior, strict=True)),
        join(one.rationality, other.rationality),
        join(one.discount, other.discount),
    )
