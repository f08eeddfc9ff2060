"""Known coefficients are recovered, and intervals hold them as often as they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from goodoffices.panels import fit, read_panel, simulate
from goodoffices.panels.assembling import assemble
from goodoffices.panels.fitting import column_scale, objective
from goodoffices.panels.maximise import maximise
from goodoffices.panels.posterior import posterior

PANEL = """
panel: 1
model: tree
decisions:
  start: {player: challenger, moves: {hold_back: peace, escalate: reply}}
  reply: {player: target, moves: {give_way: concession, fight: war}}
outcome: result
utilities:
  challenger: {peace: [1, x], war: [1]}
  target: {war: [1, y]}
shocks: {distribution: normal, on: SHOCKS}
cluster: dyad
"""
TRUTH = {
    "challenger(peace).constant": 0.3,
    "challenger(peace).x": 0.8,
    "challenger(war).constant": -0.5,
    "target(war).constant": 0.2,
    "target(war).y": -0.7,
}


def synthetic(n: int, seed: int, shocks: str = "moves"):
    random = np.random.default_rng(seed)
    covariates = {
        "x": random.normal(size=n),
        "y": random.normal(size=n),
        "result": [""] * n,
        "dyad": np.arange(n) // 3,
    }
    panel = read_panel("panel.yaml", text=PANEL.replace("SHOCKS", shocks))
    return panel, simulate(panel, covariates, TRUTH, seed=seed + 10_000)


def coverage(repeats: int, n: int, shocks: str, errors: str = "hessian") -> float:
    """Share of 95% intervals that hold the truth, over repeats and coefficients."""
    held = 0
    for seed in range(repeats):
        found = fit(*synthetic(n, seed, shocks), errors=errors, starts=1)
        assert found.converged
        held += sum(abs(c.estimate - TRUTH[c.name]) < 1.959964 * c.error for c in found.coefficients)
    return held / (repeats * len(TRUTH))


def within(share: float, repeats: int) -> bool:
    """Whether a share lies within four standard errors of 95%, coefficients of one sample counted as one."""
    return abs(share - 0.95) < 4 * np.sqrt(0.95 * 0.05 / repeats)


@pytest.mark.parametrize("shocks", ["moves", "outcomes"])
def test_intervals_hold_the_truth_at_their_rate(shocks):
    assert within(coverage(60, 400, shocks), 60)


@pytest.mark.slow
@pytest.mark.parametrize("errors", ["hessian", "opg", "robust", "clustered"])
@pytest.mark.parametrize("shocks", ["moves", "outcomes"])
def test_intervals_of_every_kind_hold_the_truth_at_their_rate(shocks, errors):
    assert within(coverage(300, 600, shocks, errors), 300)


def test_ultimatum_coefficients_are_recovered():
    panel = read_panel(
        "u.yaml",
        text="panel: 1\nmodel: ultimatum\nprize: 10\noffer: y\naccept: a\nproposer: [1, x]\nresponder: [1, z]\n",
    )
    random = np.random.default_rng(2)
    covariates = {name: random.normal(size=1500) for name in ("x", "z", "y", "a")}
    truth = {
        "proposer.constant": 3.0,
        "proposer.x": -1.0,
        "responder.constant": 4.0,
        "responder.z": 1.0,
        "log_scale(proposer).constant": 0.8,
        "log_scale(responder).constant": -0.3,
    }
    found = fit(panel, simulate(panel, covariates, truth, seed=5))
    assert found.converged
    for c in found.coefficients:
        assert abs(c.estimate - truth[c.name]) < 4 * c.error


def test_errors_agree_with_each_other_where_the_model_is_right():
    panel, table = synthetic(6000, 1)
    plain = fit(panel, table).standard_errors
    for errors in ("opg", "robust", "clustered"):
        # Sampling noise of a second moment of 6,000 rows: some percent.
        assert fit(panel, table, errors=errors).standard_errors == pytest.approx(plain, rel=0.1)


def test_clusters_of_copies_widen_errors_as_copies_do():
    panel, table = synthetic(600, 1)
    thrice = table.take(np.repeat(np.arange(600), 3))
    thrice = replace(thrice, columns={**thrice.columns, "dyad": np.repeat(np.arange(600.0), 3)})
    once = fit(panel, table, errors="robust").standard_errors
    clustered = fit(panel, thrice, errors="clustered").standard_errors
    # Copies tell nothing new: clustered errors are those of one copy, but for G/(G-1).
    assert clustered == pytest.approx(once * np.sqrt(600 / 599), rel=1e-6)


def test_declaration_order_does_not_change_the_estimates():
    panel, table = synthetic(300, 4)
    model = panel.model
    turned = replace(
        model, utilities={p: dict(reversed(of.items())) for p, of in reversed(model.utilities.items())}
    )
    one, other = fit(panel, table), fit(replace(panel, model=turned), table)
    assert dict(zip(other.names, other.estimates, strict=True)) == pytest.approx(
        dict(zip(one.names, one.estimates, strict=True)), abs=1e-9
    )


def test_a_held_coefficient_is_the_known_part():
    panel, table = synthetic(300, 4)
    free = fit(panel, table)
    at = dict(zip(free.names, free.estimates.tolist(), strict=True))
    held = fit(replace(panel, fixed={"target(war).y": at["target(war).y"]}), table)
    assert held.log_likelihood == pytest.approx(free.log_likelihood, abs=1e-9)
    assert [c.name for c in held.coefficients if c.fixed] == ["target(war).y"]


def test_a_search_that_is_cut_short_says_so():
    known = assemble(*synthetic(300, 4))
    climb = objective(known.likelihood, None)
    point = np.full(5, 4.0)

    def stuck(b):
        found = climb(b)
        return replace(found, gradient=np.sign(found.gradient) * np.maximum(np.abs(found.gradient), 1e-3))

    found = maximise(stuck, point, column_scale(known.likelihood))
    assert not found.converged
    assert "gradient was left at" in found.message


def test_the_posterior_is_the_likelihood_where_priors_are_wide():
    panel, table = synthetic(2000, 3)
    wide = replace(panel, prior=replace(panel.prior, sd=1e3))
    found, known = posterior(wide, table, draws=2000), fit(panel, table)
    assert found.mode == pytest.approx(known.estimates, abs=1e-4)
    # Four standard errors of a standard deviation from 8,000 draws.
    assert found.sd == pytest.approx(known.standard_errors, rel=4 / np.sqrt(2 * 8000))


def test_narrow_priors_hold_coefficients():
    panel, table = synthetic(300, 3)
    narrow = replace(panel, prior=replace(panel.prior, each={"target(war).y": (2.0, 1e-4)}))
    found = posterior(narrow, table, draws=50)
    assert found.mean[found.names.index("target(war).y")] == pytest.approx(2.0, abs=1e-3)


@pytest.mark.slow
def test_sampling_agrees_with_the_normal_where_the_posterior_is_nearly_one():
    pytest.importorskip("blackjax")
    panel, table = synthetic(1000, 3)
    normal = posterior(panel, table, draws=2000)
    sampled = posterior(panel, table, method="nuts", draws=300, warmup=100)
    assert sampled.converged
    assert np.abs((sampled.mean - normal.mean) / normal.sd).max() < 0.2
    assert sampled.sd == pytest.approx(normal.sd, rel=0.15)
