"""The page of beliefs in a real browser: no request, no accessibility finding, no sideways scroll, and it prints."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from goodoffices.reports.record_view import write_record
from goodoffices.workflow.recording import beliefs

pytestmark = pytest.mark.browser
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    return write_record(beliefs("budapest-2025", draws=4), folder)[0]


@pytest.fixture(scope="module")
def browser() -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None) or own
        opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (360, "light")])
def test_the_page_asks_for_nothing_fits_and_is_accessible(browser, written: Path, width: int, scheme: str):
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    requests: list[str] = []
    messages: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: messages.append(message.text))
    page.goto(written.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert [r for r in requests if r != written.as_uri() and not r.startswith("data:")] == []
    assert messages == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    smallest = page.evaluate(
        """Math.min(...[...document.querySelectorAll('svg text')].map(t =>
             parseFloat(getComputedStyle(t).fontSize) * t.ownerSVGElement.getBoundingClientRect().width
             / t.ownerSVGElement.viewBox.baseVal.width))"""
    )
    assert smallest >= 9
    context.close()


def test_it_prints(browser, written: Path, tmp_path: Path):
    page = browser.new_page()
    page.goto(written.as_uri())
    assert page.pdf(format="A4", path=str(tmp_path / "page.pdf")).startswith(b"%PDF")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 960})
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
    page.close()
