"""The elements of a model, each with its reason and the words it cites, under one identity that links can point to.

Receives a `Scenario`; returns `Element`s in the order of the file. Identities are safe in a page whatever the names are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from goodoffices.language.scenario import Anchor, Note, Scenario


@dataclass(frozen=True)
class Element:
    """One part of a model as a reader meets it."""

    kind: str
    """`party`, `type`, `public state`, `parameter`, `quantity`, `turn`, `move`, `chance` or `claim`."""
    name: str
    """Its name in the scenario, `party.name` for what belongs to a party."""
    label: str
    """What a reader calls it."""
    why: str | None
    source: Anchor | None
    identity: str
    """The `id` on the page of the place where it is explained."""


def identity(kind: str, name: str) -> str:
    """An `id` for the page: letters, digits, `-`, `_` and `.`; other characters become their code points."""
    safe = re.sub(r"[^A-Za-z0-9_.-]", lambda m: f"-{ord(m.group()):x}-", name)
    return f"{kind.replace(' ', '-')}-{safe}"


def elements(scenario: Scenario) -> tuple[Element, ...]:
    """Every element that can carry a reason and a source."""
    found: list[Element] = []

    def add(kind: str, name: str, label: str, note: Note, at: str | None = None) -> None:
        found.append(Element(kind, name, label, note.why, note.source, at or identity(kind, name)))

    labels = {p.name: p.label for p in scenario.parties}
    for party in scenario.parties:
        add("party", party.name, party.label, party.note)
    for kind in scenario.types:
        add(
            "type",
            f"{kind.party}.{kind.name}",
            f"{labels.get(kind.party, kind.party)}: {kind.name}",
            kind.note,
        )
    for factor in scenario.factors:
        add("public state", factor.name, factor.name, factor.note)
    for number, turn in enumerate(scenario.turns, start=1):
        if turn.note != Note():
            add("turn", str(number), f"turn {number}", turn.note)
        for mover in turn.movers:
            for move in mover.moves:
                name = f"{mover.party}.{move.name}"
                add("move", name, f"{labels.get(mover.party, mover.party)}: {move.label}", move.note)
        for outcome in turn.outcomes:
            add("chance", outcome.name, outcome.label, outcome.note)
    for let in scenario.lets:
        add("quantity", let.name, let.name, let.note)
    for parameter in scenario.parameters:
        add("parameter", parameter.name, parameter.name, parameter.note)
    for claim in scenario.claims:
        add("claim", claim.name, claim.text, claim.note)
    return _distinct(found)


def _distinct(found: list[Element]) -> tuple[Element, ...]:
    """A party may have the same move in two turns: the first is where links go, and it is listed once per source."""
    seen: set[tuple[str, str, str | None, Anchor | None]] = set()
    out: list[Element] = []
    for element in found:
        key = (element.kind, element.name, element.why, element.source)
        if key not in seen:
            seen.add(key)
            out.append(element)
    return tuple(out)
