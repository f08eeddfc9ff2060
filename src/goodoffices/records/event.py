"""One dated act of one actor towards another, and a record of many.

Every reader gives these, whatever format it reads. Nothing here judges what an event means for a scenario.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Event:
    """Who did what to whom on which day, and who says so."""

    id: str
    """Unique within its record."""
    date: datetime.date
    actor: str
    """The record's own code, such as `US`."""
    target: str = ""
    type: str = ""
    """In PLOVER's terms, such as `THREATEN`; empty where the source's code has no counterpart."""
    lever: str = ""
    """The record's own word for what was done, such as `threaten_withdrawal`."""
    code: str = ""
    """The source's own code, such as CAMEO's `1313`."""
    description: str = ""
    sources: tuple[str, ...] = ()
    confidence: str = ""
    """Such as `high`, `medium` or `low`; how each format's is made is said in `records.formats`."""
    origin: str = ""
    """Name of the file that it was read from."""


Pattern = tuple[tuple[str, tuple[str, ...]], ...]
"""Fields of an event with the values that each may have; of `code`, what it may begin with."""


def _fits(event: Event, pattern: Pattern) -> bool:
    return all(
        str(getattr(event, name)).startswith(values) if name == "code" else getattr(event, name) in values
        for name, values in pattern
    )


@dataclass(frozen=True)
class Selection:
    """Which events of a file are wanted, so that a file larger than memory can be read; empty parts want all."""

    since: datetime.date | None = None
    until: datetime.date | None = None
    actors: frozenset[str] = frozenset()
    """Events of these actors."""
    patterns: tuple[Pattern, ...] = ()
    """Events that fit one of these."""

    def reason(self, event: Event) -> str | None:
        """Why an event is not wanted, or None."""
        if self.since is not None and event.date < self.since:
            return BEFORE
        if self.until is not None and event.date > self.until:
            return AFTER
        if self.actors and event.actor not in self.actors:
            return OTHER
        if self.patterns and not any(_fits(event, pattern) for pattern in self.patterns):
            return OTHER
        return None


BEFORE, AFTER, OTHER = "before the first day", "after the last day", "of a kind that no rule counts"
UNDATED = "without a readable date"


@dataclass(frozen=True)
class Record:
    """Events by date; those of one day in the order of their file."""

    events: tuple[Event, ...]
    files: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    """Of each file, a key of `records.formats.FORMATS`, or `yaml`."""
    left_out: Mapping[str, int] = field(default_factory=dict[str, int])
    """Reason -> number of rows that were counted and not kept; empty where every row is an event here."""

    @property
    def rows(self) -> int:
        """Number of rows of the files: events and what was left out."""
        return len(self.events) + sum(self.left_out.values())
