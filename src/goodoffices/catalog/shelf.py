"""Where the scenarios that ship with the program stand.

Receives names such as `budapest-2025` or `teaching/beer-quiche`; returns paths of scenario files and their titles; refuses
names that are not on the shelf. It only finds files: reading them as scenarios is the language's work.
"""

from __future__ import annotations

import difflib
import re
from importlib import resources
from pathlib import Path

from goodoffices.core.diagnostics import refuse

_FILE = "scenario.yaml"
_TITLE = re.compile(r"^title:\s*(?P<quote>[\"']?)(?P<title>.+?)(?P=quote)\s*$", re.MULTILINE)


def names() -> tuple[str, ...]:
    """Names of all scenarios, arguments about real talks first, teaching examples last; alphabetical within a folder."""
    home = _home()
    found = [file.parent.relative_to(home).as_posix() for file in home.rglob(_FILE)]
    return tuple(sorted(found, key=lambda name: (name.startswith("teaching/"), "/" in name, name)))


def path(name: str) -> Path:
    """The scenario file of that name; its documents stand in the same folder.

    Raises:
        Refusal: `unknown-scenario`, with the nearest names, when nothing on the shelf is called so.
    """
    known = names()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=2, cutoff=0.5)
        hint = f"did you mean {' or '.join(f'`{other}`' for other in near)}?" if near else None
        raise refuse(
            "unknown-scenario",
            f"the catalogue has no scenario `{name}`",
            hint=hint or f"it has {', '.join(f'`{other}`' for other in known)}",
        )
    return _home() / name / _FILE


def describe(name: str) -> str:
    """The scenario's title, as its file gives it.

    Raises:
        Refusal: `unknown-scenario`, as `path`.
    """
    found = _TITLE.search(path(name).read_text("utf-8"))
    return found["title"] if found else name


def _home() -> Path:
    return Path(str(resources.files("goodoffices.catalog").joinpath("scenarios")))
