"""What decides a claim: the path of the Sobol indices on functions whose indices are known by hand."""

from __future__ import annotations

import numpy as np
import pytest
from analytic import Analytic, uniform

from goodoffices import language
from goodoffices.analyses.asking import ClaimJudge
from goodoffices.analyses.sensitivity import find_deciders
from goodoffices.compiler import compile_scenario
from goodoffices.core.diagnostics import Refusal
from goodoffices.language.priors import quantile
from goodoffices.language.sampling import sample
from goodoffices.solvers import solve_batch


def draws_of(parameters, n, seed=0):
    rng = np.random.default_rng(seed)
    return {p.name: quantile(p.prior, rng.uniform(size=n)) for p in parameters}


def ishigami(points, a=7.0, b=0.1):
    return np.sin(points["x"]) + a * np.sin(points["y"]) ** 2 + b * points["z"] ** 4 * np.sin(points["x"])


PI = np.pi
XYZ = [uniform("x", -PI, PI), uniform("y", -PI, PI), uniform("z", -PI, PI)]


def known_indices(a=7.0, b=0.1):
    """Ishigami and Homma (1990): variance by parts, in closed form."""
    one = (1 + b * PI**4 / 5) ** 2 / 2
    two = a**2 / 8
    both = b**2 * PI**8 * (1 / 18 - 1 / 50)
    whole = one + two + both
    return {
        "x": (one / whole, (one + both) / whole),
        "y": (two / whole, two / whole),
        "z": (0.0, both / whole),
    }


def test_ishigamis_indices_are_found_within_their_intervals():
    found = find_deciders(XYZ, Analytic({"c": ishigami}), draws=draws_of(XYZ, 400), rows=2048)
    claim = found.claims[0]
    for influence in claim.influences:
        first, total = known_indices()[influence.parameters[0]]
        # 95% intervals: three half-widths leave room for one of six being unlucky.
        assert abs(influence.first - first) < 1.5 * influence.first_error + 0.005
        assert abs(influence.total - total) < 1.5 * influence.total_error + 0.005
    assert [i.parameters[0] for i in claim.influences] == ["x", "y", "z"]
    assert claim.rows == 2048
    assert claim.lost == 0


def test_indices_follow_the_priors_through_their_quantiles():
    """Of a sum, each index is the parameter's own share of the variance."""
    parameters = [uniform("a", 0, 1), uniform("b", 0, 3)]
    found = find_deciders(
        parameters, Analytic({"c": lambda p: p["a"] + p["b"]}), draws=draws_of(parameters, 100), rows=1024
    )
    by_name = {i.parameters[0]: i for i in found.claims[0].influences}
    assert by_name["a"].first == pytest.approx(0.1, abs=0.02)
    assert by_name["b"].first == pytest.approx(0.9, abs=0.04)
    assert by_name["b"].total == pytest.approx(0.9, abs=0.04)


def test_the_weakest_vary_together_and_nothing_is_held_fixed():
    parameters = [uniform(f"p{k:02d}", 0, 1) for k in range(20)]

    def margin(points):
        return 4 * points["p07"] + sum(points[p.name] for p in parameters if p.name != "p07") - 11

    found = find_deciders(
        parameters, Analytic({"c": margin}), draws=draws_of(parameters, 600), rows=512, alone=1
    )
    assert found.alone == ("p07",)
    assert len(found.together) == 19
    by_size = {len(i.parameters): i for i in found.claims[0].influences}
    # Variances 16 and 19 times one twelfth.
    assert by_size[1].total == pytest.approx(16 / 35, abs=0.06)
    assert by_size[19].total == pytest.approx(19 / 35, abs=0.06)


def test_a_parameter_without_influence_stays_below_the_noise_of_pawn():
    found = find_deciders(XYZ[:2], Analytic({"c": lambda p: p["x"]}), draws=draws_of(XYZ[:2], 500), rows=64)
    by_name = {i.parameters[0]: i for i in found.claims[0].influences}
    noise = found.claims[0].noise
    assert by_name["x"].pawn > 3 * noise
    assert by_name["y"].pawn < 1.3 * noise


def test_rows_with_an_unsolved_point_are_left_out_whole_and_counted():
    def hole(points):
        return np.where(points["x"] > 3, np.nan, points["x"] + points["y"])

    found = find_deciders(XYZ, Analytic({"c": hole}), draws=draws_of(XYZ, 400), rows=256)
    claim = found.claims[0]
    assert claim.lost > 0
    assert claim.rows + claim.lost == 256
    assert claim.failed == int(np.isnan(hole(found.draws)).sum())
    assert np.isfinite(claim.influences[0].total)


def test_a_margin_that_never_changes_is_decided_by_nothing():
    found = find_deciders(
        XYZ, Analytic({"c": lambda p: np.ones_like(p["x"])}), draws=draws_of(XYZ, 100), rows=32
    )
    assert "the same in all of them" in found.claims[0].sentence
    assert all(np.isnan(i.total) for i in found.claims[0].influences)


def test_an_interruption_keeps_the_whole_rows_that_were_finished():
    judge = Analytic({"c": ishigami}, stop_after=400 + 40 * 5 + 3)
    found = find_deciders(XYZ, judge, draws=draws_of(XYZ, 400), rows=256)
    assert found.interrupted
    assert found.claims[0].rows == 40


def test_one_batch_serves_all_claims():
    judge = Analytic({"c": ishigami, "d": lambda p: p["z"]})
    found = find_deciders(XYZ, judge, draws=draws_of(XYZ, 100), rows=64)
    assert judge.calls == 2
    assert [c.claim for c in found.claims] == ["c", "d"]
    assert found.claims[1].influences[0].parameters == ("z",)


@pytest.mark.parametrize("rows", [0, 8, 100])
def test_a_number_of_rows_that_breaks_the_design_is_refused(rows):
    with pytest.raises(Refusal, match="rows"):
        find_deciders(XYZ, Analytic({"c": ishigami}), draws=draws_of(XYZ, 10), rows=rows)


def test_the_order_of_declaration_does_not_change_what_decides(wide_text):
    """A game with its two parameters declared one way and the other."""
    claims = 'claims:\n  calm: {says: "P(fighting == settled) > 0.1"}\n'
    one = wide_text + claims
    price, p = (
        '  price: {prior: "uniform(0.1, 1.5)", unit: utility}\n',
        '  p: {prior: "uniform(0.2, 0.8)", unit: probability}\n',
    )
    two = one.replace(p + price, price + p)
    assert one != two
    found = []
    for text in (one, two):
        scenario = language.load("wide.yaml", text=text)
        judge = ClaimJudge(compile_scenario(scenario), scenario.claims, solve_batch)
        draws = sample(scenario, 64, seed=2)
        found.append(find_deciders(scenario.parameters, judge, draws=draws, rows=16).claims[0])
    assert [i.parameters for i in found[0].influences] == [i.parameters for i in found[1].influences]
    for a, b in zip(found[0].influences, found[1].influences, strict=True):
        np.testing.assert_allclose([a.first, a.total, a.pawn], [b.first, b.total, b.pawn], rtol=1e-6)
