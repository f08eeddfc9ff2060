"""The report in a real browser: no request, no accessibility finding, no sideways scroll, and it prints."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "No Chromium was found for the browser tests. Run `make test`, which installs one, or put `chromium` on the PATH, "
    "or set CHROMIUM to its path, or run `python -m playwright install chromium`."
)


def executable(playwright) -> str:
    """A system Chromium, else Playwright's own; a missing one fails with what to do."""
    own = playwright.chromium.executable_path
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None) or own
    if not Path(found).exists():
        pytest.fail(MISSING)
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable(playwright), args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def opened(browser, report: Path):
    """A function that opens the report at a width and in a colour scheme, and the requests that it made."""
    contexts = []

    def open_at(width: int = 1280, scheme: str = "light", scripts: bool = True):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts
        )
        contexts.append(context)
        page = context.new_page()
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        messages: list[str] = []
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.goto(report.as_uri())
        page.wait_for_load_state("load")
        return page, requests, messages

    yield open_at
    for context in contexts:
        context.close()


def test_the_report_requests_nothing_but_itself_and_the_console_is_silent(opened, report: Path) -> None:
    page, requests, messages = opened()
    page.mouse.wheel(0, 20_000)
    assert [r for r in requests if r != report.as_uri() and not r.startswith("data:")] == []
    assert messages == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_nothing(opened, scheme: str, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page, _, _ = opened(width, scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_never_scrolls_sideways(opened, width: int) -> None:
    page, _, _ = opened(width)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_text_in_pictures_is_readable_on_a_phone(opened) -> None:
    page, _, _ = opened(360)
    smallest = page.evaluate(
        """Math.min(...[...document.querySelectorAll('svg text')].map(t =>
             parseFloat(getComputedStyle(t).fontSize) * t.ownerSVGElement.getBoundingClientRect().width
             / t.ownerSVGElement.viewBox.baseVal.width))"""
    )
    assert smallest >= 9.5


def test_headings_go_down_one_level_at_a_time(opened) -> None:
    page, _, _ = opened()
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))


def test_everything_is_there_without_javascript(opened) -> None:
    page, _, _ = opened(scripts=False)
    assert page.locator("svg.strip").count() == 12
    assert page.locator("svg.tree").is_visible()
    assert page.get_by_text("What this is not", exact=True).first.is_visible()


def test_text_in_the_tree_stays_inside_its_card(opened) -> None:
    page, _, _ = opened()
    over = page.evaluate(
        """[...document.querySelectorAll('svg.tree rect.card')].flatMap(card => {
             const c = card.getBBox();
             return [...card.ownerSVGElement.querySelectorAll('text.move, text.told')].filter(t => {
               const b = t.getBBox();
               return b.y >= c.y && b.y < c.y + c.height && b.x >= c.x && b.x < c.x + c.width
                 && b.x + b.width > c.x + c.width;
             }).map(t => t.textContent);
           })"""
    )
    assert over == []


def test_it_prints_on_paper_with_what_was_folded(opened, tmp_path: Path) -> None:
    page, _, _ = opened()
    pdf = page.pdf(format="A4", path=str(tmp_path / "report.pdf"))
    assert pdf.startswith(b"%PDF")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.set_viewport_size({"width": 680, "height": 960})
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0


@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_nothing_in_a_report_with_analyses(browser, tmp_path: Path, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    from goodoffices import reports, workflow

    found = workflow.study(workflow.load("beer-quiche"), draws=12)
    parts = workflow.analyse(found, ["why", "levers", "signals", "tipping"])
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(reports.write(found, tmp_path, analyses=parts).html.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    done = Axe().run(page)
    assert done.violations_count == 0, done.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
