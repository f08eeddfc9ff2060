"""Scenarios side by side, on choices whose probabilities are written down by hand."""

from __future__ import annotations

import numpy as np
import pytest

from goodoffices import language
from goodoffices.core.diagnostics import Refusal
from goodoffices.language.sampling import sample
from goodoffices.workflow.analysing import compare

ONE = """
goodoffices: 1
title: One choice
time: {round: 1 week, rounds: 1}
parties: {near: {name: Near, role: belligerent, rationality: 2}}
factors: {act: [quiet, defied]}
parameters:
  gain: {prior: "uniform(0, 2)", unit: utility/round}
turns: [{party: near, moves: {comply: {}, defy: {then: {act: defied}}}, default: comply}]
values: {near: gain * (act == defied)}
"""
TWO = ONE.replace("rationality: 2", "rationality: 4")
OTHER = ONE.replace("near", "far").replace("Near", "Far")


def scenario(text):
    return language.load("one.yaml", text=text)


def defies(gain, rationality):
    return 1 / (1 + np.exp(-rationality * gain))


def test_values_errors_and_differences_are_those_of_the_formula():
    found = compare(
        {"slow": scenario(ONE), "sharp": scenario(TWO)}, questions=["P(near.defy)"], draws=50, seed=3
    )
    gain = sample(scenario(ONE), 50, seed=3)["gain"]
    slow, sharp = defies(gain, 2), defies(gain, 4)
    (compared,) = found.questions
    for answer, values in zip(compared.answers, (slow, sharp), strict=True):
        np.testing.assert_allclose(answer.values, values, atol=1e-8)
        assert answer.mean == pytest.approx(values.mean(), abs=1e-8)
        assert answer.error == pytest.approx(values.std(ddof=1) / np.sqrt(50), rel=1e-6)
    (difference,) = compared.differences
    gaps = sharp - slow
    assert difference.mean == pytest.approx(gaps.mean(), abs=1e-8)
    # Draws are shared, so the error is that of the differences and not of two separate means.
    assert difference.error == pytest.approx(gaps.std(ddof=1) / np.sqrt(50), rel=1e-6)
    assert difference.error < 0.5 * np.hypot(compared.answers[0].error, compared.answers[1].error)
    assert found.shared == ("gain",)
    assert compared.answers[0].at_median == pytest.approx(defies(1.0, 2), abs=1e-8)


def test_a_claim_is_compared_by_the_share_in_which_it_holds():
    found = compare(
        {"a": scenario(ONE), "b": scenario(TWO)}, questions=["P(near.defy) > 0.9"], draws=80, seed=1
    )
    gain = sample(scenario(ONE), 80, seed=1)["gain"]
    (compared,) = found.questions
    assert compared.kind == "claim"
    assert compared.answers[0].mean == pytest.approx((defies(gain, 2) > 0.9).mean())
    assert compared.answers[1].mean == pytest.approx((defies(gain, 4) > 0.9).mean())


def test_a_question_that_one_scenario_cannot_be_asked_has_its_reason():
    found = compare({"a": scenario(ONE), "b": scenario(OTHER)}, questions=["P(near.defy)"], draws=10)
    first, second = found.questions[0].answers
    assert first.why_none is None
    assert second.why_none
    assert np.isnan(second.mean)
    assert found.questions[0].differences == ()
    assert "cannot be asked" in found.questions[0].sentence


def test_a_question_that_none_can_be_asked_is_refused():
    with pytest.raises(Refusal):
        compare({"a": scenario(ONE), "b": scenario(TWO)}, questions=["P(nobody.defy)"], draws=10)
    with pytest.raises(Refusal, match="two scenarios"):
        compare({"a": scenario(ONE)}, questions=["P(near.defy)"])
    with pytest.raises(Refusal, match="question"):
        compare({"a": scenario(ONE), "b": scenario(TWO)}, questions=[])


def test_a_scenario_does_not_differ_from_itself():
    found = compare({"a": scenario(ONE), "b": scenario(ONE)}, questions=["value(near)"], draws=20)
    (difference,) = found.questions[0].differences
    assert difference.mean == 0
    assert difference.error == 0
    assert not difference.clear
