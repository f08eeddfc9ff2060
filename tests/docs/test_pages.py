"""Every code block of the documentation runs, and shows what it prints."""

from __future__ import annotations

from pathlib import Path

import pages
import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = [p for p in sorted((ROOT / "docs").rglob("*.md")) if not {"_build", "generated"} & set(p.parts)]
PAGES = [p for p in (ROOT / "README.md", *DOCS) if pages.blocks(p.read_text())]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_page_runs_as_it_is_written(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": page.stem}
    for block in pages.blocks(page.read_text()):
        if block.file is not None:
            pages.write(block, folder=tmp_path)
        elif block.language == "python":
            pages.run_python(block, page=page, names=names)
        else:
            pages.run_console(block, page=page, folder=tmp_path)


def test_blocks_are_found_in_order_with_their_lines():
    text = "# T\n\n```python\na = 1\n```\n\n- item\n\n  ```console exit-1\n  $ false\n  ```\n\n```yaml\nx: 1\n```\n"
    found = pages.blocks(text)
    assert [(b.language, b.exit_code, b.line) for b in found] == [("python", 0, 4), ("console", 1, 10)]


def test_a_block_with_a_file_name_is_a_file():
    (block,) = pages.blocks("```yaml file=talks.yaml\nx: 1\n```\n")
    assert (block.file, block.text) == ("talks.yaml", "x: 1\n")


def test_a_file_grows_by_what_is_added_to_it(tmp_path):
    found = pages.blocks("```yaml add=talks.yaml\nx: 1\n```\n\n```yaml add=talks.yaml\ny: 2\n```\n")
    for block in found:
        pages.write(block, folder=tmp_path)
    assert (tmp_path / "talks.yaml").read_text() == "x: 1\ny: 2\n"
    (anew,) = pages.blocks("```yaml file=talks.yaml\nz: 3\n```\n")
    pages.write(anew, folder=tmp_path)
    assert (tmp_path / "talks.yaml").read_text() == "z: 3\n"


def test_a_python_block_that_fails_fails_the_page(tmp_path):
    (block,) = pages.blocks("```python\nassert 1 == 2\n```\n")
    with pytest.raises(AssertionError):
        pages.run_python(block, page=tmp_path, names={})


def test_a_command_that_prints_something_else_fails_the_page(tmp_path):
    (right,) = pages.blocks("```console\n$ echo one two three\none ... three\n```\n")
    pages.run_console(right, page=tmp_path, folder=tmp_path)
    (wrong,) = pages.blocks("```console\n$ echo one two three\none four\n```\n")
    with pytest.raises(AssertionError, match="but prints"):
        pages.run_console(wrong, page=tmp_path, folder=tmp_path)


def test_a_command_that_ends_otherwise_fails_the_page(tmp_path):
    (block,) = pages.blocks("```console\n$ exit 3\n```\n")
    with pytest.raises(AssertionError, match="ended with 3"):
        pages.run_console(block, page=tmp_path, folder=tmp_path)
