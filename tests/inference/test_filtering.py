"""Following a record gives what the tree gives: probabilities before each move, and Bayes' beliefs after it."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from goodoffices import catalog, language
from goodoffices.certificates.recursive import Examiner
from goodoffices.claims.answers import Item
from goodoffices.claims.flow import Flow
from goodoffices.claims.talks.reader import TalksReader
from goodoffices.compiler import compile_scenario
from goodoffices.compiler.recursive import compile_round
from goodoffices.core.diagnostics import Refusal
from goodoffices.games.extensive import GameData
from goodoffices.inference import code_record
from goodoffices.inference.branch import trace_turn
from goodoffices.inference.filtering import Filtered, follow, state_at
from goodoffices.language.record_section import EventPattern, EventRule, RecordSection
from goodoffices.language.scenario import Scenario
from goodoffices.language.tree import LevelTest, MoveMade, StateIs, Timed
from goodoffices.records import Event, Record
from goodoffices.solvers import solve_game
from goodoffices.solvers.belief import solve_recursive
from goodoffices.solvers.belief.forward import play_forward
from goodoffices.solvers.belief.grid import make_grid
from goodoffices.solvers.belief.reference import solve_reference

Make = Callable[..., Scenario]
MONDAY = datetime.date(2025, 1, 6)


def with_record(scenario: Scenario) -> Scenario:
    """A scenario that reads each event's lever as the name of a move or outcome."""
    moves = tuple(
        EventRule(f"{m.party}.{x.name}", (EventPattern(lever=(x.name,)),))
        for m in {
            (m.party, x.name): (m, x) for t in scenario.turns for m in t.movers for x in m.moves
        }.values()
        for m, x in [m]
    )
    chance = tuple(
        EventRule(o.name, (EventPattern(lever=(o.name,)),)) for t in scenario.turns for o in t.outcomes
    )
    return replace(scenario, record=RecordSection("x.csv", start=MONDAY, moves=moves, chance=chance))


def history(*rounds: str) -> Record:
    """Events of each round, a word each, in order."""
    events = [
        Event(f"{r}.{i}", MONDAY + datetime.timedelta(7 * r + i), "x", lever=name)
        for r, names in enumerate(rounds)
        for i, name in enumerate(names.split())
    ]
    end = Event("end", MONDAY + datetime.timedelta(7 * len(rounds) - 1), "x", lever="end of the record")
    return Record((*events, end))


def filtered(scenario: Scenario, record: Record, *, nodes: int = 33) -> Filtered:
    compiled = compile_round(scenario)
    draws = {k: np.array([v]) for k, v in language.medians(scenario).items()}
    coded = code_record(scenario, record)
    # The tree discounts to the outset, so that it is what the talks must do here.
    rounds, numbers = coded.timetable.rounds, compiled.data(draws)
    assert rounds is not None
    if max(len(movers) for movers in compiled.game.slots) > 1:
        solution = solve_recursive(
            compiled.game, numbers, rounds=rounds, nodes=nodes, keep=True, from_outset=True
        )
    else:  # quicker than to compile
        grid = make_grid(compiled.game.types, nodes)
        solution = solve_reference(compiled.game, numbers, grid, rounds=rounds, from_outset=True)
    return follow(coded, compiled, solution)


def by_the_tree(scenario: Scenario, record: Record) -> tuple[list[float], list[np.ndarray]]:
    """Probability of each step that could have gone otherwise, and the beliefs [k] over profiles after it."""
    tree = compile_scenario(scenario)
    draws = {k: np.array([v]) for k, v in language.medians(scenario).items()}
    numbers = tree.data(draws)
    one = GameData(numbers.payoff[..., 0], numbers.chance[..., 0], numbers.rationality[..., 0])
    solution = solve_game(tree.game, data=one)
    flow = Flow(tree, tree.figures(draws), solution.log_strategy[..., None])
    past, graph, h = tree.histories, tree.graph, 0
    chances, beliefs = [], []
    reach = np.exp(flow.log_reach[..., 0])

    def go(label: int, *, drawn: bool) -> None:
        nonlocal h
        children = np.flatnonzero(past.parent == h)
        key = past.option[children] if drawn else graph.edge_label[past.edge[children]]
        (child,) = children[key == label]
        if drawn and len(children) == 1:
            h = int(child)
            return
        chances.append(float(reach[child].sum() / reach[h].sum()))
        beliefs.append(reach[child] / reach[child].sum())
        h = int(child)

    for step in code_record(scenario, record).steps:
        for move in step.moves:
            go(move.index, drawn=False)
        slots = [s for s in graph.slots if s.turn == step.turn and s.party < 0]
        if slots:
            go(step.option, drawn=True)
    return chances, beliefs


