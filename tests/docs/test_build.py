"""The documentation builds without a warning, and its pages ask for nothing from outside."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("docs")
    options = ["-q", "-W", "--keep-going", "-n", "-b", "html", "-d", str(out / "trees")]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, str(ROOT / "docs"), str(out / "html")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return out / "html"


def test_no_page_loads_anything_from_outside(built):
    loads = re.compile(
        r"""<(?:script|img|iframe|source)[^>]*\ssrc=["'](?:https?:)?//|<link[^>]*\shref=["'](?:https?:)?//"""
    )
    imports = re.compile(r"@import|url\(\s*[\"']?(?:https?:)?//")
    outside = [p.name for p in built.rglob("*.html") if loads.search(p.read_text())]
    outside += [p.name for p in built.rglob("*.css") if imports.search(p.read_text())]
    assert outside == []


def test_every_page_that_is_written_is_built(built):
    pages = {p.relative_to(ROOT / "docs").with_suffix(".html") for p in (ROOT / "docs").rglob("*.md")}
    written = {p for p in pages if p.parts[0] != "_build" and "generated" not in p.parts}
    assert written - {p.relative_to(built) for p in built.rglob("*.html")} == set()


@pytest.mark.parametrize("page", ["language", "questions", "priors", "diagnostics", "command", "study-json"])
def test_reference_tables_are_not_empty(built, page):
    assert (built / "reference" / f"{page}.html").read_text().count("<tr") + (
        built / "reference" / f"{page}.html"
    ).read_text().count("<li") > 5


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_between_files_of_the_repository_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)", (ROOT / page).read_text())
    missing = [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert missing == []
