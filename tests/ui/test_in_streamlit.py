"""The component inside Streamlit: clicks never run the script, going on and verdicts do."""

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

from tests.projects import HALO
from tests.ui.made_farm import TILE_SIZE, Farm
from tests.ui.map_page import IDLE, MapPage
from ui.map import AnnotateEvent, _event

ROOT = Path(__file__).resolve().parents[2]


def test_only_a_whole_event_is_one() -> None:
    assert _event({"tile": "x0_y0", "kind": "fix"}) == AnnotateEvent("x0_y0", "fix")
    for other in (None, "x", {}, {"tile": 3, "kind": "fix"}, {"tile": "x"}):
        assert _event(other) is None


@pytest.fixture
def address(farm: Farm, tmp_path: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    project = farm.copied(tmp_path / "farm")
    tiles = {"CROPMAP_TILE_SIZE": str(TILE_SIZE), "CROPMAP_TILE_HALO": str(HALO)}
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.ui.streamlit_map", str(port), str(project)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **tiles},
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


def test_the_map_inside_streamlit(address: str, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(30_000)
    on_map = MapPage(page, None, address)
    page.goto(address)
    page.wait_for_function(IDLE)
    before = runs(page)
    on_map.click(150, 200)
    on_map.click(250, 300, "Shift")
    on_map.press("h", "h", "r", "Escape", "z")
    on_map.idle()
    page.wait_for_timeout(700)
    assert len(on_map.mine()) == 1
    assert runs(page) == before
    on_map.press("a")
    page.get_by_text("told x0_y0 accepted;").wait_for()
    on_map.press("Enter")
    page.get_by_text("told x0_y0 accepted, x1_y0 opened;").wait_for()
    on_map.idle()
    assert page.evaluate("window.__cropmap.tile") == "x1_y0"
    assert page.locator(".cropmap").count() == 1
    assert lower_edge(page) <= 720
    # Another page of the app, and back.
    page.get_by_text("look only").click()
    page.get_by_test_id("divider").wait_for()
    assert page.evaluate("window.__cropmap") is None
    page.get_by_text("look only").click()
    page.wait_for_function(IDLE)
    assert page.locator(".cropmap").count() == 1
    page.close()
    assert on_map.foreign == []
    assert on_map.errors == []


def runs(page: Any) -> int:
    said = page.get_by_text(re.compile(r"^runs \d+")).inner_text()
    return int(said.split()[1].rstrip(";"))


def lower_edge(page: Any) -> float:
    return float(page.evaluate("document.querySelector('.cropmap').getBoundingClientRect().bottom"))
