"""Scenes in several CRSs, and files of parcels on them in every format."""

import tempfile
import zipfile
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely
from affine import Affine
from pyproj import CRS

from core.existing.handover import hand_over, taken_over
from core.existing.label_files import order_for
from core.existing.labels_file import LabelsFile
from core.grid import Grid, PixelCoordinates

PLACES = {
    "utm": ("EPSG:32633", Affine(1, 0, 500_000, 0, -1, 5_000_000)),
    "geographic": ("EPSG:4326", Affine(1e-5, 0, 15.2, 0, -8e-6, 45.1)),
    "polar": ("EPSG:3413", Affine(2, 0, 300_000, 0, -2, -1_900_000)),
    "rotated": ("EPSG:32633", Affine(1, 0, 500_000, 0, -1, 5_000_000) @ Affine.rotation(33)),
}
FORMATS = ("shp", "shp.zip", "gpkg", "geojson")


def grid_of(place: str, width: int = 400, height: int = 300) -> Grid:
    crs, transform = PLACES[place]
    return Grid(CRS.from_user_input(crs), transform, width, height)


def on(grid: Grid, shapes: list[shapely.Geometry]) -> list[shapely.Geometry]:
    """Shapes in pixels of a grid moved to its CRS."""

    def move(xy: np.ndarray) -> np.ndarray:
        world = grid.pixels_to_world(PixelCoordinates(xy[:, 0], xy[:, 1]))
        return np.column_stack([world.x, world.y])

    return [shapely.transform(shape, move) for shape in shapes]


def fields(*boxes: tuple[float, float, float, float]) -> list[shapely.Polygon]:
    return [shapely.box(*box) for box in boxes or ((20, 20, 120, 90), (150, 30, 260, 200))]


def table(grid: Grid, shapes: list[shapely.Geometry], **columns) -> geopandas.GeoDataFrame:
    return geopandas.GeoDataFrame(columns, geometry=on(grid, shapes), crs=grid.crs)


def write(path: Path, parcels: geopandas.GeoDataFrame, **options) -> Path:
    """Write in the format of the path's ending; a ``.shp.zip`` holds a folder."""
    if path.name.endswith(".shp.zip"):
        inner = write(path.with_name("inside.shp"), parcels, **options)
        with zipfile.ZipFile(path, "w") as archive:
            for part in path.parent.glob("inside.*"):
                archive.write(part, f"a folder/{part.name}")
        inner.unlink()
        return path
    pyogrio.write_dataframe(parcels, path, **options)
    return path


@pytest.fixture
def utm() -> Grid:
    return grid_of("utm")


def read_here(path: Path, grid: Grid, layer: str | None = None) -> LabelsFile:
    """Read a file of labels as the limited process does, but in this one: it takes no second."""
    with tempfile.TemporaryDirectory() as work:
        hand_over(order_for(path, Path(work), path.name, layer, grid), lambda share: None)
        return taken_over(Path(work), path.name)
