"""Chosen, imposed, taken away, set: what each what-if changes, on solved games."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from goodoffices.claims import answer, evaluate_claim
from goodoffices.compiler import compile_scenario
from goodoffices.language.tree import Question

DRAWS = {"p": np.array([0.3, 0.5, 0.75]), "price": np.array([0.4, 0.8, 1.2])}
GAME = """
goodoffices: 1
title: Shorter turns of every kind
time: {round: 1 week, rounds: 1, discount: 0.8}
parties:
  us: {name: United States, role: mediator, rationality: 1.2}
  ru: {name: Russia, role: belligerent, rationality: 1.2}
types:
  us.resolve: {weak: 1 - p, strong: p}
  ru.aim: {grand: 0.7, modest: 0.3}
factors:
  engagement: [engaged, warned, gone]
  fighting: [war, truce]
parameters:
  p: {prior: "uniform(0.2, 0.8)", unit: probability}
  price: {prior: "uniform(0.1, 1.5)", unit: utility}
turns:
  - party: us
    moves:
      wait: {}
      warn: {then: {engagement: warned}, costs: {weak: 1, strong: 0.1}}
      leave: {then: {engagement: gone}, costs: 2*price}
    default: wait
  - party: ru
    moves:
      refuse: {}
      truce: {then: {fighting: {truce: p, war: 1 - p}}, costs: price}
    default: refuse
values:
  us: 1*(fighting == truce)
  ru: 1*(fighting == war and ru.aim == grand) - 2*(us.resolve == strong and engagement == warned and fighting == war)
claims:
  c: {text: c, says: P(fighting == truce) > 0.1}
"""


def _question(with_claim, text: str, base: str = GAME) -> Question:
    return with_claim(f"{text} > 0", base=base).claims[0].says.left


def _ask(with_claim, solve, text, scenario=None, draws=DRAWS):
    tree = compile_scenario(scenario or with_claim("P(fighting == truce) > 0", base=GAME))
    return answer(tree, _question(with_claim, text), draws, solve=solve)


def test_a_chosen_move_moves_beliefs_and_an_imposed_one_does_not(with_claim, solve):
    belief = "belief(us.resolve == strong | {})"
    chosen = _ask(with_claim, solve, belief.format("after us.warn"))
    imposed = _ask(with_claim, solve, belief.format("do(us.warn)"))
    np.testing.assert_allclose(imposed, DRAWS["p"], rtol=1e-12)
    assert (chosen > DRAWS["p"] + 0.05).all()
    # A warning that is known to be sincere moves Russia further than one that is imposed.
    event = "P(ru.truce | {})"
    after = _ask(with_claim, solve, event.format("after us.warn"))
    do = _ask(with_claim, solve, event.format("do(us.warn)"))
    assert (after > do + 0.01).all()


def test_the_belief_after_a_move_is_bayes_rule_on_its_likelihoods(with_claim, solve):
    strong = _ask(with_claim, solve, "P(us.warn and us.resolve == strong)")
    weak = _ask(with_claim, solve, "P(us.warn and us.resolve == weak)")
    belief = _ask(with_claim, solve, "belief(us.resolve == strong | after us.warn)")
    np.testing.assert_allclose(belief, strong / (strong + weak), rtol=1e-12)


def test_the_value_after_a_move_includes_its_own_cost(with_claim, solve):
    values = {
        move: _ask(with_claim, solve, f"value(us, resolve == weak | do(us.{move}))")
        for move in ("wait", "warn", "leave")
    }
    truce = {m: _ask(with_claim, solve, f"P(fighting == truce | do(us.{m}))") for m in values}
    cost = {"wait": 0.0, "warn": 1.0, "leave": 2 * DRAWS["price"]}
    for move, value in values.items():
        np.testing.assert_allclose(value, truce[move] - cost[move], rtol=1e-10)


def test_without_is_the_scenario_in_which_the_move_was_deleted(with_claim, solve):
    scenario = with_claim("P(fighting == truce) > 0", base=GAME)
    for text in ("P(fighting == truce{})", "value(ru{})", "belief(us.resolve == strong{})"):
        for after in ("", " after us.leave"):
            masked = _ask(with_claim, solve, text.format(f" |{after}, without(us.warn)".replace("|,", "|")))
            deleted = _ask(
                with_claim, solve, text.format(f" |{after}" if after else ""), scenario.without("us.warn")
            )
            np.testing.assert_allclose(masked, deleted, rtol=1e-9)


def test_set_is_the_scenario_with_another_value(with_claim, solve):
    other = DRAWS | {"price": 0.5 * DRAWS["price"] + 0.1}
    changed = _ask(with_claim, solve, "value(ru | after us.warn, set(price = 0.5*price + 0.1))")
    np.testing.assert_allclose(
        changed, _ask(with_claim, solve, "value(ru | after us.warn)", draws=other), rtol=1e-12
    )


def test_an_imposed_move_of_the_scenario_is_the_question_with_do(with_claim, solve):
    scenario = with_claim("P(fighting == truce) > 0", base=GAME)
    imposed = _ask(with_claim, solve, "P(fighting == truce)", scenario.do("us.warn"))
    asked = _ask(with_claim, solve, "P(fighting == truce | do(us.warn))")
    np.testing.assert_allclose(imposed, asked, rtol=1e-12)


def _turned_round(scenario):
    """Everything that has an order but no meaning in it, the other way round."""
    turns = tuple(
        dataclasses.replace(
            turn,
            movers=tuple(dataclasses.replace(m, moves=m.moves[::-1]) for m in turn.movers),
        )
        for turn in scenario.turns
    )
    return dataclasses.replace(
        scenario,
        parties=scenario.parties[::-1],
        types=tuple(
            dataclasses.replace(d, levels=d.levels[::-1], odds=d.odds[::-1]) for d in scenario.types[::-1]
        ),
        factors=tuple(dataclasses.replace(f, levels=f.levels[::-1]) for f in scenario.factors[::-1]),
        parameters=scenario.parameters[::-1],
        turns=turns,
    )


@pytest.mark.parametrize(
    "text",
    [
        "P(fighting == truce | after us.warn)",
        "value(ru | do(us.warn))",
        "belief(us.resolve == strong | after us.leave)",
        "value(us, resolve == weak)",
        "P(us.warn before ru.truce | without(us.leave))",
    ],
)
def test_declaration_order_does_not_change_an_answer(with_claim, solve, text):
    scenario = with_claim("P(fighting == truce) > 0", base=GAME)
    np.testing.assert_allclose(
        _ask(with_claim, solve, text), _ask(with_claim, solve, text, _turned_round(scenario)), rtol=1e-10
    )


def test_movers_of_one_turn_have_no_order(solve):
    from goodoffices import language

    text = """
