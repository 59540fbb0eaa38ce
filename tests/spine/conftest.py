"""One scene of four tiles, part of which holds nothing, for everybody who can map it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import rasterio

from core.farmland import write_scene
from core.settings import get_settings


@pytest.fixture(scope="module", autouse=True)
def small_tiles() -> Iterator[None]:
    """Tiles of 224 pixels, so that a scene of 300 has four."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CROPMAP_TILE_SIZE", "224")
        patch.setenv("CROPMAP_TILE_HALO", "16")
        get_settings.cache_clear()
        yield
    get_settings.cache_clear()


@pytest.fixture(scope="module")
def farmland(tmp_path_factory):
    files = write_scene(tmp_path_factory.mktemp("farmland"), seed=3, size=300, style="smallholder")
    with rasterio.open(files.scene, "r+") as dataset:  # noqa: TID251
        values = dataset.read()
        values[:, 120:190, :40] = 0
        dataset.write(values)
        dataset.nodata = 0
    return files
