"""Questions about talks on a grid of beliefs, against the same questions about the tree of the same talks.

Strategies are drawn at random for every round, place and own type, whatever is believed. Answers are then linear in
beliefs, which the grid represents exactly: every difference beyond rounding is a mistake in the machinery.
"""

from __future__ import annotations

import numpy as np
import pytest
from questions import CALL, DRAWS, EVENTS, STEPS

from goodoffices.claims.answers import Item, Reader
from goodoffices.claims.flow import Flow
from goodoffices.claims.talks.reader import TalksReader
from goodoffices.claims.talks.stencils import weights_at
from goodoffices.compiler import compile_scenario
from goodoffices.compiler.recursive import compile_round
from goodoffices.core.diagnostics import Refusal
from goodoffices.games.recursive import RecursiveSolution, Survey, list_choices
from goodoffices.language.tree import LevelTest, MoveMade, StateIs, Timed
from goodoffices.solvers.belief.grid import axis_nodes

WIDTH = 2


def random_play(compiled, rounds):
    """Log strategies [round, choice, type, draw] that depend on the round, the place and the own type."""
    choices = list_choices(compiled.game)
    raw = np.random.default_rng(8).normal(size=(rounds, len(choices.place), 2, WIDTH))
    for s in range(len(compiled.places)):
        for j in range(3):
            mine = np.flatnonzero((choices.place == s) & (choices.mover == j))
            if len(mine):
                raw[:, mine] -= np.log(np.exp(raw[:, mine]).sum(1, keepdims=True))
    return raw


def on_a_grid(compiled, logs, nodes=5):
    """A solution of the round with these strategies at every belief, and Bayes' rule."""
    game, rounds = compiled.game, len(logs)
    choices = list_choices(game)
    axes = tuple(axis_nodes(nodes) for types in game.types for _ in range(types - 1))
    shape = (*(len(a) for a in axes), WIDTH)
    mesh = np.meshgrid(*axes, indexing="ij")
    number = {p: i for i, p in enumerate(p for p, types in enumerate(game.types) if types > 1)}
    log_choice, posterior = [], []
    for r in range(rounds):
        of_slots, after_slots = [], []
        for slot in range(len(game.slots)):
            mine = np.flatnonzero(game.place_slot[choices.place] == slot)
            table = np.zeros((len(mine), 2, *shape))
            after = np.zeros((len(mine), 1, *shape))
            for i, c in enumerate(mine):
                table[i] += logs[r, c].reshape(2, *(1,) * len(axes), WIDTH)
                party = int(choices.party[c])
                if party in number:
                    x = mesh[number[party]][..., None]
                    one, two = x * np.exp(logs[r, c, 0]), (1 - x) * np.exp(logs[r, c, 1])
                    after[i, 0] = one / (one + two)
            of_slots.append(table)
            after_slots.append(after)
        log_choice.append(tuple(of_slots))
        posterior.append(tuple(after_slots))
    data = compiled.data(DRAWS)
    none = np.zeros((sum(game.types), WIDTH))
    return RecursiveSolution(
        game, data, axes, rounds, none, (), tuple(log_choice), tuple(posterior),
        np.zeros(WIDTH, np.int8), None, Survey(),
    )  # fmt: skip


def on_the_tree(scenario, compiled, logs):
    """The same strategies on the unrolled tree."""
    tree = compile_scenario(scenario)
    past, graph = tree.histories, tree.graph
    place = {p: s for s, p in enumerate(compiled.places)}
    choices = list_choices(compiled.game)
    widest = max(map(len, tree.game.infoset_moves))
    log_strategy = np.full((len(tree.game.infoset_moves), widest, WIDTH), -np.inf)
    for h in np.flatnonzero(tree.infoset_base >= 0):
        config, before = past.config[h], past.config[past.anchor[h]]
        slot = graph.slots[graph.config_slot[config]]
        state = tuple(int(i) for i in graph.states[graph.config_state[before]])
        here = place[slot.turn, state, False, ()]
        r = int(graph.config_round[config])
        for own in range(compiled.game.types[slot.party]):
            for m in range(graph.config_count[config]):
                label = graph.edge_label[graph.config_first[config] + m]
                (c,) = np.flatnonzero(
                    (choices.place == here) & (choices.mover == slot.mover) & (choices.move == label)
                )
                log_strategy[tree.infoset_base[h] + own, m] = logs[r, c, own]
    return tree, Flow(tree, tree.figures(DRAWS), log_strategy)


@pytest.fixture(scope="module")
def both(wide):
    compiled = compile_round(wide)
    logs = random_play(compiled, wide.time.rounds)
    tree, flow = on_the_tree(wide, compiled, logs)
    solution = on_a_grid(compiled, logs)
    reader, talks = Reader(tree), TalksReader(compiled)

    def ask(*items):
        found = talks.read(items, solution, DRAWS)
        for item in items:
            np.testing.assert_allclose(
                found[item], reader.read(item, flow), rtol=1e-10, atol=1e-12, err_msg=str(item)
            )
        return found

    ask.compiled, ask.solution, ask.tree, ask.flow = compiled, solution, tree, flow
    return ask


