"""Reads the runnable blocks off a page of the documentation, and runs them.

Receives Markdown. A fence whose language is `python` is executed, all of a page's fences in one namespace; a fence
whose language is `console` holds commands after `$ ` and, below each, output that must occur in what the command
prints (`...` stands for anything). `console exit-1` says that the last command ends with that exit code. A fence of any language
with `file=NAME` after it is written to that file, for the blocks below it to use; with `add=NAME` it is added to the
file's end.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt


@dataclass(frozen=True)
class Block:
    """A runnable fence with the line, from one, where its text starts."""

    language: str
    exit_code: int
    text: str
    line: int
    file: str | None = None
    """Name of the file that the text is, in the page's folder."""
    adds: bool = False
    """Whether the text goes to the end of the file that is there already."""


@dataclass(frozen=True)
class Command:
    """A command line of a console block and the output that the page shows for it."""

    line: str
    shown: str


def blocks(markdown: str) -> list[Block]:
    """The runnable fences of a page, in order, also those inside lists and other blocks."""
    found: list[Block] = []
    for token in MarkdownIt().parse(markdown):
        words = token.info.split() if token.type == "fence" else []
        if words and words[0] in ("python", "console"):
            code = next((int(w.removeprefix("exit-")) for w in words[1:] if w.startswith("exit-")), 0)
            found.append(Block(words[0], code, token.content, (token.map or [0])[0] + 2))
        for key, _, name in (w.partition("=") for w in words[1:]):
            if key in ("file", "add"):
                line = (token.map or [0])[0] + 2
                found.append(Block(words[0], 0, token.content, line, name, adds=key == "add"))
    return found


def commands(text: str) -> list[Command]:
    """Split a console block into commands; a trailing backslash continues a command line."""
    found: list[Command] = []
    for part in re.split(r"^\$ ", text.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
        line, _, shown = part.partition("\n")
        found.append(Command(line.strip(), shown))
    return found


def write(block: Block, *, folder: Path) -> None:
    """Write or add a block's text to its file."""
    assert block.file is not None
    path = folder / block.file
    before = path.read_text("utf-8") if block.adds and path.exists() else ""
    path.write_text(before + block.text, "utf-8")


def run_python(block: Block, *, page: Path, names: dict[str, Any]) -> None:
    """Execute a block so that a traceback points at the page's own line."""
    source = "\n" * (block.line - 1) + block.text
    exec(compile(source, str(page), "exec"), names)


def run_console(block: Block, *, page: Path, folder: Path) -> None:
    """Run each command in the folder and compare exit code and output with the page's."""
    found = commands(block.text)
    assert found, f"{page}:{block.line}: a console block without a `$ ` line"
    scripts = str(Path(sys.executable).parent)
    environment = os.environ | {
        "PATH": scripts + os.pathsep + os.environ["PATH"],
        "NO_COLOR": "1",
        "COLUMNS": "100",
    }
    for command in found:
        done = subprocess.run(
            ["bash", "-c", command.line],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=540,
        )
        expected = block.exit_code if command is found[-1] else 0
        printed = done.stdout + done.stderr
        where = f"{page}:{block.line}: $ {command.line}"
        assert done.returncode == expected, f"{where}\nended with {done.returncode}\n{printed}"
        assert matches(command.shown, printed), f"{where}\nshows\n{command.shown}\nbut prints\n{printed}"


def matches(shown: str, printed: str) -> bool:
    """Whether what a page shows occurs in what was printed, blanks aside, `...` standing for anything."""
    parts = [" ".join(part.split()) for part in shown.split("...")]
    pattern = ".*".join(re.escape(part) for part in parts)
    return re.search(pattern, " ".join(printed.split()), flags=re.DOTALL) is not None
