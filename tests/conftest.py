"""Fixtures that every part shares."""

from __future__ import annotations

import os
import re
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

_CHECKOUT = Path(__file__).resolve().parents[1]
_BESIDE_CHECKOUT = _CHECKOUT.parent / "shared" / "data"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """``make test`` runs several workers; what goes to which of them is decided in one place."""
    from tests.scheduling import FilesTogether

    config.option.loadscopereorder = False
    return FilesTogether(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        from tests.scheduling import long_first

        long_first(items)


@pytest.fixture(scope="session")
def cache_with_graphs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Makes a cache folder where the models' ONNX graphs are as soon as one test has had them.

    All workers and the apps that tests start share them: making them takes seconds each time.
    """
    run = tmp_path_factory.getbasetemp()
    shared = (run.parent if "PYTEST_XDIST_WORKER" in os.environ else run) / "shared-onnx"
    shared.mkdir(exist_ok=True)

    def make(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "onnx").symlink_to(shared, target_is_directory=True)
        return folder

    return make


@pytest.fixture(scope="session", autouse=True)
def _own_cache(
    tmp_path_factory: pytest.TempPathFactory, cache_with_graphs: Callable[[Path], Path]
) -> Iterator[None]:
    """A cache of these tests' own: the person's is neither read nor filled."""
    with pytest.MonkeyPatch.context() as patch:
        cache = cache_with_graphs(tmp_path_factory.mktemp("cache"))
        patch.setenv("CROPMAP_CACHE_DIR", str(cache))
        patch.setenv("CROPMAP_PROJECTS_DIR", str(tmp_path_factory.mktemp("projects")))
        patch.delenv("CROPMAP_DATABASE_URL", raising=False)
        get_settings.cache_clear()
        yield
    get_settings.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_left_in_the_checkout() -> Iterator[None]:
    """No file of a strange name: a path that a library takes for an address ends up here."""

    def seen() -> set[str]:
        return {p.name for p in _CHECKOUT.iterdir() if not re.fullmatch(r"[\w.-]+", p.name)}

    before = seen()
    yield
    assert seen() <= before, sorted(map(ascii, seen() - before))


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
