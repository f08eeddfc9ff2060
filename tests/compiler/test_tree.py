"""The unrolled tree against a slow recursion over the scenario's turns, and what every tree must satisfy."""

from __future__ import annotations

import numpy as np
import pytest

from goodoffices import language
from goodoffices.certificates.structure import arrange
from goodoffices.compiler import compile_scenario
from goodoffices.compiler.graph import count_nodes
from goodoffices.games.extensive import CHANCE, DECISION, TERMINAL

DRAWS = {
    "p": np.array([0.3, 0.55, 0.8]),
    "d": np.array([0.9, 1.0, 0.8]),
    "price": np.array([0.4, 1.2, 0.7]),
    "keen": np.ones(3),
    "rent": np.array([0.2, 0.3, 1.0]),
}


def _leaves(tree, draws):
    """(types, what happened) -> product of chance's odds, and totals, of every leaf."""
    game, data = tree.game, tree.data(draws)
    total, odds = data.payoff.copy(), data.chance.copy()
    for n in range(1, len(game.kind)):
        total[n] += total[game.parent[n]]
        odds[n] *= odds[game.parent[n]]
    found = {}
    for n in np.flatnonzero(game.kind == TERMINAL):
        path = tuple(step for step in tree.path(int(tree.node_history[n])) if step != "nothing drawn")
        found[tree.profile_name(int(tree.node_profile[n])), path] = odds[n], total[n]
    return found


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_every_leaf_has_the_payoffs_and_odds_of_a_slow_unrolling(full, every_play, rounds):
    leaves = _leaves(compile_scenario(full, rounds=rounds), DRAWS)
    for b in range(3 if rounds < 3 else 1):
        parameters = {name: float(values[b]) for name, values in DRAWS.items()}
        expected = {
            (", ".join(play.profile), play.path): play for play in every_play(full, parameters, rounds)
        }
        assert leaves.keys() == expected.keys()
        for key, (odds, total) in leaves.items():
            np.testing.assert_allclose(odds[b], expected[key].odds, rtol=1e-13)
            np.testing.assert_allclose(total[:, b], expected[key].totals, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_nodes_are_counted_exactly_before_anything_is_built(full, rounds):
    tree = compile_scenario(full, rounds=rounds)
    assert count_nodes(tree.graph)[-1] == len(tree.game.kind)
    assert count_nodes(compile_scenario(full, rounds=3).graph)[rounds - 1] == len(tree.game.kind)


def test_parents_precede_children_and_moves_are_numbered_without_gaps(full):
    game = compile_scenario(full, rounds=2).game
    nodes = np.arange(1, len(game.kind))
    assert (game.parent[nodes] < nodes).all()
    assert game.parent[0] == -1
    children = np.bincount(game.parent[1:], minlength=len(game.kind))
    for n in np.flatnonzero(children):
        moves = np.sort(game.parent_move[1:][game.parent[1:] == n])
        assert moves.tolist() == list(range(children[n]))
        if game.kind[n] == DECISION:
            assert len(game.infoset_moves[game.infoset[n]]) == children[n]
    assert ((children == 0) == (game.kind == TERMINAL)).all()
    assert (children[game.kind != TERMINAL] > 1).all()


def test_odds_of_chance_sum_to_one(full):
    tree = compile_scenario(full, rounds=2)
    data = tree.data(DRAWS)
    sums = np.zeros_like(data.chance)
    np.add.at(sums, tree.game.parent[1:], data.chance[1:])
    np.testing.assert_allclose(sums[tree.game.kind == CHANCE], 1.0, rtol=1e-12)


def test_the_certificates_reading_of_the_tree_accepts_it(full):
    tree = compile_scenario(full, rounds=2)
    assert arrange(tree.game) is not None


def test_an_information_set_is_what_its_mover_has_seen(full):
    tree = compile_scenario(full, rounds=2)
    game = tree.game
    seen = {}
    for n in np.flatnonzero(game.kind == DECISION):
        party = full.parties[tree.node_mover[n]].name
        history = int(tree.node_history[n])
        path = list(tree.path(history))
        if party == "ua" and path[-1].startswith("ru."):
            path.pop()  # in a `together` turn the second mover has not seen the first
        own = tree.graph.profiles.own[tree.node_mover[n], tree.node_profile[n]]
        key = (party, tuple(path), int(own))
        assert seen.setdefault(key, game.infoset[n]) == game.infoset[n]
    assert len(seen) == len(set(seen.values())) == len(game.infoset_player)


def test_metadata_of_nodes_agree_with_the_path(full):
    tree = compile_scenario(full, rounds=2)
    factors = [f.name for f in full.factors]
    for n in np.flatnonzero(tree.game.kind == DECISION)[::7]:
        path = tree.path(int(tree.node_history[n]))
        us_moves = [step for step in path if step.startswith("us.")]
        assert tree.node_round[n] == len(us_moves) - (tree.node_turn[n] > 0)
        engagement = full.factors[0].levels[tree.node_levels[n, factors.index("engagement")]]
        expected = "gone" if "us.leave" in path else "warned" if "us.warn" in path else "engaged"
        assert engagement == expected


def test_data_at_the_medians_are_the_games_own(full):
    tree = compile_scenario(full, rounds=2)
    medians = {name: np.array([value]) for name, value in language.medians(full).items()}
    data = tree.data(medians)
    assert (data.payoff[..., 0] == tree.game.payoff).all()
    assert (data.chance[..., 0] == tree.game.chance).all()
    np.testing.assert_allclose(data.rationality[:, 0], [2, 1.5, 1.5])


def test_chunks_are_the_whole_in_slices(full):
    tree = compile_scenario(full, rounds=1)
    whole = tree.data(DRAWS)
    bytes_for_two = 2 * 8 * len(tree.game.kind) * 3
    chunks = list(tree.chunks(DRAWS, most_bytes=bytes_for_two))
    assert [part for part, _ in chunks] == [slice(0, 2), slice(2, 3)]
    assert (np.concatenate([data.payoff for _, data in chunks], axis=-1) == whole.payoff).all()


def test_impossible_odds_make_the_draw_not_finite_and_leave_the_others_alone(full):
    tree = compile_scenario(full, rounds=1)
    data = tree.data(
        {
            "p": np.array([0.5, 1.5]),
            "d": np.array([0.9, 0.9]),
            "price": np.ones(2),
            "keen": np.ones(2),
            "rent": np.ones(2),
        }
    )
    assert np.isfinite(data.chance[:, 0]).all()
    assert np.isnan(data.chance[:, 1]).any()


def test_imposed_moves_bind_the_first_decision_only(full):
    tree = compile_scenario(full, rounds=2)
    mask = tree.allowed(do=[("ru", "truce")])
    assert mask is not None
    rounds = tree.history_round[tree.infoset_history]
    for i, moves in enumerate(tree.game.infoset_moves):
        bound = "truce" in moves and rounds[i] == 0
        assert mask[i, : len(moves)].tolist() == [m == "truce" or not bound for m in moves]
        assert not mask[i, len(moves) :].any()


def test_without_takes_a_move_away_everywhere(full):
    tree = compile_scenario(full, rounds=2)
    mask = tree.allowed(without=[("us", "warn")])
    assert mask is not None
    for i, moves in enumerate(tree.game.infoset_moves):
        assert mask[i, : len(moves)].tolist() == [m != "warn" for m in moves]


def test_a_scenario_without_types_has_no_root_of_chance():
    text = """
goodoffices: 1
title: No secrets
time: {round: 1 week, rounds: 2, discount: 1}
parties: {a: {name: A, role: belligerent, rationality: 1}}
factors: {door: [shut, open]}
turns:
  - party: a
    moves: {wait: {}, open: {when: door == shut, then: {door: open}}}
    default: wait
values: {a: 1*(door == open)}
claims: {c: {text: c, says: P(door == open) > 0.5}}
"""
    tree = compile_scenario(language.load("x.yaml", text=text))
    assert tree.game.kind[0] == DECISION
    # Once the door is open there is nothing to choose, so the second round has one decision only.
    assert (tree.game.kind == DECISION).sum() == 2
    assert (tree.game.kind == TERMINAL).sum() == 3
