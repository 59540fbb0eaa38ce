"""Labels and predictions of a whole scene as pictures on any grid, for maps that are looked at."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.features import rasterize

from core.crs import WGS84
from core.grid import Bounds, Grid, full_turn
from core.imagery.frame import Frame
from core.imagery.warp import warp
from core.label.kept_label import load_label
from core.label.tile_label import Label
from core.parcels.lonlat import in_lonlat, moved
from core.parcels.outlines import Geometries
from core.predict.kept_prediction import UNKNOWN, load_prediction
from core.project import Project
from core.session.opened import OpenedScene, open_project_scene
from core.session.place import label_path, prediction_path
from core.session.scene_parcels import chosen_tiles

LayerName = Literal["label", "accepted", "probability", "uncertainty"]
"""``accepted`` is the label of accepted tiles alone."""

LABEL_COLOUR = (86, 180, 233)
"""Okabe and Ito's sky blue: no field has it, ripe or green, and it is the cropland prompts' hue."""

_LABEL_ALPHA = 115
_RAMPS: dict[str, tuple[tuple[int, int, int], ...]] = {
    # Even steps of lightness, dark to light, so that they read the same without colour.
    "probability": ((27, 30, 63), (43, 84, 119), (58, 137, 130), (133, 187, 117), (250, 232, 128)),
    "uncertainty": ((24, 15, 46), (84, 28, 92), (159, 52, 92), (226, 101, 70), (252, 202, 132)),
}

Picture = npt.NDArray[np.uint8]


def layers_version(project: Project, scene_id: str) -> str:
    """Changes whenever a label or a prediction of the scene may look different."""
    return f"{project.scene(scene_id).version}-{project.revision()}"


def layers_overlay(
    project: Project, scene_id: str, layer: LayerName, grid: Grid, *, without: str = ""
) -> Picture | None:
    """A layer on ``grid``: uint8 (rows, columns, 4), transparent where nothing is; None: nothing.

    Labels are the last that were made for each tile.

    Parameters
    ----------
    without : str
        A tile that is left out, because somebody sees it in another way.
    """
    opened = open_project_scene(project, scene_id)
    touched = [(name, frame) for name, frame in _touched(opened, grid) if name != without]
    if layer in ("label", "accepted"):
        if layer == "accepted":
            accepted = chosen_tiles(project, scene_id, accepted_only=True)
            touched = [(name, frame) for name, frame in touched if name in accepted]
        return _labels(project, scene_id, touched, grid)
    return _values(project, scene_id, touched, grid, layer)


def mask_picture(mask: npt.NDArray[np.bool_], alpha: int = _LABEL_ALPHA) -> Picture:
    """A mask in the label's colour: uint8 (rows, columns, 4)."""
    picture = np.zeros((*mask.shape, 4), dtype=np.uint8)
    picture[mask] = (*LABEL_COLOUR, alpha)
    return picture


def value_picture(steps: npt.NDArray[np.uint8], layer: str) -> Picture:
    """Probability or uncertainty, 0 to 250 with 255 for unknown, in the layer's colours."""
    table = np.zeros((256, 4), dtype=np.uint8)
    anchors = np.array(_RAMPS[layer], dtype=np.float64)
    places = np.linspace(0, 250, len(anchors))
    for band in range(3):
        table[:251, band] = np.interp(np.arange(251), places, anchors[:, band])
    table[:251, 3] = 200
    table[UNKNOWN, 3] = 0
    picture: Picture = table[steps]
    return picture


def _touched(opened: OpenedScene, grid: Grid) -> list[tuple[str, Frame]]:
    """Tiles whose core shares an area with ``grid``."""
    scene = opened.scene.grid
    wanted = _finite(grid.bounds_in(scene.crs))
    turns = (0,) if full_turn(scene.crs) is None else (0, -1, 1)
    frames = ((name, opened.frame(name)) for name in opened.tiles)
    return [
        (name, frame)
        for name, frame in frames
        if any(frame.core_grid.turned(turn).bounds.intersects(wanted) for turn in turns)
    ]


def _finite(bounds: Bounds) -> Bounds:
    """Bounds in which what a CRS cannot hold reaches everywhere."""
    left, bottom = (v if np.isfinite(v) else -np.inf for v in (bounds.left, bounds.bottom))
    right, top = (v if np.isfinite(v) else np.inf for v in (bounds.right, bounds.top))
    return Bounds(left, bottom, right, top)


def _labels(
    project: Project, scene_id: str, touched: list[tuple[str, Frame]], grid: Grid
) -> Picture | None:
    shapes: list[shapely.Geometry] = []
    for name, frame in touched:
        kept = load_label(label_path(project.folder, scene_id, name))
        if kept is None:
            continue
        parcels = Label.from_json(kept).parcels
        native = np.array([p.polygon for p in parcels if p.is_cropland], dtype=object)
        if native.size:
            world = frame.natives_to_world(native)
            shapes.extend(_on_map(world, frame.scene_grid.crs, grid.crs))
    if not shapes:
        return None
    burnt = rasterize(shapes, out_shape=grid.shape, transform=grid.transform, dtype=np.uint8)
    return mask_picture(np.asarray(burnt > 0))


def _on_map(geometries: Geometries, source: CRS, target: CRS) -> Geometries:
    """Polygons in a map's CRS, whose longitudes end at the 180 degree meridian."""
    return geometries if source == target else moved(in_lonlat(geometries, source), WGS84, target)


def _values(
    project: Project,
    scene_id: str,
    touched: list[tuple[str, Frame]],
    grid: Grid,
    layer: LayerName,
) -> Picture | None:
    steps = np.full(grid.shape, UNKNOWN, dtype=np.uint8)
    for name, frame in touched:
        prediction = load_prediction(prediction_path(project.folder, scene_id, name, changed=False))
        if prediction is None:
            continue
        values = np.ascontiguousarray(getattr(prediction, layer)[frame.core.slices])
        there = warp(values, frame.core_grid, grid, Resampling.nearest, UNKNOWN)
        known = there != UNKNOWN
        steps[known] = there[known]
    return value_picture(steps, layer) if (steps != UNKNOWN).any() else None
