"""The app as a person runs it, and Chromium: for journeys, benchmarks and screenshots."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
_STARTS_WITHIN_S = 120.0
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def find_chromium() -> str | None:
    """Debian's Chromium, or another one in the path."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    return None


@contextmanager
def running_app(folder: Path, **environment: str) -> Iterator[str]:
    """The app on a free port with projects and cache below ``folder``; gives its address."""
    port = _free_port()
    address = f"http://localhost:{port}"
    settings = {
        "CROPMAP_PROJECTS_DIR": str(folder / "projects"),
        "CROPMAP_CACHE_DIR": str(folder / "cache"),
        **environment,
    }
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"),
               f"--server.port={port}", "--server.headless=true"]  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "app.log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603  (our own app)
            command, cwd=ROOT, env={**os.environ, **settings}, stdout=log, stderr=log
        )
    try:
        _wait_until_it_answers(address, process, folder / "app.log")
        yield address
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser that asks nobody but the app."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def introduce(context: BrowserContext, address: str, folder: Path, name: str) -> None:
    """Let the app of ``running_app(folder)`` know whose browser it is, as from an earlier day."""
    # Pages and models take a second to import: only where a browser is used.
    from ui.server.browser_cookie import COOKIE, new_id  # noqa: PLC0415
    from ui.shared import preferences  # noqa: PLC0415

    browser = new_id()
    context.add_cookies([{"name": COOKIE, "value": browser, "url": address}])
    preferences.save(browser, preferences.Preferences(person=name), folder / "cache")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_it_answers(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    limit = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < limit:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):  # noqa: S310
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"the app did not start:\n{log.read_text()[-2000:]}")
