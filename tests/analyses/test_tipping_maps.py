"""Tipping maps of claims whose boundary is a curve that is known."""

from __future__ import annotations

import numpy as np
import pytest
from analytic import Analytic, parameter, uniform

from goodoffices import language
from goodoffices.analyses.asking import ClaimJudge
from goodoffices.analyses.tipping_maps import axis_of, map_tipping
from goodoffices.compiler import compile_scenario
from goodoffices.core.diagnostics import Refusal
from goodoffices.solvers import solve_batch

X, Y = uniform("x", 0, 1), uniform("y", 0, 2)


def axes(points=40):
    return [axis_of(X, points, between=(0, 1)), axis_of(Y, points, between=(0, 2))]


def circle(points):
    return 0.4 - np.hypot(points["x"] - 0.55, points["y"] / 2 - 0.5)


def test_a_circle_is_found_with_its_boundary():
    judge = Analytic({"c": circle})
    (found,) = map_tipping([X, Y], judge, over=axes())
    x, y = np.meshgrid(found.axes[0].values, found.axes[1].values, indexing="ij")
    np.testing.assert_array_equal(found.holds, circle({"x": x, "y": y}) > 0)
    assert len(found.crossings) > 80
    for crossing in found.crossings:
        low, high = (
            {"x": np.array([crossing.at[0] + s * crossing.within * (crossing.axis == 0)]),
             "y": np.array([crossing.at[1] + s * crossing.within * (crossing.axis == 1)])}
            for s in (-1, 1)
        )  # fmt: skip
        assert circle(low)[0] * circle(high)[0] <= 0
        assert crossing.within <= found.tolerance * (1 if crossing.axis == 0 else 2)
        assert (circle(high)[0] > 0) == crossing.holds_above


def test_fewer_points_are_solved_than_the_grid_has_and_the_map_says_which():
    judge = Analytic({"c": circle})
    (found,) = map_tipping([X, Y], judge, over=axes())
    solved, inferred, unsolved = found.counts
    assert solved + inferred + unsolved == 1600
    assert unsolved == 0
    assert solved < 1000
    # What was solved has a margin, what was inferred has none.
    assert (np.isnan(found.margins) == (found.status == 1)).all()
    asked = sum(len(p["x"]) for p in judge.asked)
    assert asked == found.games
    (whole,) = map_tipping([X, Y], Analytic({"c": circle}), over=axes(), every=True)
    assert whole.counts == (1600, 0, 0)
    np.testing.assert_array_equal(whole.holds, found.holds)


def test_a_boundary_is_only_believed_between_solved_points():
    """A thin finger that the coarse grid touches at one point only is followed to its end."""

    def finger(points):
        return np.where((np.abs(points["x"] - 8 / 39) < 0.02) & (points["y"] > 0.3), 1.0, -1.0)

    (found,) = map_tipping([X, Y], Analytic({"c": finger}), over=axes())
    for c in found.crossings:
        other = tuple(k + (d == c.axis) for d, k in enumerate(c.cell))
        assert found.status[c.cell] == found.status[other] == 0
    x, y = np.meshgrid(found.axes[0].values, found.axes[1].values, indexing="ij")
    np.testing.assert_array_equal(found.holds, finger({"x": x, "y": y}) > 0)


def test_one_parameter_shows_every_flip_to_the_tolerance():
    def waves(points):
        return np.sin(9 * points["x"] + 0.1)

    (found,) = map_tipping([X, Y], Analytic({"c": waves}), over=axes()[:1], tolerance=1e-5)
    flips = sorted(c.at[0] for c in found.crossings)
    np.testing.assert_allclose(flips, [(np.pi - 0.1) / 9, (2 * np.pi - 0.1) / 9], atol=1e-5)
    assert found.at == {"y": 1.0}
    assert "flips where `x` is" in found.sentence


def test_margins_that_jump_do_not_mislead_the_boundary():
    def jump(points):
        return np.where(points["x"] > 0.4321, 100.0, -0.001)

    (found,) = map_tipping([X, Y], Analytic({"c": jump}), over=axes()[:1], tolerance=1e-4)
    (crossing,) = found.crossings
    assert crossing.at[0] == pytest.approx(0.4321, abs=1e-4)


