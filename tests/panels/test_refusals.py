"""Data that no estimator can use are refused in a sentence that names the columns and the rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from goodoffices import Refusal
from goodoffices.panels import Bimatrix, fit, read_panel, read_table, simulate

PANEL = """
panel: 1
model: tree
decisions:
  start: {player: challenger, moves: {hold_back: peace, escalate: reply}}
  reply: {player: target, moves: {give_way: concession, fight: war}}
outcome: result
utilities:
  challenger: {peace: [1, x], war: [1]}
  target: {war: [1, y, regime]}
"""
TRUTH = {
    "challenger(peace).constant": 0.3,
    "challenger(peace).x": 0.8,
    "challenger(war).constant": -0.5,
    "target(war).constant": 0.2,
    "target(war).y": -0.7,
    "target(war).regime=open": 0.5,
}


def synthetic(n=300, seed=1):
    random = np.random.default_rng(seed)
    table = {
        "x": random.normal(size=n),
        "y": random.normal(size=n),
        "regime": random.choice(["closed", "open"], size=n),
        "result": ["peace"] * n,
        "dyad": np.repeat(np.arange(n // 3), 3),
    }
    panel = read_panel("panel.yaml", text=PANEL)
    return panel, simulate(panel, table, TRUTH, seed=seed)


def with_column(table, **columns):
    return replace(table, columns={**table.columns, **columns})


def with_text(old, new):
    assert old in PANEL
    return read_panel("panel.yaml", text=PANEL.replace(old, new))


def refused(panel, table, code, *parts, **options):
    with pytest.raises(Refusal) as caught:
        fit(panel, table, **options)
    codes = [d.code for d in caught.value.diagnostics]
    assert code in codes
    for part in parts:
        assert part in str(caught.value)
    return caught.value


def test_missing_cells_are_named_by_column_and_row():
    panel, table = synthetic()
    x, y = table.number("x").copy(), table.number("y").copy()
    x[[4, 9]] = np.nan
    y[20] = np.nan
    broken = with_column(table, x=x, y=y)
    found = refused(
        panel, broken, "missing-cells", "column `x` has 2 missing cells: rows 5 and 10", "`y`", "row 21"
    )
    assert len(found.diagnostics) == 2
    kept = fit(replace(panel, missing="drop"), broken)
    assert (kept.rows, dict(kept.left_out)) == (297, {"missing cells": 3})


def test_an_outcome_that_never_occurs_is_named():
    panel, table = synthetic()
    result = np.where(table.column("result") == "war", "concession", table.column("result"))
    refused(panel, with_column(table, result=result), "one-sided", "`war` never occurs in the 300 rows")


def test_an_outcome_that_the_game_does_not_have_is_named_with_its_rows():
    panel, table = synthetic()
    result = table.column("result").copy()
    result[7] = "truce"
    refused(panel, with_column(table, result=result.astype(str)), "unknown-outcome", "`truce`", "row 8")


@pytest.mark.parametrize(
    ("terms", "column", "said"),
    [
        ("[1, x, z]", lambda t: 2 * t.number("x") - 1, "`z` is a combination of `constant`, `x`"),
        ("[1, x, z]", lambda t: 3 + 0 * t.number("x"), "`z` is the same in every row, as the constant is"),
        ("[1, x, z]", lambda t: 0 * t.number("x"), "`z` is 0 in every row"),
    ],
)
def test_collinear_columns_are_named_with_what_they_combine(terms, column, said):
    _, table = synthetic()
    refused(with_text("[1, x]", terms), with_column(table, z=column(table)), "collinear", said)


def test_constants_in_every_utility_of_a_player_cannot_be_told_apart():
    panel = with_text("war: [1]}", "war: [1], concession: [1]}")
    refused(panel, synthetic()[1], "not-identified", "`challenger(", "constant`")


@pytest.mark.parametrize("shocks", ["logit", "normal"])
def test_a_column_that_settles_an_outcome_separates(shocks):
    _, table = synthetic()
    panel = with_text("outcome: result", f"outcome: result\nshocks: {{distribution: {shocks}}}")
    fought = (table.column("result") == "war").astype(float)
    refused(panel, with_column(table, y=fought), "separated", "`target(war).y`", "has no maximum")


def test_a_level_that_settles_an_outcome_separates():
    panel, table = synthetic()
    # Every open target gives way.
    result = np.where(
        (table.column("regime") == "open") & (table.column("result") == "war"),
        "concession",
        table.column("result"),
    )
    refused(panel, with_column(table, result=result), "separated", "regime=open")


def test_a_penalty_or_a_prior_answers_where_outcomes_are_separated():
    from goodoffices.panels.posterior import posterior

    panel, table = synthetic()
    table = with_column(table, y=(table.column("result") == "war").astype(float))
    assert fit(replace(panel, penalty="log-F"), table).converged
    assert posterior(panel, table, draws=10).converged


def test_unknown_columns_suggest_known_ones():
    refused(with_text("[1, x]", "[1, regine]"), synthetic()[1], "unknown-column", "`regine`")


def test_labels_are_no_numbers_and_functions_have_domains():
    _, table = synthetic()
    refused(
        with_text("[1, x]", "[1, log(x)]"),
        table,
        "outside-the-domain",
        "`log(x)` needs numbers above 0",
        "rows ",
    )
    refused(with_text("[1, x]", "[1, sqrt(regime)]"), table, "not-a-number", "column `regime` holds labels")


def test_clustered_errors_need_clusters():
    panel, table = synthetic()
    refused(panel, table, "no-cluster", errors="clustered")
    refused(replace(panel, cluster="one"), with_column(table, one=np.ones(300)), "one-cluster", "`one`")


def test_coefficients_that_do_not_exist_cannot_be_held():
    panel, table = synthetic()
    refused(replace(panel, fixed={"target(war).why": 0.0}), table, "unknown-coefficient", "`target(war).why`")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "not-a-panel"),
        ("panel: 2", "not-a-panel"),
        ("panel: 1\nmodel: chess", "unknown-choice"),
        (PANEL.replace("decisions", "decision"), "unknown-key"),
        (PANEL.replace("outcome: result\n", ""), "missing-key"),
        (PANEL + "shocks: {scale: -1}\n", "not-positive"),
        (PANEL + "fixed: {x: much}\n", "not-a-number"),
        (PANEL + "missing: maybe\n", "unknown-choice"),
        (PANEL.replace("{war: [1, y, regime]}", "[1]"), "wrong-form"),
    ],
)
def test_problems_of_a_panel_file_have_places(text, code):
    with pytest.raises(Refusal) as caught:
        read_panel("panel.yaml", text=text)
    assert code in [d.code for d in caught.value.diagnostics]
    assert all(d.span is not None for d in caught.value.diagnostics)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("fight: war", "fight: peace", "not-a-tree"),
        ("escalate: reply", "escalate: start", "not-a-tree"),
        ("escalate: reply", "escalate: gone", "unreachable"),
        ("{give_way: concession, fight: war}", "{fight: war}", "one-move"),
        ("target: {war", "nobody: {war", "unknown-player"),
        ("target: {war", "target: {truce", "unknown-outcome"),
        ("outcome: result", "outcome: result\nshocks: {on: outcomes}", "private-logit"),
    ],
)
def test_trees_that_are_none_are_refused(old, new, code):
    refused(with_text(old, new), synthetic()[1], code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a,b\n1,2\n3\n", "ragged-row"),
        ("a,a\n1,2\n", "repeated-column"),
        ("a,b\n", "no-rows"),
    ],
)
def test_files_that_are_no_tables_are_refused(tmp_path, text, code):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(Refusal) as caught:
        read_table(path)
    assert caught.value.diagnostics[0].code == code


def test_offers_and_answers_outside_their_range_are_named():
    panel = read_panel("ultimatum.yaml", text="panel: 1\nmodel: ultimatum\nprize: 10\noffer: y\naccept: a\n")
    refused(panel, {"y": [1.0, 12.0, 3.0], "a": [1, 0, 1]}, "offer-outside", "`y`", "row 2")
    refused(panel, {"y": [1.0, 2.0, 3.0], "a": [1, 0, 2]}, "not-binary", "`a`", "row 3")


def test_a_game_without_a_utility_of_a_cell_is_refused():
    panel = read_panel("ochs-1995")
    assert isinstance(panel.model, Bimatrix)
    utilities = {**panel.model.utilities, "row": {"up, left": 1.0}}
    refused(replace(panel, model=replace(panel.model, utilities=utilities)), {"up": [1.0]}, "unknown-outcome")
