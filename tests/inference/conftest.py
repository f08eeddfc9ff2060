"""A small scenario with a record, written to a folder; parts of it are replaced by tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from goodoffices.language import load
from goodoffices.language.scenario import Scenario

TALKS = """\
goodoffices: 1
title: A warning and its answer
time: {round: 1 week, from: 2025-01-06, rounds: 3, discount: 0.9}
parties: {us: United States, russia: Russia}
types:
  russia.aim: {hard: 1 - p, soft: p}
factors:
  engagement: [engaged, warned, withdrawn]
  fighting: [war, truce]
parameters:
  p: {prior: "beta(2, 6)", unit: probability}
  fee: {prior: "uniform(0.1, 1)", unit: utility}
turns:
  - party: us
    moves:
      stay: {}
      warn: {when: engagement == engaged, then: {engagement: warned}, costs: fee}
      leave: {when: engagement != withdrawn, then: {engagement: withdrawn}, costs: fee}
  - party: russia
    moves:
      fight: {}
      pause: {when: fighting == war, then: {fighting: truce}, costs: {hard: 2, soft: 1}}
  - chance:
      holds: {when: fighting == truce, odds: 0.4}
      lapses: {when: fighting == truce, odds: 0.6, then: {fighting: war}}
      nothing: {when: fighting == war, odds: 1}
values:
  us: (fighting == truce) * 2 - 0.1 * (engagement == warned)
  russia: (engagement != withdrawn) - 0.5 * (engagement == warned)
record:
  file: events.csv
  moves:
    us.warn: {actor: US, lever: warning}
    us.leave: {actor: US, lever: exit}
    us.stay: {actor: US, lever: visit}
    russia.pause: {actor: RUS, lever: truce}
    russia.fight: {actor: RUS, lever: strike}
  chance:
    lapses: {lever: truce_lapsed}
  precedence:
    us: [leave, warn, stay]
  unseen: [holds]
"""


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Scenario]:
    """`make((old, new), ...)` loads the scenario with these texts replaced."""

    def build(*changes: tuple[str, str]) -> Scenario:
        text = TALKS
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "talks.yaml"
        path.write_text(text, encoding="utf-8")
        return load(path)

    return build
