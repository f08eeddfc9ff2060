"""The teaching games against their textbook equilibria.

Choices are mixed in the limit, so at rationality R the branch stands off the limit by log-odds over R: every comparison with
the limit allows `NEAR`, and the crisis is also compared with its own logit equations, which hold at every R.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from goodoffices import catalog, language
from goodoffices.compiler import compile_scenario
from goodoffices.games.extensive import GameData
from goodoffices.language.scenario import Scenario
from goodoffices.solvers import solve_game

PRECISE = 300.0
"""Rationality at which a difference of a tenth of a unit decides nearly surely: exp(-30)."""
RESIDUAL = 1e-5
"""Logit residual (a difference of log-odds) that the certificate may show: a thousandth of what is compared below."""
NEAR = 0.02
"""Log-odds of two (probabilities of 0.12 to 0.88) over 300, times the slopes of these games, which stay under three."""

BEER_QUICHE = language.load(catalog.path("teaching/beer-quiche"))
CRISIS = language.load(catalog.path("teaching/crisis-signalling"))


def _play(scenario: Scenario, **values: float) -> dict[tuple[str, str], float]:
    """(label, move) of an information set -> logarithm of its probability at these values, medians elsewhere."""
    changed = language.set_parameters(scenario, **values)
    tree = compile_scenario(changed)
    data = tree.data({name: np.atleast_1d(value) for name, value in language.medians(changed).items()})
    one = GameData(data.payoff[..., 0], data.chance[..., 0], data.rationality[..., 0])
    solution = solve_game(tree.game, data=one, tolerance=RESIDUAL)
    assert solution.status == 0
    assert solution.certificate.logit_residual <= RESIDUAL
    found: dict[tuple[str, str], float] = {}
    for i, moves in enumerate(tree.game.infoset_moves):
        for m, move in enumerate(moves):
            found[tree.game.infoset_label[i], move] = float(solution.log_strategy[i, m])
    return found


def _of(play: dict[tuple[str, str], float], who: str, move: str) -> float:
    """The only probability of `move` at an information set whose label begins with `who`."""
    (value,) = (p for (label, name), p in play.items() if label.startswith(who) and name == move)
    return math.exp(value)


def _log_odds(play: dict[tuple[str, str], float], who: str, move: str, other: str) -> float:
    """Difference of logarithms, so that nothing is lost where one of the two is nearly certain."""
    first, second = (
        next(p for (label, name), p in play.items() if label.startswith(who) and name == m)
        for m in (move, other)
    )
    return first - second


# ---------------------------------------------------------------- beer or quiche
@pytest.mark.parametrize("p_strong", [0.6, 0.75, 0.9])
def test_the_branch_pools_on_beer_and_not_on_quiche(p_strong: float) -> None:
    """Cho and Kreps (1987): of the two pooling equilibria only the one on beer survives the intuitive criterion."""
    play = _play(BEER_QUICHE, precision=PRECISE, p_strong=p_strong)
    assert _of(play, "guest[strong]", "beer") == pytest.approx(1, abs=1e-6)
    assert _of(play, "guest[weak]", "beer") == pytest.approx(1, abs=1e-6)
    fights = {label: math.exp(p) for (label, move), p in play.items() if move == "fight"}
    assert [p for label, p in fights.items() if "beer" in label] == [pytest.approx(0, abs=1e-6)]
    assert [p for label, p in fights.items() if "quiche" in label] == [pytest.approx(1, abs=1e-6)]


@pytest.mark.parametrize("p_strong", [0.15, 0.3, 0.45])
def test_where_most_are_weak_some_weak_guests_mimic_and_half_are_fought(p_strong: float) -> None:
    play = _play(BEER_QUICHE, precision=PRECISE, p_strong=p_strong)
    assert _of(play, "guest[strong]", "beer") == pytest.approx(1, abs=1e-6)
    assert _of(play, "guest[weak]", "beer") == pytest.approx(p_strong / (1 - p_strong), abs=NEAR)
    (fight,) = (math.exp(p) for (label, move), p in play.items() if move == "fight" and "beer" in label)
    assert fight == pytest.approx(0.5, abs=NEAR)


# ---------------------------------------------------------------- the crisis
crises = st.fixed_dictionaries(
    {
        "p_resolute": st.floats(0.1, 0.45),
        "audience": st.floats(0.2, 0.8),
        "war_loss": st.floats(0.3, 0.9),
        "war_resolute": st.floats(0.05, 0.3),
    }
)


@given(crises)
@settings(max_examples=15, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
def test_bluffs_and_resistance_make_each_other_indifferent(values: dict[str, float]) -> None:
    """In the limit: a weak challenger bluffs with c p / (1 - p), and the target resists with 1 / (1 + a)."""
    p, a, c = values["p_resolute"], values["audience"], values["war_loss"]
    play = _play(CRISIS, precision=PRECISE, **values)
    bluff, resist = _of(play, "challenger[weak]", "challenge"), _of(play, "target", "resist")
    assert _of(play, "challenger[resolute]", "challenge") == pytest.approx(1, abs=1e-3)
    assert bluff == pytest.approx(c * p / (1 - p), abs=NEAR)
    assert resist == pytest.approx(1 / (1 + a), abs=NEAR)


@given(crises, st.floats(1, 100))
@settings(max_examples=15, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
def test_the_logit_equations_of_the_crisis_hold_at_every_rationality(
    values: dict[str, float], precision: float
) -> None:
    """Log-odds of each choice are rationality times its gain, with the gains worked out by hand."""
    p, a, c, w = (values[name] for name in ("p_resolute", "audience", "war_loss", "war_resolute"))
    play = _play(CRISIS, precision=precision, **values)
    resist = _of(play, "target", "resist")
    reached, after = 0.0, 0.0
    for share, kind, war in ((1 - p, "weak", -1.0), (p, "resolute", w)):
        challenge, fight = (
            _of(play, f"challenger[{kind}]", "challenge"),
            _of(play, f"challenger[{kind}]", "fight"),
        )
        gain = (1 - resist) + resist * ((1 - fight) * -a + fight * war)
        who = f"challenger[{kind}]"
        assert _log_odds(play, who, "challenge", "wait") == pytest.approx(
            precision * gain, rel=1e-6, abs=1e-4
        )
        assert _log_odds(play, who, "fight", "back_down") == pytest.approx(precision * (war + a), rel=1e-6)
        reached += share * challenge
        after += share * challenge * ((1 - fight) * 1.0 - fight * c)
    assert _log_odds(play, "target", "resist", "concede") == pytest.approx(
        precision * after / reached, rel=1e-6, abs=1e-4
    )
