"""The app running, and browsers that look at it; the default environment of every journey."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page
from playwright.sync_api import Error as PlaywrightError

from core.settings import get_settings
from scripts.running_app import introduce, running_app

PATIENCE_MS = 90_000


@pytest.fixture(scope="package")
def home(tmp_path_factory, cache_with_graphs) -> Path:
    """Where the app under test keeps its projects and cache."""
    folder = tmp_path_factory.mktemp("home")
    cache_with_graphs(folder / "cache")
    return folder


@contextmanager
def storing_in(home: Path) -> Iterator[Path]:
    """Within, this process stores where the app looks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CROPMAP_PROJECTS_DIR", str(home / "projects"))
        patch.setenv("CROPMAP_CACHE_DIR", str(home / "cache"))
        get_settings.cache_clear()
        yield home
    get_settings.cache_clear()


@pytest.fixture(scope="package")
def app(home) -> Iterator[str]:
    with running_app(home) as address:
        yield address


@pytest.fixture(scope="package")
def at_home(home: Path) -> Iterator[Path]:
    """This process stores where the app looks, until the last journey is over."""
    with storing_in(home):
        yield home


class Visitor:
    """A browser of its own, with all that it asked for and all that went wrong in it."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.address = address
        self.asked: list[str] = []
        self.problems: list[str] = []
        self.context = browser.new_context(
            viewport={"width": 1280, "height": 720}, accept_downloads=True
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.page: Page = self.context.new_page()
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._note_refusals)

    def _note_refusals(self, message: ConsoleMessage) -> None:
        """What the app's own policy kept the browser from fetching."""
        if "Content Security Policy" in message.text:
            self.problems.append(message.text)

    def open(self, path: str = "/") -> None:
        self.page.goto(f"{self.address}{path}")

    def go(self, page: str) -> None:
        """By the navigation at the top."""
        self.click(self.page.get_by_test_id("stTopNav").get_by_role("link", name=page))

    def calm(self) -> None:
        """Wait until the page's script has run: what is done meanwhile may be drawn over."""
        self.page.wait_for_timeout(400)
        self.page.wait_for_function(
            "document.querySelector('[data-testid=stApp]')"
            ".getAttribute('data-test-script-state') === 'notRunning'"
        )
        self.page.wait_for_timeout(200)

    def click(self, what: Locator) -> None:
        """Click on a part of a page that stays: a click on one being drawn again is lost."""
        what.wait_for()
        self.calm()
        what.click()

    def write(self, where: Locator, text: str) -> None:
        """Type into a field of a page, and Enter."""
        where.wait_for()
        self.calm()
        where.fill(text)
        where.press("Enter")
        self.calm()

    def state(self) -> dict[str, Any] | None:
        return self.page.evaluate("window.__cropmap ? window.__cropmap.state : null")

    def map_ready(self, tile: str | None = None, seconds: float = 120.0) -> dict[str, Any]:
        """The annotation map's state once nothing is being worked on or sent."""
        limit = time.monotonic() + seconds
        state = None
        while time.monotonic() < limit:
            # Both at one moment: an answer may come between two questions.
            state, sending = self.page.evaluate(
                """(() => {
                  const map = window.__cropmap;
                  return map ? [map.state, map.busy() || map.pending() > 0] : [null, true];
                })()"""
            )
            right = state is not None and (tile is None or state["name"] == tile)
            if right and state["status"] == "ready" and not sending:
                return state
            self.page.wait_for_timeout(50)
        raise AssertionError(f"the map is not ready: {str(state)[:300]}")

    def click_at(self, column: float, row: float, **options: Any) -> None:
        """Click on a native pixel of the scene."""
        x, y = self.on_screen(column, row)
        self.page.mouse.move(x, y)
        modifiers = options.pop("modifiers", ())
        for key in modifiers:
            self.page.keyboard.down(key)
        self.page.mouse.click(x, y, **options)
        for key in modifiers:
            self.page.keyboard.up(key)

    def on_screen(self, column: float, row: float) -> tuple[float, float]:
        spot = self.page.evaluate(f"window.__cropmap.pixelToScreen({column}, {row})")
        return spot["x"], spot["y"]

    def upload(self, number: int, file: Path) -> None:
        """Hand a file to the page's ``number``-th uploader, and wait until the server has it."""
        uploader = self.page.get_by_test_id("stFileUploader").nth(number)
        with self.page.expect_response(
            lambda answer: "upload_file" in answer.url and answer.request.method == "PUT"
        ):
            uploader.locator("input[type=file]").first.set_input_files(str(file))
        uploader.get_by_text(file.suffix).wait_for()
        self.calm()

    def take(self, title: str, folder: Path) -> Path:
        """Download the file of this title from the page as it stays; where it now lies."""
        link = self.page.get_by_role("link", name=title, exact=True)
        link.wait_for()
        self.calm()
        with self.page.expect_download(timeout=PATIENCE_MS) as waiting:
            link.click()
        path = folder / waiting.value.suggested_filename
        waiting.value.save_as(path)
        return path

    def press(self, test_id: str) -> None:
        self.page.get_by_test_id(test_id).click()

    def saved(self) -> None:
        """Wait until the map says so."""
        self.page.wait_for_function(
            "document.querySelector('[data-testid=saved-state]').textContent.trim() === 'Saved'"
        )

    def seen(self) -> str:
        """Where the page is and what it says; for a failure's report."""
        try:
            text = self.page.inner_text("body", timeout=5_000)
        except PlaywrightError as error:
            text = f"(cannot be read: {error.message})"
        return "\n".join([self.page.url, *self.problems, text])

    def close(self) -> None:
        self.context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    if report.when == "call" and report.failed:
        # What the person would have seen says more than the line that waited for something else.
        for name in ("visitor", "second_visitor"):
            if name in item.funcargs:
                report.sections.append((f"page of {name}", item.funcargs[name].seen()))
    return report


@pytest.fixture
def visitor(browser, app, home) -> Iterator[Visitor]:
    one = Visitor(browser, app)
    introduce(one.context, app, home, "Ada")
    yield one
    outside = [url for url in one.asked if not url.startswith((app, "data:", "blob:"))]
    one.close()
    assert not [url for url in outside if not url.startswith(app.replace("http", "ws", 1))]
    assert not one.problems


@pytest.fixture
def second_visitor(browser, app, home) -> Iterator[Visitor]:
    other = Visitor(browser, app)
    introduce(other.context, app, home, "Ben")
    yield other
    other.close()
