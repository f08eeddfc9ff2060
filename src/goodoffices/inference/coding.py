"""A record coded into the rounds and moves of a scenario, with the fate of every event.

Receives a scenario with a `record:` section and a `Record`; returns a `CodedRecord`: what happened at every turn of every
round, and for each event whether it was used, superseded, outside the model or in conflict, with the reason. The lists
partition the record. A history that the model forbids is a problem with the event and the rule, not a guess.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Literal

from goodoffices.compiler.slots import State
from goodoffices.core.diagnostics import Diagnostic, Refusal
from goodoffices.inference.calendar import Timetable, record_section, timetable
from goodoffices.language.scenario import Scenario
from goodoffices.records.event import Event, Record

FateName = Literal["used", "superseded", "outside", "conflict"]
FATES: tuple[FateName, ...] = ("used", "superseded", "outside", "conflict")


@dataclass(frozen=True)
class Fate:
    """What became of one event."""

    event: Event
    fate: FateName
    reason: str
    """A sentence fragment."""
    round: int | None = None
    """From zero; None outside the record's rounds."""
    what: str | None = None
    """The move (`us.press`) or outcome that it counts as."""


@dataclass(frozen=True)
class CodedMove:
    """What one party did at its turn."""

    party: str
    name: str
    index: int
    """Among the mover's moves in the scenario."""
    events: tuple[str, ...]
    """Ids of the events that show it; none for silence."""
    weight: float = 1.0
    """In the likelihood: the greatest among its events."""


@dataclass(frozen=True)
class Step:
    """One turn of one round as it happened."""

    round: int
    """From zero."""
    turn: int
    state: State
    """Before the turn: index of each factor's level."""
    moves: tuple[CodedMove, ...]
    """One for each mover; none at a turn of chance."""
    option: int
    """What was drawn, counted among what could be at this state after these moves; 0 where nothing was drawn."""
    outcome: str
    """Its name, empty where there was nothing to draw or nothing else it could be."""
    outcomes: tuple[str, ...]
    """Names of everything that could have been drawn."""
    outcome_events: tuple[str, ...]
    to: State
    provisional: bool
    """In a round that had not ended on the last day: what was known of it by then."""


@dataclass(frozen=True)
class CodedRecord:
    """A record as a history of play."""

    scenario: Scenario
    timetable: Timetable
    steps: tuple[Step, ...]
    fates: tuple[Fate, ...]
    """One for each event, in the record's order."""
    problems: tuple[Diagnostic, ...]
    """Errors keep the history from being followed; warnings do not."""
    last_day: datetime.date
    """What happened later is not known."""
    round: int
    """The round that stands at the end, from zero."""
    turn: int
    """The turn of it that comes next."""
    state: State
    over: bool
    """Whether the talks have ended."""

    def of(self, fate: FateName) -> tuple[Fate, ...]:
        """The events of one fate."""
        return tuple(f for f in self.fates if f.fate == fate)

    def complete(self) -> tuple[Step, ...]:
        """The turns of rounds that had ended."""
        return tuple(step for step in self.steps if not step.provisional)

    def require(self) -> CodedRecord:
        """The same, or every error at once.

        Raises:
            Refusal: `impossible-move`, `conflicting-moves`, `unseen-outcome`, `no-default`.
        """
        errors = [d for d in self.problems if d.severity == "error"]
        if errors:
            raise Refusal(errors)
        return self


def code_record(scenario: Scenario, record: Record, *, as_of: datetime.date | None = None) -> CodedRecord:
    """Code a record, round by round.

    Args:
        record: Events in any order.
        as_of: Nothing later than this day is looked at. Without `until` in the section, silence up to it means something.

    Raises:
        Refusal: `no-record`, `record-without-start`; `no-move`, `hidden-condition` from the turns.
    """
    from goodoffices.inference.walking import Walk

    section, calendar = record_section(scenario), timetable(scenario)
    events = tuple(e for e in record.events if as_of is None or e.date <= as_of)
    last = section.until or max((e.date for e in events), default=calendar.first)
    if as_of is not None:
        last = min(last, as_of) if section.until else as_of
    return Walk(scenario, section, calendar, events, last).run()
