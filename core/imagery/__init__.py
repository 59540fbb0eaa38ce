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
    from core.imagery.pixel_values import read_values
    from core.imagery.scene import Scene, SceneImage, open_scene, read_preview
    from core.imagery.stretch import (
        HIGH_PERCENTILE,
        IDENTITY,
        LOW_PERCENTILE,
        Stretch,
        estimate_stretch,
    )
    from core.imagery.validity import UnknownPixels, percent

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
        "pixel_values": ("read_values",),
        "scene": (
            "Scene",
            "SceneImage",
            "open_scene",
            "read_preview",
        ),
        "stretch": (
            "HIGH_PERCENTILE",
            "IDENTITY",
            "LOW_PERCENTILE",
            "Stretch",
            "estimate_stretch",
        ),
        "validity": ("UnknownPixels", "percent"),
    },
)

__all__ = [
    "HIGH_PERCENTILE",
    "IDENTITY",
    "LOW_PERCENTILE",
    "Scene",
    "SceneImage",
    "Stretch",
    "UnknownPixels",
    "estimate_stretch",
    "is_raster",
    "needs_copy",
    "open_raster",
    "open_scene",
    "outside",
    "parse_crs",
    "percent",
    "pixel_tile",
    "pixel_tile_grid",
    "read_bands",
    "read_preview",
    "read_values",
    "warped_tile",
    "web_mercator_grid",
]
