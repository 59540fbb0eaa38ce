"""A parcel keeps its number, whatever becomes of the others."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import CRS
from shapely import box

from core.errors import OutputError
from core.export.parcel_numbers import FOLDER, numbered
from core.grid import Grid
from core.label.labelled import LabelledParcel, LabelledScene
from core.project import Project
from tests.export.labelled import SOURCE

GRID = Grid(CRS.from_epsg(32633), Affine(1, 0, 0, 0, -1, 100), 100, 100)
NORTH, MIDDLE, SOUTH = box(10, 70, 40, 90), box(10, 40, 40, 60), box(10, 10, 40, 30)


@pytest.fixture
def project(tmp_path) -> Project:
    return Project.create(tmp_path / "farm.cropmap", "Große Farm 2")


def scene(*shapes: shapely.Polygon, grid: Grid = GRID) -> LabelledScene:
    parcels = [
        LabelledParcel(f"x0_y0/F{n:04d}", shape, 0.5, "auto", "", None, "x0_y0")
        for n, shape in enumerate(shapes)
    ]
    return LabelledScene(parcels, grid, np.ones(grid.shape, dtype=np.bool_), SOURCE)


def names(project: Project, *shapes: shapely.Polygon, of: str = "a") -> list[str]:
    """The number behind each shape's name, in the order of the shapes."""
    done = numbered(scene(*shapes), project, of)
    by_shape = {parcel.geometry.wkb: parcel.id for parcel in done.parcels}
    return [by_shape[shape.wkb].removeprefix("grosse-farm-2-") for shape in shapes]


def test_parcels_are_numbered_as_one_reads_whatever_their_order(project) -> None:
    assert names(project, SOUTH, NORTH, MIDDLE) == ["0003", "0001", "0002"]
    assert names(project, NORTH, MIDDLE, SOUTH) == ["0001", "0002", "0003"]
    done = numbered(scene(SOUTH, NORTH), project, "a")
    assert [parcel.id for parcel in done.parcels] == ["grosse-farm-2-0001", "grosse-farm-2-0003"]


def test_a_parcel_keeps_its_number_and_no_other_ever_gets_it(project) -> None:
    names(project, NORTH, MIDDLE, SOUTH)
    new, grown = box(60, 70, 90, 90), box(10, 40, 48, 60)
    assert names(project, new, grown) == ["0004", "0002"]
    # What was away for a while is itself again.
    assert names(project, NORTH, grown, SOUTH, new) == ["0001", "0002", "0003", "0004"]


def test_the_larger_piece_keeps_the_number_and_a_merge_can_be_taken_back(project) -> None:
    names(project, NORTH, MIDDLE)
    small, large = box(10, 70, 18, 90), box(18, 70, 40, 90)
    assert names(project, small, large, MIDDLE) == ["0003", "0001", "0002"]
    both = shapely.union_all([NORTH, MIDDLE, box(10, 60, 40, 70)])
    (merged,) = names(project, both)
    assert merged in ("0001", "0002")
    assert set(names(project, large, MIDDLE)) == {"0001", "0002"}


def test_two_scenes_of_a_project_share_no_number_and_a_stated_crs_changes_none(project) -> None:
    assert names(project, NORTH, MIDDLE) == ["0001", "0002"]
    assert names(project, NORTH, of="b") == ["0003"]
    assert names(project, NORTH, SOUTH) == ["0001", "0004"]
    elsewhere = Grid(CRS.from_epsg(25833), GRID.transform, 100, 100)
    done = numbered(scene(MIDDLE, grid=elsewhere), project, "a")
    assert done.parcels[0].id == "grosse-farm-2-0002"


def test_numbers_that_cannot_be_read_are_one_sentence_and_stay(project) -> None:
    names(project, NORTH)
    path = project.folder / FOLDER / "a.parquet"
    path.write_bytes(b"no numbers")
    with pytest.raises(OutputError, match="cannot be read"):
        names(project, NORTH)
    assert path.read_bytes() == b"no numbers"
