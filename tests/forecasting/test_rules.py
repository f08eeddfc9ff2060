"""Scoring rules give what their definitions give, and reward nobody for saying what they do not think."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goodoffices.core.diagnostics import Refusal
from goodoffices.forecasting.baselines import BASELINES, Past, base_rates, markov_chain, persistence
from goodoffices.forecasting.rules import (
    brier_score,
    calibration,
    log_score,
    ranked_probability_score,
    skill,
)
from goodoffices.forecasting.sealing import require_seal, sealed

RULES = [log_score, brier_score, ranked_probability_score]


def test_scores_of_an_example_by_hand():
    p = [0.5, 0.3, 0.2]
    assert log_score(p, 0) == 1.0
    assert brier_score(p, 1) == pytest.approx(0.25 + 0.49 + 0.04)
    assert ranked_probability_score(p, 2) == pytest.approx((0.25 + 0.64) / 2)
    assert log_score([1.0, 0.0], 1) == math.inf


@pytest.mark.parametrize("rule", RULES)
def test_certainty_that_was_right_scores_zero(rule):
    assert rule([0.0, 1.0, 0.0], 1) == 0.0


@pytest.mark.parametrize("rule", RULES)
@given(st.lists(st.floats(0.05, 1), min_size=6, max_size=6))
def test_rules_are_proper(rule, numbers):
    thought, said = np.array(numbers[:3]) / sum(numbers[:3]), np.array(numbers[3:]) / sum(numbers[3:])
    honest = sum(thought[k] * rule(thought, k) for k in range(3))
    other = sum(thought[k] * rule(said, k) for k in range(3))
    assert honest <= other + 1e-12


def test_a_near_miss_costs_less_than_a_far_one_only_by_rank():
    assert ranked_probability_score([1, 0, 0], 1) < ranked_probability_score([1, 0, 0], 2)
    assert brier_score([1, 0, 0], 1) == brier_score([1, 0, 0], 2)


@pytest.mark.parametrize(("p", "happened"), [([0.5, 0.6], 0), ([-0.1, 1.1], 0), ([0.5, 0.5], 2)])
def test_what_is_no_distribution_is_refused(p, happened):
    with pytest.raises(ValueError):
        brier_score(p, happened)


def test_calibration_counts_every_forecast_once_with_the_error_of_its_bin():
    found = calibration([0.1, 0.15, 0.9, 1.0, 0.0], [0, 1, 1, 1, 0])
    assert [b.n for b in found] == [3, 0, 0, 0, 2]
    assert found[0].observed == pytest.approx(1 / 3)
    assert found[0].error == pytest.approx(math.sqrt(0.09 + 0.1275) / 3)
    assert math.isnan(found[1].observed)


def test_skill_is_the_share_of_the_baseline_that_was_saved():
    assert skill(0.5, 1.0) == 0.5
    assert skill(2.0, 1.0) == -1.0


# ---------------------------------------------------------------- baselines
NAMES = ("stay", "warn", "leave")


def past(*words: str) -> list[Past]:
    return [Past("us", word) for word in words]


@pytest.mark.parametrize("baseline", BASELINES.values())
def test_baselines_are_distributions_even_without_a_past(baseline):
    for seen in ([], past("warn"), past("warn", "stay", "warn")):
        for ahead in (1, 5):
            found = baseline(seen, "us", NAMES, ahead)
            assert found.sum() == pytest.approx(1.0)
            assert (found > 0).all()


def test_base_rates_are_shares_with_half_an_observation_each():
    np.testing.assert_allclose(
        base_rates(past("warn", "warn", "stay"), "us", NAMES), [1.5 / 4.5, 2.5 / 4.5, 0.5 / 4.5]
    )


def test_another_series_does_not_count():
    seen = [*past("warn"), Past("russia", "leave")]
    np.testing.assert_allclose(base_rates(seen, "us", NAMES), base_rates(past("warn"), "us", NAMES))


def test_the_chain_looks_at_what_was_done_last_and_forgets_it_further_ahead():
    seen = past(*["warn", "stay"] * 10)
    near, far = (markov_chain(seen, "us", NAMES, ahead) for ahead in (1, 60))
    assert near[1] > 0.85  # after staying comes warning
    assert abs(far[0] - far[1]) < abs(near[0] - near[1]) / 2


def test_persistence_repeats_the_last_as_surely_as_it_was_repeated():
    assert persistence(past("warn", "warn", "warn", "warn"), "us", NAMES)[1] == pytest.approx(3.5 / 4)
    assert persistence(past("warn", "stay", "warn", "stay"), "us", NAMES)[0] == pytest.approx(0.5 / 4)


# ---------------------------------------------------------------- seals
def test_a_seal_shows_any_change():
    data = sealed({"a": 0.1, "b": [1, {"c": "ü"}]})
    require_seal(data)
    require_seal({"b": [1, {"c": "ü"}], "seal": data["seal"], "a": 0.1})  # the order of keys is no content
    for changed in ({**data, "a": 0.1000000001}, {**data, "d": 0}, {**data, "b": [1, {"c": "u"}]}):
        with pytest.raises(Refusal, match="not what was sealed"):
            require_seal(changed)
    with pytest.raises(Refusal, match="no seal"):
        require_seal({"a": 1})
