"""Writing a study to a folder: `report.html` for people, `study.json` for programs.

Receives a `Study` and a folder, made if it is missing; returns the two paths. Each file is written beside its place and
then moved there, so that an interrupted run never leaves half a report. Raises `OSError` where the folder cannot be
written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from goodoffices.claims.verdict import Study
from goodoffices.reports.data import study_data
from goodoffices.reports.html import render

if TYPE_CHECKING:
    from goodoffices.reports.part import Part


@dataclass(frozen=True)
class ReportFiles:
    """Where a report was written."""

    html: Path
    """The page, one file that asks for nothing else."""
    data: Path
    """Every number, in the form of `study.schema.json`."""


def write(study: Study, folder: Path, *, analyses: Sequence[Part] = ()) -> ReportFiles:
    """Write `report.html` and `study.json` for a study into `folder`.

    Args:
        study: what was found.
        folder: made if it is missing.
        analyses: what else was asked of the scenario, a section and an entry of `analyses` each.

    Raises:
        OSError: the folder cannot be written.
    """
    from goodoffices.reports.part import shortened

    page = render(study, [shortened(part) for part in analyses])
    found = study_data(study, {part.identity: part.data for part in analyses})
    data = json.dumps(found, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = ReportFiles(folder / "report.html", folder / "study.json")
    replace(files.html, page)
    replace(files.data, data + "\n")
    return files


def replace(path: Path, text: str) -> None:
    """Put a text into a file's place in one step."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_text(text, encoding="utf-8", newline="\n")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