def profile(found: Filtered, after: list[np.ndarray]) -> np.ndarray:
    """[k] joint belief over profiles from each party's."""
    own = found.compiled.profiles.own
    return np.prod([after[p][own[p]] for p in range(len(own))], axis=0)


def check_against_the_tree(scenario: Scenario, record: Record, tolerance: float, *, nodes: int = 33) -> None:
    found = filtered(scenario, record, nodes=nodes)
    chances, beliefs = by_the_tree(scenario, record)
    ours = [float(o.probability[o.happened, 0]) for o in found.observations]
    assert len(ours) == len(chances)
    np.testing.assert_allclose(ours, chances, atol=tolerance)
    now = [b[:, 0] for b in found.prior]
    names = [p.name for p in scenario.parties]
    for o, expected in zip(found.observations, beliefs, strict=True):
        if o.party is not None:
            now[names.index(o.party)] = o.after[:, 0]
        np.testing.assert_allclose(profile(found, now), expected, atol=tolerance)
    assert found.log_likelihood[0] == pytest.approx(np.log(chances).sum(), abs=tolerance * 10)


@pytest.mark.parametrize(
    "words", ["challenge resist back_down", "challenge resist fight", "challenge concede", "wait"]
)
def test_a_crisis_is_followed_as_on_the_tree(words: str):
    scenario = with_record(language.load(catalog.path("teaching/crisis-signalling"))).set(precision=3)
    check_against_the_tree(scenario, history(words), 1e-5)


@pytest.mark.parametrize("words", ["beer walk_away", "quiche fight", "quiche walk_away"])
def test_a_breakfast_is_followed_as_on_the_tree(words: str):
    scenario = with_record(language.load(catalog.path("teaching/beer-quiche"))).set(precision=3)
    check_against_the_tree(scenario, history(words), 1e-5)


@pytest.mark.parametrize(
    "rounds",
    [
        ("warn pause holds", "leave fight lapses"),
        ("stay pause lapses", "warn pause lapses"),
        ("warn", "stay pause holds"),
    ],
)
def test_two_rounds_with_chance_are_followed_as_on_the_tree(make: Make, rounds: tuple[str, ...]):
    scenario = with_record(make(("rounds: 3", "rounds: 2")))
    check_against_the_tree(scenario, history(*rounds), 2e-5)


@pytest.mark.slow  # turns of several movers are compiled
def test_moves_made_at_the_same_time_teach_about_each_mover_alone(make: Make):
    scenario = make(("rounds: 3", "rounds: 1"), ("costs: fee}\n      leave", "costs: {keen: 1, tired: 0.1}}\n      leave"),
                    ("  russia.aim: {hard", "  us.mood: {keen: 0.6, tired: 0.4}\n  russia.aim: {hard"))  # fmt: skip
    us, russia = scenario.turns[0].movers[0], scenario.turns[1].movers[0]
    both = replace(scenario.turns[0], movers=(us, russia))
    scenario = replace(scenario, turns=(both, *scenario.turns[2:]), claims=())
    check_against_the_tree(with_record(scenario), history("warn pause holds"), 1e-5, nodes=9)


def test_what_was_likely_comes_nearer_to_the_tree_as_the_grid_refines():
    scenario = with_record(language.load(catalog.path("teaching/crisis-signalling"))).set(precision=3)
    record = history("challenge resist fight")
    exact, _ = by_the_tree(scenario, record)

    def error(nodes: int) -> float:
        found = filtered(scenario, record, nodes=nodes).observations
        return max(abs(float(o.probability[o.happened, 0]) - e) for o, e in zip(found, exact, strict=True))

    assert error(17) < error(5) / 4


