"""Payments for moves: the scenario in which a move earns its maker something more, and the least of it that is enough.

Receives a scenario, a goal and moves; returns the least payment for each move, found on a grid and narrowed by bisection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from goodoffices.analyses.inverse_points import Margins
from goodoffices.claims.survey import AnySolve, Form
from goodoffices.compiler.scenario_tree import Choice
from goodoffices.language.priors import fixed
from goodoffices.language.scenario import Claim, Parameter, Scenario
from goodoffices.language.tree import Name, Unary

GRID = 16
"""Payments that are tried for each move, in equal ratios over three powers of ten."""
EXACT = 1e-3
"""Relative width to which the least payment is located."""


@dataclass(frozen=True, eq=False)
class Lines:
    """The least payment for each move."""

    found: list[tuple[float, float]]
    """Amount (infinite where none was found) and margin at it."""
    games: int
    unsolved: int


def with_payments(scenario: Scenario, moves: Sequence[Choice]) -> Scenario:
    """The scenario in which each of the moves earns its maker what a new parameter says, zero to begin with."""
    names = {move: payment_name(move) for move in moves}
    turns = tuple(
        replace(
            turn,
            movers=tuple(
                replace(
                    mover,
                    moves=tuple(
                        replace(m, costs=(*m.costs, ((), Unary("-", Name(names[mover.party, m.name])))))
                        if (mover.party, m.name) in names
                        else m
                        for m in mover.moves
                    ),
                )
                for mover in turn.movers
            ),
        )
        for turn in scenario.turns
    )
    added = tuple(Parameter(name, fixed(0.0), "utility") for name in names.values())
    return replace(scenario, turns=turns, parameters=(*scenario.parameters, *added))


def payment_name(move: Choice) -> str:
    """The parameter of a payment; no name in a file can have a blank."""
    return f"payment for {move[0]}.{move[1]}"


def least_payments(
    scenario: Scenario,
    goal: Claim,
    moves: Sequence[Choice],
    recompile: Callable[[Scenario], Form],
    *,
    solve: AnySolve,
    most: float,
) -> Lines:
    """For each move the least payment at which the goal is first reached, on a grid up to `most`."""
    margins = Margins(recompile(with_payments(scenario, moves)), goal, (), solve=solve)
    grid = most * np.logspace(-3, 0, GRID)

    def at(rows: Sequence[int], amounts: np.ndarray) -> np.ndarray:
        """[row] margins where each of some moves is paid for alone."""
        paid = {payment_name(move): np.zeros(len(rows)) for move in moves}
        for k, row in enumerate(rows):
            paid[payment_name(moves[row])][k] = amounts[k]
        return margins.at(paid, len(rows))

    rows = [row for row in range(len(moves)) for _ in grid]
    sizes = at(rows, np.tile(grid, len(moves))).reshape(len(moves), GRID)
    reached = sizes >= 0
    first = np.argmax(reached, axis=1)
    low = np.where(first > 0, grid[np.maximum(first - 1, 0)], 0.0)
    high = np.where(reached.any(axis=1), grid[first], np.inf)
    margin = np.where(reached.any(axis=1), sizes[np.arange(len(moves)), first], np.nan)
    while True:
        wide = np.flatnonzero(np.isfinite(high) & (high - low > EXACT * high))
        if not len(wide):
            break
        middle = (low[wide] + high[wide]) / 2
        size = at(wide.tolist(), middle)
        good = size >= 0
        high[wide], low[wide] = np.where(good, middle, high[wide]), np.where(good, low[wide], middle)
        margin[wide] = np.where(good, size, margin[wide])
    found = [(float(a), float(m)) for a, m in zip(high, margin, strict=True)]
    return Lines(found, margins.games, margins.unsolved)
