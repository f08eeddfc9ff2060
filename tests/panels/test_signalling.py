"""The crisis-signalling game: every published estimate comes out; the data lie outside the repository, in `shared`."""

from __future__ import annotations

import jax
import numpy as np
import published_panels as published
import pytest
from scipy.special import ndtr, ndtri

from goodoffices.panels import fit, read_panel, simulate
from goodoffices.panels.assembling import assemble
from goodoffices.panels.crisis import Utilities, log_resist, sender
from goodoffices.panels.equilibria import find_all
from goodoffices.panels.kernel import Likelihood
from goodoffices.panels.repeated import estimate, nested_covariance, response
from goodoffices.panels.signalling import signalling_kernel

outside = pytest.mark.skipif(not published.THERE, reason="the reference data are not there")


def theirs(name: str, column: str = "estimate") -> dict[str, float]:
    found = published.reference("sanctions/sanctions_reference.json")[name]
    return {published.signalling_terms(c["term"]): c[column] for c in found["coefficients"]}


def log_likelihood(name: str) -> float:
    return published.reference("sanctions/sanctions_reference.json")[name]["logLik"]


@outside
@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("PL_archive_phat", ("PR_pl", "PF_pl")),
        ("PL_from_PRhat", ("PRhat", "PFhat")),
        ("PL_from_PRnpl", ("PRnpl", "PFnpl")),
    ],
)
def test_pseudo_likelihood_estimates_are_theirs(name, columns):
    ours = fit(published.sanctions("pl", *columns), published.sanctions_table())
    assert ours.converged
    assert ours.log_likelihood == pytest.approx(log_likelihood(name), abs=1e-9)
    assert dict(zip(ours.names, ours.estimates, strict=True)) == pytest.approx(theirs(name), abs=1e-11)


@outside
@pytest.mark.parametrize("columns", [("PRhat", "PFhat"), (None, "")], ids=["their-first-stage", "our-own"])
def test_nested_pseudo_likelihood_ends_at_their_fixed_point_from_any_first_stage(columns):
    ours = fit(published.sanctions("npl", *columns), published.sanctions_table())
    assert ours.converged
    assert "agree with play" in ours.notes[0]
    # Their four runs lie within 7e-8 of each other.
    assert dict(zip(ours.names, ours.estimates, strict=True)) == pytest.approx(
        theirs("NPL_published"), abs=1e-7
    )
    assert ours.log_likelihood == pytest.approx(log_likelihood("NPL_published"), abs=3e-7)


@outside
def test_errors_of_nested_pseudo_likelihood_follow_the_fixed_point_and_theirs_its_transpose():
    known = assemble(published.sanctions("npl", "PRnpl", "PFnpl"), published.sanctions_table())
    likelihood, found, ours, _ = estimate(known, "hessian")
    printed = theirs("NPL_from_PRhat", "se")
    names = likelihood.design.names
    flipped = np.sqrt(np.diag(nested_covariance(likelihood, found, transposed=True)))
    assert dict(zip(names, flipped, strict=True)) == pytest.approx(printed, rel=1e-6)
    assert ours is not None
    assert np.abs(np.sqrt(np.diag(ours)) / flipped - 1).max() > 0.3


@outside
def test_maximum_likelihood_finds_the_exact_maximum_from_a_first_stage_of_its_own():
    ours = fit(published.sanctions("mle"), published.sanctions_table())
    assert ours.converged
    assert ours.log_likelihood == pytest.approx(log_likelihood("MLE_exact"), abs=1e-8)
    errors = theirs("MLE_exact", "se_hessian")
    for c in ours.coefficients:
        # Their gradient of 1.4e-7 leaves 2e-5 standard errors in the flattest direction.
        assert c.estimate == pytest.approx(theirs("MLE_exact")[c.name], abs=5e-5 * c.error)
        # Theirs are of a numerical Hessian, of step 2e-4 in every coefficient.
        assert c.error == pytest.approx(errors[c.name], rel=5e-3)
    assert "each of the 418 episodes has one equilibrium" in ours.notes[0]


@outside
def test_at_the_exact_maximum_likelihood_equilibrium_and_scores_are_theirs():
    table = published.sanctions_table()
    known = assemble(published.sanctions("mle"), table)
    exact = published.table("sanctions/cmle_equilibrium.csv")
    point = theirs("MLE_exact")
    names = known.design.names
    b = np.array([point[n] for n in names])
    data = {**known.likelihood.data, "z": ndtri(exact.number("p_resist_exact"))}
    likelihood = Likelihood(known.likelihood.kernel, known.design, data)
    here = likelihood.at(b)
    assert here.value == pytest.approx(log_likelihood("MLE_exact"), abs=1e-9)
    z = likelihood.prepared(known.design.eta(b))["z"]
    assert np.abs(ndtr(z) - exact.number("p_resist_exact")).max() < 1e-9
    errors = np.sqrt(np.diag(np.linalg.inv(here.scores.T @ here.scores)))
    assert dict(zip(names, errors, strict=True)) == pytest.approx(
        theirs("MLE_exact", "se_opg_by_game"), rel=2e-6
    )


