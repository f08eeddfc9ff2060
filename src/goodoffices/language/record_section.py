"""What a scenario says about its record: which events are which move, and what silence means.

Rules are data and know no events: `inference.coding` applies them. Everything is frozen and compares by what it says.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from goodoffices.core.diagnostics import Span

CHANCE = "chance"
"""The name under which outcomes of chance stand where parties have theirs."""
REFUSE, NEXT = "refuse", "next"
"""What becomes of a recorded move that the model forbids at the state then."""


@dataclass(frozen=True)
class EventPattern:
    """Events with one of these values in each field that is named; a field that is not named may be anything."""

    actor: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    lever: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    """The source's own code begins with one of these (`16` is every reduction of relations in CAMEO)."""
    id: tuple[str, ...] = ()
    """These very events, for what no field tells apart."""
    why: str | None = None


PATTERN_FIELDS = tuple(f.name for f in fields(EventPattern) if f.name != "why")
"""The fields that a pattern can name."""


@dataclass(frozen=True)
class EventRule:
    """Events that count as one move or one outcome of chance."""

    what: str
    """`us.press` for a move; the name of an outcome, or `factor.level` for what a lottery gave."""
    patterns: tuple[EventPattern, ...]
    """An event that fits one of them counts."""
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class RecordSection:
    """The `record:` section of a scenario."""

    file: str
    """Events, in the scenario's folder or below."""
    start: datetime.date | None = None
    """First day of the record's first round; None is the first day of the scenario's. The rounds are as long as its."""
    until: datetime.date | None = None
    """Last day on which silence means something; None is the day of the last event."""
    moves: tuple[EventRule, ...] = ()
    chance: tuple[EventRule, ...] = ()
    precedence: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Party, or `chance`, -> what counts where a round has events of several, first things first."""
    unseen: tuple[str, ...] = ()
    """Outcomes (`meeting_fails`, `engagement.warned`) that are taken to have happened where no event says otherwise."""
    confidence: Mapping[str, float] = field(default_factory=dict[str, float])
    """Level of confidence -> weight of an event in the likelihood, from 0 (left out) to 1 (also where not named)."""
    impossible: str = REFUSE
    """`refuse` or `next`: whether a forbidden move ends the matter, or the next in precedence is taken."""
    why: str | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


def without_moves(record: RecordSection, moves: Sequence[str]) -> RecordSection:
    """The section once moves (`us.warn`) exist no longer: what counted as them is outside the model."""

    def left(party: str, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if f"{party}.{name}" not in moves)

    return replace(
        record,
        moves=tuple(rule for rule in record.moves if rule.what not in moves),
        precedence={party: left(party, names) for party, names in record.precedence.items()},
    )
