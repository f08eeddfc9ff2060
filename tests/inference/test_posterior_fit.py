"""A posterior of a small scenario: kept on disk, taken up again, honest about its errors."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from goodoffices import language
from goodoffices.core.diagnostics import Refusal
from goodoffices.inference import record_likelihood
from goodoffices.inference.posterior import Posterior, prior_overlap
from goodoffices.inference.posterior_fitting import FitSettings, fit_posterior, scenario_text
from goodoffices.inference.posterior_state import load_state
from goodoffices.language.scenario import Scenario
from goodoffices.records import Event, Record

Make = Callable[..., Scenario]
MONDAY = datetime.date(2025, 1, 6)
WORDS = ("US warning", "RUS truce", "RUS truce_lapsed")
SMALL = FitSettings(effective=60, batch=16, repeats=2)


def record(rounds: int = 1) -> Record:
    events = [
        Event(f"{r}.{i}", MONDAY + datetime.timedelta(7 * r + i), *word.split()[:1], lever=word.split()[1])
        for r in range(rounds)
        for i, word in enumerate(WORDS)
    ]
    return Record((*events, Event("end", MONDAY + datetime.timedelta(7 * rounds - 1), "US", lever="else")))


def fitted(make: Make, settings: FitSettings = SMALL, **arguments: object) -> Posterior:
    scenario = make(("rounds: 3", "rounds: 1"))
    likelihoods = [record_likelihood(scenario, record(), nodes=nodes) for nodes in (2, 5)]
    return fit_posterior(likelihoods, settings, **arguments)  # type: ignore[arg-type]


def test_the_evidence_is_the_mean_likelihood_over_the_prior(make: Make):
    found = fitted(make, FitSettings(effective=400, batch=64))
    scenario = make(("rounds: 3", "rounds: 1"))
    logs = record_likelihood(scenario, record())(language.sample(scenario, 600, seed=8))
    plain = float(np.log(np.exp(logs).mean()))
    error = float(np.exp(logs).std() / np.exp(logs).mean() / 600**0.5)
    assert abs(found.log_evidence - plain) < 4 * np.hypot(error, found.log_evidence_error)
    assert found.draws["p"].mean() > language.sample(scenario, 600)["p"].mean()  # a pause is softer
    assert found.worth >= 400
    assert found.size == len(found.points) == 2 * int(min(run.effective for run in found.runs))
    assert found.r_hat().max() < 1.05
    assert found.tail < 0.7
    assert [o.name for o in found.observed] == [
        "us.warn in round 1", "russia.pause in round 1", "lapses in round 1",
    ]  # fmt: skip
    np.testing.assert_allclose(found.terms.sum(1), found.log_likelihood)


def test_a_fit_that_was_interrupted_ends_bit_by_bit_as_one_that_was_not(make: Make, tmp_path: Path):
    whole = fitted(make)
    seen = []

    def stop(repeat: int, run: object) -> None:
        seen.append(repeat)
        if len(seen) == 4:
            raise KeyboardInterrupt

    state = tmp_path / "fit"
    with pytest.raises(KeyboardInterrupt):
        fitted(make, state=state, watch=stop)
    done = [len(progress.batches) for progress in load_state(state, whole.key)]
    assert sum(done) == 4
    again = fitted(make, state=state, resume=True)
    np.testing.assert_array_equal(again.points, whole.points)
    np.testing.assert_array_equal(again.log_evidences, whole.log_evidences)


def test_a_fit_can_be_taken_up_again_to_go_farther(make: Make, tmp_path: Path):
    state = tmp_path / "fit"
    short = fitted(make, state=state)
    farther = fitted(make, FitSettings(effective=150, batch=16), state=state, resume=True)
    assert farther.worth >= 150
    assert sum(farther.evaluations) > sum(short.evaluations)
    for before, after in zip(short.runs, farther.runs, strict=True):
        np.testing.assert_array_equal(after.points[: len(before.points)], before.points)


def test_a_damaged_state_and_one_of_another_fit_are_refused(make: Make, tmp_path: Path):
    state = tmp_path / "fit"
    fitted(make, state=state)
    with pytest.raises(Refusal, match="another scenario, record, or other settings"):
        fitted(make, FitSettings(effective=60, batch=16, repeats=2, seed=9), state=state, resume=True)
    body = bytearray(state.read_bytes())
    body[len(body) // 2] ^= 1
    state.write_bytes(bytes(body))
    with pytest.raises(Refusal, match="damaged"):
        fitted(make, state=state, resume=True)


def test_a_record_without_a_complete_round_teaches_nothing(make: Make):
    scenario = make(("rounds: 3", "rounds: 1"))
    short = Record(record().events[:2])
    with pytest.raises(Refusal, match="no round of the record is complete"):
        fit_posterior([record_likelihood(scenario, short)], SMALL)


def test_what_a_scenario_says_does_not_depend_on_where_it_lies(make: Make, tmp_path: Path):
    one = make()
    text = scenario_text(one)
    assert str(tmp_path) not in text
    assert "Span(" not in text
    assert scenario_text(make(('fee: {prior: "uniform(0.1, 1)"', 'fee: {prior: "uniform(0.1, 2)"'))) != text


def test_overlap_is_one_where_nothing_was_learned_and_little_where_much_was():
    rng = np.random.default_rng(1)
    overlap = prior_overlap(np.stack([rng.standard_normal(4000), 2 + 0.1 * rng.standard_normal(4000)], 1))
    assert overlap[0] > 0.95
    assert overlap[1] == pytest.approx(0.1, abs=0.02)
