"""The progress bar in a real browser: it moves without the script, which runs once at the end."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, expect

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the job of the pages looks into."""
    return tmp_path_factory.mktemp("steps")


@pytest.fixture
def steps(folder: Path) -> Path:
    """The folder of the steps, with none in it."""
    for left in folder.iterdir():
        left.unlink()
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.ui.shared.progress_app", str(port), str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(150):
            try:
                with urlopen(f"{url}/_stcore/health", timeout=1):
                    break
            except OSError:
                time.sleep(0.2)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=10)


@pytest.fixture
def page(browser: Any, address: str, steps: Path) -> Iterator[Page]:
    opened = browser.new_page()
    opened.set_default_timeout(30_000)
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.goto(address)
    opened.get_by_role("button", name="Begin").click()
    expect(opened.get_by_role("progressbar", name="Counting")).to_be_visible(timeout=30_000)
    yield opened
    opened.close()
    assert problems == []


def runs(page: Page) -> int:
    text = page.get_by_text(re.compile(r"^runs \d+;")).inner_text()
    return int(text.removeprefix("runs ").rstrip(";"))


def at_percent(page: Page, percent: int) -> None:
    bar = page.get_by_role("progressbar", name="Counting")
    expect(bar).to_have_attribute("aria-valuenow", str(percent), timeout=30_000)


def test_the_bar_moves_and_the_script_runs_once_at_the_end(page: Page, steps: Path) -> None:
    before = runs(page)
    for number in range(1, 4):
        (steps / f"step{number}").touch()
        at_percent(page, 10 * number)
    page.get_by_text("Counting steps · 3 of 10 · ").wait_for()
    page.get_by_text("You may go on working.").wait_for()
    assert runs(page) == before
    (steps / "end").touch()
    page.get_by_text("It is done.").wait_for()
    page.wait_for_timeout(1500)
    assert runs(page) == before + 1
    assert page.get_by_role("progressbar", name="Counting").count() == 0


def test_leaving_coming_back_and_cancelling(page: Page, steps: Path) -> None:
    page.get_by_role("link", name="Elsewhere").first.click()
    page.get_by_test_id("stText").get_by_text("Elsewhere").wait_for()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(1500)
    assert not [url for url in asked if "/progress" in url]
    (steps / "step1").touch()
    page.get_by_role("link", name="Working").first.click()
    at_percent(page, 10)
    before = runs(page)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("The counting was stopped.").wait_for()
    page.wait_for_timeout(1000)
    assert runs(page) == before + 1


def test_a_job_that_ends_while_the_page_is_left_brings_nobody_back(page: Page, steps: Path) -> None:
    with page.expect_response(
        lambda answer: "/progress" in answer.url and not answer.json()["running"]
    ):
        (steps / "end").touch()
        # Pressed something, and so perhaps about to leave: the page is not run again at once.
        page.get_by_text(re.compile(r"^runs \d+;")).click()
    assert page.get_by_text("It is done.").count() == 0
    page.get_by_role("link", name="Elsewhere").first.click()
    page.get_by_test_id("stText").get_by_text("Elsewhere").wait_for()
    page.wait_for_timeout(2500)
    assert page.get_by_test_id("stText").get_by_text("Elsewhere").is_visible()
    assert page.url.endswith("/elsewhere")
