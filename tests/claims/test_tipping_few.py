"""Tipping values from few games: the same as from many, and no game that is not needed."""

from __future__ import annotations

import numpy as np
import pytest

from goodoffices import language
from goodoffices.claims.answers import Reader
from goodoffices.claims.survey import survey, wanted
from goodoffices.claims.tipping import find_tips
from goodoffices.claims.tipping_few import INNER, find_few_tips
from goodoffices.compiler import compile_scenario
from goodoffices.language.sampling import medians

DOORS = """
goodoffices: 1
title: Two doors
time: {round: 1 week, rounds: 1, discount: 1}
parties: {a: {name: A, role: belligerent, rationality: 3}}
factors: {door: [shut, left, right]}
parameters:
  x: {prior: "uniform(0, 2)", unit: utility}
  y: {prior: "normal(0.6, 0.1)", unit: utility/round}
  k: {prior: "discrete(0.2, 0.3, 0.4, 0.4, 0.9, 0.3)", unit: utility}
turns:
  - party: a
    moves: {wait: {}, left: {then: {door: left}, costs: x}, right: {then: {door: right}, costs: k}}
    default: wait
values: {a: y*(door != shut)}
claims:
  goes_left: {text: It goes left., says: P(a.left) > 0.25}
  goes_right: {text: It goes right., says: P(a.right) > 0.45}
  without: {text: It goes left without the right door., says: P(a.left | without(a.right)) > 0.4}
"""
EVERY = dict.fromkeys(("goes_left", "goes_right", "without"), ("x", "y", "k"))


@pytest.fixture(scope="module")
def tree():
    return compile_scenario(language.load("doors.yaml", text=DOORS))


@pytest.fixture(scope="module")
def middle(tree, solve):
    points = {name: np.array([value]) for name, value in medians(tree.scenario).items()}
    return survey(tree, wanted(tree, tree.scenario.claims), points, solve=solve)


def test_they_are_where_many_games_find_them(tree, middle, solve):
    claims = tree.scenario.claims
    many, _, _ = find_tips(tree, claims, solve=solve, reader=Reader(tree))
    few, _, stopped = find_few_tips(tree, claims, EVERY, middle=middle, solve=solve)
    assert not stopped
    assert few.keys() == many.keys()
    assert {("goes_left", "x"), ("goes_right", "k"), ("without", "x")} <= few.keys()
    for key, tip in few.items():
        assert tip.value == pytest.approx(many[key].value, abs=0.02)
        assert tip.holds == many[key].holds


def test_they_take_the_ends_once_for_all_claims_and_more_only_where_one_flips(tree, middle, solve):
    claims = tree.scenario.claims[:2]
    tips, games, _ = find_few_tips(
        tree, claims, {"goes_left": ("x",), "goes_right": ("x",)}, middle=middle, solve=solve
    )
    assert tips.keys() == {("goes_left", "x"), ("goes_right", "x")}
    assert games == 2 + INNER
    _, none, _ = find_few_tips(tree, claims, {"goes_left": ("y",)}, middle=middle, solve=solve)
    assert none == 2


def test_a_world_that_no_claim_asks_about_is_not_solved(tree, middle, solve):
    alone = tree.scenario.claims[2:]
    _, games, _ = find_few_tips(tree, alone, {"without": ("y",)}, middle=middle, solve=solve)
    assert games in (2, 2 + INNER)  # and not those of the scenario itself


def test_parameters_that_are_not_asked_for_are_not_looked_at(tree, middle, solve):
    tips, games, _ = find_few_tips(tree, tree.scenario.claims, {}, middle=middle, solve=solve)
    assert (tips, games) == ({}, 0)
