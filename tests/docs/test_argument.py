"""The page on the shipped argument speaks of the scenario as it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import goodoffices

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "the-argument.md"


@pytest.fixture(scope="module")
def scenario():
    return goodoffices.load("budapest-2025")


def named_after(opening: str) -> set[str]:
    """Words in code in the definitions of the page that open with a word."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith(f": {opening}: ")]
    return {word for line in lines for word in re.findall(r"`([^`]+)`", line)}


def test_every_claim_of_the_scenario_is_named_and_no_other(scenario):
    assert named_after("Claims") == {claim.name for claim in scenario.claims}


def test_every_element_that_the_page_names_is_in_the_scenario(scenario):
    moves = {move.name for turn in scenario.turns for mover in turn.movers for move in mover.moves}
    levels = {level for factor in scenario.factors for level in factor.levels}
    named = {
        element.name
        for kind in ("parties", "factors", "parameters", "lets", "documents")
        for element in getattr(scenario, kind)
    }
    types = {f"{d.party}.{d.name}" for d in scenario.types}
    assert named_after("In the model") - {"source"} - moves - levels - named - types == set()
