"""Trees where they are small, the belief recursion where talks last: chosen, reasoned, and the same where both can be had."""

from __future__ import annotations

import numpy as np
import pytest

from goodoffices import language, workflow
from goodoffices.claims.survey import survey, wanted
from goodoffices.claims.talks.form import Talks
from goodoffices.claims.tipping import judge
from goodoffices.core.diagnostics import Refusal
from goodoffices.language.sampling import sample
from goodoffices.workflow.forms import choose_form, solver_for
from goodoffices.workflow.talks import solve_talks

TALKS = """
goodoffices: 1
title: A mediator and a belligerent
time: {round: 1 week, from: 2025-01-06, rounds: 2, discount: 0.9 per week, stops: table == left}
parties:
  host: {name: Host, role: mediator, rationality: 2}
  side: {name: Side, role: belligerent, rationality: 2}
types:
  side.aim: {fight: 1 - p, settle: p}
factors:
  table: [open, cold, left]
  war: [on, paused]
parameters:
  p: {prior: "beta(2, 3)", unit: probability}
  seat: {prior: 0.3 to 1, unit: utility/round}
  fee: {prior: 0.1 to 0.4, unit: utility}
turns:
  - party: host
    moves:
      talk: {then: {table: open}}
      warn: {then: {table: cold}, costs: fee}
      leave: {when: table == cold, then: {table: left}, costs: 2 * fee}
  - party: side
    moves:
      go_on: {then: {war: "on"}}
      pause: {then: {war: paused}, costs: {fight: 2 * fee, settle: fee}}
values:
  host: (war == paused) - 0.2 * (table == cold)
  side: seat * (table == open) + 0.4 * (side.aim == fight) * (war == "on")
claims:
  presence: {text: a, says: value(side | after host.talk) > value(side | after host.warn)}
  imposed: {text: b, says: P(side.pause within 1 rounds | do(host.warn)) > P(side.pause within 1 rounds | do(host.talk))}
  tells: {text: c, says: belief(side.aim == settle | after side.pause) > belief(side.aim == settle) by 0.02}
  leaves: {text: d, says: P(ever table == left) < 0.5}
  without: {text: e, says: P(ever war == paused | without(host.leave)) < P(ever war == paused)}
  trend: {text: f, says: P(side.pause) rises with seat}
  likely: {text: g, says: modal(side | after host.warn) != side.pause}
"""


@pytest.fixture(scope="module")
def talks():
    text = TALKS.replace('war: "on"', "war: on").replace('war == "on"', "war == on")
    return language.load("talks.yaml", text=text)


def test_auto_takes_the_tree_where_it_is_small_and_says_why(talks):
    chosen = choose_form(talks)
    assert chosen.method == "tree"
    assert "nodes" in chosen.why


def test_auto_takes_the_belief_recursion_where_the_tree_is_too_large(talks):
    chosen = choose_form(talks, rounds=30)
    assert chosen.method == "belief"
    assert "50,000 nodes" in chosen.why
    assert isinstance(chosen.form, Talks)
    assert chosen.form.rounds == 30


def test_auto_takes_the_belief_recursion_where_talks_have_no_end(talks):
    chosen = choose_form(talks, rounds="open-ended")
    assert (chosen.method, chosen.form.rounds) == ("belief", None)
    assert "without end" in chosen.why


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"method": "magic"}, "unknown-method"),
        ({"rounds": 0}, "no-rounds"),
        ({"method": "tree", "rounds": "open-ended"}, "open-ended"),
        ({"method": "tree", "rounds": 30}, "tree-too-large"),
    ],
)
def test_what_no_method_can_do_is_refused(talks, options, code):
    with pytest.raises(Refusal) as refused:
        choose_form(talks, **options)
    assert [d.code for d in refused.value.diagnostics] == [code]


def test_both_methods_give_the_same_answers_and_verdicts(talks):
    draws = sample(talks, 12, seed=4)
    found = {}
    for method in ("tree", "belief"):
        form = choose_form(talks, method=method, accuracy=1e-3 if method == "belief" else None).form
        items = list(wanted(form, talks.claims))
        found[method] = form, survey(form, items, draws, solve=solver_for(form, tolerance=1e-9))
        assert all(solved.all() for solved in found[method][1].solved.values())
    tree, belief = found["tree"][1].known.answers, found["belief"][1].known.answers
    assert tree.keys() == belief.keys()
    for key in tree:
        np.testing.assert_allclose(belief[key], tree[key], atol=3e-3, err_msg=str(key))
    for claim in talks.claims:
        holds, margins, _ = judge(found["tree"][1], found["tree"][0], claim)
        again, _, _ = judge(found["belief"][1], found["belief"][0], claim)
        clear = np.abs(margins) > 0.02
        np.testing.assert_array_equal(holds[clear], again[clear])


def test_talks_without_end_are_studied(talks):
    study = workflow.study(talks.set(fee=0.2), draws=4, rounds="open-ended")
    assert study.settings["method"] == "belief"
    assert study.settings["rounds"] == "open-ended"
    assert study.certificate.converged == 4
    assert study.certificate.worst["logit_residual"] < 1e-6
    assert study.play.party == "host"
    assert {m.move for m in study.play.moves} == {"talk", "warn"}
    assert all(v.failed == 0 for v in study.verdicts)


def test_long_talks_come_to_talks_without_end(talks):
    known = talks.set(p=0.4, seat=0.6, fee=0.2)
    endless = solve_talks(choose_form(known, rounds="open-ended").form)
    # Discounted to the turn, as talks without end are; of a finite game that is the recursion with another convention.
    from goodoffices.compiler.recursive import compile_round
    from goodoffices.solvers.belief import solve_recursive

    compiled = compile_round(known)
    data = compiled.data({p.name: np.array([float(p.prior.arguments[0])]) for p in known.parameters})
    long = solve_recursive(compiled.game, data, rounds=400, nodes=9)
    np.testing.assert_allclose(endless.root, long.root, atol=1e-6)


