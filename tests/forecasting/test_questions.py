"""Yes/no questions are computed, not drawn: they agree with long play, whatever they ask and wherever they start."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from forecast_records import WORDS, history

from goodoffices.claims.talks.onward import expect_events
from goodoffices.core.diagnostics import Refusal
from goodoffices.forecasting.happening import bounded, happens, instants
from goodoffices.forecasting.outlook import QuestionOutlook, look_ahead
from goodoffices.games.recursive import RecursiveSolution
from goodoffices.inference import code_record, record_likelihood
from goodoffices.inference.filtering import Filtered, follow
from goodoffices.inference.posterior_play import play_on
from goodoffices.language import sample
from goodoffices.language.scenario import Scenario
from goodoffices.workflow.forecasting import expect_here, read_question, until

Make = Callable[..., Scenario]
DRAWS = 6
PATHS = 600


def followed(scenario: Scenario, day: datetime.date, *, nodes: int = 9) -> tuple[Filtered, RecursiveSolution]:
    known = until(history(*WORDS), day)
    coded = code_record(scenario, known, as_of=day).require()
    likelihood = replace(record_likelihood(scenario, known, nodes=nodes), coded=coded)
    data = likelihood.compiled.data(sample(scenario, DRAWS, seed=3))
    solution = likelihood.solve(likelihood.compiled.game, data, coded.timetable.rounds, nodes)
    return follow(coded, likelihood.compiled, solution), solution


SUNDAY, TUESDAY = datetime.date(2025, 1, 19), datetime.date(2025, 1, 21)
"""The end of the second round, and the middle of the third when both have moved already."""


@pytest.mark.parametrize("day", [SUNDAY, TUESDAY], ids=["a round ended", "both have moved already"])
@pytest.mark.parametrize("rounds", ["rounds: 6", "rounds: open-ended"])
def test_questions_agree_with_long_play(make: Make, day: datetime.date, rounds: str):
    scenario = make(("rounds: 6", rounds))
    found, solution = followed(scenario, day)
    standing = found.standing
    assert standing.ahead == (day == TUESDAY)
    texts = (
        "fighting == truce within 3 rounds",
        "us.warn within 2 rounds",
        "always fighting == war within 3 rounds",
        "fighting == truce at round 4",
        "russia.pause before us.warn within 4 rounds",
        "us.warn within 3 rounds and not russia.pause within 3 rounds",
        "fighting == truce by 2025-02-09",
    )
    events = [read_question(text, scenario, day).event for text in texts]
    draws = sample(scenario, DRAWS, seed=3)
    shifted = [bounded(event, 4, passed=standing.ahead) for event in events]
    exact = expect_events(found.compiled, standing.rest(solution), shifted, draws)
    lanes = np.repeat(np.arange(DRAWS), PATHS)
    played = play_on(
        found.compiled, solution, lanes=lanes, rng=np.random.default_rng(1), round=standing.round,
        until=standing.round - standing.ahead + 4, index=standing.index, beliefs=standing.beliefs,
    )  # fmt: skip
    path = instants(scenario, played.moments, standing.round - standing.ahead)
    for text, event, mine in zip(texts, events, exact, strict=True):
        drawn = happens(scenario, event, path).reshape(DRAWS, PATHS).mean(1)
        error = np.sqrt((mine * (1 - mine)).sum() / PATHS) / DRAWS
        assert drawn.mean() == pytest.approx(mine.mean(), abs=4 * error + 0.003), text
        assert (np.abs(drawn - mine) < 5 * np.sqrt(mine * (1 - mine) / PATHS) + 0.01).all(), text


def test_questions_need_no_paths_and_their_error_is_of_the_draws_alone(make: Make):
    scenario = make()
    found, solution = followed(scenario, SUNDAY, nodes=3)
    draws = sample(scenario, DRAWS, seed=3)

    def look(paths: int, seed: int) -> QuestionOutlook:
        asked = [read_question("fighting == truce within 3 rounds", scenario, SUNDAY)]
        end = SUNDAY + datetime.timedelta(7)
        (answer,) = look_ahead(
            found, solution, draws, horizon=end, questions=asked, paths=paths, seed=seed, expect=expect_here
        ).questions
        return answer

    one, other = look(1, 1), look(3, 2)
    assert one == other
    assert one.exact
    assert (one.rounds, one.resolves) == (3, datetime.date(2025, 2, 9))


def test_a_question_without_a_limit_is_decided_at_the_horizon(make: Make):
    scenario = make()
    found, solution = followed(scenario, SUNDAY, nodes=3)
    draws = sample(scenario, DRAWS, seed=3)
    asked = [read_question(t, scenario, SUNDAY) for t in ("us.warn", "us.warn within 2 rounds")]
    end = SUNDAY + datetime.timedelta(14)
    free, limited = look_ahead(
        found, solution, draws, horizon=end, questions=asked, paths=1, expect=expect_here
    ).questions
    assert free.rounds == 2
    assert free.chance == limited.chance


def test_what_is_decided_already_or_never_seen_is_refused(make: Make):
    scenario = make()
    found, solution = followed(scenario, TUESDAY, nodes=2)
    draws = sample(scenario, DRAWS, seed=3)
    for text, code in (("us.warn within 1 rounds", "decided already"), ("russia.aim == soft", "no record")):
        asked = [read_question(text, scenario, TUESDAY)]
        with pytest.raises(Refusal, match=code):
            look_ahead(found, solution, draws, horizon=TUESDAY, questions=asked, paths=1)
