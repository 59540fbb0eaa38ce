"""A made scene for the map: each tile has six fields of one green on even brown ground.

Where the fields lie, tests know; everything else is what the product makes of the scene.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
from affine import Affine
from pyproj import CRS

from core.project import Project
from core.session.adding_scenes import add_scene
from core.session.models import Models
from core.session.workspaces import Workspaces
from tests.fakes import ColourSegmenter
from tests.projects import HALO, tiles_of

CORE = 512
"""Side of a tile, in native pixels."""

TILE_SIZE = CORE + 2 * HALO
"""Of the setting."""

COLUMNS, ROWS = 3, 2
"""Tiles of the scene."""

_GSD_M = 2.0
_CELL = 5
"""Pixels of the scene in a cell of the land cover."""

_GREEN, _BROWN = (66, 132, 52), (172, 120, 84)
_CROPLAND, _GRASS = 40, 30
# Near (0, 0), so that the first tile's name is x0_y0.
_METRES = (CRS("+proj=tmerc +lat_0=48 +lon_0=12 +datum=WGS84 +units=m"), 0.0, 0.0, _GSD_M)
_DEGREES = (CRS.from_epsg(4326), 12.0, 49.2, 2.2e-5)


@dataclass(frozen=True, slots=True)
class Farm:
    """A project that is never worked in; its folder is copied for each test."""

    folder: Path

    def copied(self, folder: Path) -> Path:
        """The project's file in a folder of its own; imagery stays where it is."""
        shutil.copytree(self.folder, folder)
        return folder / "farm.cropmap"


def make_farm(folder: Path, *, in_degrees: bool = False) -> Farm:
    """A project with one scene, whose tiles are predicted: the map prepares the next one ahead."""
    folder.mkdir(parents=True, exist_ok=True)
    fields = field_mask()
    scene, landcover = folder / "scene.tif", folder / "landcover.tif"
    rgb = np.where(fields[..., None], _GREEN, _BROWN).astype(np.uint8)
    place = _DEGREES if in_degrees else _METRES
    _write(scene, np.moveaxis(rgb, -1, 0), place, 1)
    coarse = fields[_CELL // 2 :: _CELL, _CELL // 2 :: _CELL]
    _write(landcover, np.where(coarse, _CROPLAND, _GRASS).astype(np.uint8)[None], place, _CELL)
    with tiles_of(TILE_SIZE):
        # In degrees, tests look at the first tile alone.
        _fill(folder / "project", scene, landcover, predicted=1 if in_degrees else COLUMNS * ROWS)
    return Farm(folder / "project")


def field_mask() -> npt.NDArray[np.bool_]:
    """Fields of the scene, bool (rows, columns); the second of each tile has a hole."""
    tile = np.zeros((CORE, CORE), dtype=np.bool_)
    for index in range(6):
        left, top = 40 + 154 * (index % 3), 40 + 232 * (index // 3)
        tile[top : top + 218, left : left + 140] = True
    tile[139:159, 254:274] = False
    return np.tile(tile, (ROWS, COLUMNS))


def _fill(folder: Path, scene: Path, landcover: Path, *, predicted: int) -> None:
    project = Project.create(folder / "farm.cropmap", "Farm")
    record = add_scene(
        project, scene, name="A scene", landcover_path=landcover, product="worldcover_v200"
    )
    # Few automatic prompts, so that a click does not hit one by chance.
    settings = {"points_per_class": 2}
    project.update_scene(record.id, expected_version=record.version, settings=settings)
    workspaces = Workspaces(Models(lambda _key: ColourSegmenter()))
    for tile in project.tiles(record.id)[:predicted]:
        workspaces.get(project, record.id, tile.name).finished()
    workspaces.settle()
    project.close()


def _write(
    path: Path,
    bands: npt.NDArray[np.uint8],
    place: tuple[CRS, float, float, float],
    pixels: int,
) -> None:
    crs, left, top, size = place
    with rasterio.open(  # noqa: TID251
        path,
        "w",
        driver="GTiff",
        crs=crs,
        transform=Affine(size * pixels, 0, left, 0, -size * pixels, top),
        count=len(bands),
        height=bands.shape[1],
        width=bands.shape[2],
        dtype="uint8",
    ) as dataset:
        dataset.write(bands)
