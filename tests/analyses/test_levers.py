"""Effects of levers, on a game of deterrence whose logit equilibrium is written down by hand."""

from __future__ import annotations

import numpy as np
import pytest

from goodoffices import language, load
from goodoffices.analyses.levers import KINDS, default_outcomes, find_levers
from goodoffices.claims import answer
from goodoffices.compiler import compile_scenario
from goodoffices.core.diagnostics import Refusal
from goodoffices.language.asked import read_quantity
from goodoffices.language.sampling import sample
from goodoffices.solvers import solve_batch

DETER = """
goodoffices: 1
title: A punishment that is never needed
time: {round: 1 week, rounds: 1}
parties:
  near: {name: Near, role: belligerent, rationality: 4}
  far: {name: Far, role: mediator, rationality: 4}
factors:
  act: [quiet, defied, punished]
parameters:
  gain: {prior: "uniform(0.5, 1)", unit: utility/round}
  blow: {prior: "uniform(3, 5)", unit: utility/round}
  zeal: {prior: "uniform(0.5, 1)", unit: utility/round}
turns:
  - party: near
    moves: {comply: {}, defy: {then: {act: defied}}}
    default: comply
  - party: far
    moves: {let_go: {}, punish: {when: act == defied, then: {act: punished}, lever: pressure}}
    default: let_go
values:
  near: gain * (act == defied) + (gain - blow) * (act == punished)
  far: -1 * (act == defied) + (zeal - 1) * (act == punished)
"""
DEFY = "near.defy"
LAMBDA = 4.0


def logistic(x):
    return 1 / (1 + np.exp(-x))


@pytest.fixture(scope="module")
def deterred():
    scenario = language.load("deter.yaml", text=DETER)
    draws = sample(scenario, 16, seed=3)
    found = find_levers(compile_scenario(scenario), draws, solve=solve_batch, outcomes=[DEFY])
    return found, draws


def test_the_shadow_of_a_lever_is_the_change_of_the_others_behaviour_alone(deterred):
    found, draws = deterred
    punished = logistic(LAMBDA * draws["zeal"])
    defies = logistic(LAMBDA * (draws["gain"] - draws["blow"] * punished))
    freely = logistic(LAMBDA * draws["gain"])
    shadow = found.effect("far.punish", DEFY, "shadow")
    np.testing.assert_allclose(shadow.values, defies - freely, rtol=1e-7)
    # It deters so well that it is hardly ever used.
    np.testing.assert_allclose(found.used["far.punish"], defies * punished, rtol=1e-7)
    assert found.used["far.punish"].max() < 0.05
    assert shadow.mean < -0.9
    # Near decides before anything else, so being able to punish changes nothing but this.
    np.testing.assert_allclose(found.effect("far.punish", DEFY, "able").values, shadow.values, rtol=1e-9)


def test_where_it_is_not_used_the_paths_on_which_it_would_be_are_missing(deterred):
    found, draws = deterred
    punished = logistic(LAMBDA * draws["zeal"])
    defies = logistic(LAMBDA * (draws["gain"] - draws["blow"] * punished))
    spared = defies * (1 - punished)
    expected = spared / (1 - defies * punished) - logistic(LAMBDA * draws["gain"])
    np.testing.assert_allclose(found.effect("far.punish", DEFY, "unused").values, expected, rtol=1e-7)
    value = found.effect("far.punish", "value(near)", "unused").values
    freely = draws["gain"] * logistic(LAMBDA * draws["gain"])
    np.testing.assert_allclose(value, draws["gain"] * spared / (1 - defies * punished) - freely, rtol=1e-6)


def test_using_it_costs_the_other_the_blow(deterred):
    found, draws = deterred
    punished = logistic(LAMBDA * draws["zeal"])
    chosen = found.effect("far.punish", "value(near)", "chosen").values
    np.testing.assert_allclose(chosen, -draws["blow"] * (1 - punished), rtol=1e-7)


def test_an_effect_of_choice_is_the_question_after_the_move_less_the_question():
    scenario = load("crisis-signalling")
    form, draws = compile_scenario(scenario), sample(scenario, 8, seed=1)
    found = find_levers(form, draws, solve=solve_batch, moves=["challenger.challenge"])

    def ask(text):
        return answer(form, read_quantity(text, scenario), draws, solve=solve_batch)

    for inner in ("value(target{})", "P(crisis == fought at end{})"):
        name = inner.format("").removeprefix("P(").removesuffix(")") if inner[0] == "P" else inner.format("")
        chosen, imposed, able = (
            found.effect("challenger.challenge", name, kind).values for kind in ("chosen", "imposed", "able")
        )
        base = ask(inner.format(""))
        np.testing.assert_allclose(
            chosen, ask(inner.format(" | after challenger.challenge")) - base, atol=1e-9
        )
        np.testing.assert_allclose(
            imposed, ask(inner.format(" | do(challenger.challenge)")) - base, atol=1e-9
        )
        np.testing.assert_allclose(
            able, base - ask(inner.format(" | without(challenger.challenge)")), atol=1e-9
        )


def test_a_contrast_is_paired_and_its_error_is_smaller_than_that_of_two_samples():
    scenario = load("budapest-2025")
    found = find_levers(
        compile_scenario(scenario, rounds=1),
        sample(scenario, 64, seed=1),
        solve=solve_batch,
        moves=["us.withdraw", "us.supply_long_range"],
        outcomes=["fighting == truce at end"],
    )
    contrast = found.contrast("us.withdraw", "us.supply_long_range", "value(russia)")
    two = [found.effect(f"us.{m}", "value(russia)", "chosen") for m in ("withdraw", "supply_long_range")]
    assert contrast.mean == pytest.approx(two[0].mean - two[1].mean)
    assert contrast.n == 64
    assert 0 < contrast.share < 1
    assert contrast.error == pytest.approx(np.std(contrast.values, ddof=1) / 8)


def test_the_ranking_is_by_size_and_the_shares_of_being_first_add_up(deterred):
    found, _ = deterred
    for kind in KINDS:
        ranked = found.ranking("value(near)", kind)
        sizes = [abs(e.mean) for e in ranked]
        assert sizes == sorted(sizes, reverse=True)
        assert sum(e.first for e in ranked) >= 1 - 1e-12


def test_a_move_without_alternative_is_no_lever(deterred):
    assert {lever.name for lever in deterred[0].levers} == {
        "near.comply",
        "near.defy",
        "far.let_go",
        "far.punish",
    }
    # Far's letting go is its only move where nothing was defied, so that it cannot be taken away.
    assert ("far.let_go", DEFY, "able") not in deterred[0].effects


def test_what_does_not_exist_is_refused(deterred):
    found, draws = deterred
    tree = compile_scenario(found.scenario)
    with pytest.raises(Refusal, match=r"no move `far\.punnish`"):
        find_levers(tree, draws, solve=solve_batch, moves=["far.punnish"])
    with pytest.raises(Refusal, match="no effect of kind"):
        found.effect("far.punish", "value(nobody)", "able")
    assert default_outcomes(found.scenario) == ("act == defied at end", "act == punished at end")
