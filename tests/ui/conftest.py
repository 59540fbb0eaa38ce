"""The annotation map in a real browser, on the app's own routes, which can be made to fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ui.made_farm import TILE_SIZE, Farm, make_farm
from tests.ui.map_page import MapPage
from tests.ui.map_server import MapServer, served


@pytest.fixture(scope="session")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Farm:
    """Square pixels."""
    return make_farm(tmp_path_factory.mktemp("farm"))


@pytest.fixture(scope="session")
def farm_in_degrees(tmp_path_factory: pytest.TempPathFactory) -> Farm:
    """Pixels that are half as high again on the ground as they are wide."""
    return make_farm(tmp_path_factory.mktemp("degrees"), in_degrees=True)


@pytest.fixture
def server(
    request: pytest.FixtureRequest, tmp_path: Path, tile_size: Callable[[int], None]
) -> MapServer:
    """On a farm of the test's own; ``farm``, unless the test asks for another."""
    made: Farm = request.getfixturevalue(getattr(request, "param", "farm"))
    tile_size(TILE_SIZE)
    return MapServer(made.copied(tmp_path / "farm"))


@pytest.fixture
def on_map(browser: Any, server: MapServer) -> Iterator[MapPage]:
    """The map, not opened yet; nothing may ask another host or fail unseen."""
    with served(server) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.set_default_timeout(20_000)
        opened = MapPage(page, server, address)
        yield opened
        page.close(run_before_unload=False)
    assert opened.foreign == []
    assert opened.errors == []
