"""The annotation map in a real browser, against a server in memory that can be made to fail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.ui.fake_map_server import FakeMap, served
from tests.ui.map_page import MapPage


@pytest.fixture
def fake() -> FakeMap:
    return FakeMap()


@pytest.fixture
def on_map(browser: Any, fake: FakeMap) -> Iterator[MapPage]:
    """The map, not opened yet; nothing may ask another host or fail unseen."""
    with served(fake) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.set_default_timeout(10_000)
        held = MapPage(page, fake, address)
        yield held
        page.close(run_before_unload=False)
    assert held.foreign == []
    assert held.errors == []