def test_every_draw_is_followed_as_it_would_be_alone(make: Make):
    scenario, record = (
        with_record(make(("rounds: 3", "rounds: 2"))),
        history("warn pause holds", "leave fight lapses"),
    )
    compiled, coded = compile_round(scenario), code_record(scenario, record)
    draws = language.sample(scenario, 3, seed=5)

    def run(part: slice) -> Filtered:
        data = compiled.data({k: v[part] for k, v in draws.items()})
        return follow(coded, compiled, solve_recursive(compiled.game, data, rounds=2, nodes=9, keep=True))

    cloud = run(slice(0, 3))
    assert np.isfinite(cloud.log_likelihood).all()
    for b in range(3):
        alone = run(slice(b, b + 1))
        np.testing.assert_allclose(cloud.log_likelihood[b], alone.log_likelihood[0], atol=1e-8)
        np.testing.assert_allclose(
            cloud.standing.beliefs[1][:, b], alone.standing.beliefs[1][:, 0], atol=1e-8
        )


def test_probabilities_of_all_histories_sum_to_one(make: Make):
    scenario = with_record(make(("rounds: 3", "rounds: 1")))
    total = 0.0
    for us, russia, chance in itertools.product(
        ["stay", "warn", "leave"], ["fight", "pause"], ["holds", "lapses"]
    ):
        if russia == "fight" and chance == "lapses":
            continue
        words = f"{us} {russia}" + (f" {chance}" if russia == "pause" else "")
        total += float(np.exp(filtered(scenario, history(words), nodes=9).log_likelihood[0]))
    assert total == pytest.approx(1.0, abs=1e-9)


def test_surprise_is_the_bits_of_what_happened(make: Make):
    found = filtered(with_record(make(("rounds: 3", "rounds: 1"))), history("leave"), nodes=9)
    first = found.observations[0]
    assert first.names[first.happened] == "leave"
    assert 2.0 ** -float(first.surprise[0]) == pytest.approx(float(first.probability[first.happened, 0]))
    assert found.surprise().shape == (len(found.observations), 1)
    np.testing.assert_allclose(first.probability.sum(0), 1.0)


def test_an_event_of_half_weight_counts_half_and_is_believed_whole(make: Make):
    scenario = with_record(make(("rounds: 3", "rounds: 1")))
    assert scenario.record is not None
    plain = filtered(scenario, history("stay pause holds"), nodes=9)
    doubtful = history("stay pause holds")
    doubtful = replace(doubtful, events=tuple(replace(e, confidence="low") for e in doubtful.events))
    half = replace(scenario, record=replace(scenario.record, confidence={"low": 0.5}))
    found = filtered(half, doubtful, nodes=9)
    moves = [o for o in plain.observations if o.party is not None]
    chances = [o for o in plain.observations if o.party is None]
    logs = [float(np.log(o.probability[o.happened, 0])) for o in moves]
    drawn = sum(float(np.log(o.probability[o.happened, 0])) for o in chances)
    assert found.log_likelihood[0] == pytest.approx(0.5 * sum(logs) + drawn)
    np.testing.assert_allclose(found.standing.beliefs[1], plain.standing.beliefs[1])


# ---------------------------------------------------------------- a day
def test_the_state_on_a_day_is_what_had_been_shown_by_then(make: Make):
    scenario = with_record(make(("rounds: 3", "rounds: 2")))
    compiled = compile_round(scenario)
    draws = {k: np.array([v]) for k, v in language.medians(scenario).items()}
    solution = solve_recursive(compiled.game, compiled.data(draws), rounds=2, nodes=9, keep=True)
    record = history("warn pause holds", "leave fight lapses")
    whole = follow(code_record(scenario, record), compiled, solution)

    def on(day: int) -> Any:
        return state_at(record, compiled, solution, MONDAY + datetime.timedelta(day))

    warned = on(0)
    assert warned.place == (1, (1, 0), False, ())
    assert (warned.round, warned.rounds_left) == (0, 2)
    np.testing.assert_allclose(warned.beliefs[1], whole.prior[1])
    paused = on(1)
    assert compiled.places[paused.index] == (2, (1, 1), False, ())
    np.testing.assert_allclose(paused.beliefs[1], whole.observations[1].after)
    after = on(6)
    assert (after.round, after.rounds_left, after.place[0]) == (1, 1, 0)
    with pytest.raises(Refusal, match="nothing is recorded by 2024-12-31"):
        on(-6)


