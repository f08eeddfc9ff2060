"""Days and rounds of a record: when each round begins, and how many there are until the scenario's horizon.

Receives a scenario with a `record:` section; returns a `Timetable`. Rounds count from zero here, and from one for readers.
"""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass

from goodoffices.core.diagnostics import refuse
from goodoffices.language.record_section import RecordSection
from goodoffices.language.scenario import Scenario


@dataclass(frozen=True)
class Timetable:
    """The rounds of the record and, after them, those of the scenario: one game that begins with the record."""

    first: datetime.date
    """First day of round zero."""
    round_days: float
    before: int
    """Rounds of the record before the scenario's own first round."""
    rounds: int | None
    """Of the whole game: those before and the scenario's own; None without end."""

    def round_of(self, day: datetime.date) -> int:
        """The round that a day belongs to; negative before the first."""
        return math.floor((day - self.first).days / self.round_days)

    def begins(self, round: int) -> datetime.date:
        """First day of a round."""
        return self.first + datetime.timedelta(math.ceil(round * self.round_days))

    def complete(self, day: datetime.date) -> int:
        """Number of rounds that have ended when the day has ended."""
        over = max(0, self.round_of(day + datetime.timedelta(1)))
        return over if self.rounds is None else min(over, self.rounds)


def record_section(scenario: Scenario) -> RecordSection:
    """The scenario's `record:` section.

    Raises:
        Refusal: `no-record`.
    """
    if scenario.record is None:
        raise refuse(
            "no-record",
            f"`{scenario.title}` does not say which events are which move",
            hint="add a `record:` section with `file` and `moves`",
        )
    return scenario.record


def timetable(scenario: Scenario) -> Timetable:
    """The rounds of a scenario's record.

    Raises:
        Refusal: `no-record`, `record-without-start`.
    """
    section, time = record_section(scenario), scenario.time
    first = section.start or time.start
    if first is None:
        raise refuse("record-without-start", "the record needs the first day of a round", span=section.span)
    before = round((time.start - first).days / time.round_days) if time.start is not None else 0
    rounds = None if time.rounds is None else before + time.rounds
    return Timetable(first, time.round_days, before, rounds)
