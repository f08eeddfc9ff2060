"""Draws are written in ArviZ's groups and read back as they were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from posterior_records import learned_small

from goodoffices.core.diagnostics import Refusal
from goodoffices.inference.posterior_storage import read_draws, to_tree, write_draws
from goodoffices.language.scenario import Scenario

pytest.importorskip("xarray")


def test_draws_survive_the_disk_in_arvizs_groups(make: Callable[..., Scenario], tmp_path: Path):
    found = learned_small(make)
    tree = to_tree(found.posterior, checks=found.checks)
    groups = {"posterior", "sample_stats", "prior", "observed_data", "log_likelihood", "posterior_predictive"}
    assert set(tree.children) == groups
    assert dict(tree["posterior"].sizes) == {"chain": 2, "draw": found.posterior.size // 2}
    write_draws(found.posterior, tmp_path / "draws", checks=found.checks)
    again = read_draws(tmp_path / "draws")
    assert set(again.children) == groups
    for name in ("p", "fee"):
        np.testing.assert_array_equal(again["posterior"][name].values.ravel(), found.posterior.draws[name])
    np.testing.assert_allclose(
        again["log_likelihood"]["event"].values.sum(-1).ravel(), found.posterior.log_likelihood
    )


def test_a_folder_without_draws_is_refused(tmp_path: Path):
    with pytest.raises(Refusal, match="no draws"):
        read_draws(tmp_path)
