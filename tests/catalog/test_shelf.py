"""The shelf: names lead to files, and a wrong name is refused with the right one beside it."""

from __future__ import annotations

import pytest

from goodoffices import catalog
from goodoffices.core.diagnostics import Refusal


def test_the_first_scenario_comes_first_and_teaching_last() -> None:
    names = catalog.names()
    assert names[0] == "budapest-2025"
    assert set(names) >= {"teaching/beer-quiche", "teaching/crisis-signalling"}
    assert names[-1].startswith("teaching/")


@pytest.mark.parametrize("name", catalog.names())
def test_every_name_leads_to_a_file_with_its_brief_and_title(name: str) -> None:
    path = catalog.path(name)
    assert path.is_file()
    assert (path.parent / "brief.md").is_file()
    title = catalog.describe(name)
    assert title
    assert f"title: {title}" in path.read_text("utf-8")


def test_a_misspelt_name_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(Refusal) as refusal:
        catalog.path("budapest-2052")
    assert refusal.value.diagnostics[0].hint == "did you mean `budapest-2025`?"


def test_a_name_cannot_lead_out_of_the_shelf() -> None:
    with pytest.raises(Refusal):
        catalog.path("../scenarios/budapest-2025")
