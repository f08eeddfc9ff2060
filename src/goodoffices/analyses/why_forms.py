"""What an explanation is made of: reasons as sentences, the figures in them, and the elements that they come from.

Receives nothing; these are the frozen values that `why` returns.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from goodoffices.analyses.why_terms import ElementName
from goodoffices.language.priors import median
from goodoffices.language.scenario import Note, Scenario


@dataclass(frozen=True)
class Figure:
    """A number of a reason."""

    name: str
    """What it is, as a question of the language where there is one."""
    value: float
    unit: str
    """`utility`, `probability`, `rounds` or `number`."""


@dataclass(frozen=True)
class Citation:
    """An element of the scenario that a reason rests on, with the words that it comes from."""

    kind: str
    name: str
    value: float | None
    """The prior median of a parameter."""
    why: str | None
    document: str | None
    sentence: int | None
    quote: str | None
    """The words in the document; None where the element cites none."""


@dataclass(frozen=True)
class Reason:
    """One link of the chain."""

    kind: str
    """`answer`, `difference`, `gain`, `fear`, `choice`, `reply`, `belief`, `cost`, `trend`, `source` or `path`."""
    text: str
    """The sentence."""
    figures: tuple[Figure, ...]
    citations: tuple[Citation, ...]


@dataclass(frozen=True)
class Part:
    """A term of a payoff in two situations."""

    term: str
    first: float
    second: float
    citations: tuple[Citation, ...]

    @property
    def difference(self) -> float:
        """The first less the second."""
        return self.first - self.second


@dataclass(frozen=True)
class Breakdown:
    """The difference of two expectations of a party as a sum over the terms of its payoff."""

    title: str
    party: str
    first: str
    """What the first expectation is, such as `after us.withdraw`."""
    second: str
    parts: tuple[Part, ...]
    """The largest difference first."""

    @property
    def difference(self) -> float:
        """The sum of the parts."""
        return sum(part.difference for part in self.parts)


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a claim holds or does not, at the medians of the priors."""

    scenario: Scenario
    name: str
    text: str
    """The claim as a sentence for a reader."""
    says: str
    """The claim in the language."""
    holds: bool | None
    """None where it has no answer."""
    margin: float
    unit: str
    reasons: tuple[Reason, ...]
    breakdowns: tuple[Breakdown, ...]
    worst: Mapping[str, float]
    """Largest value of each part of the certificate over the games that were solved."""
    games: int
    """Games that were solved: one for each world that the claim speaks of."""
    seconds: Mapping[str, float]
    """`solving` and `explaining`."""
    settings: Mapping[str, object] = field(default_factory=dict[str, object])


class Citations:
    """Finds the notes of elements."""

    def __init__(self, scenario: Scenario) -> None:
        self.notes: dict[ElementName, Note] = {}
        for party in scenario.parties:
            self.notes["party", party.name] = party.note
        for one in scenario.types:
            self.notes["type", f"{one.party}.{one.name}"] = one.note
        for factor in scenario.factors:
            self.notes["public state", factor.name] = factor.note
        for let in scenario.lets:
            self.notes["quantity", let.name] = let.note
        for parameter in scenario.parameters:
            self.notes["parameter", parameter.name] = parameter.note
        for turn in scenario.turns:
            for mover in turn.movers:
                for move in mover.moves:
                    self.notes.setdefault(("move", f"{mover.party}.{move.name}"), move.note)
        self.medians = {p.name: median(p.prior) for p in scenario.parameters}

    def of(self, names: Iterable[ElementName]) -> tuple[Citation, ...]:
        """Citations of elements, each once."""
        return tuple(self._one(kind, name) for kind, name in dict.fromkeys(names))

    def _one(self, kind: str, name: str) -> Citation:
        note = self.notes.get((kind, name), Note())
        source = note.source
        return Citation(
            kind,
            name,
            self.medians.get(name) if kind == "parameter" else None,
            note.why,
            source.document if source else None,
            source.sentence if source else None,
            source.text if source else None,
        )


def number(value: float) -> str:
    """Two significant digits for a sentence: `1.3`, `−0.24`, `120`."""
    if not math.isfinite(value):
        return "unknown"
    if abs(value) < 5e-4:
        return "0"
    digits = max(0, 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}".replace("-", "\N{MINUS SIGN}")


def percent(share: float) -> str:
    """A share as a percentage that never rounds to certainty."""
    if not math.isfinite(share):
        return "unknown"
    value = 100 * share
    if 0 < value < 0.5:
        return "<1%"
    if 99.5 < value < 100:
        return ">99%"
    return f"{value:.0f}%"


def listed(texts: Iterable[str]) -> str:
    """`a, b and c`."""
    items = list(texts)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""
