"""`study.json` is what its schema says, holds every number, and is strict JSON."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from goodoffices import catalog, reports
from goodoffices.claims.verdict import Study
from goodoffices.reports.data import schema, study_data
from goodoffices.reports.evidence import command


def test_the_schema_is_itself_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_the_written_file_follows_the_schema(study: Study, tmp_path: Path) -> None:
    data = json.loads(reports.write(study, tmp_path / "new" / "folder").data.read_text("utf-8"))
    jsonschema.Draft202012Validator(schema()).validate(data)


def test_the_schema_refuses_a_claim_without_its_error(study: Study) -> None:
    data = study_data(study)
    del data["claims"][0]["error"]
    with pytest.raises(jsonschema.ValidationError, match="'error' is a required property"):
        jsonschema.Draft202012Validator(schema()).validate(data)


def test_every_margin_is_in_the_data_and_unsolved_draws_are_null(study: Study) -> None:
    for verdict, claim in zip(study.verdicts, study_data(study)["claims"], strict=True):
        assert len(claim["margins"]) == verdict.n
        assert claim["margins"].count(None) == claim["holds"].count(None) == verdict.failed == claim["failed"]
        shown = [m for m in claim["margins"] if m is not None]
        np.testing.assert_array_equal(shown, verdict.margins[verdict.solved])
        assert sum(h is True for h in claim["holds"]) / (verdict.n - verdict.failed) == pytest.approx(
            verdict.share
        )


def test_numbers_that_are_not_finite_become_null(study: Study, tmp_path: Path) -> None:
    broken = dataclasses.replace(
        study,
        certificate=dataclasses.replace(
            study.certificate, worst={"logit_residual": math.inf, "max_regret": math.nan, "belief_error": 0.0}
        ),
        statistics={"seconds": math.nan},
    )

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    data = json.loads(reports.write(broken, tmp_path).data.read_text("utf-8"), parse_constant=refuse)
    assert data["certificate"]["worst_logit_residual"] is None
    assert data["certificate"]["worst_regret"] is None
    jsonschema.Draft202012Validator(schema()).validate(data)


def test_the_same_study_is_written_to_the_same_bytes(study: Study, tmp_path: Path) -> None:
    first, second = reports.write(study, tmp_path / "a"), reports.write(study, tmp_path / "b")
    assert first.html.read_bytes() == second.html.read_bytes()
    assert first.data.read_bytes() == second.data.read_bytes()


def test_a_folder_that_cannot_be_made_leaves_nothing_behind(study: Study, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OSError):
        reports.write(study, tmp_path / "taken")
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]


def test_a_scenario_of_the_catalogue_is_named_without_a_path_of_this_machine(study: Study) -> None:
    name = catalog.names()[0]
    scenario = dataclasses.replace(study.scenario, source=str(catalog.path(name)))
    shipped = dataclasses.replace(study, scenario=scenario)
    assert study_data(shipped)["source"] == name
    assert command(shipped).startswith(f"goodoffices study {name} --draws 512")
