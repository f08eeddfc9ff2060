"""Posteriors mean what they say: truths rank evenly among draws, intervals hold them as often as they claim."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import numpy as np
import pytest

from goodoffices.inference import record_likelihood
from goodoffices.inference.calibration import calibrate, calibrate_scenario, synthetic_terms
from goodoffices.inference.importance import Importance
from goodoffices.inference.posterior_fitting import FitSettings, fit_posterior
from goodoffices.inference.posterior_predictive import SURPRISE, predictive_checks
from goodoffices.inference.prior_space import Floats, prior_space
from goodoffices.inference.sampling import sample
from goodoffices.language.scenario import Scenario
from goodoffices.records import Event, Record

Make = Callable[..., Scenario]
MONDAY = datetime.date(2025, 1, 6)
NOISE = 0.6


def normal(points: Floats, *, spread: float = NOISE):
    """Likelihoods of three observations of the first coordinate; `spread` is what the fit believes of their noise."""
    rng = np.random.default_rng(8)
    data = points[:, :1] + NOISE * rng.standard_normal((len(points), 3))

    def terms(x: Floats, row: Floats) -> Floats:
        return -0.5 * ((row - x[:, :1]) / spread) ** 2 - np.log(spread)

    return [lambda x, row=row: terms(x, row) for row in data]


def test_truths_rank_evenly_and_intervals_hold_them_as_often_as_they_say():
    found = calibrate(("mean", "other"), normal, records=200, settings=Importance(150, batch=64, seed=2))
    assert found.uniformity().min() > 0.01
    for level in (0.5, 0.8):
        error = (level * (1 - level) / 200) ** 0.5
        np.testing.assert_allclose(found.coverage(level), level, atol=3.5 * error)


def test_a_posterior_that_is_too_sure_is_found_out():
    found = calibrate(
        ("mean", "other"),
        lambda x: normal(x, spread=NOISE / 4),
        records=200,
        settings=Importance(150, batch=64, seed=2),
    )
    assert found.uniformity()[0] < 1e-4
    assert found.coverage(0.8)[0] < 0.6
    assert found.uniformity()[1] > 0.01


# ---------------------------------------------------------------- of a scenario
def small(make: Make) -> Scenario:
    return make(("rounds: 3", "rounds: 4"))


def test_a_scenario_recovers_parameters_from_records_of_its_own(make: Make):
    found = calibrate_scenario(
        small(make), rounds=3, records=16, settings=Importance(100, batch=64, seed=4), nodes=2
    )
    assert found.names == ("p", "fee")
    assert found.uniformity().min() > 0.002
    assert found.coverage(0.9).min() > 0.7


@pytest.mark.slow
def test_posteriors_of_a_scenario_are_calibrated(make: Make):
    found = calibrate_scenario(
        small(make), rounds=4, records=200, settings=Importance(100, batch=64, seed=4), nodes=3
    )
    assert found.uniformity().min() > 0.005
    for level in (0.5, 0.8):
        error = (level * (1 - level) / 200) ** 0.5
        np.testing.assert_allclose(found.coverage(level), level, atol=3.5 * error)


def test_the_wrong_scenario_loses_on_records_of_the_right_one(make: Make):
    right = small(make)
    # In the other one a pause costs Russia nothing, whoever it is.
    wrong = make(("rounds: 3", "rounds: 4"), ("costs: {hard: 2, soft: 1}", "costs: {hard: -2, soft: -2}"))
    space = prior_space(right)
    points = np.random.default_rng(3).standard_normal((6, 2))
    total = 0.0
    for fitted, sign in ((right, 1), (wrong, -1)):
        for s, terms in enumerate(synthetic_terms(right, space, points, 4, 2, 5, fitted=fitted)):
            total += sign * sample([terms], 2, Importance(40, batch=64, seed=s)).log_evidence
    assert total > 3


# ---------------------------------------------------------------- predictive checks
def record(*rounds: tuple[str, ...]) -> Record:
    events = [
        Event(f"{r}.{i}", MONDAY + datetime.timedelta(7 * r + i), ("US", "RUS", "RUS")[i], lever=word)
        for r, words in enumerate(rounds)
        for i, word in enumerate(words)
    ]
    return Record(
        (*events, Event("end", MONDAY + datetime.timedelta(7 * len(rounds) - 1), "x", lever="else"))
    )


def test_a_record_like_its_scenario_passes_and_one_unlike_it_is_strange(make: Make):
    # A pause that costs a fortune is hardly ever made; it cannot be learned away, since the cost is known.
    scenario = make(("rounds: 3", "rounds: 3"), ("costs: {hard: 2, soft: 1}", "costs: {hard: 9, soft: 9}"))
    settings = FitSettings(effective=30, batch=32, repeats=1)

    def checks(*words: str) -> dict[str, object]:
        likelihood = record_likelihood(scenario, record(words, words), nodes=2)
        posterior = fit_posterior([likelihood], settings)
        return {c.what: c for c in predictive_checks(posterior, likelihood, draws=24)}

    usual, odd = checks("visit", "strike"), checks("visit", "truce", "truce_lapsed")
    assert not usual["russia.pause"].strange  # type: ignore[attr-defined]
    assert odd["russia.pause"].strange  # type: ignore[attr-defined]
    assert odd[SURPRISE].observed > usual[SURPRISE].observed + 5  # type: ignore[attr-defined]
    assert odd[SURPRISE].tail < 0.05  # type: ignore[attr-defined]


def test_synthetic_records_stay_with_the_scenario_they_are_fitted_by(make: Make):
    scenario = small(make)
    space = prior_space(scenario)
    (terms,) = synthetic_terms(scenario, space, np.zeros((1, 2)), 2, 3, 5)
    values = terms(np.zeros((3, 2)))
    assert np.isfinite(values).all()
    np.testing.assert_allclose(values[0], values[1])
