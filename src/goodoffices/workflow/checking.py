"""Every problem of a file at once, and files in the one style.

Receives what a person names (a path or a catalogue name); returns `Findings`, or whether a file changed. A file that
cannot be used is a finding, not an exception.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from goodoffices.core.diagnostics import Diagnostic, Refusal, render
from goodoffices.workflow.loading import find, read_efg


@dataclass(frozen=True)
class Findings:
    """What checking one file found."""

    file: str
    diagnostics: tuple[Diagnostic, ...] = ()
    sources: dict[str, str] = field(default_factory=dict[str, str])
    summary: str = ""
    """What the file holds, in a few words; empty when it was refused."""

    @property
    def refused(self) -> bool:
        """Whether a problem keeps the file from being used; warnings do not."""
        return any(d.severity == "error" for d in self.diagnostics)

    def render(self) -> str:
        """The problems with their places, lines and hints."""
        return render(self.diagnostics, self.sources)


def check(source: str | Path) -> Findings:
    """Check a scenario or an `.efg` file and return every problem found."""
    try:
        path = find(source)
        if path.suffix.lower() == ".efg":
            return Findings(str(source), summary=_game(path))
        return _scenario(str(source), path)
    except Refusal as refusal:
        return Findings(str(source), refusal.diagnostics, refusal.sources)


def _scenario(source: str, path: Path) -> Findings:
    from goodoffices import language

    text = language.read(path).text
    problems = language.check(path, text=text)
    found = Findings(source, problems, {str(path): text})
    if found.refused:
        return found
    scenario = language.load(path, text=text)
    counts = (
        (len(scenario.parties), "party", "parties"),
        (len(scenario.parameters), "parameter", "parameters"),
        (len(scenario.claims), "claim", "claims"),
    )
    warnings = (
        f"{len(problems)} {'warning' if len(problems) == 1 else 'warnings'}" if problems else "no problems"
    )
    held = ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in counts)
    return replace(found, summary=f"{warnings}; {held}")


def _game(path: Path) -> str:
    game = read_efg(path)
    return f"no problems; {len(game.players)} players, {len(game.infoset_player)} information sets"


def format(source: str | Path, *, write: bool = True) -> bool:
    """Put a scenario file into the one style, comments kept; return whether that changes it.

    The new text takes the file's place in one step, so that an interruption cannot leave half of it.

    Raises:
        Refusal: when the file cannot be read or is not YAML.
    """
    from goodoffices import language

    path = find(source)
    before = language.read(path).text
    after = language.format_text(before, file=str(path))
    if write and after != before:
        _replace(path, after)
    return after != before


def _replace(path: Path, text: str) -> None:
    path = path.resolve()  # a link keeps pointing at the file it points at
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        os.chmod(name, path.stat().st_mode & 0o7777)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
