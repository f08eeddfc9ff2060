"""Play forward over (state, beliefs): probabilities are those of the tree, and beliefs are what Bayes' rule says."""

from __future__ import annotations

import numpy as np
import pytest
from recursive_games import random_recursive, unroll

from goodoffices.core.diagnostics import Refusal
from goodoffices.solvers import solve_game
from goodoffices.solvers.belief import forward
from goodoffices.solvers.belief.forward import play_forward
from goodoffices.solvers.belief.solving import solve_recursive


def solved(**options):
    game, data = random_recursive(8, types=(2, 1), moves=(2, 2), edges=2)
    return game, data, solve_recursive(game, data, rounds=2, nodes=17, keep=True, from_outset=True, **options)


def test_probabilities_of_places_are_those_of_the_tree():
    game, data, solution = solved()
    fronts = play_forward(solution, slots=4)
    tree, numbers = unroll(game, data, 2)
    exact = solve_game(tree, data=numbers)
    reach = np.zeros(tree.kind.size)
    reach[0] = 1.0
    for n in range(1, tree.kind.size):
        up, move = tree.parent[n], tree.parent_move[n]
        odds = numbers.chance[n]
        if tree.kind[up] == 1:
            odds = np.exp(exact.log_strategy[tree.infoset[up], move])
        reach[n] = reach[up] * odds
    # The first choices: every information set of party 0 in the first round belongs to one type at the start.
    ends = np.flatnonzero(tree.kind == 0)
    assert fronts[-1].total.sum() == pytest.approx(1.0, abs=1e-9)
    assert reach[ends].sum() == pytest.approx(1.0, abs=1e-9)
    expected = (reach[ends, None] * _paid(tree, numbers)[ends]).sum(0)
    np.testing.assert_allclose(expected, exact.values, atol=1e-9)
    ours = np.zeros(len(game.place_slot))
    np.add.at(ours, fronts[1].place, fronts[1].total)
    theirs = _places_after_first_choice(game, data, tree, reach)
    np.testing.assert_allclose(ours, theirs, atol=2e-4)


def _paid(tree, numbers) -> np.ndarray:
    out = numbers.payoff.copy()
    for n in range(1, tree.kind.size):
        out[n] += out[tree.parent[n]]
    return out


def _places_after_first_choice(game, data, tree, reach) -> np.ndarray:
    """The first choice is made at depth one of the tree; a lottery may follow."""
    out = np.zeros(len(game.place_slot))
    actions = np.flatnonzero(game.action_place == game.start)
    for n in np.flatnonzero((tree.parent > 0) & (tree.parent[np.maximum(tree.parent, 0)] == 0)):
        a = actions[tree.parent_move[n]]
        for e in np.flatnonzero(game.edge_action == a):
            out[game.edge_to[e]] += reach[n] * data.odds[e]
    return out


def test_beliefs_are_the_share_of_types_among_those_who_reach_a_state():
    _, _, solution = solved()
    for front in play_forward(solution, slots=4):
        share = front.probability[:, 0] / front.total
        np.testing.assert_allclose(share, front.beliefs[0], atol=1e-9)


def test_an_imposed_move_teaches_nothing():
    _, _, solution = solved()
    first, second = play_forward(solution, slots=1, imposed=lambda r, place, actions: actions[0])
    assert np.ptp(second.beliefs) == 0
    np.testing.assert_allclose(second.beliefs[:, 0], first.beliefs[:, 0])
    assert second.total.sum() == pytest.approx(1.0)


def test_too_many_states_are_refused(monkeypatch):
    _, _, solution = solved()
    monkeypatch.setattr(forward, "MOST_STATES", 3)
    with pytest.raises(Refusal, match="more than 3 states"):
        play_forward(solution, slots=4)
