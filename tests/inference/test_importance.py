"""Importance sampling draws from posteriors that are known in closed form, and knows how far it errs."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from goodoffices.inference.importance import Batch, Importance, Run
from goodoffices.inference.proposals import Proposal, fit_proposal
from goodoffices.inference.sampling import Progress, sample
from goodoffices.inference.tempering import Tempering, temper
from goodoffices.inference.weights import effective_for_means, effective_size, normalised, tail_index

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
    covariance = s2 * np.eye(n) + 1.0
    quad = DATA @ np.linalg.solve(covariance, DATA)
    evidence = -0.5 * (quad + np.linalg.slogdet(covariance)[1] + n * np.log(2 * np.pi))
    return DATA.sum() / s2 / precision, precision**-0.5, float(evidence)


def runs(size: int, count: int = 8, effective: float = 400) -> list[Run]:
    return [sample([gaussian], size, Importance(effective, seed=seed)) for seed in range(count)]


@pytest.mark.parametrize("size", [1, 5, 33])
def test_the_evidence_is_right_within_the_error_it_claims(size: int):
    """In many coordinates, where fits are poor, too: weights that know of later fits lose half of the evidence there."""
    found = runs(size)
    errors = np.array([run.log_evidence - exact()[2] for run in found])
    claimed = np.array([run.log_evidence_error for run in found])
    assert claimed.max() < 0.06
    assert (
        (errors / claimed) ** 2
    ).mean() < 2.5  # a chi-squared of eight over eight, exceeded once in a hundred
    assert abs(errors.mean()) < 4 * claimed.mean() / np.sqrt(len(found))
    assert all(run.tail < 0.7 for run in found)


def test_weighted_and_chosen_draws_are_those_of_the_normal_model():
    mean, sd, _ = exact()
    for run in runs(5, 3, 2000):
        weights = normalised(run.log_weights)
        assert weights @ run.points[:, 0] == pytest.approx(mean, abs=4 * sd / run.effective**0.5)
        drawn = run.points[run.draw(1000), 0]
        assert drawn.mean() == pytest.approx(mean, abs=4 * sd / 1000**0.5)
        assert drawn.std() == pytest.approx(sd, rel=0.12)
        others = weights @ run.points[:, 1:]
        assert np.abs(others).max() < 4.5 / run.effective**0.5


def test_it_ends_when_the_draws_are_worth_enough_or_when_no_more_may_be_tried():
    assert all(run.effective >= 400 for run in runs(5, 2))
    short = sample([gaussian], 5, Importance(1e6, batch=50, most=200))
    assert len(short.points) == 200


def test_the_evidence_is_that_of_tempering():
    tempered = [temper([gaussian], 5, Tempering(32, 16, seed=seed)).log_evidence for seed in range(6)]
    own = [run.log_evidence for run in runs(5, 4)]
    spread = np.std(tempered, ddof=1) / 6**0.5
    assert np.mean(own) == pytest.approx(np.mean(tempered), abs=4 * float(spread) + 0.05)


def test_a_coarse_likelihood_shows_where_to_look_and_changes_nothing():
    levels = [lambda points: gaussian(points + 0.15), gaussian]
    found = [sample(levels, 5, Importance(400, seed=seed)) for seed in range(6)]
    errors = np.array([run.log_evidence - exact()[2] for run in found])
    claimed = np.array([run.log_evidence_error for run in found])
    assert abs(errors.mean()) < 4 * claimed.mean() / 6**0.5
    plain = np.mean([len(run.points) for run in runs(5, 6)])
    assert np.mean([run.evaluations(2)[1] for run in found]) < 0.8 * plain


def test_points_that_are_not_solved_have_no_likelihood_and_are_counted():
    def half(points: Floats) -> Floats:
        terms = gaussian(points)
        terms[points[:, 1] < 0] = np.nan
        return terms

    run = sample([half], 2, Importance(400, seed=3))
    assert (run.points[run.draw(200), 1] >= 0).all()
    assert run.unsolved(1)[0] > 100
    assert run.log_evidence == pytest.approx(exact()[2] + np.log(0.5), abs=5 * run.log_evidence_error)


def test_a_run_that_is_taken_up_again_is_the_run_that_was_not_stopped():
    kept: list[tuple[Batch, ...]] = []
    levels = [lambda points: gaussian(points + 0.15), gaussian]
    settings = Importance(300, batch=64, seed=5)
    whole = sample(levels, 4, settings, watch=lambda run: kept.append(run.batches))
    assert len(kept) > 4
    for early in kept:
        again = sample(levels, 4, settings, earlier=Progress(early))
        np.testing.assert_array_equal(again.points, whole.points)
        assert again.log_evidence == whole.log_evidence


def test_a_record_that_is_impossible_everywhere_is_said_to_be():
    with pytest.raises(ValueError, match="no likelihood at any point"):
        sample([lambda points: np.full((len(points), 1), np.nan)], 2, Importance(4))


def test_no_weight_is_greater_than_the_share_of_the_prior_allows():
    """A likelihood on the far side of where the fit goes is still found by the draws from the prior."""
    run = sample([gaussian], 3, Importance(300, defensive=0.2, seed=2))
    assert all((batch.log_base <= -np.log(0.19)).all() for batch in run.batches)


# ---------------------------------------------------------------- parts
def test_a_fit_to_few_points_in_many_coordinates_stays_near_the_prior():
    rng = np.random.default_rng(1)
    points = rng.standard_normal((60, 40))
    fit = fit_proposal(points, np.zeros(60), np.zeros(60), rng)
    assert np.linalg.eigvalsh(fit.covariance).min() > 0.4
    assert np.linalg.norm(fit.centres.mean(0)) < 1.5
    far = fit_proposal(3 + 0.1 * np.repeat(points, 50, 0), np.zeros(3000), np.zeros(3000), rng)
    assert np.abs(far.centres.mean(0) - 3).max() < 0.1


def test_a_density_integrates_to_one():
    proposal = Proposal(np.array([[0.5, -1.0], [-1.5, 1.0]]), np.array([[1.0, 0.3], [0.3, 0.5]]))
    axis = np.linspace(-7, 7, 281)
    grid = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    assert np.exp(proposal.log_density(grid)).sum() * (axis[1] - axis[0]) ** 2 == pytest.approx(1, abs=1e-6)
    drawn = proposal.draw(40_000, np.random.default_rng(0))
    between = np.outer([1.0, -1.0], [1.0, -1.0])
    np.testing.assert_allclose(np.cov(drawn.T), proposal.covariance + between, atol=0.05)


def test_a_fit_has_the_mean_and_the_covariance_of_its_points():
    rng = np.random.default_rng(6)
    points = np.array([0.5, -1.0, 2.0]) + rng.standard_normal((4000, 3)) @ np.diag([0.5, 1.0, 0.8])
    fit = fit_proposal(points, np.zeros(4000), np.zeros(4000), rng)
    drawn = fit.draw(40_000, rng)
    np.testing.assert_allclose(drawn.mean(0), points.mean(0), atol=0.05)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(points.T), atol=0.05)


def test_both_of_two_modes_are_found():
    def two(points: Floats) -> Floats:
        return np.logaddexp(*(-0.5 * ((points[:, :1] - at) / 0.2) ** 2 for at in (-2, 2)))

    run = sample([two], 3, Importance(400, seed=3))
    weights = normalised(run.log_weights)
    assert weights @ (run.points[:, 0] > 0) == pytest.approx(0.5, abs=4 * 0.5 / run.effective**0.5)


@pytest.mark.parametrize("shape", [0.2, 0.5, 0.9])
def test_the_shape_of_a_tail_is_that_of_the_pareto_distribution_it_was_drawn_from(shape: float):
    rng = np.random.default_rng(4)
    found = [tail_index(-shape * np.log(rng.random(4000))) for _ in range(20)]
    assert np.mean(found) == pytest.approx(shape, abs=0.07)


def test_equal_weights_are_all_effective_and_one_heavy_weight_is_alone():
    assert effective_size(np.zeros(100)) == pytest.approx(100)
    assert effective_size(np.array([0.0, *[-np.inf] * 99])) == 1
    points = np.random.default_rng(2).standard_normal((500, 3))
    np.testing.assert_allclose(effective_for_means(points, np.full(500, 1 / 500)), 500)
