"""Tempering draws from posteriors that are known in closed form, with the evidence that goes with them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from goodoffices.inference.tempering import Cloud, Longer, Tempering, temper

Floats = NDArray[np.float64]
DATA = np.array([1.5, 2.0, 2.6, 1.9])
NOISE = 0.4


def gaussian(points: Floats) -> Floats:
    """Terms of four observations of the first coordinate."""
    z = (DATA - points[:, :1]) / NOISE
    return -0.5 * z**2 - np.log(NOISE * np.sqrt(2 * np.pi))


def exact() -> tuple[float, float, float]:
    """Mean, standard deviation and log evidence."""
    n, s2 = len(DATA), NOISE**2
    precision = 1 + n / s2
    mean = DATA.sum() / s2 / precision
    covariance = s2 * np.eye(n) + 1.0
    _, logdet = np.linalg.slogdet(covariance)
    quad = DATA @ np.linalg.solve(covariance, DATA)
    return mean, precision**-0.5, float(-0.5 * (quad + logdet + n * np.log(2 * np.pi)))


def test_the_posterior_and_the_evidence_are_those_of_the_normal_model():
    mean, sd, evidence = exact()
    runs = [temper([gaussian], 5, Tempering(32, 32, seed=seed)) for seed in range(6)]
    found = np.array([run.log_evidence for run in runs])
    error = found.std(ddof=1) / np.sqrt(len(runs))
    assert abs(found.mean() - evidence) < 4 * error + 0.01
    assert error < 0.1
    own = np.concatenate([run.last.points[:, 0] for run in runs])
    assert own.mean() == pytest.approx(mean, abs=0.03)
    assert own.std() == pytest.approx(sd, abs=0.03)
    others = np.concatenate([run.last.points[:, 1:] for run in runs])  # untouched by the data
    assert np.abs(others.mean(0)).max() < 0.15
    assert np.abs(others.std(0) - 1).max() < 0.1


def test_both_of_two_modes_are_found():
    def two(points: Floats) -> Floats:
        x = points[:, :1]
        return np.logaddexp(-0.5 * ((x - 2) / 0.2) ** 2, -0.5 * ((x + 2) / 0.2) ** 2)

    last = temper([two], 1, Tempering(64, 16, seed=3)).last
    assert 0.3 < (last.points[:, 0] > 0).mean() < 0.7


def test_points_that_are_not_solved_have_no_likelihood_and_are_counted():
    def half(points: Floats) -> Floats:
        terms = gaussian(points)
        terms[points[:, 1] < 0] = np.nan
        return terms

    runs = [temper([half], 2, Tempering(32, 32, seed=seed)) for seed in range(4)]
    assert all((run.last.points[:, 1] >= 0).all() for run in runs)
    assert all(run.last.unsolved[0] > 300 for run in runs)
    found = float(np.mean([run.log_evidence for run in runs]))
    assert found == pytest.approx(exact()[2] + np.log(0.5), abs=0.2)


def test_a_finer_likelihood_corrects_a_coarse_one_at_fewer_evaluations():
    def coarse(points: Floats) -> Floats:
        return gaussian(points + 0.15)

    runs = [temper([coarse, gaussian], 3, Tempering(32, 32, seed=seed)) for seed in range(6)]
    own = np.concatenate([run.last.points[:, 0] for run in runs])
    mean, sd, evidence = exact()
    assert own.mean() == pytest.approx(mean, abs=0.04)
    assert own.std() == pytest.approx(sd, abs=0.03)
    assert float(np.mean([run.log_evidence for run in runs])) == pytest.approx(evidence, abs=0.15)
    assert all(run.last.evaluations[1] < run.last.evaluations[0] / 2 for run in runs)


def test_a_run_that_is_taken_up_again_is_the_run_that_was_not_stopped():
    kept: list[list[Cloud]] = []
    whole = temper([gaussian], 4, Tempering(8, 8, seed=5), watch=lambda clouds: kept.append(list(clouds)))
    assert len(kept) > 3
    for early in kept[:-1]:
        again = temper([gaussian], 4, Tempering(8, 8, seed=5), clouds=early)
        np.testing.assert_array_equal(again.last.points, whole.last.points)
        assert again.log_evidence == whole.log_evidence


def test_a_record_that_is_impossible_everywhere_is_said_to_be():
    with pytest.raises(ValueError, match="no likelihood at any point"):
        temper([lambda points: np.full((len(points), 1), np.nan)], 2, Tempering(4, 4))


def test_a_record_that_grows_is_learned_from_step_by_step_as_at_once():
    levels = [lambda x: gaussian(x)[:, :1], Longer(lambda x: gaussian(x)[:, :3], 1), Longer(gaussian, 3)]
    runs = [temper(levels, 2, Tempering(32, 32, seed=seed)) for seed in range(6)]
    mean, sd, evidence = exact()
    own = np.concatenate([run.last.points[:, 0] for run in runs])
    assert own.mean() == pytest.approx(mean, abs=0.04)
    assert own.std() == pytest.approx(sd, abs=0.03)
    assert float(np.mean([run.log_evidence for run in runs])) == pytest.approx(evidence, abs=0.15)
    # A cloud is computed once for each temperature, and once more for each longer record.
    assert all(sum(run.last.evaluations) < 1024 * (len(run.clouds) + 2) for run in runs)
