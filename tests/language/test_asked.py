"""Questions that are asked after a scenario was read."""

from __future__ import annotations

import pytest

from goodoffices import load
from goodoffices.core.diagnostics import Refusal
from goodoffices.language.asked import read_claim, read_event, read_quantity


@pytest.mark.parametrize("name", ["budapest-2025", "beer-quiche", "crisis-signalling"])
def test_a_claim_asked_later_is_the_claim_of_the_file(name):
    scenario = load(name)
    for claim in scenario.claims:
        assert read_claim(claim.says_text, scenario) == claim.says


def test_quantities_and_events_are_parts_of_claims():
    scenario = load("beer-quiche")
    says = read_claim("P(guest.beer within 1 rounds) - 0.1 > 0", scenario)
    assert read_quantity("P(guest.beer within 1 rounds) - 0.1", scenario) == says.left
    assert read_event("guest.beer within 1 rounds", scenario) == says.left.operands[0].event


@pytest.mark.parametrize(
    ("read", "text", "code", "column"),
    [
        (read_event, "guest.bear", "unknown-move", 1),
        (read_quantity, "P(guest.bear)", "unknown-move", 3),
        (read_quantity, "modal(guest)", "choice-and-number", 1),
        (read_claim, "P(guest.beer", None, None),
        (read_claim, " ", "empty-expression", 1),
    ],
)
def test_what_no_claim_could_say_is_refused_at_its_place(read, text, code, column):
    with pytest.raises(Refusal) as caught:
        read(text, load("beer-quiche"))
    first = caught.value.diagnostics[0]
    if code is not None:
        assert (first.code, first.span.column) == (code, column)
