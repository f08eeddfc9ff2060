"""Reasons of talks on a grid of beliefs: those of the same talks as a tree, and the decision to which the likeliest path leads."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from goodoffices import language, load
from goodoffices.analyses.why import explain, find_claim
from goodoffices.analyses.why_path import typical_path, world_at
from goodoffices.analyses.why_talks import TalksWorld
from goodoffices.certificates.stages import Interpolant
from goodoffices.claims.points import Step
from goodoffices.claims.talks.form import Talks
from goodoffices.claims.worlds import AS_IS
from goodoffices.compiler import compile_scenario
from goodoffices.language import medians
from goodoffices.solvers import solve_batch
from goodoffices.workflow.explaining import why
from goodoffices.workflow.forms import solver_for

EXIT = "value(russia | after us.withdraw) < value(russia | after us.prepare)"


def solved(scenario, rounds, nodes):
    talks = Talks(scenario, rounds, nodes)
    reader = talks.reader(AS_IS)
    draws = {name: np.array([value]) for name, value in medians(scenario).items()}
    solution = solver_for(talks, tolerance=1e-9)(
        reader.of.game, reader.of.data(draws), rounds=rounds, nodes=nodes, from_outset=rounds is not None
    )
    return TalksWorld(reader, solution, draws)


@pytest.fixture(scope="module")
def long():
    return solved(load("budapest-2025"), 6, 5)


@pytest.mark.parametrize("party", ["us", "russia", "ukraine"])
def test_the_terms_of_a_payoff_add_up_to_it(long, party):
    for steps in ((), (Step("us", "withdraw"),), (Step("us", "press"), Step("russia", "call", next=True))):
        for types in ((), *long.own_types(party)[1:]):
            whole = long.value(party, steps, types)
            assert sum(long.parts(party, steps, types).values()) == pytest.approx(whole, abs=1e-9)


def test_reasons_approach_those_of_the_tree_as_the_grid_refines():
    scenario = load("budapest-2025")
    claim = find_claim(scenario, EXIT)
    tree = explain(compile_scenario(scenario), claim, solve=solve_batch)
    expected = {f.name: f.value for reason in tree.reasons for f in reason.figures}
    worst = []
    for nodes in (5, 17):
        talks = Talks(scenario, 2, nodes)
        found = explain(talks, claim, solve=solver_for(talks, tolerance=1e-9))
        figures = {f.name: f.value for reason in found.reasons for f in reason.figures}
        same = expected.keys() & figures.keys()
        assert len(same) > 0.9 * len(expected)
        worst.append(max(abs(figures[name] - expected[name]) for name in same))
    assert worst[1] < 0.3 * worst[0]
    assert worst[1] < 0.005


def test_a_world_along_the_path_is_worth_what_the_solution_says_there(long):
    solution = long.solution
    later = [t for t in typical_path(long) if t.round == 3]
    assert later
    for turn in later:
        slot = int(solution.game.place_slot[turn.place])
        here = int(np.flatnonzero(solution.game.place_slot == slot)[0])
        points = np.array([[belief[0]] for belief in turn.beliefs if len(belief) > 1])
        table = Interpolant(solution.values[3][slot][turn.place - here], solution.axes).at(points)[:, 0]
        us, russia = turn.beliefs[0] @ table[:2], turn.beliefs[1] @ table[2:4]
        world = world_at(long, turn)
        assert world.value("us", ()) == pytest.approx(us, abs=0.02)
        assert world.value("russia", ()) == pytest.approx(russia, abs=0.02)


def test_the_likeliest_path_is_made_of_likeliest_moves(long):
    path = typical_path(long)
    assert path[0].probability == 1
    assert all(a.probability >= b.probability for a, b in pairwise(path))
    for turn in path[:8]:
        for party, (move, chance) in turn.moves.items():
            choices = world_at(long, turn).choices(party, ())
            assert max(choices, key=lambda m: choices[m]) == move
            assert choices[move] == pytest.approx(chance, abs=0.02)


def test_long_talks_are_explained_at_the_outset_and_along_the_path():
    found = why("budapest-2025", "P(ever fighting == settled) < 0.3333", rounds=8)
    assert found.settings["method"] == "belief"
    kinds = [reason.kind for reason in found.reasons]
    assert kinds.index("choice") < kinds.index("path") < len(kinds) - 1 - kinds[::-1].index("choice")
    later = next(r for r in found.reasons if "of the likeliest path" in r.text and r.kind == "choice")
    assert any(c.document for c in later.citations)
    # What a decision is worth is the sum of its parts there as well.
    last = found.breakdowns[-1]
    assert last.difference == pytest.approx(sum(p.difference for p in last.parts))


IDLE = """
goodoffices: 1
title: A mediator with nothing at stake
time: {round: 1 week, rounds: 2, discount: 0.9}
parties: {a: {name: A, role: belligerent, rationality: 3}, b: {name: B, role: mediator, rationality: 1}}
factors: {door: [shut, open]}
turns:
  - party: b
    moves: {wait: {}, knock: {}}
    default: wait
  - party: a
    moves: {wait: {}, go: {then: {door: open}, costs: 0.5}}
    default: wait
values: {a: 1*(door == open)}
claims:
  knocks: {text: B knocks., says: P(b.knock) > 0.6}
"""


def test_a_party_with_nothing_at_stake_chooses_by_halves_and_gains_nothing():
    scenario = language.load("idle.yaml", text=IDLE)
    talks = Talks(scenario, 2, 5)
    found = explain(talks, scenario.claims[0], solve=solver_for(talks, tolerance=1e-9))
    assert any("B chooses" in reason.text and "50%" in reason.text for reason in found.reasons)
    assert {(b.party, b.difference) for b in found.breakdowns} == {("b", 0)}


@pytest.mark.slow
def test_talks_without_end_have_reasons_too():
    scenario = load("budapest-2025")
    talks = Talks(scenario, None, 5)
    found = explain(talks, find_claim(scenario, EXIT), solve=solver_for(talks, tolerance=1e-9))
    assert {"answer", "difference", "choice", "path"} <= {reason.kind for reason in found.reasons}
    assert found.breakdowns[0].difference == pytest.approx(
        next(f.value for f in found.reasons[1].figures) - found.reasons[2].figures[0].value, abs=1e-6
    )
