"""What cannot be unrolled is refused with what to do next."""

from __future__ import annotations

import dataclasses
import time

import pytest

from goodoffices.compiler import compile_scenario, describe_game, describe_tree
from goodoffices.core.diagnostics import Refusal
from goodoffices.language.scenario import Effect
from goodoffices.language.tree import LevelTest, Name, Number


def _codes(refusal: Refusal) -> list[str]:
    return [d.code for d in refusal.diagnostics]


def test_open_ended_talks_are_refused_with_the_option_to_give(full):
    endless = dataclasses.replace(full, time=dataclasses.replace(full.time, rounds=None))
    with pytest.raises(Refusal) as caught:
        compile_scenario(endless)
    assert _codes(caught.value) == ["open-ended"]
    assert "--rounds" in (caught.value.diagnostics[0].hint or "")
    assert compile_scenario(endless, rounds=1).rounds == 1


def test_a_tree_too_large_is_refused_before_it_is_built(full):
    with pytest.raises(Refusal) as caught:
        compile_scenario(full, rounds=30)
    (problem,) = caught.value.diagnostics
    assert problem.code == "tree-too-large"
    assert "30 rounds" in problem.message
    fits = int((problem.hint or "").split("--rounds ")[1].split("`")[0])
    assert fits >= 3
    with pytest.raises(Refusal):
        compile_scenario(full, rounds=3, most_nodes=100)


@pytest.mark.parametrize(("rounds", "shown"), [(60, "10^"), (1_000_000, "more than")])
def test_a_tree_of_any_size_is_refused_quickly(full, rounds: int, shown: str):
    began = time.perf_counter()
    with pytest.raises(Refusal) as caught:
        compile_scenario(full, rounds=rounds)
    (problem,) = caught.value.diagnostics
    assert problem.code == "tree-too-large"
    assert shown in problem.message
    assert time.perf_counter() - began < 20


def test_the_size_that_is_told_is_the_same_however_early_it_is_known(full, monkeypatch):
    hints = []
    for patience in (0, 10**9):
        monkeypatch.setattr("goodoffices.compiler.graph.PATIENCE", patience)
        with pytest.raises(Refusal) as caught:
            compile_scenario(full, rounds=5, most_nodes=20_000)
        hints.append(caught.value.diagnostics[0].hint)
    assert hints[0] == hints[1]


def test_more_private_types_than_can_be_solved_are_refused(full):
    dimension = full.types[0]
    many = tuple(dataclasses.replace(dimension, name=f"trait{i}") for i in range(20))
    with pytest.raises(Refusal) as caught:
        compile_scenario(dataclasses.replace(full, types=(*full.types, *many)), rounds=1)
    assert _codes(caught.value) == ["too-many-types"]


def test_a_lottery_over_too_much_at_once_is_refused(full):
    factor = full.factors[0]
    factors = tuple(dataclasses.replace(factor, name=f"extra{i}") for i in range(20))
    odds = tuple((level, Number(1 / len(factor.levels))) for level in factor.levels)
    effects = tuple(Effect(f.name, odds) for f in factors)
    turn = full.turns[0]
    mover = turn.movers[0]
    move = dataclasses.replace(mover.moves[0], then=effects)
    mover = dataclasses.replace(mover, moves=(move, *mover.moves[1:]))
    turns = (dataclasses.replace(turn, movers=(mover,)), *full.turns[1:])
    with pytest.raises(Refusal) as caught:
        compile_scenario(dataclasses.replace(full, factors=(*full.factors, *factors), turns=turns), rounds=1)
    assert _codes(caught.value) == ["too-many-outcomes"]


def test_a_condition_that_not_everybody_sees_is_refused(full):
    for hidden in (Name("p"), LevelTest("us.resolve", ("weak",))):
        turn = full.turns[0]
        mover = turn.movers[0]
        move = dataclasses.replace(mover.moves[1], when=hidden)
        changed = dataclasses.replace(mover, moves=(mover.moves[0], move, mover.moves[2]))
        scenario = dataclasses.replace(
            full, turns=(dataclasses.replace(turn, movers=(changed,)), *full.turns[1:])
        )
        with pytest.raises(Refusal) as caught:
            compile_scenario(scenario)
        assert _codes(caught.value) == ["hidden-condition"]


def test_a_state_without_a_move_is_refused(full):
    turn = full.turns[0]
    mover = dataclasses.replace(turn.movers[0], moves=turn.movers[0].moves[1:])
    scenario = dataclasses.replace(full, turns=(dataclasses.replace(turn, movers=(mover,)), *full.turns[1:]))
    with pytest.raises(Refusal) as caught:
        compile_scenario(scenario)
    assert _codes(caught.value) == ["no-move"]


def test_talks_that_are_over_at_the_start_are_refused(full):
    with pytest.raises(Refusal) as caught:
        compile_scenario(dataclasses.replace(full, stops=Number(1.0)))
    assert _codes(caught.value) == ["over-at-the-start"]


def test_taking_away_a_partys_only_move_is_refused(full):
    tree = compile_scenario(full, rounds=1)
    with pytest.raises(Refusal) as caught:
        tree.allowed(without=[("us", "wait"), ("us", "warn")])
    assert _codes(caught.value) == ["no-move-left"]


def test_forms_are_printed(full):
    game = describe_game(full, rounds=1)
    assert "us[weak] round 1: engaged, war" in game
    tree = describe_tree(full, rounds=1)
    assert "us.warn -> round 1: warned, war" in tree
    assert "chance: fighting=truce" in tree


def test_a_move_without_a_lottery_leads_past_the_lotteries_of_others(full):
    turn = full.turns[1]
    alone = dataclasses.replace(turn, movers=turn.movers[:1])
    tree = describe_tree(dataclasses.replace(full, turns=(full.turns[0], alone)), rounds=2)
    assert "ru.refuse -> round 2: engaged, war" in tree
    assert "ru.truce -> round 1: engaged, war" in tree
