"""Events that may be one act told twice: in two sources, or twice in one.

Receives events; returns pairs with what they share. Nothing is removed: whether two reports are one act is for a person
to say, and a round's move counts once however many events show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from goodoffices.records.event import Event

DAYS = 1
"""Reports of one act in two sources may differ by a day, as clocks and deadlines do."""

MOST = 1000
"""Pairs that are looked for; an export of a newswire may hold millions."""


@dataclass(frozen=True)
class Duplicate:
    """Two events that may be one."""

    first: str
    """Id."""
    second: str
    """Id."""
    reason: str


def find_duplicates(events: Sequence[Event], *, days: int = DAYS, most: int = MOST) -> tuple[Duplicate, ...]:
    """Pairs of events with the same actor, target and type that lie near each other; the search ends after `most`.

    Events of two files count when they are at most `days` apart; events of one file only when they agree in the day and
    in the lever and the source's code too, since a file tells one act from another by these.
    """
    groups: dict[tuple[str, str, str], list[Event]] = {}
    for event in events:
        if event.type:
            groups.setdefault((event.actor, event.target, event.type), []).append(event)
    found: list[Duplicate] = []
    for group in groups.values():
        group.sort(key=lambda e: e.date)
        for i, one in enumerate(group):
            for other in group[i + 1 :]:
                apart = (other.date - one.date).days
                if apart > days:
                    break
                if one.origin != other.origin:
                    when = "on the same day" if not apart else f"{apart} day{'s' if apart > 1 else ''} apart"
                    found.append(Duplicate(one.id, other.id, f"two sources, {when}"))
                elif not apart and (one.lever, one.code) == (other.lever, other.code):
                    found.append(Duplicate(one.id, other.id, "one source, the same day and lever"))
                if len(found) >= most:
                    return tuple(found)
    return tuple(sorted(found, key=lambda d: (d.first, d.second)))
