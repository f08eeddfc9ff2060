"""A scenario with everything in it, and a slow unrolling of scenarios that shares nothing with the compiler."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from goodoffices import language
from goodoffices.language.evaluation import Environment, evaluate
from goodoffices.language.scenario import Scenario

FULL = """
goodoffices: 1
title: Everything at once
time: {round: 1 week, rounds: 3, discount: d, stops: fighting == settled}
parties:
  us: {name: United States, role: mediator, rationality: 2}
  ru: {name: Russia, role: belligerent, rationality: 2*keen}
  ua: {name: Ukraine, role: belligerent, rationality: 1.5}
types:
  us.resolve: {weak: 1 - p, strong: p}
  ru.aim: {grand: 0.7, modest: 0.3}
factors:
  engagement: [engaged, warned, gone]
  fighting: [war, truce, settled]
parameters:
  p: {prior: "uniform(0.2, 0.8)", unit: probability}
  keen: {prior: "uniform(0.4, 1.1)", unit: 1/utility}
  d: {prior: "uniform(0.8, 0.95)"}
  rent: {prior: "uniform(0.1, 1.5)", unit: utility/round}
  price: {prior: "uniform(0.1, 1.5)", unit: utility}
let:
  gain: {by: ru.aim, levels: {grand: 2, modest: rent}}
turns:
  - party: us
    moves:
      wait: {}
      warn: {when: engagement == engaged, then: {engagement: warned}, costs: {weak: 0.5, strong: 0.1}}
      leave: {when: engagement == warned, then: {engagement: gone}, costs: 2*price}
    default: wait
  - together:
      ru:
        moves:
          refuse: {}
          truce: {when: fighting == war, then: {fighting: {truce: p, war: 1 - p}}, costs: price}
        default: refuse
      ua:
        moves:
          hold: {}
          settle: {when: engagement != gone and fighting != war, then: {fighting: settled}, costs: 1}
        default: hold
  - chance:
      calm: {odds: 1 - 0.25*(fighting != settled)}
      storm: {odds: 0.25, when: fighting != settled, then: {fighting: war}}
values:
  us: 1*(fighting == truce)
  ru: gain[ru.aim]*(fighting == war) - 1*(us.resolve == strong and engagement == gone)
  ua: -1*(fighting == war)
end:
  us: 3*(fighting == settled)
  ua: price
claims:
  c: {text: c, says: P(fighting == truce) > 0.1}
"""


@dataclass(frozen=True)
class Play:
    """One complete play: what happened, the product of chance's odds, and each party's total."""

    profile: tuple[str, ...]
    path: tuple[str, ...]
    odds: float
    totals: tuple[float, ...]


def plays(scenario: Scenario, parameters: dict[str, float], rounds: int) -> Iterator[Play]:
    """Every play of a scenario, by recursion on its turns as they are written."""
    lets = {let.name: let for let in scenario.lets}
    parties = [p.name for p in scenario.parties]
    discount = evaluate(scenario.time.discount, Environment(parameters, {}, lets))

    def value(expression, levels):
        return float(evaluate(expression, Environment(parameters, levels, lets)))

    def true(condition, levels):
        return condition is None or bool(evaluate(condition, Environment(parameters, levels, lets)))

    def add(totals, party, amount):
        return tuple(t + amount * (name == party) for name, t in zip(parties, totals, strict=True))

    def effects(levels, chosen):
        """Every way in which the effects of the chosen moves can fall out."""
        listed = [e for move in chosen for e in move.then]
        for combination in itertools.product(*(e.outcomes for e in listed)):
            new, odds, drawn = dict(levels), 1.0, []
            for effect, (level, share) in zip(listed, combination, strict=True):
                new[effect.factor] = level
                if len(effect.outcomes) > 1:
                    odds *= value(share, levels)
                    drawn.append(f"{effect.factor}={level}")
            yield new, odds, drawn

    def turn(levels, types, r, t, path, odds, totals):
        if t == len(scenario.turns):
            for p in parties:
                if p in scenario.values:
                    totals = add(totals, p, discount**r * value(scenario.values[p], levels | types))
            yield from begin(levels, types, r + 1, path, odds, totals)
            return
        now = scenario.turns[t]
        if now.outcomes:
            possible = [o for o in now.outcomes if true(o.when, levels)]
            for o in possible:
                for new, share, drawn in effects(levels, [o]):
                    name = [o.name] if not drawn else [f"{o.name} ({', '.join(drawn)})"]
                    share *= value(o.odds, levels)
                    yield from turn(new, types, r, t + 1, path + name, odds * share, totals)
            return
        open_moves = [[m for m in mover.moves if true(m.when, levels)] for mover in now.movers]
        for chosen in itertools.product(*open_moves):
            paid, names = totals, []
            for mover, move in zip(now.movers, chosen, strict=True):
                names.append(f"{mover.party}.{move.name}")
                for tests, cost in move.costs:
                    if all(types[d] == level for d, level in tests):
                        paid = add(paid, mover.party, -(discount**r) * value(cost, levels | types))
            for new, share, drawn in effects(levels, chosen):
                outcome = [", ".join(drawn)] if drawn else []
                yield from turn(new, types, r, t + 1, path + names + outcome, odds * share, paid)

    def begin(levels, types, r, path, odds, totals):
        if r < rounds and not (scenario.stops is not None and true(scenario.stops, levels)):
            yield from turn(levels, types, r, 0, path, odds, totals)
            return
        for p in parties:
            if p in scenario.values:
                rest = sum(discount**k for k in range(r, rounds))
                totals = add(totals, p, rest * value(scenario.values[p], levels | types))
            if p in scenario.end_values:
                totals = add(totals, p, discount**rounds * value(scenario.end_values[p], levels | types))
        yield Play(tuple(types.values()), tuple(path), odds, totals)

    names = [f"{d.party}.{d.name}" for d in scenario.types]
    for profile in itertools.product(*(d.levels for d in scenario.types)):
        prior = 1.0
        for dimension, level in zip(scenario.types, profile, strict=True):
            prior *= value(dimension.odds[dimension.levels.index(level)], {})
        start = {f.name: f.start for f in scenario.factors}
        yield from begin(start, dict(zip(names, profile, strict=True)), 0, [], prior, (0.0,) * len(parties))


@pytest.fixture
def full() -> Scenario:
    return language.load("full.yaml", text=FULL)


@pytest.fixture
def every_play():
    return plays
