"""A small scenario with a record of several rounds, for forecasts."""

from __future__ import annotations

import datetime
from pathlib import Path

from goodoffices.records import Event, Record

MONDAY = datetime.date(2025, 1, 6)
TALKS = """\
goodoffices: 1
title: A warning and its answer
time: {round: 1 week, from: 2025-01-06, rounds: 6, discount: 0.9}
parties: {us: United States, russia: Russia}
types:
  russia.aim: {hard: 1 - p, soft: p}
factors:
  engagement: [engaged, warned]
  fighting: [war, truce]
parameters:
  p: {prior: "beta(2, 2)", unit: probability}
  fee: {prior: "uniform(0.1, 1)", unit: utility}
turns:
  - party: us
    moves:
      stay: {then: {engagement: engaged}}
      warn: {then: {engagement: warned}, costs: fee}
  - party: russia
    moves:
      fight: {then: {fighting: war}}
      pause: {then: {fighting: truce}, costs: {hard: 2, soft: 0.5}}
values:
  us: (fighting == truce) * 2 - 0.1 * (engagement == warned)
  russia: (engagement != warned) - 0.5 * (engagement == warned)
record:
  file: events.csv
  moves:
    us.warn: {actor: US, lever: warning}
    us.stay: {actor: US, lever: visit}
    russia.pause: {actor: RUS, lever: truce}
    russia.fight: {actor: RUS, lever: strike}
"""
WORDS = ("stay fight", "warn fight", "warn pause", "stay pause", "warn fight", "stay fight")
LEVERS = {
    "stay": ("US", "visit"),
    "warn": ("US", "warning"),
    "fight": ("RUS", "strike"),
    "pause": ("RUS", "truce"),
}


def history(*rounds: str) -> Record:
    """Events of each round, a word each, on its first days."""
    return Record(
        tuple(
            Event(f"{r}.{i}", MONDAY + datetime.timedelta(7 * r + i), LEVERS[word][0], lever=LEVERS[word][1])
            for r, words in enumerate(rounds)
            for i, word in enumerate(words.split())
        )
    )


def write_csv(record: Record, path: Path) -> Path:
    """The record as a file."""
    rows = ["id,date,actor,target,event_type,lever,description,confidence"]
    rows += [f"{e.id},{e.date},{e.actor},,,{e.lever},,high" for e in record.events]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path
