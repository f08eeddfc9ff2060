"""Gambit's format: what is read, what is refused and where."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from random_games import games

from goodoffices.core.diagnostics import Refusal
from goodoffices.games import check_perfect_recall, read_efg, write_efg
from goodoffices.games.extensive import CHANCE

HEAD = 'EFG 2 R "a \\"quoted\\" title" { "A" "B" }\n"comment"\n'
GAME = (
    HEAD
    + 'c "" 1 "deal" { "x" 1/3 "y" 2/3 } 0\n'
    + 'p "" 1 7 "first" { "l" "r" } 1 "early" { 1, -1 }\n'
    + 't "" 2 "two" { 1/2 .5 }\n'
    + 'p "" 2 1 "" { "u" "d" } 0\n'
    + 't "" 3 "" { 1e-3, 2 }\nt "" 2\n'
    + 'p "" 1 4 "second" { "l" "l" } 0\nt "" 0\n'
    + 'p "" 2 1 0\nt "" 2\nt "" 3\n'
)


def test_numbers_orders_and_outcomes_are_the_files_own():
    game = read_efg(GAME)
    assert game.title == 'a "quoted" title'
    assert game.players == ("A", "B")
    assert game.infoset_number.tolist() == [7, 4, 1]
    assert game.infoset_player.tolist() == [0, 0, 1]
    assert game.infoset_moves == (("l", "r"), ("l", "l#2"), ("u", "d"))
    assert game.infoset_label[0] == "first"
    assert game.kind[0] == CHANCE
    assert game.chance[1] == pytest.approx(1 / 3)
    assert game.payoff[1].tolist() == [1, -1]
    assert game.payoff[4].tolist() == [0.001, 2]
    assert game.payoff[5].tolist() == game.payoff[2].tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("", "efg-empty", 1),
        ("NFG 1 R", "efg-syntax", 1),
        (GAME.removesuffix('t "" 3\n'), "efg-truncated", 13),
        (GAME + 't "" 0\n', "efg-trailing", 14),
        (GAME.replace("{ 1/2 .5 }", "{ 1/2 .5 4 }"), "efg-payoffs", 5),
        (GAME.replace("2/3", "1/3"), "efg-chance", 3),
        (GAME.replace('p "" 2 1 0', 'p "" 2 1 "" { "u" "v" } 0'), "efg-infoset", 11),
        (GAME.replace('p "" 2 1 0', 'p "" 3 1 0'), "efg-player", 11),
        (GAME.replace('p "" 2 1 0', 'p "" 2 9 0'), "efg-infoset", 11),
        (GAME.replace('t "" 3\n', 't "" 9\n'), "efg-outcome", 13),
        (GAME.replace("1/2", "1/0"), "efg-syntax", 5),
        (GAME.replace('"two"', '"two'), "efg-syntax", 5),
    ],
)
def test_a_mistake_is_refused_with_its_code_and_line(text: str, code: str, line: int):
    with pytest.raises(Refusal) as caught:
        read_efg(text, name="g.efg")
    first = caught.value.diagnostics[0]
    assert first.code == code
    assert first.span is not None
    assert first.span.line == line


@given(games)
@settings(max_examples=40, deadline=None)
def test_writing_and_reading_gives_the_same_game(game):
    again = read_efg(write_efg(game))
    for name in ("kind", "parent", "parent_move", "infoset", "infoset_player", "infoset_number", "payoff"):
        assert np.array_equal(getattr(again, name), getattr(game, name)), name
    assert again.infoset_moves == game.infoset_moves
    np.testing.assert_allclose(again.chance, game.chance, rtol=1e-15)


@given(games)
@settings(max_examples=40, deadline=None)
def test_games_that_remember_are_accepted(game):
    check_perfect_recall(game)


FORGETS = 'EFG 2 R "" { "A" }\np "" 1 1 "" { "l" "r" } 0\np "" 1 2 "" { "u" "d" } 0\nt "" 0\nt "" 0\np "" 1 2 0\nt "" 0\nt "" 0\n'
ABSENT = 'EFG 2 R "" { "A" }\np "" 1 1 "" { "on" "off" } 0\np "" 1 1 0\nt "" 0\nt "" 0\nt "" 0\n'


@pytest.mark.parametrize("text", [FORGETS, ABSENT])
def test_imperfect_recall_is_refused_by_name(text: str):
    with pytest.raises(Refusal) as caught:
        check_perfect_recall(read_efg(text))
    assert caught.value.diagnostics[0].code == "imperfect-recall"
    assert "A" in caught.value.diagnostics[0].message
