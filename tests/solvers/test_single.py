"""One game: textbook equilibria, an independent recomputation, and facts that must not depend on how a game is written."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from goodoffices.core.diagnostics import Refusal
from goodoffices.games.extensive import GameData
from goodoffices.solvers import describe_limit, solve_game, solve_limit


def _bisect(f, low, high):
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if (f(low) > 0) == (f(middle) > 0) else (low, middle)
    return (low + high) / 2


def _logit(x):
    return 1 / (1 + math.exp(-x))


@pytest.mark.parametrize("rationality", [0.5, 5.0, 40.0])
def test_asymmetric_matching_pennies_is_the_root_of_its_two_equations(tree, rationality):
    t = tree(["Row", "Column"])
    t.move(0, "row", ["up", "down"])
    for a in range(2):
        t.move(1, "column", ["left", "right"])
        for b in range(2):
            t.leaf((4.0 if a == 0 else 1.0) * (a == b), float(a != b))
    solution = solve_game(t.game(), rationality=rationality)
    # Row gains 4q from up and 1 - q from down; Column gains 1 - p from left and p from right.
    column = lambda p: _logit(rationality * ((1 - p) - p))  # noqa: E731
    p = _bisect(lambda p: p - _logit(rationality * (4 * column(p) - (1 - column(p)))), 0.0, 1.0)
    assert solution.status == 0
    assert math.isclose(math.exp(solution.log_strategy[0, 0]), p, abs_tol=1e-10)
    assert math.isclose(math.exp(solution.log_strategy[1, 0]), column(p), abs_tol=1e-10)


@pytest.mark.parametrize("rationality", [1.0, 10.0])
def test_a_signalling_game_is_the_root_of_one_equation_in_the_belief(tree, rationality):
    t = tree(["Sender", "Receiver"])
    t.nature([0.6, 0.4])
    gain = {0: (1.0, -1.5), 1: (1.4, 0.3)}  # of a sender of each type whose signal is believed, or not
    for kind in range(2):
        t.move(0, f"sender{kind}", ["quiet", "signal"])
        t.leaf(0.0, 0.5)
        t.move(1, "receiver", ["yield", "resist"])
        t.leaf(gain[kind][0], 0.4)
        t.leaf(gain[kind][1], 1.0 if kind == 0 else -0.5)
    solution = solve_game(t.game(), rationality=rationality)

    def signals(belief):  # belief: probability of type 1 after a signal
        yields = _logit(rationality * (0.4 - (1.0 * (1 - belief) - 0.5 * belief)))
        return [_logit(rationality * (yields * gain[k][0] + (1 - yields) * gain[k][1])) for k in range(2)]

    def excess(belief):
        weak, strong = signals(belief)
        return belief - 0.4 * strong / (0.4 * strong + 0.6 * weak)

    weak, strong = signals(_bisect(excess, 0.0, 1.0))
    assert solution.status == 0
    sets = {label: i for i, label in enumerate(solution.game.infoset_label)}
    assert math.isclose(math.exp(solution.log_strategy[sets["sender0"], 1]), weak, abs_tol=1e-10)
    assert math.isclose(math.exp(solution.log_strategy[sets["sender1"], 1]), strong, abs_tol=1e-10)


def test_the_centipede_unravels_from_its_end_by_the_logit_formula(tree):
    pots = [(0.4, 0.1), (0.2, 0.8), (1.6, 0.4), (0.8, 3.2), (6.4, 1.6)]
    rationality = 3.0
    t = tree(["One", "Two"])
    for stage in range(4):
        t.move(stage % 2, f"stage {stage}", ["take", "pass"])
        t.leaf(*pots[stage])
    t.leaf(*pots[4])
    solution = solve_game(t.game(), rationality=rationality)
    value = np.array(pots[4])
    for stage in reversed(range(4)):
        who = stage % 2
        take = _logit(rationality * (pots[stage][who] - value[who]))
        assert math.isclose(math.exp(solution.log_strategy[stage, 0]), take, rel_tol=1e-12)
        value = take * np.array(pots[stage]) + (1 - take) * value
    assert np.allclose(solution.values, value, rtol=1e-12)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("method", ["sweep", "dense", "krylov"])
def test_random_games_satisfy_the_logit_equations_recomputed_by_recursion(
    random_game, independent, seed, method
):
    game = random_game(seed, 4, 2 + seed % 2)
    solution = solve_game(game, rationality=4.0, method=method)
    residual, values = independent(game, solution.data, solution.log_strategy)
    assert solution.status == 0
    assert residual < 1e-9
    assert np.allclose(values, solution.values, atol=1e-12)
    assert solution.certificate.belief_error < 1e-11


@pytest.mark.parametrize(("seed", "why"), [(117, "lost by long steps"), (402, "corrected past the end")])
def test_a_path_that_goes_astray_is_followed_again(random_game, seed, why):
    game = random_game(seed)
    solution = solve_game(game, rationality=40.0)
    assert solution.status == 0, why
    nearby = solve_game(game, rationality=40.0 * (1 + 1e-6))
    assert np.allclose(nearby.values, solution.values, atol=1e-4)


@pytest.mark.parametrize("rounds", [2, 3, 4])
@pytest.mark.parametrize("rationality", [100.0, 10_000.0])
def test_the_branch_is_followed_where_reach_underflows(repeated_crisis, independent, rounds, rationality):
    game = repeated_crisis(rounds)
    solution = solve_game(game, rationality=rationality)
    assert solution.status == 0
    residual, _ = independent(game, solution.data, solution.log_strategy)
    assert residual < 1e-8


def test_the_limit_has_no_gain_from_a_best_response_and_is_described(repeated_crisis):
    solution = solve_limit(repeated_crisis(2), tolerance=1e-6)
    assert solution.status == 0
    assert solution.certificate.max_response_regret < 1e-6
    limit = describe_limit(solution)
    assert limit.change < 1e-3
    assert len(limit.sentences) == len(solution.game.infoset_moves)
    assert limit.sentences[0].startswith("Challenger at d0: plays ")


def _reversed_moves(game):
    """The same game with every node's moves in the opposite order, written in the opposite order."""
    arity = np.bincount(game.parent[1:], minlength=game.kind.size)
    move = np.where(game.parent >= 0, arity[game.parent] - 1 - game.parent_move, -1)
    children = [[] for _ in game.kind]
    for node in range(1, game.kind.size):
        children[game.parent[node]].append((move[node], node))
    order, stack = [], [0]
    while stack:
        node = stack.pop()
        order.append(node)
        stack.extend(child for _, child in sorted(children[node], reverse=True))
    new = np.empty(len(order), dtype=np.int32)
    new[order] = np.arange(len(order))
    take = lambda a: a[order]  # noqa: E731
    return dataclasses.replace(
        game,
        kind=take(game.kind),
        parent=np.where(take(game.parent) >= 0, new[take(game.parent)], -1).astype(np.int32),
        parent_move=move[order].astype(np.int32),
        infoset=take(game.infoset),
        payoff=take(game.payoff),
        chance=take(game.chance),
        infoset_moves=tuple(m[::-1] for m in game.infoset_moves),
    )


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_the_order_in_which_a_game_is_written_does_not_change_its_solution(random_game, seed):
    game = random_game(seed, 4, 2)
    one, other = (solve_game(g, rationality=6.0) for g in (game, _reversed_moves(game)))
    for i, moves in enumerate(game.infoset_moves):
        n = len(moves)
        assert np.allclose(one.log_strategy[i, :n], other.log_strategy[i, :n][::-1], atol=1e-9)