def test_play_goes_on_from_a_day_as_the_record_was_followed(make: Make):
    scenario = with_record(make(("rounds: 3", "rounds: 2")))
    compiled = compile_round(scenario)
    draws = language.sample(scenario, 2, seed=4)
    data = compiled.data(draws)
    solution = solve_recursive(compiled.game, data, rounds=2, nodes=9, keep=True)
    record = history("warn pause lapses", "stay")
    coded = code_record(scenario, record)
    whole = follow(coded, compiled, solution)
    now = state_at(record, compiled, solution, MONDAY + datetime.timedelta(6))
    assert (now.round, now.ahead, now.rounds_left) == (1, 0, 1)
    expected = next(
        o for o in whole.observations if o.round == 1
    )  # what the United States do in the second round
    for draw in range(2):
        fronts = play_forward(solution, slots=1, draw=draw, front=now.front(solution, draw=draw))
        states = [compiled.places[s][1][0] for s in fronts[-1].place.tolist()]
        chance = np.bincount(states, fronts[-1].total, minlength=3)
        staying, leaving = (expected.names.index(name) for name in ("stay", "leave"))
        assert chance[1] == pytest.approx(expected.probability[staying, draw], abs=1e-9)
        assert chance[2] == pytest.approx(expected.probability[leaving, draw], abs=1e-9)
    anew = solve_recursive(
        now.game(compiled.game), now.data(data), rounds=now.rounds_left, nodes=9, keep=True
    )
    for draw in range(2):
        front = play_forward(anew, slots=1, draw=draw)[-1]
        states = [compiled.places[s][1][0] for s in front.place.tolist()]
        chance = np.bincount(states, front.total, minlength=3)
        assert chance[2] == pytest.approx(expected.probability[leaving, draw], abs=1e-9)


@pytest.mark.parametrize("rounds", ["2", "open-ended"])
@pytest.mark.parametrize("day", [0, 1, 6])
def test_questions_are_asked_of_what_is_left_of_the_solution(make: Make, rounds: str, day: int):
    scenario = with_record(make(("rounds: 3", f"rounds: {rounds}")))
    compiled = compile_round(scenario)
    draws = language.sample(scenario, 2, seed=4)
    count = scenario.time.rounds
    solution = solve_recursive(compiled.game, compiled.data(draws), rounds=count, nodes=9, keep=True)
    now = state_at(history("warn pause lapses", "stay"), compiled, solution, MONDAY + datetime.timedelta(day))
    rest = now.rest(solution)
    assert rest.rounds == (None if count is None else count - now.round)
    pause, leave = MoveMade("russia", "pause"), MoveMade("us", "leave")
    items = [
        Item("P", (), Timed("ever", pause, 1)), Item("P", (), Timed("ever", leave, 1)),
        Item("P", (), Timed("at", StateIs(LevelTest("fighting", ("truce",))), 1)),
        Item("belief", (), None, "russia", (LevelTest("russia.aim", ("soft",)),)),
    ]  # fmt: skip
    found = TalksReader(replace(compiled, game=rest.game)).read(items, rest, draws)
    np.testing.assert_allclose(found[items[3]], now.beliefs[1][1], atol=1e-12)
    for draw in range(2):
        slots = 3 - now.place[0]  # to the end of this round
        fronts = play_forward(solution, slots=slots, draw=draw, front=now.front(solution, draw=draw))
        truce = [compiled.places[s][1][1] == 1 for s in fronts[-1].place.tolist()]
        assert found[items[2]][draw] == pytest.approx(fronts[-1].total[truce].sum(), abs=1e-3)
        if now.place[0] > 0:
            assert found[items[1]][draw] == pytest.approx(
                0.0, abs=1e-12
            )  # the turn of the United States is over
        if now.place[0] == 2:
            assert found[items[0]][draw] == pytest.approx(0.0, abs=1e-12)


