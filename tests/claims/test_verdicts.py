"""Verdicts, deciders, tipping values, the play, and a study as a whole."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from goodoffices import language
from goodoffices.claims.deciding import strength
from goodoffices.claims.survey import survey, wanted
from goodoffices.claims.verdict import Decider, Verdict
from goodoffices.claims.verdicts import share_error
from goodoffices.claims.wording import share_text, verdict_sentence
from goodoffices.compiler import compile_scenario
from goodoffices.core.diagnostics import Refusal
from goodoffices.workflow.studying import study

ALONE = """
goodoffices: 1
title: One party, one choice
time: {round: 1 week, rounds: 1, discount: 1}
parties: {a: {name: A, role: belligerent, rationality: 3}}
factors: {door: [shut, open]}
parameters:
  x: {prior: "uniform(0, 2)", unit: utility}
  y: {prior: "normal(0.6, 0.1)", unit: utility/round}
  z: {prior: "uniform(0, 1)", unit: utility}
turns:
  - party: a
    moves: {wait: {}, go: {then: {door: open}, costs: x}}
    default: wait
values: {a: y*(door == open)}
end: {a: 0.1*z}
claims:
  goes: {text: It goes., says: P(a.go) > 0.5}
  falls: {text: Dear doors stay shut., says: P(a.go) falls with x}
  never: {text: It surely goes., says: P(a.go) > 0.9999}
