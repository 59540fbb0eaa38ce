"""A project with made farmland, to be attacked: tiles are small, so that all goes quickly."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.torture.forked import Forked
from core.farmland import write_scene
from core.imagery.frame import Frame, frame_of, plan_scene
from core.imagery.scene import Scene
from core.project import Project
from core.sam.registry import DEFAULT_MODEL
from core.session.adding_scenes import add_scene
from core.settings import get_settings

QUIET = {"CROPMAP_OFFLINE": "true", "CROPMAP_AUTOMATIC_BACKUPS": "false"}
SMALL = {**QUIET, "CROPMAP_TILE_SIZE": "160", "CROPMAP_TILE_HALO": "16"}
"""Settings under which a scene of 300 pixels has nine tiles."""

FULL = {**QUIET, "CROPMAP_TILE_SIZE": "1024", "CROPMAP_TILE_HALO": "64"}
"""Tiles as people have them: a scene of 2,000 pixels has nine, some of them narrow."""

NO_MODEL = {"model": None, "strategy": "classifier"}
_GRAPHS, _GRAPHS_WITHIN_S = "onnx", 300.0
_making = threading.Lock()
_made: list[Path] = []

KEPT = ("labels", "predictions")
"""Folders of a project in which what was computed is kept."""


@dataclass(frozen=True, slots=True)
class Farm:
    """A project, and where its parts lie.

    Parameters
    ----------
    environment : mapping
        Settings for all processes that use it.
    """

    folder: Path
    project: Path
    scene_id: str
    scene: Path
    landcover: Path
    tiles: tuple[str, ...]
    environment: Mapping[str, str]

    def frames(self) -> dict[str, Frame]:
        """Where the tiles lie, by name."""
        with opened(self.project) as project:
            scene = Scene.from_json(project.scene(self.scene_id).scene)
        return {tile.name: frame_of(scene, tile) for tile in plan_scene(scene)}

    def copied(self, folder: Path, *, kept: bool = True) -> Farm:
        """The same project, closed, in another folder: with what was computed for it, or without.

        Without, it has a cache of its own, in which only the model's graphs are.
        """
        left = shutil.ignore_patterns() if kept else shutil.ignore_patterns(*KEPT)
        shutil.copytree(self.project.parent, folder / "farm", ignore=left)
        moved = replace(self, folder=folder, project=folder / "farm" / self.project.name)
        if kept:
            return moved
        cache = folder / "cache"
        if self.cache.is_dir():
            shutil.copytree(self.cache, cache, ignore=shutil.ignore_patterns("embeddings"))
        return replace(moved, environment={**self.environment, "CROPMAP_CACHE_DIR": str(cache)})

    @property
    def cache(self) -> Path:
        """The cache of its processes."""
        return Path(self.environment["CROPMAP_CACHE_DIR"])


def make_farm(
    folder: Path,
    *,
    size: int = 300,
    seed: int = 3,
    with_model: bool = False,
    settings: Mapping[str, str] = SMALL,
) -> Farm:
    """Make a scene, its land cover and a project that holds them; nothing is predicted yet."""
    files = write_scene(folder / "made", seed=seed, size=size)
    path = folder / "farm" / "farm.cropmap"
    project = Project.create(path, "Farm")
    record = add_scene(project, files.scene, landcover_path=files.landcover)
    if not with_model:
        project.update_scene(record.id, expected_version=record.version, settings=NO_MODEL)
    else:
        shutil.copytree(_graphs(), folder / "cache" / _GRAPHS)
    tiles = tuple(tile.name for tile in project.tiles(record.id))
    project.close()
    environment = {
        **settings,
        "HOME": str(folder),
        "CROPMAP_CACHE_DIR": str(folder / "cache"),
        "CROPMAP_PROJECTS_DIR": str(folder / "projects"),
    }
    return Farm(folder, path, record.id, files.scene, files.landcover, tiles, environment)


def load_model(cache: str) -> None:
    """Load the small model with a cache, in which its graphs are then."""
    from core.sam.load import load_segmenter

    os.environ["CROPMAP_CACHE_DIR"] = cache
    get_settings.cache_clear()
    load_segmenter(DEFAULT_MODEL)


def _graphs() -> Path:
    """The small model's graphs, which take a while to make: once in the life of this process."""
    with _making:
        if not _made:
            made = Path(tempfile.mkdtemp(prefix="cropmap-graphs-"))
            atexit.register(shutil.rmtree, made, ignore_errors=True)
            maker = Forked(load_model, made / "log", {}, str(made))
            if maker.wait(_GRAPHS_WITHIN_S) != 0:
                raise RuntimeError(f"the model's graphs were not made: {maker.said()}")
            _made.append(made / _GRAPHS)
    return _made[0]


@contextmanager
def set_up(settings: Mapping[str, str]) -> Iterator[None]:
    """Settings for this process and those that it starts, for a while."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    get_settings.cache_clear()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        get_settings.cache_clear()


@contextmanager
def opened(path: Path) -> Iterator[Project]:
    """A project for a moment, in this process."""
    project = Project.open(path)
    try:
        yield project
    finally:
        project.close()


def log_of(project: Project, scene_id: str, tile: str) -> list[str]:
    """The edits of a tile, whole, each as a text that can be compared."""
    return [as_text(edit.kind, edit.data) for edit in project.log(scene_id, tile).edits]


def as_text(kind: str, data: object) -> str:
    """An edit as it is stored."""
    return f"{kind} {json.dumps(data, sort_keys=True)}"
