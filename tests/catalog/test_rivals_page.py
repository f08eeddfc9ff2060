"""The page on the rival arguments speaks of the scenarios as they are."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from goodoffices import catalog, language

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "rival-arguments.md"
NAMES = tuple(n for n in catalog.names() if n == "budapest-2025" or n.startswith("rivals-2025/"))
WORDS = {
    "Column": "budapest-2025",
    "Restraint": "rivals-2025/restraint",
    "Conditional pressure": "rivals-2025/conditional-pressure",
    "Disengagement": "rivals-2025/disengagement",
    "Stalemate": "rivals-2025/stalemate",
}
"""How the page calls an argument -> its scenario."""


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text("utf-8")


def test_every_argument_has_its_row(page: str) -> None:
    assert set(re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)) == set(NAMES)
    assert set(WORDS.values()) == set(NAMES)


def test_every_row_names_the_outlet_that_the_scenario_cites(page: str) -> None:
    for name in NAMES:
        (row,) = re.findall(rf"^\| `{re.escape(name)}` \|.*$", page, re.MULTILINE)
        (document,) = language.load(catalog.path(name)).documents
        assert document.cites["outlet"] in row
        assert str(document.cites["date"])[:4] in row


def test_every_element_that_carries_a_disagreement_is_in_its_scenario(page: str) -> None:
    """In the list of structures, what stands in code after an argument's name is an element of its scenario."""
    found = 0
    start = page.index("## Which structure")
    section = " ".join(page[start : page.index("\n## ", start + 1)].split())
    heads = "|".join(WORDS)
    for head, said in re.findall(rf"({heads}): (.*?)(?=(?:{heads}): |$)", section):
        scenario = language.load(catalog.path(WORDS[head]))
        kinds = ("parameters", "factors", "lets")
        known = {element.name for kind in kinds for element in getattr(scenario, kind)}
        known |= {f"{d.party}.{d.name}" for d in scenario.types}
        named = set(re.findall(r"`([^`]+)`", said))
        assert named - known == set(), head
        found += len(named)
    assert found > 15


@pytest.mark.slow
@pytest.mark.parametrize("script", ["compare.py", "without_recognition.py"])
def test_the_tables_of_64_draws_are_what_the_scripts_print(page: str, script: str, tmp_path: Path) -> None:
    for name, text in re.findall(r"^```py file=(\S+)\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        (tmp_path / name).write_text(text, "utf-8")
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=True)
    tables = re.findall(r"^```text\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert done.stdout in tables
