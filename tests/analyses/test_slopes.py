"""Slopes are derivatives: of functions known by hand, of trees and of long talks solved anew."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from analytic import Analytic, parameter, uniform

import goodoffices
from goodoffices import language
from goodoffices.analyses.slopes import compare_grids, find_slopes
from goodoffices.claims.asking import answer
from goodoffices.cli.app import run
from goodoffices.language import medians
from goodoffices.language.asked import read_quantity
from goodoffices.reports.analyses.section import html, write
from goodoffices.reports.analyses.slopes_page import slopes_page
from goodoffices.workflow.forms import choose_form, solver_for
from goodoffices.workflow.sloping import slopes

X, Y = uniform("x", 0, 1), parameter("y", "lognormal(0, 0.5)")


def test_slopes_are_those_of_the_function_in_both_units():
    judge = Analytic({"c": lambda p: 3 * p["x"] ** 2 - np.log(p["y"])})
    (found,) = find_slopes([X, Y], judge, claims=frozenset({"c"})).answers
    steepest, other = found.slopes
    # A uniform prior's quantile rises by the normal density for one deviation at the median.
    assert (steepest.parameter, steepest.per_unit) == ("x", pytest.approx(3.0, rel=1e-5))
    assert steepest.per_deviation == pytest.approx(3.0 / math.sqrt(2 * math.pi), rel=1e-5)
    assert (other.parameter, other.per_unit) == ("y", pytest.approx(-1.0, rel=1e-5))
    assert other.per_deviation == pytest.approx(-0.5, rel=1e-5)
    assert not steepest.kink
    assert found.distance == pytest.approx(0.75 / math.hypot(3 / math.sqrt(2 * math.pi), 0.5), rel=1e-5)
    assert "holds at the prior medians, by 0.75 (utility)" in found.sentence


def test_a_kink_is_found_where_the_sides_disagree():
    judge = Analytic({"c": lambda p: np.maximum(p["x"], 0.5) + p["y"]})
    (found,) = find_slopes([X, Y], judge).answers
    bent = {s.parameter: s for s in found.slopes}
    assert bent["x"].kink
    assert bent["x"].per_unit == pytest.approx(0.5, rel=1e-5)
    assert not bent["y"].kink


def test_what_has_no_slope_is_named_or_left_out():
    few = parameter("few", "discrete(1, 0.5, 2, 0.5)")
    fixed = parameter("sure", "3")

    def broken(p):
        return np.where(p["x"] > 0.5, np.nan, p["x"])

    found = find_slopes([X, few, fixed], Analytic({"c": broken, "d": lambda p: 0 * p["x"]}))
    assert found.left_out == ("few",)
    assert [len(a.slopes) for a in found.answers] == [0, 1]
    assert "no parameter moves it there" in found.answers[1].sentence
    assert math.isinf(found.answers[1].distance)


def test_a_user_who_stops_gets_no_half_of_the_slopes():
    with pytest.raises(KeyboardInterrupt):
        find_slopes([X, Y], Analytic({"c": lambda p: p["x"]}, stop_after=3))


def test_what_the_grid_leaves_open_is_not_told_as_a_finding():
    coarse, fine = (
        find_slopes([X, Y], Analytic({"c": lambda p, s=s: s * p["x"] + p["y"]})) for s in (-1.0, 0.1)
    )
    (found,) = compare_grids(fine, coarse).answers
    by = {s.parameter: s for s in found.slopes}
    assert by["x"].by_grid == pytest.approx(1.1 / math.sqrt(2 * math.pi), rel=1e-5)
    assert not by["x"].clear
    assert by["y"].clear
    assert "`x`" not in found.sentence


TEXT = """
goodoffices: 1
title: Will it last
time: {round: 1 week, rounds: 2, discount: 0.8}
parties:
  us: {name: United States, role: mediator, rationality: 2}
  ru: {name: Russia, role: belligerent, rationality: 2}
types:
  ru.aim: {grand: 1 - p, modest: p}
factors:
  engagement: [engaged, warned]
  fighting: [war, truce]
parameters:
  p: {prior: "uniform(0.2, 0.7)", unit: probability}
  price: {prior: "lognormal(-0.5, 0.4)", unit: utility}
  patience: {prior: "uniform(0.1, 0.9)", unit: utility}
turns:
  - party: us
    moves:
      wait: {costs: 0.2*patience}
      warn: {then: {engagement: warned}, costs: 0.3}
    default: wait
  - party: ru
    moves:
      refuse: {then: {fighting: war}}
      truce: {then: {fighting: truce}, costs: {grand: 2*price, modest: price}}
    default: refuse