def test_an_accuracy_that_is_not_reached_is_a_status(talks):
    solution = solve_talks(choose_form(talks, method="belief", rounds=6, accuracy=1e-12).form)
    assert solution.status[0] == 4


def test_the_record_of_a_solution_says_what_each_type_does(talks, tmp_path):
    file = tmp_path / "talks.yaml"
    file.write_text(language.render(talks))
    (record,) = workflow.solve_files([file], rounds=40)
    assert (record["method"], record["status"], record["rounds"]) == ("belief", "converged", 40)
    assert set(record["values"]) == {"host", "side"}
    side = [s for s in record["strategies"] if s["player"] == "side"]
    assert {s["type"] for s in side} == {"fight", "settle"}
    for strategy in record["strategies"]:
        assert sum(strategy["moves"].values()) == pytest.approx(1.0)
    assert record["certificate"]["logit_residual"] < 1e-6


RECORDED = (
    TALKS.replace('war: "on"', "war: on").replace('war == "on"', "war == on").partition("claims:")[0]
    + """
record:
  file: events.csv
  moves:
    host.warn: {actor: US, lever: warning}
    side.pause: {actor: RUS, lever: truce}
claims:
  later: {text: a, says: P(side.pause within 1 rounds | see 2025-01-12) > P(side.pause within 1 rounds)}
  learnt: {text: b, says: belief(side.aim == settle | see 2025-01-12) > belief(side.aim == settle)}
"""
)
EVENTS = """id,date,actor,target,event_type,lever,description,confidence
A1,2025-01-07,US,RUS,THREATEN,warning,A warning,high
A2,2025-01-09,RUS,UKR,RETREAT,truce,A pause,high
"""


def test_a_question_starts_from_what_the_record_had_produced(tmp_path):
    (tmp_path / "talks.yaml").write_text(RECORDED)
    (tmp_path / "events.csv").write_text(EVENTS)
    scenario = language.load(tmp_path / "talks.yaml")
    chosen = choose_form(scenario)
    assert chosen.method == "belief"
    assert "2025-01-12" in chosen.why
    draws = sample(scenario, 3, seed=2)
    found = survey(
        chosen.form,
        list(wanted(chosen.form, scenario.claims)),
        draws,
        solve=solver_for(chosen.form, tolerance=1e-9),
    )
    values = {(world.see is not None, item.kind): v for (world, item), v in found.known.answers.items()}

    from goodoffices.inference.calendar import timetable
    from goodoffices.inference.filtering import state_at
    from goodoffices.solvers.belief import play_forward, solve_recursive

    compiled = chosen.form.round
    solution = solve_recursive(
        compiled.game, compiled.data(draws), rounds=timetable(scenario).rounds, nodes=9, keep=True
    )
    day = next(world.see for world, _ in found.known.answers if world.see)
    standing = state_at(chosen.form.record, compiled, solution, day)
    settle = scenario.types[0].levels.index("settle")
    np.testing.assert_allclose(values[True, "belief"], standing.beliefs[1][settle], atol=1e-8)
    assert (values[True, "belief"] > values[False, "belief"]).all()
    for b in range(3):
        fronts = play_forward(solution, slots=2, draw=b, front=standing.front(solution, draw=b))
        paused = sum(
            fronts[-1].total[n]
            for n, place in enumerate(fronts[-1].place)
            if compiled.places[place][1][1] == scenario.factors[1].levels.index("paused")
        )
        assert values[True, "P"][b] == pytest.approx(paused, abs=5e-3)


def test_a_day_of_the_record_is_not_for_trees_nor_for_imposed_moves(tmp_path):
    (tmp_path / "talks.yaml").write_text(RECORDED)
    (tmp_path / "events.csv").write_text(EVENTS)
    with pytest.raises(Refusal, match="does not begin with the record"):
        workflow.study(language.load(tmp_path / "talks.yaml"), draws=2, method="tree")
    both = RECORDED.replace("| see 2025-01-12) > P(side", "| see 2025-01-12, do(host.warn)) > P(side")
    (tmp_path / "talks.yaml").write_text(both)
    with pytest.raises(Refusal, match="cannot impose"):
        workflow.study(language.load(tmp_path / "talks.yaml"), draws=2)


def test_a_round_that_has_been_played_but_is_not_over_counts_as_the_first(tmp_path):
    """Both have moved by the 10th, so that nothing is left of the week that ends on the 12th."""
    (tmp_path / "events.csv").write_text(EVENTS)
    answers = []
    for rounds, day in ((3, "2025-01-10"), (2, "2025-01-12"), (1, "2025-01-10")):
        claim = f"  later: {{text: a, says: P(side.pause within {rounds} rounds | see {day}) > 0}}\n"
        (tmp_path / "talks.yaml").write_text(RECORDED.partition("  later:")[0] + claim)
        scenario = language.load(tmp_path / "talks.yaml")
        form = choose_form(scenario).form
        solve = solver_for(form, tolerance=1e-9)
        if rounds == 1:
            with pytest.raises(Refusal, match="has been played"):
                survey(form, list(wanted(form, scenario.claims)), sample(scenario, 2, seed=2), solve=solve)
            continue
        asked = list(wanted(form, scenario.claims))
        found = survey(form, asked, sample(scenario, 2, seed=2), solve=solve)
        answers += [v for (_, item), v in found.known.answers.items() if item.kind == "P"]
    np.testing.assert_allclose(answers[0], answers[1], rtol=0, atol=1e-12)
    assert (answers[0] > 0.01).all()
