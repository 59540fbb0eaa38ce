"""Small projects of made farmland, and tiles of a size that suits them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.farmland import FarmlandFiles
from core.project import Project
from core.session.adding_scenes import add_scene
from core.settings import get_settings

HALO = 16
"""Pixels around a tile of another size than the product's."""


def farm_project(folder: Path, files: FarmlandFiles, *, scene: str | None = None) -> Project:
    """A project with one scene and its land cover; the scene's files stay where they are."""
    project = Project.create(folder / "farm.cropmap", "Farm")
    add_scene(project, files.scene, name=scene, landcover_path=files.landcover)
    return project


@contextmanager
def tiles_of(size: int) -> Iterator[None]:
    """Tiles of another size, so that a small scene has several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CROPMAP_TILE_SIZE", str(size))
        patch.setenv("CROPMAP_TILE_HALO", str(HALO))
        get_settings.cache_clear()
        yield
    get_settings.cache_clear()
