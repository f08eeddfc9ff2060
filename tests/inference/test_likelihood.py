"""The likelihood of a record is the probability that the game gives it, whatever the size of the chunks."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from goodoffices import language
from goodoffices.compiler.recursive import compile_round
from goodoffices.inference import code_record, follow, record_likelihood
from goodoffices.language.scenario import Scenario
from goodoffices.records import Event, Record
from goodoffices.solvers.belief import solve_recursive

MONDAY = datetime.date(2025, 1, 6)
RECORD = Record(
    tuple(
        Event(id, MONDAY + datetime.timedelta(day), actor, lever=lever)
        for id, day, actor, lever in (
            ("a", 1, "US", "warning"), ("b", 2, "RUS", "truce"), ("c", 4, "RUS", "truce_lapsed"), ("z", 6, "US", "else"),
        )
    )
)  # fmt: skip


def test_chunks_do_not_change_the_likelihood(make: Callable[..., Scenario]):
    scenario = make(("rounds: 3", "rounds: 1"))
    draws = language.sample(scenario, 5, seed=3)
    whole = record_likelihood(scenario, RECORD)(draws)
    parts = record_likelihood(scenario, RECORD, chunk=2)(draws)
    np.testing.assert_allclose(whole, parts, atol=1e-9)
    assert whole.shape == (5,)
    compiled = compile_round(scenario)
    solution = solve_recursive(compiled.game, compiled.data(draws), rounds=1, nodes=5, keep=True)
    followed = follow(code_record(scenario, RECORD), compiled, solution)
    expected = sum(np.log(o.probability[o.happened]) for o in followed.observations)
    np.testing.assert_allclose(whole, expected, atol=1e-9)


def test_a_draw_that_is_not_finite_spoils_itself_alone(make: Callable[..., Scenario]):
    scenario = make(("rounds: 3", "rounds: 1"))
    draws = language.sample(scenario, 3, seed=3)
    clean = record_likelihood(scenario, RECORD)(draws)
    draws["fee"][1] = np.nan
    found = record_likelihood(scenario, RECORD)(draws)
    assert np.isnan(found[1])
    np.testing.assert_allclose(found[[0, 2]], clean[[0, 2]], atol=1e-9)


def test_what_the_draw_makes_likelier_has_the_higher_likelihood(make: Callable[..., Scenario]):
    # Russia pauses, which costs a soft one less: the softer it is thought to be, the likelier the record.
    scenario = make(("rounds: 3", "rounds: 1"))
    draws = {k: np.repeat(v, 3) for k, v in language.medians(scenario).items()} | {
        "p": np.array([0.1, 0.5, 0.9])
    }
    found = record_likelihood(scenario, RECORD)(draws)
    assert (np.diff(found) > 0).all()


def test_only_complete_rounds_count(make: Callable[..., Scenario]):
    scenario = make(("rounds: 3", "rounds: 2"))
    draws = {k: np.array([v]) for k, v in language.medians(scenario).items()}
    one = record_likelihood(scenario, RECORD)(draws)
    begun = replace(
        RECORD, events=(*RECORD.events, Event("d", MONDAY + datetime.timedelta(8), "US", lever="exit"))
    )
    assert record_likelihood(scenario, begun)(draws) == pytest.approx(one)
