"""Our principal branch beside Gambit's, on textbook games and on random ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_games import random_game

from goodoffices.games import ExtensiveGame, read_efg, write_efg
from goodoffices.solvers import solve_game

pygambit = pytest.importorskip("pygambit", reason="Gambit is not installed")
qre = pytest.importorskip("pygambit.qre")

TEXTBOOK = sorted((Path(__file__).parents[1] / "games" / "data").glob("*.efg"))


def gambit(game: ExtensiveGame, rationality: float) -> tuple[np.ndarray, float]:
    """[i, m] Gambit's probabilities on its principal branch, and the rationality that it reached."""
    points = qre.logit_solve_lambda(pygambit.read_efg(_file(write_efg(game))), lam=[rationality])
    profile = points[-1].profile
    # Version 17 lists pairs of a first history and the behaviour there, player by player.
    sets = [behaviour for player in profile for _, behaviour in player]
    out = np.zeros((len(game.infoset_moves), max(map(len, game.infoset_moves))))
    for row, (behaviour, moves) in enumerate(zip(sets, game.infoset_moves, strict=True)):
        out[row, : len(moves)] = [behaviour[move] for move in moves]
    return out, points[-1].lam


def _file(text: str):
    import io

    return io.BytesIO(text.encode())


@pytest.mark.parametrize("path", TEXTBOOK, ids=lambda p: p.stem)
@pytest.mark.parametrize("rationality", [0.3, 1.0, 4.0])
def test_textbook_games_have_gambits_equilibrium(path: Path, rationality: float):
    game = read_efg(path.read_text(encoding="utf-8"), name=path.name)
    solution = solve_game(game, rationality=rationality)
    theirs, reached = gambit(game, rationality)
    assert solution.certificate.logit_residual < 1e-7
    assert reached == pytest.approx(rationality, abs=1e-6)
    np.testing.assert_allclose(np.exp(solution.log_strategy), theirs, atol=1e-6)


@given(
    st.integers(0, 10**6),
    st.integers(2, 3),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.sampled_from([0.5, 2.0]),
)
@settings(max_examples=30, deadline=None)
def test_random_games_have_gambits_equilibrium(seed: int, players: int, hidden: float, rationality: float):
    game = random_game(seed, players=players, depth=3, moves=3, hidden=hidden)
    if not game.infoset_moves:
        return
    solution = solve_game(game, rationality=rationality)
    assert solution.certificate.logit_residual < 1e-7
    theirs, reached = gambit(game, rationality)
    if abs(reached - rationality) > 1e-6:  # Gambit stopped early: there is nothing to compare with
        return
    np.testing.assert_allclose(np.exp(solution.log_strategy), theirs, atol=1e-6)
