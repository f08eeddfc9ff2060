"""A study in the terminal: the argument, then each claim with its verdict, then whether the numbers can be trusted.

Receives a `Study` and a rich console; prints, wrapped to the console's width. Nothing in a scenario is read as markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from goodoffices.claims.verdict import Study
from goodoffices.reports.claim_view import sentence_of
from goodoffices.reports.evidence import certificate_sentence
from goodoffices.reports.judgement import judge, tally
from goodoffices.reports.view import citation

if TYPE_CHECKING:
    from rich.console import Console

_STYLES = {"holds": "bold blue", "fails": "bold red", "depends": "bold yellow", "unknown": "bold"}


def print_study(study: Study, console: Console) -> None:
    """Print what a study found; the words say everything that colours and marks do."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    scenario = study.scenario
    console.print(Text(scenario.title, style="bold"))
    for document in scenario.documents:
        cited = citation(document)
        parts = [cited[k] for k in ("author", "title", "outlet", "date")]
        console.print(
            Text("The argument of: " + (", ".join(p for p in parts if p) or document.name), style="dim")
        )
    for change in scenario.changes:
        console.print(Text(f"Changed: {change}", style="yellow"))
    console.print()
    for sentence in scenario.summary:
        console.print(Padding(Text(sentence), (0, 0, 0, 2)))
    console.print()
    console.print(Text(tally(study.verdicts), style="bold"))
    console.print()
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for verdict in study.verdicts:
        judgement = judge(verdict)
        words = Text(verdict.claim.text)
        words.append(f"\n{sentence_of(verdict)}", style="dim")
        mark = f"{_mark(judgement.mark, console)} {judgement.kind}"
        grid.add_row(Text(mark, style=_STYLES[judgement.kind]), words)
    console.print(grid)
    console.print()
    console.print(Text(f"Certificate: {certificate_sentence(study)}"))
    console.print(
        Text("This is what follows from the argument under these assumptions, not that it is true.")
    )


def _mark(mark: str, console: Console) -> str:
    """The mark, or plain letters where the terminal's encoding has no such sign."""
    try:
        mark.encode(console.encoding)
    except (UnicodeEncodeError, LookupError):
        return {"✓": "+", "✗": "x"}.get(mark, mark)
    return mark
