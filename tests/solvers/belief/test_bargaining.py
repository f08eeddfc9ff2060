"""Alternating offers without end come to Rubinstein's division as rationality grows and shares become fine."""

from __future__ import annotations

import numpy as np
import pytest

from goodoffices.games.recursive import RecursiveData, RecursiveGame
from goodoffices.solvers.belief import solve_recursive

SHARES = 41
RATIONALITY = 300.0
"""The last tenth of a share is decided by chance; much sharper choice can go round in circles among the shares."""


def alternating_offers() -> tuple[RecursiveGame, np.ndarray]:
    """Two parties take turns to offer a division of a pie; once the other agrees it is over.

    Slots: party 0 offers if it is its turn; party 1 answers, or offers if it is its turn; party 0 answers. Returns the
    game and the payoffs of edges.
    """
    offers = np.arange(SHARES) / (SHARES - 1)  # what the answering party would get
    place_slot = [0, 0, 0, *[1] * (SHARES + 2), *[2] * (SHARES + 3)]
    answer1, propose1, over1 = 3, 3 + SHARES, 4 + SHARES
    answer0 = 5 + SHARES
    to_first, to_second, over2 = answer0 + SHARES, answer0 + SHARES + 1, answer0 + SHARES + 2
    rows: list[tuple[int, int, int, float, float]] = []  # place, move, to, paid to 0, paid to 1
    rows += [(0, m, answer1 + m, 0, 0) for m in range(SHARES)]
    rows += [(1, 0, propose1, 0, 0), (2, 0, over1, 0, 0)]
    for m, share in enumerate(offers):
        rows += [(answer1 + m, 0, over2, 1 - share, share), (answer1 + m, 1, to_second, 0, 0)]
    rows += [(propose1, m, answer0 + m, 0, 0) for m in range(SHARES)]
    rows += [(over1, 0, over2, 0, 0)]
    for m, share in enumerate(offers):
        rows += [(answer0 + m, 0, 2, share, 1 - share), (answer0 + m, 1, 0, 0, 0)]
    rows += [(to_first, 0, 0, 0, 0), (to_second, 0, 1, 0, 0), (over2, 0, 2, 0, 0)]
    table = np.array(rows)
    count = np.arange(len(rows))
    game = RecursiveGame(
        "alternating offers",
        ("first", "second"),
        (1, 1),
        np.zeros((2, 1), np.int64),
        ((0,), (1,), (0,)),
        np.array(place_slot),
        table[:, 0].astype(int),
        table[:, 1:2].astype(int),
        count,
        table[:, 2].astype(int),
    )
    return game, table[:, None, 3:]


@pytest.mark.parametrize("discount", [0.5, 0.8])
def test_the_first_party_gets_one_over_one_plus_discount(discount):
    game, payoff = alternating_offers()
    data = RecursiveData(
        payoff,
        np.ones(len(payoff)),
        np.zeros((len(game.place_slot), 1, 2)),
        (np.ones(1), np.ones(1)),
        np.full(2, RATIONALITY),
        np.array(discount),
    )
    solution = solve_recursive(game, data, rounds=None, tolerance=1e-9)
    assert solution.status.tolist() == [0]
    # Shares are multiples of 1/40: what is agreed is within one of the exact division.
    exact = np.array([1.0, discount]) / (1 + discount)
    np.testing.assert_allclose(solution.root[:, 0], exact, atol=1.0 / (SHARES - 1))
    assert solution.root[:, 0].sum() == pytest.approx(1.0, abs=0.01)