def test_rationality_may_differ_by_player(repeated_crisis, independent):
    game = repeated_crisis(2)
    solution = solve_game(game, rationality=[3.0, 12.0])
    assert solution.status == 0
    assert independent(game, solution.data, solution.log_strategy)[0] < 1e-9


def test_at_rationality_zero_play_is_uniform(repeated_crisis):
    game = repeated_crisis(1)
    solution = solve_game(game, rationality=0.0)
    for i, moves in enumerate(game.infoset_moves):
        assert np.allclose(solution.log_strategy[i, : len(moves)], -math.log(len(moves)))


def test_a_forbidden_move_is_not_played_and_moves_no_belief(repeated_crisis):
    game = repeated_crisis(2)
    allowed = np.ones((len(game.infoset_moves), 3), dtype=bool)
    for i, label in enumerate(game.infoset_label):
        if label in ("d0:", "d1:"):
            allowed[i, 2] = False
    data = GameData(game.payoff, game.chance, np.full(2, 5.0), allowed)
    solution = solve_game(game, data=data)
    assert solution.status == 0
    first = game.infoset_label.index("d0:")
    assert solution.log_strategy[first, 2] == -np.inf
    assert solution.certificate.belief_error < 1e-9


def test_a_chance_edge_of_probability_zero_counts_for_nothing(tree):
    def game(odds):
        t = tree(["A", "B"])
        t.nature(odds)
        for kind in range(2):
            t.move(0, f"a{kind}", ["x", "y"])
            t.leaf(kind, 1.0)
            t.move(1, "b", ["l", "r"])
            t.leaf(1.0, kind)
            t.leaf(0.0, 0.5)
        return t.game()

    never, hardly = (
        solve_game(game([1.0, 0.0]), rationality=3.0),
        solve_game(game([1.0, 1e-300]), rationality=3.0),
    )
    assert never.status == 0
    assert np.allclose(never.log_strategy, hardly.log_strategy, atol=1e-12)


