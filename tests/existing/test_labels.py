"""Labels on a scene of another CRS."""

import math
import re
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import CRS

from core.existing.class_choice import ClassChoice, guess
from core.existing.labels_file import LabelsFile, Skipped
from core.existing.scene_labels import VectorLabels
from core.grid import Grid, Window
from core.parcels.polygons import geodesic_areas_m2
from tests.existing.conftest import PLACES, fields, grid_of, on, table


def file_of(parcels, columns=None, skipped=None) -> LabelsFile:
    shapes = parcels.geometry.to_numpy()
    return LabelsFile(
        "labels.gpkg",
        "geopackage",
        "labels",
        ("labels",),
        CRS.from_user_input(parcels.crs),
        len(shapes),
        shapes,
        columns or {},
        skipped or Skipped(),
    )


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "EPSG:32633", "EPSG:3413"])
def test_positions_in_the_scenes_crs(place, crs) -> None:
    grid = grid_of(place)
    sent = table(grid, fields())
    file = file_of(sent.to_crs(crs))
    labels = VectorLabels(file, ClassChoice(), grid, file.crs)
    pixels = np.array([p.polygon for p in labels.parcels], dtype=object)
    back = shapely.transform(pixels, lambda xy: np.column_stack(~grid.transform @ xy.T))
    for got, want in zip(back, fields(), strict=True):
        assert got.hausdorff_distance(want) < 1e-3
    area = geodesic_areas_m2(sent.geometry.to_numpy(), grid.crs).sum() / 1e4
    assert labels.counts.hectares == pytest.approx(area, rel=1e-4)


def test_what_lies_beside_the_scene_is_counted(utm) -> None:
    parcels = table(utm, [*fields(), shapely.box(-90, 0, -10, 40), shapely.box(390, 0, 420, 9)])
    labels = VectorLabels(file_of(parcels, skipped=Skipped(beyond=3)), ClassChoice(), utm, utm.crs)
    assert (labels.counts.parcels, labels.counts.outside) == (3, 4)


def test_what_another_crs_cannot_hold_lies_beside_it() -> None:
    grid = grid_of("utm")
    south = shapely.box(10, -89.5, 11, -89)
    file = LabelsFile(
        "a", "geojson", "a", ("a",), CRS.from_epsg(4326), 1, np.array([south], dtype=object)
    )
    labels = VectorLabels(file, ClassChoice(), grid, CRS.from_epsg(4326))
    assert (labels.counts.parcels, labels.counts.outside) == (0, 1)


def test_other_values_are_left_out(utm) -> None:
    columns = {"crop": ["wheat", "grass"]}
    file = file_of(table(utm, fields()), columns)
    labels = VectorLabels(file, ClassChoice("crop", frozenset({"wheat"})), utm, utm.crs)
    assert (labels.counts.parcels, labels.counts.left_out) == (1, 1)


def test_a_part_of_the_scene_gets_what_reaches_into_it(utm) -> None:
    hair = shapely.box(99.9999, 250, 180, 260)
    labels = VectorLabels(
        file_of(table(utm, [*fields((20, 20, 120, 90), (150, 30, 260, 200)), hair])),
        ClassChoice(),
        utm,
        utm.crs,
    )
    left, right = (utm.window_grid(Window(c, 0, 100, 300)) for c in (0, 100))
    assert [p.id for p in labels.within(left).parcels] == ["L0001"]
    assert [p.id for p in labels.within(right).parcels] == ["L0001", "L0002", "L0003"]
    empty = utm.window_grid(Window(300, 250, 50, 50))
    assert labels.within(empty) is None
    assert not labels.touches(empty)
    assert labels.touches(left)


def test_our_own_export_keeps_what_people_said(utm) -> None:
    columns = {
        "field_id": ["x0_y0/F1", "x1_y0/F1"],
        "class": ["cropland", "other"],
        "status": ["corrected", "nonsense"],
        "reason": ["", "a road"],
        "score": [0.75, None],
        "tile": ["x0_y0", "x1_y0"],
        "reviewer": ["Änne", None],
        "rev_date": ["2026-11-02T10:00:00Z", ""],
    }
    file = file_of(table(utm, fields()), columns)
    labels = VectorLabels(file, guess(file), utm, utm.crs)
    one, two = labels.within(utm).parcels
    assert (one.id, two.id) == ("F1", "F1.1")
    assert (one.state, one.reviewer, one.score, one.edited) == ("corrected", "Änne", 0.75, True)
    assert one.reviewed_at == datetime(2026, 11, 2, 10, tzinfo=UTC)
    assert (two.state, two.land_class, two.reason, two.reviewer) == ("auto", "other", "a road", "")
    assert math.isnan(two.score)
    assert two.reviewed_at is None


def test_on_moves_pixels(utm) -> None:
    assert on(utm, fields((0, 0, 1, 1)))[0].bounds == (500_000, 4_999_999, 500_001, 5_000_000)


def test_labels_at_92_west_lie_on_a_scene_of_0_to_360_degrees() -> None:
    grid = Grid(CRS.from_epsg(4326), Affine(1e-4, 0, 268.0, 0, -1e-4, 40.0), 100, 100)
    file = LabelsFile(
        "a",
        "geojson",
        "a",
        ("a",),
        CRS.from_epsg(4326),
        1,
        np.array([shapely.box(-91.998, 39.995, -91.996, 39.998)], dtype=object),
    )
    (parcel,) = VectorLabels(file, ClassChoice(), grid, file.crs).parcels
    assert parcel.polygon.bounds == pytest.approx((268.002, 39.995, 268.004, 39.998))


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        (None, "in which CRS"),
        ("+proj=utm +zone=30 +ellps=intl +type=crs", "International 1924.*EPSG:23030"),
        ("EPSG:23030", "^$"),
    ],
)
def test_a_file_without_a_datum_is_a_question(crs, words) -> None:
    shape = shapely.box(440_000, 4_470_000, 440_100, 4_470_100)
    known = None if crs is None else CRS.from_user_input(crs)
    file = LabelsFile("a", "geojson", "a", ("a",), known, 1, np.array([shape], dtype=object))
    assert re.search(words, file.crs_question())
