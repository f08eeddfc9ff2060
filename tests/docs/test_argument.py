"""The page on the shipped argument speaks of the scenario as it is."""

from __future__ import annotations

import re
from pathlib import Path

import goodoffices
import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "the-argument.md"


@pytest.fixture(scope="module")
def scenario():
    return goodoffices.load("budapest-2025")


def cells(column: int) -> set[str]:
    """Words in code in a column of the page's table."""
    rows = [line.split("|")[1:-1] for line in PAGE.read_text().splitlines() if line.startswith("|")]
    return {word for row in rows[2:] for word in re.findall(r"`([^`]+)`", row[column])}


def test_every_claim_of_the_scenario_stands_in_the_table_once_and_no_other(scenario):
    assert cells(2) == {claim.name for claim in scenario.claims}


def test_every_element_that_the_table_names_is_in_the_scenario(scenario):
    moves = {move.name for turn in scenario.turns for mover in turn.movers for move in mover.moves}
    levels = {level for factor in scenario.factors for level in factor.levels}
    named = {
        element.name
        for kind in ("parties", "factors", "parameters", "lets", "documents")
        for element in getattr(scenario, kind)
    }
    types = {f"{d.party}.{d.name}" for d in scenario.types}
    assert cells(1) - {"source"} - moves - levels - named - types == set()
