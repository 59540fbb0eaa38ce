"""Pictures of a scene, its land cover and its mask, for looking at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.imagery.open import open_raster, read_bands
from core.imagery.scene import SceneImage, open_scene, read_preview
from core.landcover.align import align
from core.landcover.source import open_landcover
from core.pipeline import SceneRequest

Picture = npt.NDArray[np.uint8]
_ORANGE = np.array([230, 159, 0], dtype=np.float32)


def scene_preview(request: SceneRequest, side: int = 900) -> SceneImage:
    """The scene through its overviews."""
    return read_preview(open_scene(request.scene, crs=request.crs, bands=request.bands), side)


def with_landcover(request: SceneRequest, preview: SceneImage) -> Picture:
    """The preview under the land cover's own colours."""
    landcover = open_landcover(request.landcover, product=request.product)
    tile = align(landcover, preview.grid)
    table = np.zeros((65536, 3), dtype=np.float32)
    for entry in landcover.product.classes:
        table[entry.code] = [int(entry.colour[i : i + 2], 16) for i in (1, 3, 5)]
    mixed = 0.45 * preview.rgb + 0.55 * table[tile.classes]
    return np.where(tile.valid[..., None], mixed, preview.rgb).astype(np.uint8)


def with_mask(mask: Path, preview: SceneImage) -> Picture:
    """The preview with cropland in orange."""
    with open_raster(mask) as dataset:
        codes = read_bands(dataset, [1], shape=preview.valid.shape)[0]
    mixed = 0.55 * preview.rgb + 0.45 * _ORANGE
    return np.where((codes == 1)[..., None], mixed, preview.rgb).astype(np.uint8)
