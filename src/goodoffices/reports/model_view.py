"""The parties, what they can do, and what they are taken to want, as tables and one picture.

Receives a `Scenario`; returns a mapping for the templates.
"""

from __future__ import annotations

from typing import Any

from goodoffices.language.scenario import Move, Note, Scenario
from goodoffices.reports.algebra import effect_words, words
from goodoffices.reports.elements import identity
from goodoffices.reports.numbers import counted
from goodoffices.reports.parties import factors_moved, factors_valued, parties_picture


def model(scenario: Scenario) -> dict[str, Any]:
    """Parties, levers, chance and public state."""
    labels = {p.name: p.label for p in scenario.parties}
    levers = [
        _lever(move, mover.party, labels, move.name == mover.default)
        for turn in scenario.turns
        for mover in turn.movers
        for move in mover.moves
    ]
    levers = [lever for k, lever in enumerate(levers) if lever not in levers[:k]]
    seen: set[str] = set()
    for lever in levers:  # a move that comes in two turns is explained once
        lever["id"] = None if lever["id"] in seen else lever["id"]
        seen.add(lever["id"] or "")
    return {
        "parties": [
            {
                "id": identity("party", p.name),
                "label": p.label,
                "role": p.role,
                "why": p.note.why,
                "wants": words(scenario.values[p.name]) if p.name in scenario.values else None,
                "wants_at_end": words(scenario.end_values[p.name]) if p.name in scenario.end_values else None,
            }
            for p in scenario.parties
        ],
        "factors": [
            {
                "id": identity("public state", f.name),
                "name": f.name,
                "levels": f.levels,
                "start": f.start,
                "why": f.note.why,
            }
            for f in scenario.factors
        ],
        "levers": levers,
        "order": _order(scenario, labels),
        "turns": _turns(scenario, labels),
        "chance": [
            {
                "id": identity("chance", o.name),
                "label": o.label,
                "odds": words(o.odds),
                "when": words(o.when) if o.when else None,
                "changes": [effect_words(e) for e in o.then],
                "why": o.note.why,
            }
            for turn in scenario.turns
            for o in turn.outcomes
        ],
        "sentence": _sentence(scenario),
        "picture": parties_picture(
            scenario,
            identity="parties",
            title="Parties, and the public state that they act on",
            description=_described(scenario, labels),
        ),
    }


def _lever(move: Move, party: str, labels: dict[str, str], default: bool) -> dict[str, Any]:
    return {
        "id": identity("move", f"{party}.{move.name}"),
        "party": labels.get(party, party),
        "label": move.label,
        "lever": move.lever,
        "default": default,
        "when": words(move.when) if move.when else None,
        "changes": [effect_words(e) for e in move.then],
        "costs": [_cost(types, words(cost)) for types, cost in move.costs],
        "why": move.note.why,
    }


def _cost(types: tuple[tuple[str, str], ...], cost: str) -> str:
    return f"{cost} if {' and '.join(level for _, level in types)}" if types else cost


def _turns(scenario: Scenario, labels: dict[str, str]) -> list[dict[str, Any]]:
    """The turns of a round for which the scenario gives a reason."""
    return [
        {"id": identity("turn", str(number)), "number": number, "who": who, "why": turn.note.why}
        for number, (turn, who) in enumerate(
            zip(scenario.turns, _movers(scenario, labels), strict=True), start=1
        )
        if turn.note != Note()
    ]


def _order(scenario: Scenario, labels: dict[str, str]) -> str:
    """The order of play in a round, as text."""
    return ", then ".join(_movers(scenario, labels))


def _movers(scenario: Scenario, labels: dict[str, str]) -> list[str]:
    return [
        " and ".join(labels.get(m.party, m.party) for m in turn.movers)
        + (" together" if len(turn.movers) > 1 else "")
        if turn.movers
        else "chance"
        for turn in scenario.turns
    ]


def _sentence(scenario: Scenario) -> str:
    moves = {(m.party, move.name) for t in scenario.turns for m in t.movers for move in m.moves}
    tagged = {
        (m.party, move.name) for t in scenario.turns for m in t.movers for move in m.moves if move.lever
    }
    parties = counted(len(scenario.parties), "party", "parties")
    return (
        f"{parties} with {counted(len(moves), 'move')} between them, of which {len(tagged)} "
        f"{'is a lever' if len(tagged) == 1 else 'are levers'}, act on "
        f"{counted(len(scenario.factors), 'public fact')} that all can see."
    )


def _described(scenario: Scenario, labels: dict[str, str]) -> str:
    """What the picture shows, in sentences, for those who do not see it."""
    out = []
    for party in scenario.parties:
        moved = sorted(factors_moved(scenario, party.name))
        valued = sorted(factors_valued(scenario, party.name))
        out.append(
            f"{labels[party.name]} ({party.role}) can change {', '.join(moved) or 'nothing'} "
            f"and cares about {', '.join(valued) or 'none of them'}."
        )
    return " ".join(out)
