"""Events along drawn paths come true as often as the claims' exact answers say, and play is drawn as it is solved."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from goodoffices import language
from goodoffices.claims.asking import answer
from goodoffices.claims.talks.form import Talks
from goodoffices.compiler.recursive import compile_round
from goodoffices.core.diagnostics import Refusal
from goodoffices.forecasting.happening import happens, instants
from goodoffices.inference.posterior_play import play_on
from goodoffices.language.asked import read_event, read_quantity
from goodoffices.language.scenario import Scenario
from goodoffices.solvers.belief import play_forward, solve_recursive

Make = Callable[..., Scenario]
EVENTS = [
    "fighting == truce within 2 rounds",
    "always fighting == war within 2 rounds",
    "fighting == truce at round 2",
    "us.warn within 1 rounds",
    "russia.pause before us.warn",
    "engagement == engaged until russia.pause",
    "not (us.warn within 2 rounds)",
    "us.warn within 1 rounds and ever fighting == truce within 3 rounds",
    "fighting == truce at end",
]
PATHS = 4000


@pytest.fixture
def played(make: Make):
    scenario = make(("rounds: 6", "rounds: 3"))
    compiled = compile_round(scenario)
    draws = {name: np.array([value]) for name, value in language.medians(scenario).items()}
    solution = solve_recursive(compiled.game, compiled.data(draws), rounds=3, nodes=9, keep=True)
    rng = np.random.default_rng(3)
    paths = play_on(compiled, solution, lanes=np.zeros(PATHS, dtype=np.int64), rng=rng, until=3)
    return scenario, draws, compiled, solution, paths


def test_play_is_drawn_as_it_is_solved(played):
    _, _, compiled, solution, paths = played
    front = play_forward(solution, slots=6)[-1]
    exact = np.zeros(len(compiled.places))
    np.add.at(exact, front.place, front.total)
    states = np.array([place[1] for place in compiled.places])
    for place in np.unique(front.place):
        share = (paths.moments[-1].states == states[place]).all(1).mean()
        assert share == pytest.approx(exact[place], abs=4 * 0.5 / PATHS**0.5)
    assert not paths.lost.any()
    for moment in paths.moments:
        for table in moment.probability.values():
            np.testing.assert_allclose(table.sum(0), 1.0)


@pytest.mark.parametrize("text", EVENTS)
def test_events_come_true_as_often_as_the_exact_answer_says(played, text: str):
    scenario, draws, _, _, paths = played
    event = read_event(text, scenario)
    came = happens(scenario, event, instants(scenario, paths.moments, 0))
    exact = answer(Talks(scenario, 3, 9), read_quantity(f"P({text})", scenario), draws, solve=_solve)
    spread = max(0.02, float(np.sqrt(exact[0] * (1 - exact[0]))))
    assert came.mean() == pytest.approx(float(exact[0]), abs=4 * spread / PATHS**0.5 + 2e-3)


def test_what_no_record_shows_is_no_question(played):
    scenario, _, _, _, paths = played
    event = read_event("russia.aim == soft", scenario)
    with pytest.raises(Refusal, match="no record will ever show"):
        happens(scenario, event, instants(scenario, paths.moments, 0))


def _solve(game, data, /, *, rounds, nodes, from_outset):
    return solve_recursive(game, data, rounds=rounds, nodes=nodes, keep=True)
