"""A small project of several tiles, whose truth is known, and which asks no model."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import rasterio

from core.project import Project
from core.session.opened import open_project_scene
from core.study.projects.truth import TruthSource


@pytest.fixture(scope="session")
def farmland(made_scene):
    return made_scene(29, size=320)


@pytest.fixture
def small_tiles(tile_size) -> None:
    """Tiles of 192 pixels, so that a scene of 320 has several."""
    tile_size(192)


@pytest.fixture
def project(small_tiles, project) -> Project:
    """With several tiles, and without a model."""
    (scene,) = project.scenes()
    project.update_scene(scene.id, expected_version=scene.version, settings={"model": None})
    return project


@pytest.fixture
def scene_id(project) -> str:
    return project.scenes()[0].id


@pytest.fixture
def numbers(farmland) -> TruthSource:
    """The truth that the generator writes: parcels by number."""
    return TruthSource("file", str(farmland.truth), "truth.tif", numbered=True)


@pytest.fixture
def true_fields(farmland) -> npt.NDArray[np.bool_]:
    """Cropland of the whole scene."""
    with rasterio.open(farmland.truth) as dataset:  # noqa: TID251
        return dataset.read(1) > 0


@pytest.fixture
def tiles(project, scene_id) -> list[str]:
    return list(open_project_scene(project, scene_id).tiles)


def read_codes(path: Path) -> npt.NDArray[np.uint8]:
    with rasterio.open(path) as dataset:  # noqa: TID251
        assert dataset.nodata == 255
        return dataset.read(1)
