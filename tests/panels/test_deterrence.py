"""Fifty-eight crises that are nearly separated; the penalised estimates of the literature come out. Data: outside, in `shared`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import published_panels as published
import pytest

from goodoffices.panels import fit, read_panel
from goodoffices.panels.assembling import assemble
from goodoffices.panels.fitting import objective

pytestmark = pytest.mark.skipif(not published.THERE, reason="the reference data are not there")


def crises():
    return published.table("deterrence/huth1988_signorino_tarar.csv")


def reference():
    return published.reference("deterrence/huth_reference.json")


def test_the_likelihood_and_its_penalty_are_theirs_at_any_point():
    point = reference()["huth_test_point"]
    known = assemble(read_panel("deterrence"), crises())
    at = dict(zip(map(published.deterrence_terms, point["terms"]), point["params"], strict=True))
    here = objective(known.likelihood, "log-F")(np.array([at[n] for n in known.design.names]))
    assert here.evaluation.value == pytest.approx(point["logLik"], abs=1e-10)
    assert here.value == pytest.approx(point["penalised"], abs=1e-10)


def test_penalised_estimates_and_both_kinds_of_errors_are_theirs():
    found = reference()["huth_logF_probit_private"]["polished"]
    ours = fit(read_panel("deterrence"), crises())
    plain = fit(read_panel("deterrence"), crises(), errors="unpenalised")
    assert ours.converged
    assert ours.objective == pytest.approx(found["objective"], abs=1e-9)
    assert ours.log_likelihood == pytest.approx(found["logLik"], abs=1e-7)
    theirs = {published.deterrence_terms(c["term"]): c for c in found["coefficients"]}
    for c, u in zip(ours.coefficients, plain.coefficients, strict=True):
        assert c.estimate == pytest.approx(theirs[c.name]["estimate"], abs=1e-7)
        # Their second derivatives are numerical.
        assert c.error == pytest.approx(theirs[c.name]["se_penalised_hessian"], rel=1e-5)
        assert u.error == pytest.approx(theirs[c.name]["se_loglik_hessian"], rel=1e-5)


def test_without_a_penalty_the_maximum_lies_far_out_and_a_little_above_where_theirs_stopped():
    found = reference()["huth_fiml_probit_private"]
    ours = fit(replace(read_panel("deterrence"), penalty=None), crises())
    # Held to be separated; but the gradient is zero there and the log-likelihood curves down in every direction.
    assert ours.converged
    assert 5e-5 < ours.log_likelihood - found["logLik"] < 2e-4
    theirs = {published.deterrence_terms(c["term"]): c["estimate"] for c in found["coefficients"]}
    for c in ours.coefficients:
        assert c.estimate == pytest.approx(theirs[c.name], abs=0.05 * c.error)
