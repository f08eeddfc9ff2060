"""Reasons: the parts add up to the whole, the figures are answers to questions, and every element is cited."""

from __future__ import annotations

import time

import numpy as np
import pytest

from goodoffices import language, load
from goodoffices.analyses.why import explain, find_claim
from goodoffices.analyses.why_tree import TreeWorld
from goodoffices.claims import answer
from goodoffices.claims.answers import Reader
from goodoffices.claims.flow import Flow
from goodoffices.claims.points import Step
from goodoffices.compiler import compile_scenario
from goodoffices.core.diagnostics import Refusal
from goodoffices.language import medians
from goodoffices.language.asked import read_quantity
from goodoffices.solvers import solve_batch


def solved(scenario):
    tree = compile_scenario(scenario)
    draws = {name: np.array([value]) for name, value in medians(scenario).items()} or {"": np.zeros(1)}
    figures = tree.figures(draws)
    solution = solve_batch(tree.game, tree.data({}, at=figures))
    return TreeWorld(Reader(tree), Flow(tree, figures, solution.log_strategy), draws)


@pytest.fixture(scope="module")
def budapest():
    scenario = load("budapest-2025")
    return scenario, compile_scenario(scenario)


@pytest.mark.parametrize("name", ["budapest-2025", "beer-quiche", "crisis-signalling", "wide"])
def test_the_terms_of_a_payoff_add_up_to_it_from_every_place(name, wide_text):
    scenario = language.load("wide.yaml", text=wide_text) if name == "wide" else load(name)
    world = solved(scenario)
    turn = scenario.turns[0].movers[0]
    places = [(), *((Step(turn.party, m.name),) for m in turn.moves)]
    for party in scenario.parties:
        for steps in places:
            for types in ((), *world.own_types(party.name)):
                whole = world.value(party.name, steps, types)
                if np.isnan(whole):
                    continue
                parts = world.parts(party.name, steps, types)
                assert sum(parts.values()) == pytest.approx(whole, abs=1e-9)


def test_an_action_value_is_the_question_of_the_type_after_the_move(budapest):
    scenario, tree = budapest
    world = solved(scenario)
    total, by_type = world.action_parts("us", "withdraw", "prepare", ())
    draws = {name: np.array([value]) for name, value in medians(scenario).items()}

    def ask(text):
        return float(answer(tree, read_quantity(text, scenario), draws, solve=solve_batch)[0])

    for level in ("patient", "disillusioned"):
        one, two = (
            ask(f"value(us, outlook == {level} | after us.{move})") for move in ("withdraw", "prepare")
        )
        assert by_type[level] == pytest.approx(one - two, abs=1e-8)
    share = medians(scenario)["p_disillusioned"]
    mean = share * by_type["disillusioned"] + (1 - share) * by_type["patient"]
    assert sum(total.values()) == pytest.approx(mean, abs=1e-8)


def test_in_beer_and_quiche_the_reasons_are_the_textbooks():
    scenario = load("beer-quiche").set(precision=50, p_strong=0.8)
    found = explain(
        compile_scenario(scenario), find_claim(scenario, "everyone_drinks_beer"), solve=solve_batch
    )
    assert found.holds is True
    choice = next(b for b in found.breakdowns if b.first == "guest.beer")
    parts = {p.term: p.difference for p in choice.parts}
    # Being left alone is worth 2 to both; strong guests (80%) save 1 by beer, weak ones (20%) pay it.
    assert parts["peace * (ending == left_alone)"] == pytest.approx(2.0, abs=1e-6)
    assert parts["costs of guest.quiche"] == pytest.approx(0.8)
    assert parts["costs of guest.beer"] == pytest.approx(-0.2)
    kinds = {r.kind for r in found.reasons}
    assert {"answer", "choice", "gain", "fear", "reply", "belief"} <= kinds
    reply = next(r for r in found.reasons if r.kind == "reply")
    assert sorted(round(f.value, 6) for f in reply.figures) == [0.0, 1.0]


def test_every_claim_of_the_catalogue_has_reasons_with_sources(budapest):
    for scenario in (budapest[0], load("crisis-signalling"), load("beer-quiche")):
        tree = compile_scenario(scenario)
        for claim in scenario.claims:
            found = explain(tree, claim, solve=solve_batch)
            assert found.holds is not None, claim.name
            assert len(found.reasons) >= 3, claim.name
            assert all(np.isfinite(f.value) for r in found.reasons for f in r.figures), claim.name
            assert len({r.text for r in found.reasons}) == len(found.reasons)
            cited = [c for r in found.reasons for c in r.citations]
            assert any(c.quote for c in cited), claim.name
            assert all(c.why or c.quote or c.kind in ("type", "quantity", "parameter", "move") for c in cited)


def test_the_difference_of_two_values_is_taken_apart_exactly(budapest):
    scenario, tree = budapest
    found = explain(tree, find_claim(scenario, "exit_hurts_more_than_missiles"), solve=solve_batch)
    first = found.breakdowns[0]
    assert (first.first, first.second) == ("after us.withdraw", "after us.supply_long_range")
    assert first.difference == pytest.approx(-found.margin, abs=1e-9)
    standing = next(p for p in first.parts if p.term == "standing[engagement]")
    assert {(c.kind, c.name) for c in standing.citations} >= {
        ("quantity", "standing"),
        ("parameter", "recognition"),
    }
    recognition = next(c for c in standing.citations if c.name == "recognition")
    assert recognition.value == pytest.approx(1.0)
    assert recognition.quote
    assert recognition.sentence == 24


def test_a_claim_is_explained_within_a_second_of_its_solution(budapest):
    scenario, tree = budapest
    begun = time.process_time()
    for claim in scenario.claims[:4]:
        explain(tree, claim, solve=solve_batch)
    assert time.process_time() - begun < 4


def test_a_question_of_ones_own_is_explained_too(budapest):
    scenario, tree = budapest
    found = explain(tree, find_claim(scenario, "modal(us) == us.press"), solve=solve_batch)
    assert (found.name, found.holds) == ("asked", False)
    with pytest.raises(Refusal, match="no claim `exit_hurts`"):
        find_claim(scenario, "exit_hurts")
