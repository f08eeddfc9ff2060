"""A scenario's round, solved on a grid of beliefs, has the values of the scenario's tree."""

from __future__ import annotations

import numpy as np
import pytest

import goodoffices
from goodoffices.compiler.compiling import compile_scenario
from goodoffices.compiler.recursive import compile_round
from goodoffices.core.diagnostics import Refusal
from goodoffices.games.extensive import GameData
from goodoffices.games.recursive import components
from goodoffices.language.sampling import medians, sample
from goodoffices.solvers import solve_game
from goodoffices.solvers.belief.grid import make_grid
from goodoffices.solvers.belief.reference import solve_reference

TALKS = """
goodoffices: 1
title: Two sides choose at once
time: {round: 1 week, rounds: 2, discount: 0.9 per week, stops: talks == over}
parties:
  a: {name: A, role: belligerent, rationality: precision}
  b: {name: B, role: mediator, rationality: 2}
types:
  a.mood: {calm: p, angry: 1 - p}
factors:
  talks: [open, cold, over]
  tone: [quiet, loud]
parameters:
  precision: {prior: 1 to 3, unit: 1/utility}
  p: {prior: "beta(2, 3)", unit: probability}
  gain: {prior: 0.5 to 2, unit: utility/round}
turns:
{movers}
  - chance:
      thaw: {when: talks == cold, odds: 0.4, then: {talks: open}}
      frost: {when: talks == cold, odds: 0.6}
      nothing: {when: talks != cold, odds: 1}
values:
  a: gain * (talks == open) - 0.3 * (talks == over) * (a.mood == calm)
  b: (talks == open) - 0.5 * (talks == cold) - 0.3 * (tone == loud)
end:
  a: 2 * gain * (talks == open)
  b: talks == over
"""

TOGETHER = """
  - together:
      a:
        moves:
          wait: {then: {tone: quiet}}
          shout: {then: {tone: loud}, costs: {calm: 0.4, angry: 0.1}}
      b:
        moves:
          stay: {}
          go: {then: {talks: {over: 0.7, cold: 0.3}}, costs: 0.2}
"""
IN_TURN = """
  - party: a
    moves:
      wait: {then: {tone: quiet}}
      shout: {then: {talks: cold, tone: loud}, costs: {calm: 0.4, angry: 0.1}}
  - party: b
    moves:
      stay: {}
      go: {then: {talks: {over: 0.7, cold: 0.3}}, costs: 0.2}
"""


def talks(folder, movers, *changes):
    text = TALKS.replace("{movers}", movers.strip("\n"))
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "talks.yaml"
    path.write_text(text)
    return goodoffices.load(path)


def root_of_the_tree(scenario, draws):
    tree = compile_scenario(scenario)
    data = tree.data(draws)
    single = GameData(data.payoff[..., 0], data.chance[..., 0], data.rationality[..., 0])
    found = solve_game(tree.game, data=single)
    assert found.status == 0
    return found.values


def root_of_the_round(scenario, draws, nodes):
    compiled = compile_round(scenario)
    data = compiled.data(draws)
    grid = make_grid(compiled.game.types, nodes)
    found = solve_reference(compiled.game, data, grid, rounds=scenario.time.rounds, from_outset=True)
    assert (found.status == 0).all()
    values = np.zeros(len(compiled.game.players))
    for (party, own), value in zip(components(compiled.game), found.root[:, 0], strict=True):
        values[party] += data.prior[party][own, 0] * value
    return values


@pytest.mark.parametrize("name", ["beer-quiche", "crisis-signalling"])
def test_the_round_has_the_values_of_the_tree(name):
    scenario = goodoffices.load(name).set(precision=3.0)
    draws = {k: np.atleast_1d(v) for k, v in medians(scenario).items()}
    tree = root_of_the_tree(scenario, draws)
    coarse, fine = (np.abs(root_of_the_round(scenario, draws, nodes) - tree).max() for nodes in (5, 33))
    assert fine < 2e-3
    assert fine <= coarse


def test_lotteries_chance_and_an_early_end_have_the_values_of_the_tree(tmp_path):
    scenario = talks(tmp_path, IN_TURN)
    draws = sample(scenario, 1, seed=3)
    assert np.allclose(root_of_the_round(scenario, draws, 33), root_of_the_tree(scenario, draws), atol=2e-3)


def test_moves_made_together_are_joint_actions_and_their_lotteries_edges(tmp_path):
    scenario = talks(tmp_path, TOGETHER)
    compiled = compile_round(scenario)
    game = compiled.game
    assert game.slots == ((0, 1), ())
    start = np.flatnonzero(game.action_place == game.start)
    assert game.action_moves[start].tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    first = np.flatnonzero(np.diff(game.edge_action, prepend=-1))
    odds = compiled.data(sample(scenario, 4, seed=3)).odds
    assert np.allclose(np.add.reduceat(odds, first), 1.0)
    drawn = odds[np.isin(game.edge_action, start[[1, 3]])]
    assert np.allclose(np.sort(drawn, axis=0)[:2], 0.3)
    assert np.allclose(np.sort(drawn, axis=0)[2:], 0.7)


def test_where_talks_are_over_nothing_is_chosen_and_values_go_on(tmp_path):
    compiled = compile_round(talks(tmp_path, IN_TURN))
    over = [s for s, (_, _, ended, _) in enumerate(compiled.places) if ended]
    assert len(over) == 6  # three turns, two tones
    for place in over:
        assert (compiled.game.action_place == place).sum() == 1
    numbers = compiled.data(medians(compiled.scenario))
    closing = np.flatnonzero(np.isin(compiled.game.edge_to, over) & (numbers.payoff != 0).any(axis=(1, 2, 3)))
    assert len(closing) > 1


def test_impossible_odds_make_the_draw_not_finite():
    scenario = goodoffices.load("budapest-2025")
    draws = {k: np.repeat(v, 2) for k, v in medians(scenario).items()}
    draws["odds_prepared"] = np.array([0.3, 1.4])
    odds = compile_round(scenario).data(draws).odds
    assert np.isfinite(odds[:, 0]).all()
    assert not np.isfinite(odds[:, 1]).all()


def test_an_imposed_move_is_the_only_one_where_the_party_first_has_it(tmp_path):
    scenario = talks(tmp_path, IN_TURN)
    compiled = compile_round(scenario, do=[("b", "go")])
    game = compiled.game
    waiting = {bool(place[3]) for place in compiled.places if place[0] == 1 and not place[2]}
    assert waiting == {True, False}
    for s, (turn, _, over, pending) in enumerate(compiled.places):
        if turn == 1 and not over:
            labels = {label for a, label in enumerate(compiled.action_labels) if game.action_place[a] == s}
            assert labels == ({(1,)} if pending else {(0,), (1,)})
            assert compiled.offers[s] == {("b", "stay"), ("b", "go")}


def test_a_move_taken_away_is_nowhere_and_the_last_one_stays(tmp_path):
    scenario = talks(tmp_path, TOGETHER)
    compiled = compile_round(scenario, without=[("b", "go")])
    assert all(label[1] == 0 for label in compiled.action_labels if label)
    with pytest.raises(Refusal) as refused:
        compile_round(scenario, without=[("b", "go"), ("b", "stay")])
    assert [d.code for d in refused.value.diagnostics] == ["no-move-left"]
