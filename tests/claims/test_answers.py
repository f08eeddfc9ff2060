"""Answers against an enumeration of every play, for strategies drawn at random (nothing here needs an equilibrium)."""

from __future__ import annotations

import numpy as np
import pytest
from questions import CALL, DRAWS, EVENTS, STEPS, TRUCE

from goodoffices.claims.answers import Item, Reader
from goodoffices.claims.flow import Flow
from goodoffices.claims.points import Step, next_decisions
from goodoffices.compiler import compile_scenario
from goodoffices.language.tree import Before, EventLogic, LevelTest, MoveMade, Timed


@pytest.fixture(scope="module")
def solved(wide):
    """A tree with strategies drawn at random, the same for each test."""
    tree = compile_scenario(wide)
    random = np.random.default_rng(5)
    moves = tree.game.infoset_moves
    raw = random.normal(size=(len(moves), max(map(len, moves)), 2))
    for i, names in enumerate(moves):
        raw[i, len(names) :] = -np.inf
    log_strategy = raw - np.log(np.exp(raw).sum(1, keepdims=True))
    return tree, Flow(tree, tree.figures(DRAWS), log_strategy), Reader(tree)


@pytest.fixture(scope="module")
def every(solved):
    """All plays of it."""
    tree, flow, _ = solved
    return Enumerated(tree, flow)


class Enumerated:
    """Every play of the tree: its probability by node, its moments, and its payments."""

    def __init__(self, tree, flow):
        self.tree, self.flow = tree, flow
        graph, past = tree.graph, tree.histories
        game, data = tree.game, tree.data(DRAWS)
        self.plays = []
        for leaf in np.flatnonzero(game.kind == 0):
            odds, n = np.ones(2), leaf
            while n > 0:
                above = game.parent[n]
                odds = odds * (
                    np.exp(flow.log_strategy[game.infoset[above], game.parent_move[n]])
                    if game.kind[above] == 1
                    else data.chance[n]
                )
                n = above
            steps, h = [], int(tree.node_history[leaf])
            while h > 0:
                steps.append(h)
                h = int(past.parent[h])
            steps.reverse()
            self.plays.append((odds, int(tree.node_profile[leaf]), steps))
        self.ends = graph.turn_ends()

    def moments(self, steps, begin):
        """(round, moves of the turn, state, types are the profile's) for each moment from step number `begin` on."""
        tree, graph, past = self.tree, self.tree.graph, self.tree.histories
        moves = []
        for number, h in enumerate(steps):
            edge = int(past.edge[h])
            moves.append(tree.option_name(edge))
            if self.ends[edge]:
                if number >= begin:
                    r = int(graph.config_round[graph.edge_from[edge]])
                    yield r, list(moves), h
                moves = []

    def first_taken(self, steps, step, since=0):
        """Number of the step at which the party takes the move at its first decision with it, or None."""
        tree, graph, past = self.tree, self.tree.graph, self.tree.histories
        for number, h in enumerate(steps):
            config = past.config[past.parent[h]]
            edges = range(graph.config_first[config], graph.config_first[config] + graph.config_count[config])
            if f"{step.party}.{step.move}" in [tree.option_name(e) for e in edges] and number >= since:
                return number if tree.option_name(int(past.edge[h])) == f"{step.party}.{step.move}" else None
        return None

    def begin(self, steps, given):
        """Number of the step with which the question starts, or None where its conditions are not met."""
        at = [self.first_taken(steps, s) for s in given if not s.next]
        if None in at:
            return None
        start = max(at, default=0)
        for s in [s for s in given if s.next]:
            at = self.first_taken(steps, s, start + 1)
            if at is None:
                return None
            start = at
        return start

    def so(self, what, moves, history, profile):
        if isinstance(what, MoveMade):
            return f"{what.party}.{what.move}" in moves
        test, scenario = what.condition, self.tree.scenario
        for f, factor in enumerate(scenario.factors):
            if factor.name == test.subject:
                return factor.levels[self.tree.history_levels[history][f]] in test.levels
        d = [f"{d.party}.{d.name}" for d in scenario.types].index(test.subject)
        return scenario.types[d].levels[self.tree.graph.profiles.levels[d, profile]] in test.levels

    def happens(self, event, steps, begin, profile):
        if isinstance(event, EventLogic):
            parts = [self.happens(e, steps, begin, profile) for e in event.operands]
            return {"not": not parts[0], "and": all(parts), "or": any(parts)}[event.operator]
        graph, past = self.tree.graph, self.tree.histories
        first = int(graph.config_round[graph.edge_from[past.edge[steps[begin]]]])
        horizon = graph.rounds - first
        last = min(event.last_round or horizon, horizon)
        seen = [(r - first + 1, moves, h) for r, moves, h in self.moments(steps, begin)]
        now = lambda what, m: self.so(what, m[1], m[2], profile)  # noqa: E731
        timely = [m for m in seen if m[0] <= last]
        if isinstance(event, Timed):
            if event.mode == "ever":
                return any(now(event.event, m) for m in timely)
            if event.mode == "always":
                return all(now(event.event, m) for m in timely)
            if isinstance(event.event, MoveMade):
                return any(now(event.event, m) for m in seen if m[0] == last)
            return now(event.event, [m for m in seen if m[0] <= last][-1])
        if isinstance(event, Before):
            for m in timely:
                if now(event.second, m):
                    return False
                if now(event.first, m):
                    return True
            return False
        for m in timely:
            if now(event.release, m):
                return True
            if not now(event.holds, m):
                return False
        return False


