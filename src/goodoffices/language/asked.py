"""Questions asked after a scenario was read: from the text of a claim, a quantity or an event to the typed tree.

Receives a text in the language of claims and the scenario that it is about; returns what the text says. Refuses texts that
a claim of the scenario's own file could not say, with their places in the text.
"""

from __future__ import annotations

from goodoffices.core.diagnostics import Refusal, Span, refuse
from goodoffices.language import questions, syntax
from goodoffices.language.events import Calendar
from goodoffices.language.resolve import Scope
from goodoffices.language.scenario import Scenario
from goodoffices.language.tree import ClaimExpression, Comparison, Event, Quantity, Question

PLACE = "question"
"""What stands for a file's name in the places of problems."""


def read_claim(text: str, scenario: Scenario) -> ClaimExpression:
    """Read a claim such as `P(us.withdraw) < 0.2` or `modal(us) == us.press`.

    Raises:
        Refusal: with every problem of the text.
    """
    return _claim(text, scenario, text, 0)


def read_quantity(text: str, scenario: Scenario) -> Quantity:
    """Read a quantity such as `P(fighting == truce) - 0.1` or `value(us | after us.press)`.

    Raises:
        Refusal: with every problem of the text.
    """
    found = _claim(f"{text} > 0", scenario, text, 0)
    if not isinstance(found, Comparison) or not isinstance(found.left, Quantity):
        raise refuse(
            "not-a-quantity",
            f"`{text}` is not one number",
            hint="a quantity is a `P`, `value` or `belief`, or arithmetic of them",
        )
    return found.left


def read_event(text: str, scenario: Scenario) -> Event:
    """Read an event such as `fighting == truce within 2 rounds` or `us.withdraw`.

    Raises:
        Refusal: with every problem of the text.
    """
    found = _claim(f"P({text}) > 0", scenario, text, 2)
    event = found.left.event if isinstance(found, Comparison) and isinstance(found.left, Question) else None
    if event is None:
        raise refuse("not-an-event", f"`{text}` is not an event", hint="such as `fighting == truce at end`")
    return event


def _claim(whole: str, scenario: Scenario, text: str, offset: int) -> ClaimExpression:
    def places(start: int, end: int) -> Span:
        first, last = (min(max(k - offset, 0), len(text)) + 1 for k in (start, end))
        return Span(PLACE, 1, first, 1, max(last, first + 1))

    scope = _scope(scenario)
    if "\n" in text or not text.strip():
        raise refuse("empty-expression", "a question is one line of text", span=places(0, 1))
    time, record = scenario.time, scenario.record
    outset = {factor.name: factor.start for factor in scenario.factors}
    recorded = (record.start or time.start) if record is not None else None
    calendar = Calendar(time.round_days, time.start, time.rounds, outset, recorded)
    try:
        found = questions.claim(syntax.parse(whole, places), scope, calendar)
    except Refusal as refusal:
        raise Refusal(refusal.diagnostics, sources={PLACE: text}) from None
    if found is None:
        errors = [d for d in scope.diagnostics if d.severity == "error"]
        raise Refusal(errors, sources={PLACE: text})
    return found


def _scope(scenario: Scenario) -> Scope:
    levels = {factor.name: factor.levels for factor in scenario.factors}
    moves: dict[str, dict[str, None]] = {}
    for turn in scenario.turns:
        for mover in turn.movers:
            moves.setdefault(mover.party, {}).update(dict.fromkeys(m.name for m in mover.moves))
    return Scope(
        parameters={p.name for p in scenario.parameters},
        lets={let.name for let in scenario.lets if let.key is None},
        tables={let.name: let.key for let in scenario.lets if let.key is not None},
        levels=levels | {f"{d.party}.{d.name}": d.levels for d in scenario.types},
        parties=tuple(p.name for p in scenario.parties),
        moves={party: tuple(names) for party, names in moves.items()},
    )
