"""A section of a report: first sentences, then pictures, then tables; and the page around one.

Receives `Section`s; returns the text of a page, one file that asks for nothing else, or writes it with its numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goodoffices.language.scenario import Scenario
from goodoffices.reports import numbers
from goodoffices.reports.files import replace
from goodoffices.reports.part import Block, Part, Picture, Table, frame

__all__ = ["Picture", "Section", "Table", "as_json", "part_of", "render_section", "write_section"]


@dataclass(frozen=True)
class Section:
    """One analysis on a page."""

    identity: str
    kicker: str
    """What the page is, above its title."""
    title: str
    sentences: tuple[str, ...]
    """The findings, first of all; backticks mark names."""
    pictures: tuple[Picture, ...]
    tables: tuple[Table, ...]
    explained: tuple[str, ...]
    """What the numbers mean, and what they do not."""


def part_of(
    section: Section, settings: Mapping[str, object], data: Mapping[str, Any], *, heading: str | None = None
) -> Part:
    """The section as a part of a report or of a page; `heading` names its one block in place of its own title."""
    facts = {name.replace("_", " "): _shown(value) for name, value in settings.items()}
    block = Block(heading or section.title, section.sentences, section.pictures, section.tables)
    return Part(section.identity, section.kicker, (block,), section.explained, facts, data)


def render_section(section: Section, scenario: Scenario, settings: Mapping[str, object]) -> str:
    """Write the page of one section."""
    return frame(
        part_of(section, settings, {}),
        kicker="An argument put to the test",
        title=scenario.title,
        changes=scenario.changes,
        version=str(settings.get("version", "")),
    )


def write_section(
    section: Section,
    scenario: Scenario,
    settings: Mapping[str, object],
    data: Mapping[str, Any],
    folder: Path,
) -> tuple[Path, Path]:
    """Write `NAME.html` and `NAME.json` into a folder, made if it is missing; return the two paths.

    Raises:
        OSError: the folder cannot be written.
    """
    page, text = render_section(section, scenario, settings), as_json(data)
    folder.mkdir(parents=True, exist_ok=True)
    files = folder / f"{section.identity}.html", folder / f"{section.identity}.json"
    replace(files[0], page)
    replace(files[1], text + "\n")
    return files


def as_json(data: Mapping[str, Any]) -> str:
    """The numbers as text; none of them is other than finite or null."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1)


def _shown(value: object) -> str:
    return numbers.plain(value, 3) if isinstance(value, float) else str(value)