@pytest.mark.parametrize("given", STEPS)
def test_probabilities_are_those_of_the_tree(both, given):
    both(*(Item("P", STEPS[given], event) for event in EVENTS.values()))


@pytest.mark.parametrize("given", STEPS)
def test_values_beliefs_choices_and_costs_are_those_of_the_tree(both, given):
    modest, strong = LevelTest("ru.aim", ("modest",)), LevelTest("us.resolve", ("strong",))
    items = [Item("belief", STEPS[given], None, t.subject.split(".")[0], (t,)) for t in (modest, strong)]
    for party in ("us", "ru", "ua"):
        items += [Item(kind, STEPS[given], None, party) for kind in ("value", "choice", "cost")]
        items += [Item("value", STEPS[given], None, party, (modest,))]
    items += [Item(kind, STEPS[given], None, "ru", (modest,)) for kind in ("choice", "cost")]
    both(*items)


def test_questions_read_together_are_those_read_alone(both):
    items = [Item("P", steps, event) for steps in STEPS.values() for event in list(EVENTS.values())[:4]]
    together = TalksReader(both.compiled).read(items, both.solution, DRAWS)
    for item in items[::5]:
        alone = TalksReader(both.compiled).read([item], both.solution, DRAWS)
        np.testing.assert_array_equal(alone[item], together[item])


def test_the_play_is_drawn_as_on_the_tree(both, wide):
    from goodoffices.claims.play import PlayRecorder
    from goodoffices.claims.talks.play import TalksRecorder
    from goodoffices.claims.talks.running import TalksView

    solved = np.ones(WIDTH, dtype=bool)
    tree, talks = PlayRecorder(both.tree), TalksRecorder(both.compiled)
    tree.see(both.flow, slice(0, WIDTH))
    talks.see(TalksView(both.compiled, both.solution), slice(0, WIDTH))
    compared = [0]

    def same(one, two):
        compared[0] += 1
        assert (one.party, one.round, one.state) == (two.party, two.round, two.state)
        assert one.reach == pytest.approx(two.reach)
        assert one.beliefs == {name: pytest.approx(levels) for name, levels in two.beliefs.items()}
        for a, b in zip(one.moves, two.moves, strict=True):
            assert (a.move, a.label, a.lever, a.state_after) == (b.move, b.label, b.lever, b.state_after)
            assert (a.probability, a.low, a.high) == pytest.approx((b.probability, b.low, b.high))
            assert dict(a.by_type) == pytest.approx(dict(b.by_type))
            assert a.beliefs_after == {
                name: pytest.approx(levels) for name, levels in b.beliefs_after.items()
            }
            assert (a.then is None) == (b.then is None)
            if a.then is not None:
                same(a.then, b.then)

    same(talks.build(solved), tree.build(solved))
    assert compared[0] > 20


def test_the_end_of_talks_without_end_is_not_asked_for(both):
    import dataclasses

    endless = dataclasses.replace(both.solution, rounds=None)
    at_end = Item("P", (), Timed("at", StateIs(LevelTest("fighting", ("war",)))))
    with pytest.raises(Refusal, match="without end"):
        TalksReader(both.compiled).read([at_end], endless, DRAWS)


def test_talks_without_end_come_to_what_long_talks_come_to(wide):
    compiled = compile_round(wide)
    one = random_play(compiled, 1)
    import dataclasses

    endless = dataclasses.replace(on_a_grid(compiled, one), rounds=None)
    long = on_a_grid(compiled, np.repeat(one, 150, axis=0))
    items = [
        Item("P", (), Timed("ever", MoveMade("us", "leave"))),
        Item("P", STEPS["after a warning"], Timed("ever", CALL, 3)),
        Item("P", STEPS["after leaving"], Timed("always", StateIs(LevelTest("fighting", ("war", "truce"))), 5)),
        Item("value", STEPS["after leaving"], None, "ru"),
    ]  # fmt: skip
    found, wanted = (TalksReader(compiled).read(items, s, DRAWS) for s in (endless, long))
    for item in items:
        assert np.isfinite(found[item]).all()
        np.testing.assert_allclose(found[item], wanted[item], atol=1e-6)


def test_looking_up_is_exact_for_parabolas_and_linear_in_the_values():
    x, random = np.linspace(0, 1, 101), np.random.default_rng(2)
    for n in (2, 3, 4, 5, 9, 17):
        nodes = axis_nodes(n)
        weights = weights_at(x, nodes)
        np.testing.assert_allclose(weights.sum(0), 1.0, atol=1e-13)
        for power in range(1, min(n, 3)):
            np.testing.assert_allclose(nodes**power @ weights, x**power, atol=1e-13)
        values = random.normal(size=(2, n))
        np.testing.assert_allclose(values.sum(0) @ weights, (values @ weights).sum(0), atol=1e-13)
        assert (np.count_nonzero(weights, axis=0) <= 4).all()
