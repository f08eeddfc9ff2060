"""Which moves and outcomes an event counts as, by the scenario's rules; and what may weigh on it.

Receives events and the `record:` section; returns, for each event, the names that its rules give it. It knows nothing of
states: whether the move was possible then is for `inference.coding` to say.
"""

from __future__ import annotations

from goodoffices.language.record_section import PATTERN_FIELDS, EventPattern, RecordSection
from goodoffices.records.event import Event, Selection


def fits(event: Event, pattern: EventPattern) -> bool:
    """Whether an event has one of the values that the pattern names in each field."""
    for name in PATTERN_FIELDS:
        wanted: tuple[str, ...] = getattr(pattern, name)
        if not wanted:
            continue
        has: str = getattr(event, name)
        if name == "code":
            if not has.startswith(wanted):
                return False
        elif has not in wanted:
            return False
    return True


def meanings(event: Event, section: RecordSection) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The moves (`us.press`) and the outcomes of chance that an event counts as, in the order of the rules."""
    moves, chance = (
        tuple(rule.what for rule in rules if any(fits(event, pattern) for pattern in rule.patterns))
        for rules in (section.moves, section.chance)
    )
    return moves, chance


def weight(event: Event, section: RecordSection) -> float:
    """Weight of an event in the likelihood, by its confidence."""
    return section.confidence.get(event.confidence, 1.0)


def selection(section: RecordSection) -> Selection:
    """What the rules can count at all, for reading a file that is larger than memory."""
    patterns = tuple(
        tuple((name, values) for name in PATTERN_FIELDS if (values := getattr(pattern, name)))
        for rule in (*section.moves, *section.chance)
        for pattern in rule.patterns
    )
    return Selection(section.start, section.until, patterns=patterns)
