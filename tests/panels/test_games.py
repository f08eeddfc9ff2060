"""The models of R's `games` come out as published; the data and numbers lie outside the repository, in `shared`."""

from __future__ import annotations

import numpy as np
import published_panels as published
import pytest

from goodoffices.panels import fit
from goodoffices.panels.assembling import assemble

pytestmark = pytest.mark.skipif(not published.THERE, reason="the reference data are not there")
CASES = published.games_cases() if published.THERE else []
USABLE = [case for case in CASES if case.name in published.USABLE]


def expected(case):
    """Reference by our names: the polished estimates and errors, without coefficients that are held."""
    found = published.reference("games/games_reference.json")[case.name]
    held = {c["term"] for c in found["coefficients"] if c["fixed"]}
    polished = found["polished"]
    free = (
        [c for c in polished["coefficients"] if c["term"] not in held] if "coefficients" in polished else []
    )
    return found, held, {case.terms(c["term"]): (c["estimate"], c.get("se")) for c in free}


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_the_likelihood_is_theirs_at_any_point(case):
    found, held, _ = expected(case)
    point = found["polished"]["test_point"]
    known = assemble(case.panel(), case.table())
    at = {
        case.terms(term): value
        for term, value in zip(point["terms"], point["params"], strict=True)
        if term not in held
    }
    names = known.design.names
    assert set(names) == set(at)
    here = known.likelihood.at(np.array([at[name] for name in names]))
    # Theirs sums the same terms in another order: a few units of rounding of a sum of n terms.
    assert here.value == pytest.approx(point["logLik"], rel=1e-13 * known.table.n**0.5)
    gradient = np.atleast_1d(np.array(point["grad"], dtype=float))
    order = [case.terms(t) for t in point["terms"] if t not in held]
    ours = dict(zip(names, here.gradient, strict=True))
    # Their gradient is numerical.
    assert [ours[name] for name in order] == pytest.approx(gradient.tolist(), abs=1e-5, rel=1e-6)


@pytest.mark.parametrize("case", USABLE, ids=lambda c: c.name)
def test_estimates_and_errors_are_theirs_to_the_digits_of_their_newton_steps(case):
    found, _, theirs = expected(case)
    ours = fit(case.panel(), case.table())
    assert ours.converged, ours.maximum.message
    assert ours.rows == found["n"]
    assert ours.log_likelihood == pytest.approx(found["polished"]["logLik"], abs=1e-9)
    assert set(ours.names) == set(theirs)
    for c in ours.coefficients:
        estimate, error = theirs[c.name]
        # A gradient of theirs up to 1e-6 leaves an estimate off by a share of its error; their curvature is numerical.
        assert c.estimate == pytest.approx(estimate, abs=2e-7 * error)
        assert c.error == pytest.approx(error, rel=5e-5)


@pytest.mark.parametrize("case", USABLE[:2], ids=lambda c: c.name)
def test_each_row_has_their_log_likelihood(case):
    found, _, _ = expected(case)
    ours = fit(case.panel(), case.table())
    # Theirs are at the package's own estimates, which are off by up to 1e-3.
    assert ours.evaluation.rows[:5] == pytest.approx(found["loglik_obs_first5"], abs=2e-3)


def test_the_classroom_fit_that_is_printed():
    case = next(c for c in CASES if c.name == "student_offers_s2_3")
    ours = fit(case.panel(), case.table())
    printed = {
        "proposer.constant": (62.198, 18.734),
        "proposer.gender1": (-25.409, 39.290),
        "responder.constant": (37.684, 1.616),
        "responder.gender2": (-0.897, 1.150),
        "log_scale(proposer).constant": (3.934, 0.430),
    }
    assert round(ours.log_likelihood, 2) == -292.14
    for c in ours.coefficients:
        # Printed at their stopping point, 0.04 from the maximum in a flat direction.
        assert (c.estimate, c.error) == pytest.approx(printed[c.name], abs=0.04)


def test_rows_on_the_floor_are_said_and_a_better_maximum_than_the_printed_one_is_found():
    case = next(c for c in CASES if c.name == "student_offers_s2_1")
    ours = fit(case.panel(), case.table())
    found, _, _ = expected(case)
    assert ours.log_likelihood > found["polished"]["logLik"] + 100
    assert "on the floor" in " ".join(ours.notes)


def test_an_estimate_that_runs_away_is_not_called_converged():
    case = next(c for c in CASES if c.name == "student_offers_free_s2")
    ours = fit(case.panel(), case.table())
    assert not ours.converged
    assert "did not end at a maximum" in ours.sentence
