"""A scenario file becomes a scenario in which every name is resolved."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from goodoffices.language import environment, evaluate, load, medians, sample

TALKS = Path(__file__).parent / "data" / "talks.yaml"


def test_a_scenario_file_loads():
    scenario = load(TALKS)
    assert [p.name for p in scenario.parties] == ["us", "russia"]
    assert scenario.time.rounds == 3
    assert scenario.claims[0].name == "exit_hurts_more_than_missiles"


def test_a_payoff_is_evaluated_at_a_state_for_many_draws():
    scenario = load(TALKS)
    draws = sample(scenario, 7, seed=1)
    levels = {"arms": "long_range", "russia.aim": "settler"}
    where = environment(scenario, draws, levels=levels)
    expected = draws["recognition"] - draws["missiles"] + 0.5
    np.testing.assert_allclose(evaluate(scenario.values["russia"], where), expected)
    assert medians(scenario)["recognition"] == 1.0