@outside
def test_the_published_constrained_estimate_satisfies_the_equation_only_to_its_own_tolerance():
    known = assemble(published.sanctions("mle"), published.sanctions_table())
    published_p = published.table("sanctions/cmle_equilibrium.csv").number("p_resist")
    b = np.array([theirs("CMLE_published")[n] for n in known.design.names])
    z = find_all(known.design.eta(b)).nearest(ndtri(published_p))
    assert 1e-6 < np.abs(ndtr(z) - published_p).max() < 1e-5


PANEL = """
panel: 1
model: signalling
utilities:
  sender: {concession: [1], war: [1, x], back_down: [1]}
  target: {concession: [1, y], war: [1]}
counts: {status_quo: sq, concession: cd, war: sf, back_down: bd}
"""
TRUTH = {
    "sender(concession).constant": 1.0,
    "sender(war).constant": -1.7,
    "sender(war).x": 0.4,
    "sender(back_down).constant": -2.0,
    "target(concession).constant": -1.6,
    "target(concession).y": 0.3,
    "target(war).constant": -1.2,
}


def synthetic(n: int, seed: int, episodes: int = 120):
    random = np.random.default_rng(seed)
    zeros = np.zeros(n)
    table = {"x": random.normal(size=n), "y": random.normal(size=n)} | dict.fromkeys(
        ("sq", "cd", "sf", "bd"), zeros
    )
    panel = read_panel("synthetic.yaml", text=PANEL)
    return panel, simulate(panel, table, TRUTH, seed=seed, episodes=episodes)


def test_derivatives_through_the_equilibrium_are_those_of_differences():
    panel, table = synthetic(20, seed=3)
    known = assemble(panel, table)
    b = np.array([TRUTH[n] for n in known.design.names])
    here = known.likelihood.at(b)
    step = 1e-5
    for k in range(len(b)):
        up, down = b.copy(), b.copy()
        up[k] += step
        down[k] -= step
        above, below = known.likelihood.at(up), known.likelihood.at(down)
        assert here.gradient[k] == pytest.approx((above.value - below.value) / (2 * step), rel=1e-6, abs=1e-5)
        assert here.hessian[k] == pytest.approx(
            (above.gradient - below.gradient) / (2 * step), rel=1e-6, abs=1e-4
        )


def test_the_fixed_point_answers_as_its_jacobian_says_and_not_as_the_transpose():
    panel, table = synthetic(20, seed=3)
    known = assemble(panel, table)
    eta = known.design.eta(np.array([TRUTH[n] for n in known.design.names]))

    fights = jax.jit(jax.vmap(lambda e, t: sender(Utilities(*e), *log_resist(t)).fight))

    def fixed_point(eta):
        z = find_all(eta).z[:, 0]
        return np.stack([ndtr(z), np.asarray(fights(eta, z))], axis=1)

    p, counts = fixed_point(eta), known.likelihood.data["counts"]
    _, ours = response(eta, p, counts)
    _, flipped = response(eta, p, counts, transposed=True)
    for m in range(7):
        step = np.zeros(7)
        step[m] = 1e-5
        slope = (fixed_point(eta + step) - fixed_point(eta - step)) / 2e-5
        assert ours[:, :, m] == pytest.approx(slope, abs=1e-7)
    assert np.abs(flipped - ours).max() > 0.01


def test_several_equilibria_are_all_found_and_satisfy_the_equation():
    # A target that gains from a bluff called, against a sender whose threat is only as good as it is believed.
    eta = np.array([[0.0, 1.0, -1.9, -2.9, 0.0, 0.1, 0.0], [0.0, 1.0, -2.0, -2.0, -1.0, -1.5, 0.0]])
    found = None
    for war in np.linspace(-4.0, 1.0, 26):
        for fighting in np.linspace(-4.0, 0.0, 21):
            eta[0, 2], eta[0, 5], eta[0, 4] = war, fighting, -0.8
            if find_all(eta).count[0] > 1:
                found = eta.copy()
                break
        if found is not None:
            break
    assert found is not None
    every = find_all(found)
    kernel = signalling_kernel(read_panel("synthetic.yaml", text=PANEL).model)
    assert every.count[0] == 3
    for z in every.z[0]:
        again = kernel.prepare(found[:1], {"z": np.array([z]), "resist": np.array([0.5])})["z"][0]
        assert again == pytest.approx(z, abs=1e-9)
    counts = np.array([[90.0, 1.0, 5.0, 4.0], [90.0, 1.0, 5.0, 4.0]])
    assert every.most_likely(found, counts)[0] in every.z[0]


@pytest.mark.slow  # several seconds of compilation of its own; the published estimates are checked in every run
def test_maximum_likelihood_recovers_known_coefficients_within_their_errors():
    panel, table = synthetic(20, seed=1, episodes=1500)
    ours = fit(panel, table)
    assert ours.converged
    for c in ours.coefficients:
        assert abs(c.estimate - TRUTH[c.name]) < 4 * c.error