def test_points_that_are_not_solved_are_neither_side_and_end_the_bisection():
    def hole(points):
        return np.where(np.abs(points["x"] - 0.5) < 0.1, np.nan, points["x"] - 0.5)

    (found,) = map_tipping([X, Y], Analytic({"c": hole}), over=axes()[:1])
    assert found.counts[2] > 0
    assert found.crossings == ()
    assert not found.holds[found.status == 2].any()


def test_the_others_can_be_given_values():
    def both(points):
        return points["x"] - points["y"] / 4

    for y in (0.4, 1.6):
        (found,) = map_tipping([X, Y], Analytic({"c": both}), over=axes()[:1], at={"y": y})
        (crossing,) = found.crossings
        assert crossing.at[0] == pytest.approx(y / 4, abs=1e-3)


def test_claims_share_their_points():
    judge = Analytic({"c": circle, "d": lambda p: p["x"] - 0.5})
    maps = map_tipping([X, Y], judge, over=axes())
    assert [m.claim for m in maps] == ["c", "d"]
    assert maps[0].games == maps[1].games == sum(len(p["x"]) for p in judge.asked)


def test_an_interruption_keeps_what_was_solved():
    (found,) = map_tipping([X, Y], Analytic({"c": circle}, stop_after=300), over=axes())
    assert found.interrupted
    assert found.counts[0] <= 300
    with pytest.raises(KeyboardInterrupt):
        map_tipping([X, Y], Analytic({"c": circle}, stop_after=20), over=axes())


def test_discrete_priors_are_mapped_at_their_values():
    levels = parameter("n", "discrete(1, 0.5, 2, 0.3, 5, 0.2)")
    assert axis_of(levels, 40).values.tolist() == [1, 2, 5]


@pytest.mark.parametrize(
    "call",
    [
        lambda: axis_of(X, 10, between=(1, 1)),
        lambda: map_tipping([X, Y], Analytic({"c": circle}), over=[]),
        lambda: map_tipping([X, Y], Analytic({"c": circle}), over=axes()[:1] * 2),
        lambda: map_tipping([X, Y], Analytic({"c": circle}), over=axes(600)),
        lambda: map_tipping([X, Y], Analytic({"c": circle}), over=axes(), tolerance=0),
    ],
)
def test_what_cannot_be_mapped_is_refused(call):
    with pytest.raises(Refusal):
        call()


DETER = """
goodoffices: 1
title: One choice
time: {round: 1 week, rounds: 1}
parties: {near: {name: Near, role: belligerent, rationality: sharp}}
factors: {act: [quiet, defied]}
parameters:
  gain: {prior: "uniform(0, 2)", unit: utility/round}
  sharp: {prior: "uniform(0.5, 4)", unit: 1/utility}
turns: [{party: near, moves: {comply: {}, defy: {then: {act: defied}}}, default: comply}]
values: {near: gain * (act == defied)}
claims:
  defies: {says: "P(act == defied) > 0.8"}
"""


def games(text):
    scenario = language.load("deter.yaml", text=text)
    judge = ClaimJudge(compile_scenario(scenario), scenario.claims, solve_batch)
    return scenario, judge


def test_the_boundary_of_a_game_is_the_curve_that_theory_gives():
    """A logit choice has probability 0.8 where rationality times gain is the logarithm of 4."""
    scenario, judge = games(DETER)
    by_name = {p.name: p for p in scenario.parameters}
    over = [axis_of(by_name["gain"], 20), axis_of(by_name["sharp"], 20)]
    (found,) = map_tipping(scenario.parameters, judge, over=over, tolerance=1e-4)
    assert len(found.crossings) > 15
    for crossing in found.crossings:
        gain, sharp = crossing.at
        slope = sharp if crossing.axis == 0 else gain
        assert abs(gain * sharp - np.log(4)) <= slope * crossing.within + 1e-9


def test_the_order_of_declaration_does_not_change_a_map():
    lines = DETER.splitlines(keepends=True)
    first = next(k for k, line in enumerate(lines) if line.startswith("  gain"))
    lines[first], lines[first + 1] = lines[first + 1], lines[first]
    maps = []
    for text in (DETER, "".join(lines)):
        scenario, judge = games(text)
        by_name = {p.name: p for p in scenario.parameters}
        over = [axis_of(by_name[n], 12) for n in ("gain", "sharp")]
        maps.append(map_tipping(scenario.parameters, judge, over=over)[0])
    np.testing.assert_array_equal(maps[0].holds, maps[1].holds)
    np.testing.assert_array_equal(maps[0].status, maps[1].status)
    assert maps[0].crossings == maps[1].crossings
