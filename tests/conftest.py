"""Fixtures that every part shares."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from core.farmland import FarmlandFiles, write_scene
from core.project import Project
from core.settings import get_settings
from tests.projects import HALO, farm_project

MadeScene = Callable[..., FarmlandFiles]

_BESIDE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of these tests' own: the person's is neither read nor filled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CROPMAP_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("CROPMAP_PROJECTS_DIR", str(tmp_path_factory.mktemp("projects")))
        patch.delenv("CROPMAP_DATABASE_URL", raising=False)
        get_settings.cache_clear()
        yield
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real imagery, land cover and field polygons; skips where it is absent."""
    folder = Path(os.environ.get("CROPMAP_TEST_DATA", _BESIDE_CHECKOUT))
    if not folder.is_dir():
        pytest.skip(f"the real test data is not at {folder} (set CROPMAP_TEST_DATA)")
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium: one for each process, because Playwright's loop can run only once."""
    from scripts.running_app import chromium, find_chromium

    if find_chromium() is None:
        if os.environ.get("CI"):
            pytest.fail("CI must install Chromium")
        pytest.skip("Chromium is not installed")
    with chromium() as started:
        yield started


@pytest.fixture
def tile_size(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Tiles of another size, so that a small scene has several."""

    def take(size: int) -> None:
        monkeypatch.setenv("CROPMAP_TILE_SIZE", str(size))
        monkeypatch.setenv("CROPMAP_TILE_HALO", str(HALO))
        get_settings.cache_clear()

    yield take
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def made_scene(tmp_path_factory: pytest.TempPathFactory) -> MadeScene:
    """Files of made farmland, as ``write_scene`` has them: written once, and not to be changed."""

    @cache
    def made(seed: int, **options: Any) -> FarmlandFiles:
        return write_scene(tmp_path_factory.mktemp("made"), seed, **options)

    return made


@pytest.fixture(scope="session")
def farmland(made_scene: MadeScene) -> FarmlandFiles:
    """A scene of one tile."""
    return made_scene(3, size=256)


@pytest.fixture
def project(farmland: FarmlandFiles, tmp_path: Path) -> Project:
    """A project with the farmland as its scene; in other folders of tests it has other tiles."""
    return farm_project(tmp_path / "farm", farmland, scene="North")


@pytest.fixture(autouse=True)
def own_main_module() -> Iterator[None]:
    """A page that a test runs becomes ``__main__``, which processes spawned later would run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main
