"""Logit equilibria of simultaneous games, fitted through the package's own solver; Gambit's fits come out."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import published_panels as published
import pytest

from goodoffices.panels import fit, read_panel

outside = pytest.mark.skipif(not published.THERE, reason="the reference data are not there")


def test_the_fit_of_ochs_is_the_one_that_gambit_reproduces():
    ours = fit(read_panel("ochs-1995"), published.ochs_table())
    assert ours.converged
    assert float(np.exp(ours.estimates[0])) == pytest.approx(1.84560975, abs=2e-8)
    assert ours.log_likelihood == pytest.approx(-174.76453191, abs=1e-8)


def test_two_rationalities_fit_no_worse_than_one():
    panel = read_panel("ochs-1995")
    own = replace(panel.model, log_rationality={"row": ("1",), "column": ("1",)})
    both, one = fit(replace(panel, model=own), published.ochs_table()), fit(panel, published.ochs_table())
    assert both.names == ("log_rationality(row).constant", "log_rationality(column).constant")
    assert both.log_likelihood > one.log_likelihood


@outside
def test_one_rationality_for_all_games_is_the_reference():
    found = published.reference("qre/qre_reference.json")["selten_chmura_2008"]["pooled_ml"]
    ours = fit(read_panel("selten-chmura-2008"), published.selten_chmura_table())
    rationality = float(np.exp(ours.estimates[0]))
    # Their search ended where the log-likelihood was flat to rounding: 1e-7.
    assert rationality == pytest.approx(found["lam"], abs=5e-7)
    assert rationality * float(ours.standard_errors[0]) == pytest.approx(found["se"], rel=1e-5)
    assert ours.log_likelihood == pytest.approx(found["logL"], abs=1e-7)


@outside
def test_the_rationality_of_each_game_is_the_reference():
    path = published.DATA / "qre" / "selten_chmura_2008_reference.csv"
    rows = csv.DictReader(path.read_text().splitlines())
    table = published.selten_chmura_table()
    for row in rows:
        panel = replace(read_panel("selten-chmura-2008"), where={"Game": f"== {row['game']}"})
        ours = fit(panel, table)
        assert ours.converged
        assert float(np.exp(ours.estimates[0])) == pytest.approx(float(row["lam_direct"]), abs=5e-7)
        assert ours.log_likelihood == pytest.approx(float(row["logL_direct"]), abs=1e-9 * 1e4)
        # Gambit's differ from its own reference solver's by up to 2e-6 in the two games of highest rationality.
        assert ours.log_likelihood == pytest.approx(float(row["logL_gambit"]), abs=2e-6)
