"""One scene of four tiles, part of which holds nothing, for everybody who can map it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import rasterio

from core.farmland import write_scene
from tests.projects import tiles_of


@pytest.fixture(scope="module", autouse=True)
def small_tiles() -> Iterator[None]:
    """Tiles of 224 pixels, so that a scene of 300 has four."""
    with tiles_of(224):
        yield


@pytest.fixture(scope="module")
def farmland(tmp_path_factory):
    files = write_scene(tmp_path_factory.mktemp("farmland"), seed=3, size=300, style="smallholder")
    with rasterio.open(files.scene, "r+") as dataset:  # noqa: TID251
        values = dataset.read()
        values[:, 120:190, :40] = 0
        dataset.write(values)
        dataset.nodata = 0
    return files