def test_numbers_that_are_not_finite_are_a_status_not_an_exception(repeated_crisis):
    game = repeated_crisis(1)
    payoff = game.payoff.copy()
    payoff[3, 0] = np.nan
    solution = solve_game(game, data=GameData(payoff, game.chance, np.ones(2)))
    assert solution.status == 3
    assert np.isnan(solution.values).all()


def test_a_branch_cut_short_says_so_and_how_far_it_came(repeated_crisis):
    solution = solve_game(repeated_crisis(3), rationality=1000.0, max_steps=6)
    assert solution.status == 1
    assert 0 < solution.statistics["rationality"] < 1000


def test_information_sets_without_an_order_in_time_are_refused(tree):
    t = tree(["A", "B"])
    t.nature([0.5, 0.5])
    for first, second in (("a", "b"), ("b", "a")):
        t.move("ab".index(first), first, ["l", "r"])
        for _ in range(2):
            t.move("ab".index(second), second, ["l", "r"])
            for _ in range(2):
                t.leaf(0.0, 1.0)
    with pytest.raises(Refusal) as refusal:
        solve_game(t.game(), rationality=1.0)
    assert refusal.value.diagnostics[0].code == "no-order-in-time"


def test_a_game_that_is_over_at_once_has_a_solution(tree):
    t = tree(["A"])
    t.leaf(2.5)
    solution = solve_game(t.game(), rationality=1.0)
    assert solution.status == 0
    assert solution.values.tolist() == [2.5]


def test_levels_that_information_sets_skip_are_bridged(tree, independent):
    """B moves either after A or after chance, and cannot tell."""
    t = tree(["A", "B"])
    t.nature([0.5, 0.5])
    t.move(0, "a", ["x", "y"])
    for x in range(2):
        t.nature([0.3, 0.7])
        for c in range(2):
            t.move(1, "b", ["l", "r"], payoff=[0.1 * c, 0.0])
            t.leaf(x, c)
            t.leaf(c, x)
    t.move(1, "b", ["l", "r"])
    t.leaf(1.0, 0.2)
    t.leaf(0.0, 0.9)
    game = t.game()
    for method in ("sweep", "dense", "krylov"):
        solution = solve_game(game, rationality=7.0, method=method)
        assert solution.status == 0
        assert independent(game, solution.data, solution.log_strategy)[0] < 1e-9