"""


@pytest.fixture(scope="module")
def alone():
    return language.load("alone.yaml", text=ALONE)


@pytest.fixture(scope="module")
def found(alone, solve):
    return study(alone, draws=200, seed=3, solve=solve)


def test_shares_are_those_of_the_choice_rule(found):
    goes, falls, never = found.verdicts
    draws = found.draws
    expected = draws["y"] > draws["x"]
    assert (goes.holds == expected).all()
    assert goes.share == expected.mean()
    p = 1 / (1 + np.exp(-3 * (draws["y"] - draws["x"])))
    np.testing.assert_allclose(goes.margins, p - 0.5, atol=1e-9)
    # A central difference over a tenth of the interquartile range (which is 1), one-sided at the ends of the prior.
    low, high = np.maximum(draws["x"] - 0.05, 0), np.minimum(draws["x"] + 0.05, 2)
    slopes = [1 / (1 + np.exp(-3 * (draws["y"] - x))) for x in (low, high)]
    np.testing.assert_allclose(falls.margins, (slopes[0] - slopes[1]) / (high - low), rtol=1e-6)
    np.testing.assert_allclose(falls.margins, 3 * p * (1 - p), rtol=0.1)
    assert falls.share == 1.0
    assert never.share == 0.0
    assert goes.n == 200
    assert goes.failed == 0


def test_the_tipping_value_is_where_the_claim_flips_at_the_medians(found):
    goes = found.verdicts[0]
    by_name = {d.parameter: d for d in goes.deciders}
    assert goes.at_median is False
    assert by_name["x"].tipping == pytest.approx(0.6, abs=0.01)
    assert by_name["x"].tipping_holds == "below"
    assert by_name["y"].tipping is None  # its prior does not reach the median of x
    assert by_name["z"].tipping is None
    assert all(d.tipping is None for d in found.verdicts[1].deciders)
    assert "would hold if `x` fell below 0.6" in goes.sentence


def test_the_parameter_that_decides_comes_first_and_one_without_effect_is_unclear(found):
    goes = found.verdicts[0]
    assert goes.deciders[0].parameter == "x"
    assert goes.deciders[0].strength > 0.9
    assert goes.deciders[0].holds_when == "low"
    z = next(d for d in goes.deciders if d.parameter == "z")
    assert z.strength < 0.3
    never = found.verdicts[2]  # one side is empty, so it goes by rank correlation with the margin
    assert never.deciders[0].parameter == "x"
    assert never.deciders[0].holds_when == "low"
    assert 0.9 < never.deciders[0].strength <= 1


def test_the_same_seed_is_the_same_study(alone, solve, found):
    again = study(alone, draws=200, seed=3, solve=solve)
    for one, two in zip(found.verdicts, again.verdicts, strict=True):
        for first, second in zip(one.deciders, two.deciders, strict=True):
            assert dataclasses.astuple(first) == dataclasses.astuple(second)
        assert (one.margins == two.margins).all()


def test_the_play_is_that_of_the_medians_with_the_range_of_the_draws(found):
    play = found.play
    assert (play.party, play.round, play.reach) == ("a", 1, 1.0)
    wait, go = play.moves
    assert go.probability == pytest.approx(1 / (1 + np.exp(1.2)))
    p = 1 / (1 + np.exp(-3 * (found.draws["y"] - found.draws["x"])))
    assert (go.low, go.high) == pytest.approx(tuple(np.quantile(p, [0.05, 0.95])))
    assert wait.probability + go.probability == pytest.approx(1)
    assert go.state_after == {"door": "open"}
    assert go.then is None


def test_the_play_follows_types_beliefs_and_lotteries(signal, solve):
    play = study(signal, draws=20, solve=solve).play
    wait, warn = play.moves
    assert play.beliefs["us.resolve"]["strong"] == pytest.approx(0.5)
    assert warn.by_type["strong"] > warn.by_type["weak"]
    expected = warn.by_type["strong"] / (warn.by_type["strong"] + warn.by_type["weak"])
    assert warn.beliefs_after["us.resolve"]["strong"] == pytest.approx(expected)
    assert warn.then is not None
    assert warn.then.reach == pytest.approx(warn.probability)
    refuse, truce = warn.then.moves
    assert refuse.then is None
    assert truce.state_after["fighting"] == "truce"
    assert truce.then is not None
    assert truce.then.party == "chance"
    assert [m.probability for m in truce.then.moves] == pytest.approx([0.9, 0.1])
    assert wait.lever is None


def test_draws_that_were_not_solved_are_counted_and_bound_the_share(alone, solve):
    def failing(game, data, **hints):
        solution = solve(game, data, **hints)
        status = solution.status.copy()
        status[5:8] = 2
        return dataclasses.replace(solution, status=status)

    found = study(alone, draws=100, solve=failing)
    goes = found.verdicts[0]
    assert goes.failed > 0
    assert goes.low < goes.share < goes.high
    assert goes.high - goes.low == pytest.approx(goes.failed / goes.n)
    assert np.isnan(goes.margins[~goes.solved]).all()
    assert not goes.holds[~goes.solved].any()
    assert found.certificate.converged == 100 - goes.failed
    assert f"{goes.failed} more were not decided" in goes.sentence


def test_a_certificate_that_contradicts_the_solver_is_believed(alone, solve):
    def lying(game, data, **hints):
        solution = solve(game, data, **hints)
        wrong = solution.log_strategy.copy()
        wrong[..., 4] = np.log(0.5)
        from goodoffices.certificates.certify import certify

        return dataclasses.replace(solution, log_strategy=wrong, certificate=certify(game, data, wrong))

    found = study(alone, draws=30, solve=lying)
    assert found.certificate.failures == {"the certificate contradicts the solver": 1}


def test_stopping_keeps_the_draws_that_were_finished_and_says_so(alone, solve):
    calls = []

    def stopped(game, data, **hints):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return solve(game, data, **hints)

    found = study(alone, draws=2000, solve=stopped)
    n = found.verdicts[0].n
    assert 0 < n < 2000
    assert found.settings["draws"] == n
    assert f"{n} of 2000 draws" in str(found.settings["interrupted"])
    assert len(found.draws["x"]) == n


def test_stopping_before_any_draw_is_finished_stops(alone):
    def stopped(game, data, **hints):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        study(alone, draws=50, solve=stopped)


def test_a_study_of_one_draw_is_refused(alone, solve):
    with pytest.raises(Refusal):
        study(alone, draws=1, solve=solve)


def test_worlds_are_shared_between_claims(alone, solve):
    tree = compile_scenario(alone)
    asked = wanted(tree, alone.claims)
    assert len({world for world, _ in asked}) == 3  # as it is, and x a little lower and higher
    games = []

    def counting(game, data, **hints):
        games.append(data.payoff.shape[-1])
        return solve(game, data, **hints)

    survey(tree, asked, {"x": np.ones(7), "y": np.ones(7), "z": np.ones(7)}, solve=counting)
    assert games == [21]


# ---------------------------------------------------------------- errors and words
@pytest.mark.parametrize(("holds", "n"), [(0, 50), (50, 50), (25, 50)])
def test_the_error_of_a_share_is_never_zero(holds, n):
    error = share_error(holds, n)
    assert 0 < error < 0.08
    if holds == 25:
        assert error == pytest.approx(np.sqrt(0.25 / n), rel=0.02)


def test_shares_are_shown_with_no_more_digits_than_their_error_allows():
    assert share_text(0.912, 0.021) == "91% ± 2%"
    assert share_text(1.0, 0.001) == "100.0% ± 0.1%"
    assert share_text(1.0, 0.0002) == "100.0% ± under 0.1%"


def _verdict(
    alone, share: float, deciders: tuple[Decider, ...], *, at_median: bool, failed: int = 0
) -> Verdict:
    blank = np.zeros(512, dtype=bool)
    return Verdict(
        alone.claims[0],
        512,
        failed,
        share,
        0.0125,
        0.9,
        0.92,
        blank,
        ~blank,
        np.zeros(512),
        "utility",
        at_median,
        deciders,
    )


def test_the_sentence_says_what_flips_the_claim(alone):
    above = Decider("recognition", 0.5, 0.02, "high", 0.3, "above")
    below = Decider("missiles", 0.4, 0.02, "low", 1234.5, "below")
    sentence = verdict_sentence(_verdict(alone, 0.91, (above, below), at_median=True))
    assert sentence == "holds in 91% ± 1% of 512 prior draws; flips when `recognition` falls below 0.3"
    sentence = verdict_sentence(_verdict(alone, 0.2, (below,), at_median=False))
    assert sentence.endswith("would hold if `missiles` fell below 1200")
    nowhere = Decider("z", 0.1, 0.1, "unclear", None, None)
    assert ";" not in verdict_sentence(_verdict(alone, 0.91, (nowhere,), at_median=True))
    assert verdict_sentence(_verdict(alone, float("nan"), (), at_median=True, failed=512)).startswith(
        "not decided"
    )


# ---------------------------------------------------------------- deciders
def test_strength_is_the_kolmogorov_smirnov_distance():
    from scipy.stats import ks_2samp

    random = np.random.default_rng(2)
    values, noise = np.round(random.normal(size=300), 1), random.normal(size=300)
    holds = values + noise > 0
    found = strength(values, holds, np.zeros(300), seed=1)
    assert found.size == pytest.approx(ks_2samp(values[holds], values[~holds]).statistic)
    assert found.holds_when == "high"
    assert 0.01 < found.error < 0.1


def test_strength_of_a_claim_that_always_holds_is_a_rank_correlation():
    from scipy.stats import spearmanr

    random = np.random.default_rng(2)
    values = np.round(random.normal(size=200), 1)
    margins = 10 - values + random.normal(size=200)
    found = strength(values, np.ones(200, dtype=bool), margins, seed=1)
    assert found.size == pytest.approx(-spearmanr(values, margins).statistic)
    assert found.holds_when == "low"


def test_a_parameter_without_effect_decides_nothing():
    random = np.random.default_rng(4)
    found = strength(random.normal(size=400), random.random(400) > 0.5, np.zeros(400), seed=1)
    assert found.holds_when == "unclear"
