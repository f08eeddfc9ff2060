"""Chains take over where weights are too uneven; what they find, and how far they say it errs, is held against exact numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from goodoffices.inference.bridge import bridge
from goodoffices.inference.chain_run import WARM, ChainRun
from goodoffices.inference.chains import run_block, worth_of_chains
from goodoffices.inference.importance import Importance, Run
from goodoffices.inference.posterior_state import load_state, save_state
from goodoffices.inference.proposals import Proposal
from goodoffices.inference.sampling import Progress, sample, too_uneven
from goodoffices.inference.weights import normalised

Floats = NDArray[np.float64]
SIZE = 10
WIDTH = 0.03
"""Of the ridge."""


def ridged(points: Floats) -> Floats:
    """Two terms: a likelihood that is wide but for a curved ridge, where it is forty times as high."""
    off = (points[:, 0] - 0.4 * points[:, 1] ** 2 - 0.5) / WIDTH
    high = np.logaddexp(0.0, np.log(40.0) - 0.5 * off**2)
    return np.stack([high, -0.5 * ((points[:, 2] - 1.0) / 0.5) ** 2], 1)


def exact() -> tuple[float, float]:
    """Log evidence, and the share of the posterior that is the ridge's."""
    axis = np.linspace(-8, 8, 20_001)
    wide = np.sqrt(1 + WIDTH**2)
    density = np.exp(-0.5 * axis**2) / np.sqrt(2 * np.pi)
    at = np.exp(-0.5 * ((0.4 * axis**2 + 0.5) / wide) ** 2) / wide * WIDTH
    ridge = 40.0 * float((density * at).sum() * (axis[1] - axis[0]))
    other = -0.5 * np.log(1 + 1 / 0.25) - 0.5 / 1.25
    return float(np.log1p(ridge) + other), ridge / (1 + ridge)


