"""The terminal tells the same story, at any width and in any encoding."""

from __future__ import annotations

import dataclasses
import io
import re
import subprocess
import sys

import pytest
from rich.console import Console

from goodoffices.claims.verdict import Study
from goodoffices.reports.terminal import print_study


def printed(study: Study, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width)
    print_study(study, console)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


@pytest.mark.parametrize("width", [30, 80, 200])
def test_no_line_is_wider_than_the_terminal(study: Study, width: int) -> None:
    assert max(map(len, printed(study, width).splitlines())) <= width


def test_every_claim_is_printed_with_its_verdict(study: Study) -> None:
    text = re.sub(r"\s+", " ", printed(study, 2000))
    for verdict in study.verdicts:
        assert verdict.claim.text in text
        assert verdict.sentence[1:] in text
    assert "509 of 512 draws were solved and 3 were not" in text


def test_square_brackets_in_a_scenario_are_not_markup(study: Study) -> None:
    scenario = dataclasses.replace(study.scenario, title="[red]The talks[/red] [/]")
    text = printed(dataclasses.replace(study, scenario=scenario))
    assert "[red]The talks[/red] [/]" in text


def test_a_terminal_without_the_signs_gets_letters(study: Study) -> None:
    buffer = io.BytesIO()
    file = io.TextIOWrapper(buffer, encoding="latin-1", errors="replace")
    print_study(study, Console(file=file, width=100))
    file.flush()
    text = buffer.getvalue().decode("latin-1")
    assert "+ holds" in text
    assert "x fails" in text


def test_importing_reports_does_not_import_rich_or_a_solver() -> None:
    code = "import sys, goodoffices.reports; print([m for m in ('rich', 'jax', 'scipy') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