goodoffices: 1
title: At the same time
time: {round: 1 week, rounds: 1, discount: 1}
parties: {a: {name: A, role: belligerent, rationality: 1}, b: {name: B, role: belligerent, rationality: 1}}
types: {a.kind: {soft: 0.4, hard: 0.6}}
factors: {one: [no, yes], two: [no, yes]}
parameters: {x: {prior: "uniform(0, 1)", unit: utility}}
turns:
  - together: {FIRST, SECOND}
values:
  a: 1*(one == yes and two == no) - 2*(one == yes and two == yes) + 1*(one == yes and a.kind == hard)
  b: 1*(two == yes and one == no) - 2*(one == yes and two == yes)
claims: {c: {text: c, says: "value(a | after b.go) > 0"}}
"""
    a = "a: {moves: {stay: {}, go: {then: {one: yes}, costs: x}}, default: stay}"
    b = "b: {moves: {stay: {}, go: {then: {two: yes}, costs: x}}, default: stay}"
    draws = {"x": np.array([0.2, 0.7])}
    found = []
    for first, second in ((a, b), (b, a)):
        scenario = language.load("x.yaml", text=text.replace("FIRST", first).replace("SECOND", second))
        tree = compile_scenario(scenario)
        row = []
        for says in ("value(a | after b.go)", "value(b | after b.go)", "belief(a.kind == hard | after b.go)"):
            question = dataclasses.replace(scenario.claims[0].says.left)
            scenario_says = language.load(
                "x.yaml",
                text=text.replace("FIRST", first)
                .replace("SECOND", second)
                .replace("value(a | after b.go)", says),
            )
            question = scenario_says.claims[0].says.left
            row.append(answer(tree, question, draws, solve=solve))
        found.append(row)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-10)
    # b's move says nothing about a, who moves at the same time.
    np.testing.assert_allclose(found[0][2], 0.6, rtol=1e-12)


# ---------------------------------------------------------------- margins
def _margin(with_claim, solve, says, draws=DRAWS):
    scenario = with_claim(says, base=GAME)
    return evaluate_claim(compile_scenario(scenario), scenario.claims[0].says, draws, solve=solve)


def test_a_comparisons_margin_is_the_difference_less_what_was_asked_for(with_claim, solve):
    left = _ask(with_claim, solve, "value(ru | after us.leave)")
    right = _ask(with_claim, solve, "value(ru | after us.wait)")
    less = _margin(with_claim, solve, "value(ru | after us.leave) < value(ru | after us.wait) by 0.25")
    np.testing.assert_allclose(less.size, right - left - 0.25, rtol=1e-9)
    assert less.unit == "utility"
    assert (less.holds == (less.size >= 0)).all()
    more = _margin(with_claim, solve, "value(ru | after us.leave) > value(ru | after us.wait)")
    np.testing.assert_allclose(more.size, left - right, rtol=1e-9, atol=1e-9)
    assert (more.holds == (more.size > 0)).all()


@pytest.mark.parametrize(
    ("says", "holds"),
    [
        ("P(us.leave | after us.leave) == 1", True),
        ("P(us.leave | after us.leave) >= 1", True),
        ("P(us.leave | after us.leave) > 1", False),
        ("P(us.leave | after us.leave) != 1", False),
        ("P(us.leave) + P(us.warn) + P(us.wait) < 1", False),
        ("P(us.leave) + P(us.warn) + P(us.wait) == 1", True),
        ("value(ru | after us.leave) > value(ru | after us.wait)", False),
        ("value(ru | after us.leave) == value(ru | after us.wait)", True),
    ],
)
def test_rounding_decides_no_claim(with_claim, solve, says, holds):
    assert (_margin(with_claim, solve, says).holds == holds).all()


def test_connectives_take_the_smallest_the_largest_and_the_negative_margin(with_claim, solve):
    one, two = "P(ru.truce) > 0.3", "P(us.warn) > 0.35"
    a, b = (_margin(with_claim, solve, text) for text in (one, two))
    assert a.unit == "probability"
    both = _margin(with_claim, solve, f"{one} and {two}")
    either = _margin(with_claim, solve, f"{one} or {two}")
    neither = _margin(with_claim, solve, f"not ({one} or {two})")
    np.testing.assert_allclose(both.size, np.minimum(a.size, b.size))
    np.testing.assert_allclose(either.size, np.maximum(a.size, b.size))
    np.testing.assert_allclose(neither.size, -either.size)
    assert (neither.holds == ~either.holds).all()


def test_a_trend_is_the_slope_for_an_interquartile_range(with_claim, solve):
    trend = _margin(with_claim, solve, "value(ru) falls with price")
    step = 1e-4
    up, down = (
        _ask(with_claim, solve, "value(ru)", draws=DRAWS | {"price": DRAWS["price"] + s})
        for s in (step, -step)
    )
    interquartile = 0.5 * (1.5 - 0.1)
    np.testing.assert_allclose(trend.size, -(up - down) / (2 * step) * interquartile, rtol=0.02)
    assert trend.unit == "utility per interquartile range of price"


def test_a_quantity_that_does_not_depend_on_the_parameter_neither_rises_nor_falls(with_claim, solve):
    for word in ("rises", "falls"):
        trend = _margin(with_claim, solve, f"belief(us.resolve == strong) {word} with price")
        assert (trend.size == 0).all()
        assert not trend.holds.any()


def test_a_modal_move_leads_by_the_difference_to_the_next(with_claim, solve):
    margin = _margin(with_claim, solve, "modal(ru | after us.warn) == ru.truce")
    truce = _ask(with_claim, solve, "P(ru.truce | after us.warn)")
    np.testing.assert_allclose(margin.size, 2 * truce - 1, rtol=1e-9)
    other = _margin(with_claim, solve, "modal(ru | after us.warn) != ru.truce")
    np.testing.assert_allclose(other.size, -margin.size)
    assert (other.holds == ~margin.holds).all()


def test_the_least_costly_move_is_the_cheapest_that_keeps_what_must_be_kept(with_claim, solve):
    # Only a warning can bring so much truce, and not in every draw.
    truce = {
        m: _ask(with_claim, solve, f"P(fighting == truce | after us.{m})") for m in ("wait", "warn", "leave")
    }
    cost = {"wait": 0 * DRAWS["p"], "warn": 1 - 0.9 * DRAWS["p"], "leave": 2 * DRAWS["price"]}
    level = 0.15
    expected = []
    for b in range(3):
        kept = [m for m in truce if truce[m][b] >= level]
        expected.append(min(kept, key=lambda m: cost[m][b]) if kept else "wait")
    assert len(set(expected)) > 1
    for move in truce:
        says = f"least_cost(us, keeping P(fighting == truce) >= {level}) == us.{move}"
        margin = _margin(with_claim, solve, says)
        assert margin.holds.tolist() == [m == move for m in expected]
        assert margin.unit == "agreement"


def test_a_claim_without_an_answer_neither_holds_nor_fails(with_claim, solve):
    margin = _margin(with_claim, solve, "P(fighting == truce | after us.warn, without(us.warn)) > 0.1")
    assert np.isnan(margin.size).all()
    assert not margin.holds.any()
