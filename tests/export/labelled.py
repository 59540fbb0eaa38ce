"""A made scene with labels of every kind, written for one test."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import shapely
from affine import Affine
from pyproj import CRS
from shapely import MultiPolygon

from core.farmland import generate
from core.grid import Grid, PixelCoordinates
from core.imagery.scene import open_scene
from core.label.labelled import LabelledParcel, LabelledScene, LabelSource
from core.parcels.polygons import mask_to_parcels
from tests.rasters import PLACES, write_raster

SOURCE = LabelSource("Feld Süd", "scene.tif", "apt_plus", "small", "ESA WorldCover 2021")
AWKWARD = 'Große Wiese "Süd" 大田 O\'Neill, 50 %; ' + "é" * 200
WHEN = datetime(2026, 3, 4, 5, 6, 7)

STATES = ("accepted", "corrected", "accepted", "auto", "rejected", "unsure", "corrected")
CLASSES = ("cropland", "cropland", "other", "cropland", "cropland", "cropland", "unsure")


def labelled_scene(folder: Path, place: str = "utm", *, size: int = 256) -> LabelledScene:
    """Farmland whose fields are labels: one with a hole, one of two parts, of all states.

    The last quarter of the columns is not reviewed.
    """
    farmland = generate(3, size=size, style="smallholder")
    path = write_raster(folder / "scene.tif", np.moveaxis(farmland.rgb, -1, 0), place)
    scene = open_scene(path)
    reviewed = np.ones(scene.working_grid.shape, dtype=np.bool_)
    reviewed[:, size * 3 // 4 :] = False
    shapes = list(mask_to_parcels(farmland.parcels, scene.working_grid).geometry)
    parcels = [
        LabelledParcel(
            f"F{number:03d}",
            shape,
            0.5 + number / 1000,
            STATES[number % 7],
            AWKWARD if number == 0 else "Zoë",
            WHEN,
            "x1_y2",
            CLASSES[number % 7],
            "" if CLASSES[number % 7] == "cropland" else AWKWARD,
        )
        for number, shape in enumerate(_with_hole_and_parts(shapes))
    ]
    return LabelledScene(parcels, scene.working_grid, reviewed, SOURCE, scene)


def _with_hole_and_parts(shapes: list[shapely.Polygon]) -> list[shapely.Geometry]:
    """The first shape gets a hole; the second, a part that lies apart from it."""
    shapes.sort(key=lambda shape: -shape.area)
    first, second, *rest = shapes
    middle = first.representative_point()
    reach = shapely.distance(middle, first.boundary) / 2
    apart = next(shape for shape in reversed(rest) if shape.distance(second) > reach)
    rest.remove(apart)
    parts = [*shapely.get_parts(second), apart]
    return [first - middle.buffer(reach, quad_segs=2), MultiPolygon(parts), *rest]


def grid_of(place: str, width: int, height: int) -> Grid:
    """A grid without imagery at one of the places of ``tests.rasters``."""
    crs, transform = PLACES[place]
    return Grid(CRS.from_user_input(crs), Affine(*transform[:6]), width, height)


def in_pixels(shape: shapely.Geometry, grid: Grid) -> shapely.Geometry:
    """A shape in pixels of a grid, in the grid's CRS."""

    def move(xy: np.ndarray) -> np.ndarray:
        world = grid.pixels_to_world(PixelCoordinates(xy[:, 0], xy[:, 1]))
        return np.column_stack([world.x, world.y])

    return shapely.transform(shape, move)
