"""The shape of the source tree: what every file may be and say."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "goodoffices"
SOURCES = sorted(PACKAGE.rglob("*.py"))


def _tracked() -> list[Path]:
    """Files that ship: git's own list where there is a repository, otherwise everything outside built folders."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    return [p for p in ROOT.rglob("*") if p.is_file() and not {".venv", "_build", ".git"} & set(p.parts)]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_every_part_has_a_layer():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (contract,) = settings["tool"]["importlinter"]["contracts"]
    names = {name.strip() for line in contract["layers"] for name in line.split("|")}
    needed = {name for name in names if not name.startswith("(")}
    parts = {p.name for p in PACKAGE.iterdir() if p.is_dir() and (p / "__init__.py").exists()}
    assert needed <= parts <= {name.strip("()") for name in names}
    assert contract["exhaustive"] is True


def test_every_source_file_lies_in_a_layer_that_the_linter_sees():
    outside = [
        p.relative_to(PACKAGE)
        for p in SOURCES
        if p != PACKAGE / "__init__.py" and not all((q / "__init__.py").exists() for q in _folders(p))
    ]
    assert outside == []


def _folders(path: Path) -> list[Path]:
    inside = [q for q in path.parents if PACKAGE in q.parents]
    return inside or [path.parent / "no-layer"]


# Built from pieces, so that this file does not contain what it forbids.
FORBIDDEN = {
    "a folder that does not ship": r"\.\./" + "shared|/" + "work/(?!flow)",
    "a path of somebody's machine": "/" + r"home/\w|/" + r"Users/\w|/" + r"root/|/" + r"tmp/\w",
    "the host of a package registry": r"pypi\."
    + r"org|pythonhosted\."
    + r"org|npmjs\."
    + "org|registry"
    + r"\.npm|deb\.debian\."
    + "org",
    "the number of an issue": r"\b[Ii]ssue #?\d|\(#" + r"\d+\)",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what):
    pattern = re.compile(FORBIDDEN[what])
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in _tracked()
        for number, line in enumerate(_text(path).splitlines(), start=1)
        if pattern.search(line)
    ]
    assert found == []


def test_public_faces_are_thin():
    assert [p for p in PACKAGE.rglob("__init__.py") if len(p.read_text().splitlines()) > 40] == []


def test_one_idea_a_file_of_at_most_450_lines():
    assert [p.relative_to(ROOT) for p in SOURCES if len(p.read_text().splitlines()) >= 450] == []


def test_every_module_says_what_it_is():
    assert [p.relative_to(ROOT) for p in SOURCES if not ast.get_docstring(ast.parse(p.read_text()))] == []


HEAVY = ("jax", "scipy", "pydantic", "numpy", "pandas")


@pytest.mark.parametrize(
    "module", ["goodoffices", "goodoffices.workflow", "goodoffices.cli", "goodoffices.cli.app"]
)
def test_nothing_heavy_is_loaded_before_it_is_needed(module):
    code = f"import sys, {module}; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_loads():
    import goodoffices
    from goodoffices import workflow

    for module in (goodoffices, workflow):
        for name in module.__all__:
            assert getattr(module, name) is not None


def test_an_unknown_public_name_is_an_attribute_error():
    import goodoffices
    from goodoffices import workflow

    for module in (goodoffices, workflow):
        with pytest.raises(AttributeError, match="nonsense"):
            _ = module.nonsense