@pytest.mark.parametrize("given", STEPS)
@pytest.mark.parametrize("event", EVENTS)
def test_a_probability_is_the_sum_over_every_play(solved, every, event, given):
    _, flow, reader = solved
    whole, part = np.zeros(2), np.zeros(2)
    for odds, profile, steps in every.plays:
        begin = every.begin(steps, STEPS[given])
        if begin is not None:
            whole += odds
            part += odds * every.happens(EVENTS[event], steps, begin, profile)
    found = reader.read(Item("P", STEPS[given], EVENTS[event]), flow)
    np.testing.assert_allclose(found, part / whole, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("types", [(), (LevelTest("ru.aim", ("modest",)),)])
@pytest.mark.parametrize("given", STEPS)
def test_a_value_is_the_mean_of_what_is_paid_from_the_start_on(solved, every, given, types):
    tree, flow, reader = solved
    graph, past = tree.graph, tree.histories
    fits = reader.profiles(types)
    for p, party in enumerate(tree.scenario.parties):
        whole, part = np.zeros(2), np.zeros(2)
        for odds, profile, steps in every.plays:
            begin = every.begin(steps, STEPS[given])
            if begin is None or not fits[profile]:
                continue
            round_ = int(graph.config_round[graph.edge_from[past.edge[steps[begin]]]])
            # Moves of one turn are simultaneous: what was paid in the turn before the start counts as well.
            turn_begin = begin
            while turn_begin > 0 and not every.ends[past.edge[steps[turn_begin - 1]]]:
                turn_begin -= 1
            paid = sum(flow.figures.payment[past.edge[h], profile, p] for h in steps[turn_begin:])
            whole += odds
            part += odds * paid * flow.figures.discount**-round_
        found = reader.read(Item("value", STEPS[given], None, party.name, types), flow)
        np.testing.assert_allclose(found, part / whole, rtol=1e-11, atol=1e-13)


def test_the_value_at_the_outset_is_the_games_own(solved):
    from goodoffices.certificates.certify import expected_payoffs

    tree, flow, reader = solved
    values = expected_payoffs(tree.game, tree.data(DRAWS), flow.log_strategy)
    for p, party in enumerate(tree.scenario.parties):
        np.testing.assert_allclose(
            reader.read(Item("value", (), None, party.name), flow), values[p], rtol=1e-12
        )


@pytest.mark.parametrize("given", STEPS)
def test_a_belief_is_the_share_of_the_types_among_the_plays(solved, every, given):
    _, flow, reader = solved
    test = LevelTest("us.resolve", ("strong",))
    fits = reader.profiles((test,))
    whole, part = np.zeros(2), np.zeros(2)
    for odds, profile, steps in every.plays:
        if every.begin(steps, STEPS[given]) is not None:
            whole += odds
            part += odds * fits[profile]
    found = reader.read(Item("belief", STEPS[given], None, "us", (test,)), flow)
    np.testing.assert_allclose(found, part / whole, rtol=1e-12)


def test_choices_sum_to_one_and_costs_are_those_of_the_next_decision(solved):
    _, flow, reader = solved
    after_warning = (Step("us", "warn"),)
    choice = reader.read(Item("choice", after_warning, None, "ru"), flow)
    np.testing.assert_allclose(choice.sum(0), 1.0)
    call = reader.read(Item("P", after_warning, Timed("at", CALL, 1)), flow)
    np.testing.assert_allclose(choice[1], call)
    cost = reader.read(Item("cost", after_warning, None, "ru"), flow)
    np.testing.assert_allclose(cost, [np.zeros(2), DRAWS["price"]])
    # At the outset leaving is not possible, so it has no cost there; a warning costs each type its own.
    cost = reader.read(Item("cost", (), None, "us"), flow)
    np.testing.assert_allclose(cost[1], 0.5 * (1 - DRAWS["p"]) + 0.1 * DRAWS["p"])
    assert np.isnan(cost[2]).all()


def test_a_simultaneous_decision_is_not_the_next_one(solved):
    tree, _, reader = solved
    for party, move, other in (("ru", "truce", "ua"), ("ua", "settle", "ru")):
        start = reader.start((Step(party, move),))
        deciding = next_decisions(tree, other, start)
        assert (tree.history_round[deciding] == 1).all()


def test_a_condition_that_never_occurs_has_no_answer(solved):
    _, flow, reader = solved
    event = Timed("ever", TRUCE)
    assert np.isnan(reader.read(Item("P", (Step("ru", "nothing"),), event), flow)).all()
