"""Tiles in which the image holds nothing cost nothing and change nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest
import rasterio
from affine import Affine

from core.export.scene_map import map_scene
from core.farmland import generate
from core.imagery.scene import may_hold, open_scene
from core.imagery.tile_plan import Tile
from core.mapping import MapOptions, SceneRequest, Workers, tile_task
from core.predict.tile import gather_inputs

PLAIN = MapOptions(model=None)
SIDE, PIECE = 2048, 160


@pytest.fixture
def sparse(tmp_path, tile_size) -> SceneRequest:
    """Sixteen blocks of 512 pixels, of which one was written, and part of that."""
    tile_size(256)
    farmland = generate(3, size=PIECE, style="smallholder")
    rgb = np.moveaxis(np.maximum(farmland.rgb, 1), -1, 0)
    for name, values in (("scene", rgb), ("landcover", farmland.classes[None])):
        profile = {
            "driver": "GTiff", "width": SIDE, "height": SIDE, "count": len(values),
            "dtype": "uint8", "crs": farmland.grid.crs.to_wkt(), "nodata": 0, "tiled": True,
            "transform": farmland.grid.transform @ Affine.translation(-600, -600),
            "blockxsize": 512, "blockysize": 512, "sparse_ok": True, "interleave": "pixel",
        }  # fmt: skip
        with rasterio.open(tmp_path / f"{name}.tif", "w", **profile) as dataset:  # noqa: TID251
            window = rasterio.windows.Window(600, 600, PIECE, PIECE)
            dataset.write(values, window=window)
    files = (str(tmp_path / f"{name}.tif") for name in ("scene", "landcover"))
    return SceneRequest(*files, product="worldcover_v200")


def test_an_empty_tile_reads_no_land_cover_and_is_not_kept(sparse, tmp_path, monkeypatch) -> None:
    asked: list[Tile] = []

    def gathered(image, landcover, frame):
        asked.append(frame)
        return gather_inputs(image, landcover, frame)

    monkeypatch.setattr(tile_task, "gather_inputs", gathered)
    # In this process, where it can be seen what is read.
    result = map_scene(sparse, PLAIN, tmp_path / "out", workers=Workers(1))
    assert result.tiles > 80
    assert 1 <= len(asked) <= 4
    assert result.parcels > 0
    rows = json.loads((tmp_path / "out" / "run.json").read_text())["tiles"]
    assert len(rows) == result.tiles
    with rasterio.open(tmp_path / "out" / "mask.tif") as dataset:  # noqa: TID251
        mask = dataset.read(1)
        assert dataset.get_tag_item("BLOCK_OFFSET_3_3", "TIFF", bidx=1) is None
    inside = np.zeros(mask.shape, dtype=bool)
    inside[600 : 600 + PIECE, 600 : 600 + PIECE] = True
    assert (mask[~inside] == 255).all()
    assert set(np.unique(mask[inside])) <= {0, 1}
    with rasterio.open(tmp_path / "out" / "probability.tif") as dataset:  # noqa: TID251
        np.testing.assert_array_equal(np.isnan(dataset.read(1)), ~inside)


def test_only_blocks_that_were_never_written_are_told_without_reading(sparse) -> None:
    scene = open_scene(sparse.scene)
    windows = list(scene.working_grid.extent.parts(512, 512))
    held = [window for window in windows if may_hold(scene, window)]
    assert [(window.column, window.row) for window in held] == [(512, 512)]
