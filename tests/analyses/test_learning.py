"""Who learns what: against entropies, and against games small enough to be solved by hand."""

from __future__ import annotations

import numpy as np
import pytest

from goodoffices import language, load
from goodoffices.analyses.learning import find_learning
from goodoffices.claims.flow import Flow
from goodoffices.compiler import compile_scenario
from goodoffices.core.diagnostics import Refusal
from goodoffices.language.sampling import sample
from goodoffices.solvers import solve_batch

GUESS = """
goodoffices: 1
title: One party guesses another's type
time: {{round: 1 week, rounds: 1}}
parties:
  sphinx: {{name: Sphinx, role: sender, rationality: 1}}
  guest: {{name: Guest, role: receiver, rationality: 3}}
types:
  sphinx.mood: {{kind: 1 - p, cruel: p}}
factors:
  said: [nothing, kind, cruel]
parameters:
  p: {{prior: "uniform(0.1, 0.9)", unit: probability}}
turns:
  - party: guest
    moves: {{say_kind: {{then: {{said: kind}}}}, say_cruel: {{then: {{said: cruel}}}}}}
    default: say_kind
values:
  guest: {value}
"""
RIGHT = "1*(said == kind and sphinx.mood == kind) + 1*(said == cruel and sphinx.mood == cruel)"
TELL = """
goodoffices: 1
title: A type that shows itself
time: {round: 1 week, rounds: 1}
parties:
  bird: {name: Bird, role: sender, rationality: 300}
  cat: {name: Cat, role: receiver, rationality: 1}
types:
  bird.voice: {low: 0.5, middle: 0.3, high: 0.2}
factors:
  sung: [nothing, low, middle, high]
parameters: {}
turns:
  - party: bird
    moves:
      low: {then: {sung: low}, costs: {low: 0, middle: 1, high: 1}}
      middle: {then: {sung: middle}, costs: {low: 1, middle: 0, high: 1}}
      high: {then: {sung: high}, costs: {low: 1, middle: 1, high: 0}}
    default: low
  - party: cat
    moves: {sleep: {}, listen: {costs: 0.1}}
    default: sleep
values: {bird: 0, cat: 0}
"""


def logistic(x):
    return 1 / (1 + np.exp(-x))


def entropy(p):
    p = np.asarray(p)
    return float(-(p[p > 0] * np.log2(p[p > 0])).sum())


def learn(text, draws=8):
    scenario = language.load("learn.yaml", text=text)
    points = sample(scenario, draws, seed=2) or {"": np.zeros(draws)}
    return find_learning(compile_scenario(scenario), points, solve=solve_batch), points


def test_a_type_that_is_fully_revealed_carries_the_entropy_of_its_prior():
    found, _ = learn(TELL, draws=2)
    prior = entropy([0.5, 0.3, 0.2])
    (bird,) = found.types
    np.testing.assert_allclose(bird.prior.values, prior, rtol=1e-12)
    np.testing.assert_allclose(bird.learned.values, prior, rtol=1e-12)
    # A move that only one type makes tells the surprise of that type: -log2 of its prior.
    told = {m.move: float(m.when_made.values[0]) for m in found.moves}
    expected = {"low": -np.log2(0.5), "middle": -np.log2(0.3), "high": -np.log2(0.2)}
    assert told == pytest.approx(expected)


def test_all_bits_together_are_the_entropy_at_the_outset_less_that_expected_at_the_end(wide_text):
    scenario = language.load("wide.yaml", text=wide_text)
    tree, draws = compile_scenario(scenario), sample(scenario, 3, seed=1)
    found = find_learning(tree, draws, solve=solve_batch)
    figures = tree.figures(draws)
    solution = solve_batch(tree.game, tree.data({}, at=figures))
    flow = Flow(tree, figures, solution.log_strategy)
    leaves = np.flatnonzero((tree.graph.config_count == 0)[tree.histories.config])
    reach = np.exp(flow.log_reach[leaves])
    for one in found.types:
        own = tree.graph.profiles.own[[p.name for p in scenario.parties].index(one.party)]
        for b in range(3):
            end = 0.0
            for row in reach[:, :, b]:
                belief = np.bincount(own, weights=row)
                end += belief.sum() * entropy(belief / belief.sum())
            assert one.learned.values[b] == pytest.approx(one.prior.values[b] - end, abs=1e-12)
            mine = [m.bits.values[b] for m in found.moves if m.about == one.party]
            assert sum(mine) == pytest.approx(one.learned.values[b])


def test_pooling_tells_nothing():
    found, _ = learn(TELL.replace("rationality: 300", "rationality: 0"), draws=2)
    assert max(m.bits.mean for m in found.moves) < 1e-12


def test_the_value_of_knowing_a_type_is_the_hand_calculation():
    found, draws = learn(GUESS.format(value=RIGHT))
    p, rate = draws["p"], 3.0
    blind = logistic(rate * (2 * p - 1))  # of saying cruel
    before = blind * p + (1 - blind) * (1 - p)
    (one,) = found.knowing
    assert (one.party, one.about) == ("guest", "sphinx")
    np.testing.assert_allclose(one.known.values, logistic(rate) - before, rtol=1e-9)
    # The sphinx has no move, so that it makes no difference whether it knows.
    np.testing.assert_allclose(one.secret.values, one.known.values, rtol=1e-9)


def test_a_type_that_does_not_matter_is_worth_nothing():
    found, _ = learn(GUESS.format(value="1*(said == kind)"))
    (one,) = found.knowing
    np.testing.assert_allclose(one.known.values, 0.0, atol=1e-12)
    np.testing.assert_allclose(one.secret.values, 0.0, atol=1e-12)


def test_in_beer_and_quiche_knowing_is_worth_the_share_of_weak_guests():
    # All drink beer and are left alone; a bully who sees strength fights exactly the weak.
    scenario = load("beer-quiche").set(precision=60)
    draws = sample(scenario, 8, seed=1)
    found = find_learning(compile_scenario(scenario), draws, solve=solve_batch)
    (one,) = found.knowing
    np.testing.assert_allclose(one.secret.values, 1 - draws["p_strong"], atol=2e-3)
    assert found.unsolved == 0


def test_knowing_that_is_known_changes_what_the_others_do():
    scenario = load("crisis-signalling")
    draws = sample(scenario, 8, seed=1)
    (one,) = find_learning(compile_scenario(scenario), draws, solve=solve_batch).knowing
    # A resolute challenger gains where its resolve is seen.
    assert one.others["challenger"].mean > 0.05
    assert np.abs(one.known.values - one.secret.values).max() > 1e-3


def test_moves_that_are_imposed_stay_imposed_where_a_type_is_known():
    scenario = load("beer-quiche").do("guest.quiche")
    draws = sample(scenario, 4, seed=1)
    found = find_learning(compile_scenario(scenario), draws, solve=solve_batch)
    assert max(m.bits.mean for m in found.moves) < 1e-12
    assert found.knowing[0].known.n == 4


def test_what_cannot_be_told_is_refused():
    text = GUESS.format(value="1*(said == kind)").replace("sphinx.mood: {kind: 1 - p, cruel: p}", "")
    open_ = language.load("open.yaml", text=text.replace("types:\n  \n", "").replace("  p:", "  q:"))
    with pytest.raises(Refusal, match="nothing is private"):
        find_learning(compile_scenario(open_), sample(open_, 2), solve=solve_batch)
