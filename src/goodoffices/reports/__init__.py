"""What a study found, as a page for people and as data for programs.

`write` puts `report.html` and `study.json` into a folder; `print_study` tells the same story in a terminal.
Nothing here computes a result: every number comes from the `Study` that is handed over.
"""

from __future__ import annotations

from goodoffices.reports.files import ReportFiles, write
from goodoffices.reports.terminal import print_study

__all__ = ["ReportFiles", "print_study", "write"]
