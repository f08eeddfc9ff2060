"""Scenarios that several analyses are tried on."""

from __future__ import annotations

import pytest

WIDE = """
goodoffices: 1
title: Turns of every kind
time: {round: 1 week, rounds: 2, discount: 0.8, stops: fighting == settled}
parties:
  us: {name: United States, role: mediator, rationality: 2}
  ru: {name: Russia, role: belligerent, rationality: 2}
  ua: {name: Ukraine, role: belligerent, rationality: 1.5}
types:
  us.resolve: {weak: 1 - p, strong: p}
  ru.aim: {grand: 0.7, modest: 0.3}
factors:
  engagement: [engaged, warned, gone]
  fighting: [war, truce, settled]
parameters:
  p: {prior: "uniform(0.2, 0.8)", unit: probability}
  price: {prior: "uniform(0.1, 1.5)", unit: utility}
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
  ru: 1*(fighting == war and ru.aim == grand) - 1*(us.resolve == strong and engagement == gone)
  ua: -1*(fighting == war)
end:
  us: 3*(fighting == settled)
  ua: price
"""


@pytest.fixture(scope="session")
def wide_text() -> str:
    """A scenario with together turns, lotteries, chance, an early stop and two sided types."""
    return WIDE