values:
  us: 2*(fighting == truce)
  ru: -1*(engagement == warned and fighting == war)
claims:
  a_truce_tells: {says: "belief(ru.aim = modest | after ru.truce) > 0.5"}
"""


@pytest.mark.parametrize(("rounds", "method"), [(2, "tree"), (3, "belief"), ("open-ended", "belief")])
def test_slopes_of_games_are_what_solving_at_both_sides_gives(rounds, method):
    scenario = language.load("lasts.yaml", text=TEXT)
    texts = (
        ["value(us)", "P(ru.truce)"]
        if method == "tree"
        else ["value(us)", "P(fighting == truce within 2 rounds)"]
    )
    sloping = slopes(scenario, questions=texts, rounds=rounds, method=method)
    assert sloping.method == method
    assert (sloping.near > 0) == (method == "belief")
    assert sloping.residual < 0.01 if method == "belief" else math.isnan(sloping.residual)
    form = choose_form(scenario, rounds=rounds, method=method).form
    solve = solver_for(form, tolerance=1e-11)
    for found, text in zip(sloping.found.answers, texts, strict=True):
        assert not found.is_claim
        for slope in found.slopes:
            points = {name: np.full(3, value) for name, value in medians(scenario).items()}
            step = 1e-3
            points[slope.parameter] += np.array([0.0, -step, step])
            at, less, more = answer(form, read_quantity(text, scenario), points, solve=solve)
            assert found.at == pytest.approx(at, abs=1e-7)
            assert slope.per_unit == pytest.approx((more - less) / (2 * step), rel=1e-3, abs=1e-5)


def test_claims_are_asked_where_nothing_else_is():
    sloping = slopes(language.load("lasts.yaml", text=TEXT), method="belief")
    (found,) = sloping.found.answers
    assert (found.question, found.is_claim, sloping.nodes) == ("a_truce_tells", True, (9, 5))
    assert all(math.isfinite(s.by_grid) for s in found.slopes)


def test_a_question_that_says_nothing_is_refused():
    scenario = language.load("lasts.yaml", text=TEXT)
    for text, says in (("value(su)", "su"), ("a_truce_tell", "a_truce_tell"), ("P(ru.truce) < ", "ends")):
        with pytest.raises(goodoffices.Refusal, match=says):
            slopes(scenario, questions=[text])


def page_of(scenario, sloping):
    return slopes_page(
        scenario,
        sloping.found,
        method=sloping.method,
        why=sloping.why,
        solved=sloping.solved,
        near=sloping.near,
        nodes=sloping.nodes,
        residual=sloping.residual,
    )


def test_a_page_shows_what_was_found_and_escapes_what_it_is_given(tmp_path):
    text = TEXT.replace("a_truce_tells: {", 'a_truce_tells: {text: "It <script>tells</script>", ')
    scenario = language.load("lasts.yaml", text=text)
    sloping = slopes(scenario, method="belief")
    page = page_of(scenario, sloping)
    shown = html(page, name="slopes")
    assert "<script>tells" not in shown
    assert "It &lt;script&gt;tells" in shown
    assert "Slopes of a_truce_tells" in shown
    files = write(page, tmp_path, name="slopes")
    data = json.loads(files["slopes.json"].read_text())
    (answer_,) = data["answers"]
    assert [s["parameter"] for s in answer_["slopes"]] == [
        s.parameter for s in sloping.found.answers[0].slopes
    ]
    assert data["nodes"] == [9, 5]


def test_the_command_prints_sentences_or_one_json_object(tmp_path, capsys):
    file = tmp_path / "lasts.yaml"
    file.write_text(TEXT)
    assert run(["slopes", str(file), "--question", "value(us)", "--rounds", "3", "--method", "belief"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "`value(us)` is " in said.out
    assert "near them by derivatives" in said.out
    assert run(["slopes", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["method"] == "tree"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--question", "value(su)"], 1, "no party is called `su`"),
        (["--question", "a_truce_tell"], 1, "did you mean `a_truce_tells`"),
        (["--accuracy", "0"], 2, "--accuracy takes a number above 0"),
        (["--method", "belief", "--rounds", "0"], 2, "--rounds"),
    ],
)
def test_mistakes_are_answered_in_a_sentence(arguments, code, says, tmp_path, capsys):
    file = tmp_path / "lasts.yaml"
    file.write_text(TEXT)
    assert run(["slopes", str(file), *arguments]) == code
    said = capsys.readouterr()
    assert says in said.err
    assert "Traceback" not in said.err
    assert said.out == ""