@pytest.fixture(autouse=True)
def soon_impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chains take over after three batches, whatever the weights."""
    monkeypatch.setattr("goodoffices.inference.sampling.PATIENCE", 3)
    monkeypatch.setattr("goodoffices.inference.sampling.EVEN", 1.0)


def chains(
    likelihoods: list[Callable[[Floats], Floats]], seed: int, effective: float = 300, batch: int = 128
) -> ChainRun:
    found = sample(likelihoods, SIZE, Importance(effective, batch, seed=seed))
    assert isinstance(found, ChainRun)
    return found


def test_evidence_and_posterior_are_exact_within_the_errors_they_claim():
    found = [chains([ridged], seed) for seed in range(8)]
    evidence, share = exact()
    errors = np.array([run.log_evidence - evidence for run in found])
    claimed = np.array([run.log_evidence_error for run in found])
    assert claimed.max() < 0.1
    assert (
        (errors / claimed) ** 2
    ).mean() < 2.5  # a chi-squared of eight over eight, exceeded once in a hundred
    assert all(run.effective >= 300 for run in found)
    points = np.concatenate([run.points for run in found])
    on = np.exp(ridged(points)[:, 0])
    assert (1 - 1 / on).mean() == pytest.approx(share, abs=0.05)  # of the ridge at each point
    assert points[:, 2].mean() == pytest.approx(0.8, abs=0.05)
    assert points[:, 2].std() == pytest.approx(0.2**0.5, rel=0.06)
    assert points[:, 5].std() == pytest.approx(1.0, rel=0.06)


def test_states_are_weighed_by_the_fine_likelihood():
    def coarse(points: Floats) -> Floats:
        return ridged(points + 0.1 * (np.arange(SIZE) == 2))

    found = [chains([coarse, ridged], seed, effective=600) for seed in range(6)]
    errors = np.array([run.log_evidence - exact()[0] for run in found])
    claimed = np.array([run.log_evidence_error for run in found])
    assert ((errors / claimed) ** 2).mean() < 2.8  # of six over six
    means = [normalised(run.log_weights) @ run.points[:, 2] for run in found]
    assert np.mean(means) == pytest.approx(0.8, abs=0.06)
    assert np.concatenate([run.states[..., 2].ravel() for run in found]).mean() == pytest.approx(
        0.7, abs=0.06
    )
    for run in found:
        solved, fine = run.evaluations(2)
        assert fine < solved / 2
        assert run.points[run.draw(50)].shape == (50, SIZE)


def test_the_pool_gives_the_evidence_of_every_part_of_the_record():
    for seed in range(3):
        pool = chains([ridged], seed).pool
        first = np.log(np.mean(np.exp(pool.log_base + pool.terms[:, 0])))
        error = float(pool.error_of_mean(np.exp(pool.log_base + pool.terms[:, 0] - first)))
        assert error < 0.12
        other = -0.5 * np.log(1 + 1 / 0.25) - 0.5 / 1.25
        assert first == pytest.approx(exact()[0] - other, abs=4 * error)
        assert np.exp(pool.log_base).mean() == pytest.approx(1.0, abs=0.15)


def test_chains_that_are_taken_up_again_are_those_that_were_not_stopped(tmp_path: Path):
    kept: list[Progress] = []
    settings, levels = Importance(40, batch=32, seed=4), [lambda p: ridged(p + 0.1), ridged]
    whole = sample(levels, SIZE, settings, watch=lambda run: kept.append(Progress.of(run)))
    assert isinstance(whole, ChainRun)
    assert len(kept) == len(whole.batches) + len(whole.blocks) + len(whole.slices)
    assert len(whole.slices) > 2
    for early in (kept[2], kept[4], kept[-2], kept[-1]):
        save_state(tmp_path / "fit", "key", [early])
        again = sample(levels, SIZE, settings, earlier=load_state(tmp_path / "fit", "key")[0])
        np.testing.assert_array_equal(again.points, whole.points)
        assert again.log_evidence == whole.log_evidence
    farther = sample(levels, SIZE, replace(settings, effective=80), earlier=kept[-1])
    assert isinstance(farther, ChainRun)
    assert farther.coarse_worth >= 80 > whole.coarse_worth
    np.testing.assert_array_equal(farther.points[: len(whole.points)], whole.points)


def test_uneven_fine_weights_are_not_made_up_for_without_end():
    run = chains([ridged, lambda p: ridged(p + 0.1)], 1, effective=100)
    assert run.effective < 100
    assert 125 <= run.coarse_worth < 400


def test_chains_that_are_still_on_their_way_are_known_by_their_drift():
    settled = [chains([ridged], seed).drift for seed in range(6)]
    assert np.mean(settled) == pytest.approx(0.0, abs=1.5)
    run = chains([ridged], 1)
    first, last = run.blocks[0], run.blocks[-1]
    far = replace(first, terms=first.terms - 1.0)
    assert replace(run, blocks=(*run.blocks[:WARM], far, last)).drift > 5


def test_where_the_likelihood_is_not_a_number_no_chain_stays():
    def half(points: Floats) -> Floats:
        terms = ridged(points)
        terms[points[:, 5] < 0] = np.nan
        return terms

    run = chains([half], 3)
    assert (run.points[:, 5] >= 0).all()
    assert run.unsolved(1)[0] > 100
    assert run.log_evidence == pytest.approx(exact()[0] + np.log(0.5), abs=5 * run.log_evidence_error)


def test_importance_sampling_is_left_only_where_its_draws_are_worth_little(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.undo()

    def smooth(points: Floats) -> Floats:
        return -0.5 * ((points[:, :1] - 1) / 0.5) ** 2

    def narrow(points: Floats) -> Floats:
        return -0.5 * ((points - 2.0 * points[:, :1] ** 2) / 0.05) ** 2

    even, uneven = (sample([f], 6, Importance(600, 64, most=2000)) for f in (smooth, narrow))
    assert isinstance(even, Run)
    assert isinstance(uneven, ChainRun)
    pilot = Run(uneven.settings, uneven.batches)
    assert too_uneven(pilot)
    assert not too_uneven(Run(uneven.settings, uneven.batches[:-1]))


def test_it_ends_when_no_more_may_be_computed():
    short = sample([lambda p: ridged(p + 0.1), ridged], SIZE, Importance(1e6, batch=64, most=500))
    assert isinstance(short, ChainRun)
    coarse, fine = short.evaluations(2)
    assert coarse <= max(4 * 500, 11 * 10 * 32) + 3 * 64 + 10 * 32
    assert 0 < fine <= 500 + 32


# ---------------------------------------------------------------- parts
def test_moves_leave_the_posterior_as_it_is():
    """Chains that begin as exact draws of a normal model stay such draws under a proposal that is far off."""
    rng = np.random.default_rng(2)
    precise = 1 + 1 / 0.5**2

    def terms(points: Floats) -> Floats:
        return -0.5 * ((points[:, :1] - 1) / 0.5) ** 2

    start = rng.standard_normal((4000, 2))
    start[:, 0] = 1 / 0.25 / precise + start[:, 0] * precise**-0.5
    proposal = Proposal(np.array([[0.0, 0.5], [0.5, -0.5]]), np.array([[1.5, 0.3], [0.3, 0.8]]))
    block = run_block(terms, start, terms(start), proposal, step=0.5, rng=rng)
    assert 0.2 < (np.diff(block.points[:, :, 0], axis=0) != 0).mean() < 0.95
    end = block.points[-1]
    assert end[:, 0].mean() == pytest.approx(0.8, abs=4 * (0.2 / 4000) ** 0.5)
    assert end[:, 0].var() == pytest.approx(0.2, rel=0.1)
    assert end[:, 1].mean() == pytest.approx(0.0, abs=4 / 4000**0.5)
    assert end[:, 1].var() == pytest.approx(1.0, rel=0.1)
    assert block.tried.mean((0, 1)) == pytest.approx(proposal.centres.mean(0), abs=0.05)


def test_states_that_remember_are_worth_as_much_as_theory_says():
    rng = np.random.default_rng(5)
    memory, length, count = 0.9, 400, 200
    states = np.empty((length, count, 3))
    states[0] = rng.standard_normal((count, 3))
    for t in range(1, length):
        states[t] = memory * states[t - 1] + np.sqrt(1 - memory**2) * rng.standard_normal((count, 3))
    worth = worth_of_chains(states, np.ones((length, count)))
    theory = length * count * (1 - memory) / (1 + memory)
    assert worth.mean() == pytest.approx(theory, rel=0.2)
    free = rng.standard_normal((length, count, 3))
    assert worth_of_chains(free, np.ones((length, count))).mean() == pytest.approx(length * count, rel=0.2)


def test_a_bridge_is_right_within_its_error_where_weights_alone_fail():
    """The proposal is narrower than the posterior, so that its own weights have no variance."""
    off, plain = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        tried, drawn = 0.6 * rng.standard_normal((20, 16)), rng.standard_normal((30, 16))

        def ratio(x: Floats) -> Floats:
            return 3.0 - 0.5 * x**2 + 0.5 * (x / 0.6) ** 2 + np.log(0.6)

        found = bridge(ratio(tried), ratio(drawn), worth=480)
        off.append((found.log_evidence - 3.0) / found.error)
        plain.append(np.log(np.exp(ratio(tried)).mean()) - 3.0)
        assert found.error < 0.1
    assert np.std(off) == pytest.approx(1.0, abs=0.3)
    assert abs(np.mean(off)) < 4 / 60**0.5
    assert np.std(plain) > 2 * 0.02
