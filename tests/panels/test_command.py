"""`goodoffices fit` prints a sentence first, writes a page, and refuses in sentences."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

PANEL = """
panel: 1
title: Synthetic disputes
model: tree
decisions:
  start: {player: challenger, moves: {hold_back: peace, escalate: reply}}
  reply: {player: target, moves: {give_way: concession, fight: war}}
outcome: result
utilities:
  challenger: {peace: [1, x], war: [1]}
  target: {war: [1, y]}
fixed: {challenger(war).constant: -0.5}
"""


@pytest.fixture
def files(tmp_path):
    from goodoffices.panels import read_panel, simulate

    (tmp_path / "panel.yaml").write_text(PANEL)
    random = np.random.default_rng(1)
    n = 400
    covariates = {"x": random.normal(size=n), "y": random.normal(size=n), "result": [""] * n}
    truth = {"challenger(peace).x": 0.8, "target(war).y": -0.7, "challenger(war).constant": -0.5}
    panel = read_panel(tmp_path / "panel.yaml")
    table = simulate(panel, covariates, truth, seed=1)
    lines = ["x,y,result"] + [
        f"{a},{b},{c}" for a, b, c in zip(*(table.columns[k] for k in ("x", "y", "result")), strict=True)
    ]
    (tmp_path / "episodes.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_a_sentence_then_a_table_then_a_page(goodoffices, files):
    done = goodoffices("fit", "panel.yaml", "--data", "episodes.csv", "--out", "found")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "Synthetic disputes"
    assert "4 coefficients of a game tree were estimated from 400 rows" in " ".join(lines[1:3])
    assert "target(war).y" in done.stdout
    assert "held" in done.stdout
    page = (files / "found" / "fit.html").read_text()
    assert page.count("<circle") + page.count('class="tip') >= 4
    assert not re.search(r"(src|href)=[\"']http", page)
    data = json.loads((files / "found" / "fit.json").read_text())
    assert data["converged"] is True
    assert [c["name"] for c in data["coefficients"] if c["held"]] == ["challenger(war).constant"]


def test_json_is_one_object_with_every_number(goodoffices, files):
    done = goodoffices("fit", "panel.yaml", "--data", "episodes.csv", "--json", "--errors", "robust")
    found = json.loads(done.stdout)
    assert found["errors"].startswith("sandwich")
    assert len(found["covariance"]) == 4
    assert found["largest_gradient"] < 1e-6


def test_a_posterior_is_printed_with_its_evidence(goodoffices, files):
    done = goodoffices(
        "fit", "panel.yaml", "--data", "episodes.csv", "--posterior", "laplace", "--draws", "100"
    )
    assert done.returncode == 0, done.stderr
    assert "Log evidence" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("missing.yaml", "--data", "episodes.csv"), "there is no file `missing.yaml`"),
        (("panel.yaml", "--data", "none.csv"), "there is no file `none.csv`"),
        (("panel.yaml", "--data", "panel.yaml"), "row 4 of `panel.yaml` has 3 cells"),
    ],
)
def test_what_cannot_be_used_is_refused_without_a_traceback(goodoffices, files, arguments, said):
    done = goodoffices("fit", *arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_names_in_the_data_are_escaped_on_the_page(goodoffices, files):
    text = (files / "episodes.csv").read_text().replace("x,y,result", '"<script>x",y,result', 1)
    (files / "episodes.csv").write_text(text)
    (files / "panel.yaml").write_text(PANEL.replace("[1, x]", '[1, "<script>x"]').replace("Synthetic", "<b>"))
    assert goodoffices("fit", "panel.yaml", "--data", "episodes.csv", "--out", "found").returncode == 0
    page = (files / "found" / "fit.html").read_text()
    assert "<script>" not in page
    assert "<b>" not in page


def test_parquet_files_are_read_as_csv_files_are(files):
    duckdb = pytest.importorskip("duckdb")
    from goodoffices.panels import fit, read_panel

    with duckdb.connect(":memory:") as engine:
        engine.execute(
            f"COPY (SELECT * FROM read_csv('{files}/episodes.csv')) TO '{files}/episodes.parquet' (FORMAT parquet)"
        )
    panel = read_panel(files / "panel.yaml")
    one, other = fit(panel, files / "episodes.csv"), fit(panel, files / "episodes.parquet")
    assert one.estimates == pytest.approx(other.estimates, abs=1e-12)


def test_data_frames_are_tables(files):
    pandas = pytest.importorskip("pandas")
    from goodoffices.panels import fit, read_panel

    panel = read_panel(files / "panel.yaml")
    frame = pandas.read_csv(files / "episodes.csv")
    assert fit(panel, frame).estimates == pytest.approx(
        fit(panel, files / "episodes.csv").estimates, abs=1e-12
    )
