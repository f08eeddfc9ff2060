"""An analysis as a reader meets it: sentences, then pictures, then tables, in a report or on a page of its own.

Receives what the views of the analyses made; returns a `Part`, which the report of a study takes in as a section, and
which `frame` turns into a page: one file that asks for nothing else. Nothing here computes a result.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from goodoffices.reports import html

LONGEST = 12
"""Rows of a table that a report shows; a page of its own shows all."""
MANY = 4
"""Claims beyond which a report shows one picture and one table of each."""


@dataclass(frozen=True)
class Picture:
    """A drawing with what it shows in words."""

    drawing: Markup
    caption: str


@dataclass(frozen=True)
class Table:
    """Rows of cells, the first of each being its head."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    folded: bool = False
    """Whether it is shown only when asked for."""


@dataclass(frozen=True, eq=False)
class Block:
    """What is said of one claim or question."""

    heading: str | None
    """None where the part has one block only."""
    sentences: tuple[str, ...]
    """The findings, first of all; backticks mark names."""
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, eq=False)
class Part:
    """A whole analysis."""

    identity: str
    """Of the section and of the files: `decide`."""
    title: str
    blocks: tuple[Block, ...]
    explained: tuple[str, ...] = ()
    """What the numbers mean, and what they do not."""
    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    """How it was computed."""
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Every number, as the schema of the analysis documents it."""
    interrupted: bool = False


def frame(part: Part, *, kicker: str, title: str, changes: Sequence[str] = (), version: str = "") -> str:
    """The part as a page of its own.

    Args:
        part: what the page shows.
        kicker: above the title.
        title: of the scenario.
        changes: what was changed since the scenario was read.
        version: of the software.
    """
    script = html.own("enhance.js")
    return (
        html.environment()
        .get_template("analysis.html")
        .render(
            part=part,
            kicker=kicker,
            title=title,
            changes=list(changes),
            version=version,
            style=html.own("style.css") + html.own("analyses.css"),
            script=script,
            policy=html.policy(script),
        )
    )


def shortened(part: Part) -> Part:
    """The part as a report has room for: the first rows of long tables, and less of each claim where there are many.

    Where something is left out, the table or the part says where it is.
    """
    many = len(part.blocks) > MANY
    blocks = tuple(_short(block, few=many) for block in part.blocks)
    said = part.explained
    if many and any(len(b.tables) > 1 or len(b.pictures) > 1 for b in part.blocks):
        said = (
            *said,
            f"Only the first picture and table of each are shown; `goodoffices {part.identity}` makes a page with all.",
        )
    return dataclasses.replace(part, blocks=blocks, explained=said)


def _short(block: Block, *, few: bool) -> Block:
    tables = [_cut(t) for t in block.tables if t.rows]
    if not few:
        return dataclasses.replace(block, tables=tuple(tables))
    return dataclasses.replace(block, pictures=block.pictures[:1], tables=tuple(tables[:1]))


def _cut(table: Table) -> Table:
    if len(table.rows) <= LONGEST:
        return table
    caption = f"{table.caption} (the first {LONGEST} of {len(table.rows)} rows; `study.json` has all)"
    return dataclasses.replace(table, caption=caption, rows=table.rows[:LONGEST])
