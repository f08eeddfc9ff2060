"""Evidence splits into events, answers to the priors, and compares only what explains the same events."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from goodoffices import language
from goodoffices.core.diagnostics import Refusal
from goodoffices.inference.evidence import by_event, compare, prior_sensitivity
from goodoffices.inference.importance import Importance
from goodoffices.inference.posterior import Posterior
from goodoffices.inference.posterior_terms import Observed
from goodoffices.inference.prior_space import Floats, prior_space
from goodoffices.inference.sampling import sample

DATA = np.array([0.4, -0.1, 2.5, 2.2])
NOISE = 0.7
SCENARIO = """
goodoffices: 1
title: One number
time: {round: 1 week, rounds: 1, discount: 1}
parties: {us: United States, ru: Russia}
factors: {talks: [on, off]}
parameters:
  mean: {prior: "normal(0, 1)"}
  other: {prior: "normal(0, 1)"}
turns: [{party: us, moves: {stay: {}, go: {then: {talks: off}}}}]
values: {us: mean * (talks == on)}
"""


def seen(count: int = 4, events: str = "e") -> tuple[Observed, ...]:
    return tuple(
        Observed(i + 1, 1, datetime.date(2025, 1, 6), "us", "stay", ("stay", "go"), (f"{events}{i}",), 1.0)
        for i in range(count)
    )


def posterior(
    offset: float = 0.0, *, repeats: int = 3, observed: tuple[Observed, ...] | None = None
) -> Posterior:
    """Of four normal observations of the first coordinate plus an offset."""

    def terms(points: Floats) -> Floats:
        z = (DATA - points[:, :1] - offset) / NOISE
        return -0.5 * z**2 - np.log(NOISE * np.sqrt(2 * np.pi))

    scenario = language.load("one.yaml", text=SCENARIO)
    space = prior_space(scenario)
    runs = [sample([terms], 2, Importance(1000, seed=seed)) for seed in range(repeats)]
    return Posterior.of(scenario, space, observed or seen(), runs)


def exact(offset: float = 0.0, variance: float = 1.0) -> tuple[float, list[float]]:
    """Log evidence, and the log predictive of each observation given those before."""
    logs, mean, precision = [], offset, 1 / variance
    for x in DATA:
        spread = 1 / precision + NOISE**2
        logs.append(-0.5 * ((x - mean) ** 2 / spread + np.log(2 * np.pi * spread)))
        mean = (mean * precision + x / NOISE**2) / (precision + 1 / NOISE**2)
        precision += 1 / NOISE**2
    return float(sum(logs)), [float(v) for v in logs]


def test_events_have_the_predictive_probabilities_of_the_normal_model():
    found = by_event(posterior())
    total, each = exact()
    np.testing.assert_allclose([e.log_predictive for e in found], each, atol=0.05)
    errors = np.array([(e.log_predictive - x) / e.error for e, x in zip(found, each, strict=True)])
    assert np.abs(errors).max() < 4
    assert max(e.error for e in found) < 0.06
    assert sum(e.log_predictive for e in found) == pytest.approx(total, abs=0.05)
    assert min(e.effective for e in found) > 300


def test_a_wider_prior_changes_the_evidence_as_it_would_if_it_were_the_prior():
    found = {s.parameter: s for s in prior_sensitivity(posterior())}
    for power, change in zip(found["mean"].powers, found["mean"].log_evidence, strict=True):
        assert change == pytest.approx(exact(variance=1 / power)[0] - exact()[0], abs=0.06)
    np.testing.assert_allclose(
        found["other"].log_evidence, 0.0, atol=0.06
    )  # the record says nothing about it
    assert abs(found["mean"].shift[-1]) > 5 * abs(found["other"].shift[-1])


def test_the_wrong_argument_loses_by_the_exact_bayes_factor():
    found = compare([("wrong", posterior(-3.0)), ("right", posterior())]).require()
    assert [r.name for r in found.rivals] == ["right", "wrong"]
    factor, error = found.bayes_factor()
    assert abs(factor - (exact()[0] - exact(-3.0)[0])) < 4 * error + 0.03
    assert sum(r.probability for r in found.rivals) == pytest.approx(1.0)
    assert found.events[0][0].name == "stay in round 3" or found.events[0][0].round in (1, 3)
    sums = [sum(logs[k] for _, logs in found.events) for k in range(2)]
    assert sums[0] - sums[1] == pytest.approx(factor, abs=0.1)


def test_arguments_that_explain_other_events_do_not_compare():
    found = compare([("a", posterior(repeats=2)), ("b", posterior(repeats=2, observed=seen(events="f")))])
    with pytest.raises(Refusal, match=r"only `[ab]` explains us.stay in round 1 \([ef]0\)"):
        found.require()
    assert len(found.unlike) == 2
    assert found.events == ()
