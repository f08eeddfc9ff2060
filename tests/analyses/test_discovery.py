"""Rules that separate worlds: planted boxes are found again, and chance makes no rule."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from analytic import Analytic, uniform

from goodoffices.analyses.asking import Judged, Outcome
from goodoffices.analyses.discovery import discover
from goodoffices.analyses.peeling import everything, find_box, score

NAMES = [f"p{k}" for k in range(8)]
PARAMETERS = [uniform(name, 0, 1) for name in NAMES]


def worlds(n, seed=0, names=NAMES):
    rng = np.random.default_rng(seed)
    return {name: rng.uniform(size=n) for name in names}


def judged(function, n=600, seed=0, names=NAMES):
    return Analytic({"c": function})(worlds(n, seed, names))


def planted(points):
    return np.where((points["p2"] <= 0.3) & (points["p5"] >= 0.4), 1.0, -1.0)


@functools.cache
def found_planted():
    return discover(PARAMETERS, judged(planted), "c")


def test_a_planted_box_is_found_with_its_limits():
    found = found_planted()
    (rule,) = found.rules
    assert found.kind == "holds"
    assert [limit.parameter for limit in rule.limits] == ["p2", "p5"]
    below, above = rule.limits
    # Limits lie between draws, of which there are 600, and are rounded.
    assert below.low is None
    assert below.high == pytest.approx(0.3, abs=0.02)
    assert above.low == pytest.approx(0.4, abs=0.02)
    assert above.high is None
    assert rule.coverage > 0.95
    assert rule.density > 0.95
    assert rule.tested_density > 0.9
    assert min(limit.found_again for limit in rule.limits) > 0.9
    assert "p2 ≤ 0.3" in found.sentence


def test_counts_of_a_rule_are_those_of_its_limits_as_shown():
    data = judged(planted)
    rule = found_planted().rules[0]
    inside = np.ones(600, bool)
    for limit in rule.limits:
        values = data.points[limit.parameter]
        inside &= (values >= (-np.inf if limit.low is None else limit.low)) & (
            values <= (np.inf if limit.high is None else limit.high)
        )
    holds = data.claims["c"].holds
    assert rule.worlds == inside.sum()
    assert rule.density == pytest.approx(holds[inside].mean())
    assert rule.coverage == pytest.approx((holds & inside).sum() / holds.sum())


@pytest.mark.parametrize("seed", range(3))
def test_random_verdicts_give_no_rule(seed):
    rng = np.random.default_rng(100 + seed)
    data = judged(lambda p: rng.uniform(size=len(p["p0"])) - 0.7, seed=seed, n=400)
    found = discover(PARAMETERS, data, "c", seed=seed)
    assert found.rules == ()
    assert "no rule" in found.sentence


def test_noise_does_not_hide_the_rule():
    """Verdicts of a tenth of the worlds are turned round."""
    rng = np.random.default_rng(5)
    data = judged(lambda p: planted(p) * np.where(rng.uniform(size=len(p["p0"])) < 0.1, -1, 1))
    rule = discover(PARAMETERS, data, "c").rules[0]
    assert {limit.parameter for limit in rule.limits} == {"p2", "p5"}
    assert 0.8 < rule.density < 0.97


def test_two_separate_boxes_give_two_rules():
    def two(points):
        one = (points["p0"] <= 0.25) & (points["p1"] <= 0.5)
        other = (points["p0"] >= 0.75) & (points["p1"] >= 0.5)
        return np.where(one | other, 1.0, -1.0)

    found = discover(PARAMETERS, judged(two, n=800), "c")
    assert len(found.rules) == 2
    assert found.together.coverage > 0.9
    assert found.together.density > 0.9


def test_the_rarer_kind_is_described_unless_another_is_asked_for():
    data = judged(lambda p: -planted(p))
    assert discover(PARAMETERS, data, "c").kind == "fails"
    assert discover(PARAMETERS, data, "c", kind="holds").kind == "holds"


def test_a_claim_that_always_holds_has_no_rule_and_says_why():
    found = discover(PARAMETERS, judged(lambda p: np.ones_like(p["p0"])), "c")
    assert found.rules == ()
    assert "fewer than" in found.sentence


def test_unsolved_worlds_are_counted_and_are_in_no_rule():
    def hole(points):
        return np.where(points["p7"] < 0.1, np.nan, planted(points))

    found = discover(PARAMETERS, judged(hole), "c")
    assert found.failed == int((worlds(600)["p7"] < 0.1).sum())
    assert len(found.meant) == 600 - found.failed


def test_the_order_of_declaration_does_not_change_the_rules():
    one = found_planted()
    data = judged(planted)
    turned = Judged(dict(reversed(data.points.items())), data.claims, data.games)
    two = discover(list(reversed(PARAMETERS)), turned, "c")
    assert one.rules == two.rules


def test_a_limit_keeps_worlds_that_share_its_value():
    """Of a parameter that takes three values, whole values go."""
    rng = np.random.default_rng(1)
    level, other = rng.integers(0, 3, 600).astype(float), rng.uniform(size=600)
    data = Judged(
        {"a": level, "b": other}, {"c": Outcome(level == 2, np.where(level == 2, 1.0, -1.0), "")}, 0
    )
    found = discover([uniform("a", 0, 2), uniform("b", 0, 1)], data, "c")
    (rule,) = found.rules
    assert [limit.parameter for limit in rule.limits] == ["a"]
    assert rule.coverage == rule.density == 1.0


def test_every_box_of_the_search_obeys_its_own_count():
    values = np.random.default_rng(3).uniform(size=(4, 500))
    meant = values[1] + values[3] > 1.2
    box = find_box(values, meant, most=2)
    counted = score(box.inside(values), meant)
    assert counted.balance > score(everything(4).inside(values), meant).balance
    assert len(box.limited()) <= 2
