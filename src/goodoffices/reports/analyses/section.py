"""The shape that every analysis has for a reader: sections of a sentence, a picture and a table.

Receives sections; writes one self-contained page and prints the same in a terminal. Nothing here computes a result.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from goodoffices.reports.files import replace
from goodoffices.reports.part import Block, Part, Picture, Table, frame

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, eq=False)
class Section:
    """What is said of one claim or question."""

    heading: str
    sentence: str
    picture: Markup | None
    """None where there is nothing to draw."""
    caption: str
    """Under the picture: how to read it."""
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    """The first cell of each names the row."""


@dataclass(frozen=True, eq=False)
class Page:
    """A whole analysis."""

    kind: str
    """Above the title, such as `Tipping map`."""
    title: str
    sections: Sequence[Section]
    facts: Mapping[str, str]
    """How it was computed."""
    data: Mapping[str, Any]
    """For programs: what is documented in the reference of the command."""
    interrupted: bool = False


def part_of(page: Page, *, name: str) -> Part:
    """The page as a part of a report; `name` is that of its files."""
    blocks = tuple(
        Block(
            s.heading,
            (s.sentence,),
            () if s.picture is None else (Picture(s.picture, s.caption),),
            (Table("In numbers", tuple(s.header), tuple(tuple(row) for row in s.rows)),) if s.rows else (),
        )
        for s in page.sections
    )
    return Part(name, page.kind, blocks, (), page.facts, page.data, page.interrupted)


def html(page: Page, *, name: str) -> str:
    """The page: one file that asks for nothing else. `name` is that of the files."""
    return frame(
        part_of(page, name=name),
        kicker="An argument put to the test",
        title=page.title,
        version=importlib.metadata.version("goodoffices"),
    )


def write(page: Page, folder: Path, *, name: str) -> Mapping[str, Path]:
    """Write `NAME.html` and `NAME.json` into a folder, made if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    data = json.dumps(page.data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    texts = {f"{name}.html": html(page, name=name), f"{name}.json": data + "\n"}
    for file, text in texts.items():
        replace(folder / file, text)
    return {file: folder / file for file in texts}


def print_page(page: Page, console: Console) -> None:
    """Print each sentence with its table."""
    from rich.table import Table
    from rich.text import Text

    console.print(Text(page.title), style="bold")
    for section in page.sections:
        console.print()
        console.print(Text(section.heading), style="bold")
        console.print(Text(section.sentence))
        if section.rows:
            table = Table(box=None, pad_edge=False, header_style="bold")
            for k, head in enumerate(section.header):
                table.add_column(head, overflow="fold", justify="right" if k else "left")
            for row in section.rows:
                table.add_row(*(Text(cell) for cell in row))
            console.print(table)
    console.print()
    for fact, text in page.facts.items():
        console.print(Text(f"{fact}: {text}"), soft_wrap=True)
