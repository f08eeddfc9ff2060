"""What it would take, on choices whose boundary is written down by hand."""

from __future__ import annotations

import numpy as np
import pytest

from goodoffices import language, load
from goodoffices.analyses.inverse import find_inverse
from goodoffices.analyses.inverse_pay import with_payments
from goodoffices.analyses.why import find_claim
from goodoffices.claims import evaluate_claim
from goodoffices.compiler import compile_scenario
from goodoffices.core.diagnostics import Refusal
from goodoffices.language import medians
from goodoffices.solvers import solve_batch

CHOICE = """
goodoffices: 1
title: One choice
time: {{round: 1 week, rounds: 1}}
parties:
  us: {{name: United States, role: mediator, rationality: 2}}
factors:
  done: [no_act, act]
parameters:
  a: {{prior: "normal(0, 1)", unit: utility/round}}
  c: {{prior: "normal(1, 2)", unit: utility/round}}
  still: {{prior: fixed(0), unit: utility/round}}
turns:
  - party: us
    moves: {{wait: {{}}, go: {{then: {{done: act}}}}}}
    default: wait
values:
  us: ({gain}) * (done == act)
"""
RATE = 2.0


def inverse(text, goal, **options):
    scenario = language.load("choice.yaml", text=text)
    return find_inverse(
        compile_scenario(scenario),
        find_claim(scenario, goal),
        solve=solve_batch,
        recompile=compile_scenario,
        **options,
    )


def threshold(p):
    """The gain at which the move has probability p."""
    return np.log(p / (1 - p)) / RATE


def test_the_nearest_answer_is_the_foot_of_the_perpendicular():
    # gain = a - c with a = z1 and c = 1 + 2 z2: the boundary is z1 - 2 z2 = t + 1.
    found = inverse(CHOICE.format(gain="a - c"), "P(us.go) >= 0.7")
    far = threshold(0.7) + 1
    best = found.answers[0]
    assert best.kind == "all"
    assert best.distance == pytest.approx(far / np.sqrt(5), abs=3e-3)
    moved = {c.parameter: c.deviations for c in best.changes}
    assert moved["a"] == pytest.approx(far / 5, abs=0.05)
    assert moved["c"] == pytest.approx(-2 * far / 5, abs=0.05)
    after = {c.parameter: c.after for c in best.changes}
    assert after["c"] == pytest.approx(1 + 2 * moved["c"], abs=1e-9)


def test_a_single_parameter_goes_the_whole_way_alone():
    found = inverse(CHOICE.format(gain="a - c"), "P(us.go) >= 0.7")
    far = threshold(0.7) + 1
    single = {a.changes[0].parameter: a for a in found.answers if a.kind == "one"}
    assert single["a"].changes[0].deviations == pytest.approx(far, abs=1e-3)
    assert single["c"].changes[0].deviations == pytest.approx(-far / 2, abs=1e-3)
    assert all(len(a.changes) == 1 for a in single.values())


def test_answers_reach_the_goal_and_a_little_before_them_it_is_not_reached():
    scenario = load("crisis-signalling")
    form, goal = compile_scenario(scenario), find_claim(scenario, "P(target.resist) >= 0.4")
    found = find_inverse(form, goal, solve=solve_batch, recompile=compile_scenario)
    assert not found.reached
    assert found.answers
    middle = medians(scenario)
    for answer in found.answers:
        points = {name: np.array([value, value]) for name, value in middle.items()}
        for change in answer.changes:
            parameter = next(p for p in scenario.parameters if p.name == change.parameter)
            z = change.deviations * np.array([1.0, 1 - 3 * found.tolerance / answer.distance])
            from scipy.special import ndtr

            points[change.parameter] = language.priors.quantile(parameter.prior, ndtr(z))
            assert points[change.parameter][0] == pytest.approx(change.after)
        margin = evaluate_claim(form, goal.says, points, solve=solve_batch)
        assert margin.holds.tolist() == [True, False]
        assert margin.size[0] == pytest.approx(answer.margin, abs=1e-8)


def test_answers_that_point_different_ways_are_both_given():
    text = CHOICE.format(gain="max(a, (c - 1) / 2) - 1")
    found = inverse(text, "P(us.go) >= 0.5")
    # Either parameter one standard deviation up is enough, and neither helps the other.
    assert [round(a.distance, 2) for a in found.answers[:2]] == [1.0, 1.0]
    assert {a.changes[0].parameter for a in found.answers[:2]} == {"a", "c"}


def test_a_move_can_be_made_the_likeliest():
    found = inverse(CHOICE.format(gain="a - 1.5"), "modal(us) == us.go", vary=["a"])
    (answer,) = found.answers
    assert answer.changes[0].after == pytest.approx(1.5, abs=2e-3)


def test_the_least_payment_is_what_is_missing():
    found = inverse(CHOICE.format(gain="a - c"), "P(us.go) >= 0.7", pay=["us.go", "us.wait"])
    assert found.varied == ()
    (payment,) = found.payments
    assert payment.move == "go"
    assert payment.amount == pytest.approx(threshold(0.7) + 1, rel=2e-3)
    assert payment.amount >= threshold(0.7) + 1


def test_a_payment_of_nothing_changes_nothing():
    scenario = load("beer-quiche")
    paid = with_payments(scenario, [("bully", "fight")])
    claim = scenario.claims[0]
    draws = {name: np.array([value]) for name, value in medians(scenario).items()}
    one = evaluate_claim(compile_scenario(scenario), claim.says, draws, solve=solve_batch)
    more = draws | {"payment for bully.fight": np.zeros(1)}
    two = evaluate_claim(compile_scenario(paid), claim.says, more, solve=solve_batch)
    np.testing.assert_allclose(one.size, two.size, rtol=1e-12)


def test_what_holds_already_takes_nothing_and_what_cannot_be_is_not_found():
    held = inverse(CHOICE.format(gain="a + 1"), "P(us.go) >= 0.5")
    assert held.reached
    assert held.answers == ()
    far = inverse(CHOICE.format(gain="a - c"), "P(us.go) >= 0.999999", pay=["us.go"], most_payment=2.0)
    assert not far.reached
    assert far.payments == ()
    never = inverse(CHOICE.format(gain="0 * (a - c) - 1"), "P(us.go) >= 0.5")
    assert never.answers == ()


def test_what_does_not_exist_is_refused():
    text = CHOICE.format(gain="a - c")
    for options, message in (
        ({"vary": ["b"]}, "no parameter `b`"),
        ({"vary": ["still"]}, "known for certain"),
        ({"pay": ["us.run"]}, r"no move `us\.run`"),
        ({"within": 0.0}, "above 0"),
    ):
        with pytest.raises(Refusal, match=message):
            inverse(text, "P(us.go) >= 0.7", **options)
