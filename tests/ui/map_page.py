"""What a person does on the annotation map, for tests."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import shapely
from playwright.sync_api import expect

from tests.ui.map_server import MapServer

IDLE = "() => window.__cropmap && !window.__cropmap.busy()"
TILE = "x0_y0"
"""The first tile of the made farm."""


class MapPage:
    """What a person does on the map."""

    def __init__(self, page: Any, server: MapServer | None, address: str) -> None:
        self.page = page
        self._server = server
        self.address = address
        self.foreign: list[str] = []
        self.errors: list[str] = []
        host = urlsplit(address).netloc
        page.on("request", lambda request: self._seen(request.url, host))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    @property
    def server(self) -> MapServer:
        """In this process; a page in Streamlit has its own."""
        assert self._server is not None
        return self._server

    def _seen(self, url: str, host: str) -> None:
        if not url.startswith(("data:", "blob:")) and urlsplit(url).netloc != host:
            self.foreign.append(url)

    def open(self, query: str = "") -> MapPage:
        self.page.goto(f"{self.address}/{query}")
        self.page.wait_for_function("window.ready === true")
        if "mode=view" not in query:
            self.idle()
        return self

    def idle(self) -> None:
        self.page.wait_for_function(IDLE)

    def at(self, column: float, row: float) -> tuple[float, float]:
        place = self.page.evaluate(
            "([c, r]) => window.__cropmap.pixelToScreen(c, r)", [column, row]
        )
        return place["x"], place["y"]

    def click(self, column: float, row: float, *keys: str, button: str = "left") -> None:
        for key in keys:
            self.page.keyboard.down(key)
        self.page.mouse.click(*self.at(column, row), button=button)
        for key in keys:
            self.page.keyboard.up(key)

    def drag(self, *places: tuple[float, float]) -> None:
        first, *others = (self.at(*place) for place in places)
        self.page.mouse.move(*first)
        self.page.mouse.down()
        for place in others:
            self.page.mouse.move(*place, steps=6)
        self.page.mouse.up()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def state(self) -> Any:
        return self.page.evaluate("window.__cropmap.state")

    def mine(self) -> list[Any]:
        return [prompt for prompt in self.state()["prompts"] if prompt["source"] == "person"]

    def pending(self) -> int:
        return int(self.page.evaluate("window.__cropmap.pending()"))

    def edits(self) -> list[Any]:
        """The edits that were sent for the first tile."""
        return [edit for body in self.server.changes for edit in body["edits"]]

    def parcel(self, column: float, row: float) -> Any:
        """The parcel that the map has at a place; None where there is none."""
        place = shapely.Point(column, row)
        for parcel in self.state()["parcels"]:
            for shell, *holes in [parcel["rings"], *parcel.get("more", [])]:
                if shapely.Polygon(shell, holes).covers(place):
                    return parcel
        return None

    def text(self, test_id: str) -> str:
        return str(self.page.get_by_test_id(test_id).inner_text())

    def wait_text(self, test_id: str, pattern: str) -> None:
        expect(self.page.get_by_test_id(test_id)).to_contain_text(re.compile(pattern))


def assert_near(prompt: Any, column: float, row: float, within: float = 0.5) -> None:
    assert abs(prompt["column"] - column) <= within
    assert abs(prompt["row"] - row) <= within


def assert_line(line: Any, places: list[tuple[float, float]]) -> None:
    """Leaflet tells of whole pixels of the screen, here a little less than the image's."""
    assert len(line) == len(places)
    for point, (column, row) in zip(line, places, strict=True):
        assert abs(point[0] - column) <= 1.0
        assert abs(point[1] - row) <= 1.0