def test_a_round_whose_turns_have_all_been_played_is_ahead_of_the_calendar(make: Make):
    scenario = with_record(make(("rounds: 3", "rounds: 2")))
    coded = code_record(scenario, history("warn pause lapses"), as_of=MONDAY + datetime.timedelta(3))
    assert (coded.round, coded.turn, coded.timetable.complete(coded.last_day)) == (1, 0, 0)


def test_what_comes_later_changes_neither_state_nor_belief_on_a_day(make: Make):
    scenario = with_record(make(("rounds: 3", "rounds: 2")))
    compiled = compile_round(scenario)
    draws = {k: np.array([v]) for k, v in language.medians(scenario).items()}
    solution = solve_recursive(compiled.game, compiled.data(draws), rounds=2, nodes=9, keep=True)
    day = MONDAY + datetime.timedelta(8)
    one = state_at(history("warn pause lapses", "stay pause lapses"), compiled, solution, day)
    other = state_at(history("warn pause lapses", "stay pause"), compiled, solution, day)
    assert one.place == other.place
    for a, b in zip(one.beliefs, other.beliefs, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_solution_of_another_length_is_refused(make: Make):
    scenario = with_record(make())
    compiled, record = compile_round(scenario), history("warn")
    draws = {k: np.array([v]) for k, v in language.medians(scenario).items()}
    solution = solve_recursive(compiled.game, compiled.data(draws), rounds=2, nodes=5, keep=True)
    with pytest.raises(ValueError, match="3 rounds, the solution 2"):
        follow(code_record(scenario, record), compiled, solution)


# ---------------------------------------------------------------- where Newton's method does not arrive
def test_a_turn_followed_along_its_branch_is_what_newtons_method_finds():
    scenario = with_record(language.load(catalog.path("teaching/crisis-signalling"))).set(precision=3)
    compiled = compile_round(scenario)
    draws = {k: v[:2] for k, v in language.sample(scenario, 2, seed=2).items()}
    solution = solve_recursive(compiled.game, compiled.data(draws), rounds=1, nodes=9, keep=True)
    point = np.array([0.613])
    newton, good = Examiner(solution).strategies(0, compiled.game.start, np.repeat(point[:, None], 2, 1))
    assert good.all()
    for draw in range(2):
        traced = trace_turn(solution, draw=draw, round=0, place=compiled.game.start, point=point)
        assert traced is not None
        np.testing.assert_allclose(np.exp(traced), np.exp(newton[..., draw]), atol=1e-7)


def test_a_turn_that_newtons_method_misses_is_followed_all_the_same(
    make: Make, monkeypatch: pytest.MonkeyPatch
):
    scenario, record = with_record(make(("rounds: 3", "rounds: 1"))), history("leave fight")
    plain = filtered(scenario, record, nodes=5)

    def never(self: Examiner, r: int, place: int, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        logs, _ = strategies(self, r, place, point)
        return np.full_like(logs, np.nan), np.zeros(point.shape[-1], dtype=bool)

    strategies = Examiner.strategies
    monkeypatch.setattr(Examiner, "strategies", never)
    found = filtered(scenario, record, nodes=5)
    assert (plain.traced, found.traced) == (0, 2)
    assert found.log_likelihood[0] == pytest.approx(plain.log_likelihood[0], abs=1e-8)


def test_talks_without_end_are_followed_by_strategies_that_are_the_same_every_round(make: Make):
    scenario = with_record(make(("rounds: 3", "rounds: open-ended")))
    compiled = compile_round(scenario)
    draws = {k: np.array([v]) for k, v in language.medians(scenario).items()}
    data = compiled.data(draws)
    endless = solve_recursive(compiled.game, data, rounds=None, nodes=9, keep=True)
    record = history("warn pause lapses", "stay pause lapses")
    coded = code_record(scenario, record)
    assert coded.timetable.rounds is None
    found = follow(coded, compiled, endless)
    assert found.standing.rounds_left is None
    longer = with_record(make(("rounds: 3", "rounds: 120")))
    long = solve_recursive(compiled.game, data, rounds=120, nodes=9, keep=True)
    other = follow(code_record(longer, record), compile_round(longer), long)
    assert found.log_likelihood[0] == pytest.approx(other.log_likelihood[0], abs=1e-4)
