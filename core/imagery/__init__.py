"""Imagery: guarded opening, scenes, stretch, tile plan."""

from typing import TYPE_CHECKING

from core.faces import load_lazily

if TYPE_CHECKING:
    from core.imagery.georeference import parse_crs
    from core.imagery.ingest import needs_copy
    from core.imagery.maptiles import (
        outside,
        pixel_tile,
        pixel_tile_grid,
        warped_tile,
        web_mercator_grid,
    )
    from core.imagery.open import is_raster, open_raster, read_bands
    from core.imagery.pixel_values import read_values, stored_windows
    from core.imagery.scene import Scene, SceneImage, open_scene, read_preview
    from core.imagery.scene_words import bands_said, scene_remarks, stretch_said
    from core.imagery.stretch import (
        HIGH_PERCENTILE,
        LOW_PERCENTILE,
        STRETCH_WAYS,
        Stretch,
        StretchWay,
        estimate_one_width,
        estimate_stretch,
        suggest_stretch,
    )
    from core.imagery.validity import UnknownPixels, parse_nodata, percent
    from core.imagery.value_range import Scaling, read_scaling

__getattr__ = load_lazily(
    __name__,
    {
        "georeference": ("parse_crs",),
        "ingest": ("needs_copy",),
        "maptiles": (
            "outside",
            "pixel_tile",
            "pixel_tile_grid",
            "warped_tile",
            "web_mercator_grid",
        ),
        "open": (
            "is_raster",
            "open_raster",
            "read_bands",
        ),
        "pixel_values": ("read_values", "stored_windows"),
        "scene": (
            "Scene",
            "SceneImage",
            "open_scene",
            "read_preview",
        ),
        "scene_words": ("bands_said", "scene_remarks", "stretch_said"),
        "stretch": (
            "HIGH_PERCENTILE",
            "LOW_PERCENTILE",
            "STRETCH_WAYS",
            "Stretch",
            "StretchWay",
            "estimate_one_width",
            "estimate_stretch",
            "suggest_stretch",
        ),
        "value_range": ("Scaling", "read_scaling"),
        "validity": ("UnknownPixels", "parse_nodata", "percent"),
    },
)

__all__ = [
    "HIGH_PERCENTILE",
    "LOW_PERCENTILE",
    "STRETCH_WAYS",
    "Scaling",
    "Scene",
    "SceneImage",
    "Stretch",
    "StretchWay",
    "UnknownPixels",
    "bands_said",
    "estimate_one_width",
    "estimate_stretch",
    "is_raster",
    "needs_copy",
    "open_raster",
    "open_scene",
    "outside",
    "parse_crs",
    "parse_nodata",
    "percent",
    "pixel_tile",
    "pixel_tile_grid",
    "read_bands",
    "read_preview",
    "read_scaling",
    "read_values",
    "scene_remarks",
    "stored_windows",
    "stretch_said",
    "suggest_stretch",
    "warped_tile",
    "web_mercator_grid",
]
