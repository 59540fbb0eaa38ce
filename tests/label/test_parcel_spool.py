"""Parcels on the disk are those that were added: in reading order, numbered, found by place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import CRS
from shapely import box

from core.errors import OutputError
from core.grid import Grid, Window
from core.label.labelled import LabelledParcel
from core.label.parcel_spool import ParcelSpool

GRID = Grid(CRS.from_epsg(32633), Affine(1, 0, 0, 0, -1, 100), 100, 100)
NORTH, MIDDLE, SOUTH = box(10, 70, 40, 90), box(10, 40, 40, 60), box(10, 10, 40, 30)
TWO = shapely.MultiPolygon([box(60, 10, 70, 20), box(80, 10, 90, 20)])


def parcel(shape: shapely.Geometry, **facts: object) -> LabelledParcel:
    plain = LabelledParcel("x0_y0/F0001", shape, 0.5, "auto", "", None, "x0_y0")
    return replace(plain, **facts)


def spooled(folder: Path, *parcels: LabelledParcel, name: str = "Feld Süd") -> ParcelSpool:
    spool = ParcelSpool(folder / "new" / "parcels.sqlite", GRID, name)
    for place, one in enumerate(parcels):
        spool.add(place, one)
    spool.number()
    return spool


def test_they_are_named_and_numbered_as_one_reads(tmp_path) -> None:
    spool = spooled(tmp_path, parcel(SOUTH), parcel(NORTH), parcel(TWO))
    assert [one.id for one in spool] == [f"feld-sud-000{number}" for number in (1, 2, 3)]
    assert [one.geometry for one in spool] == [NORTH, SOUTH, TWO]
    assert (len(spool), spool[-1].geometry, spool[1:][0].id) == (3, TWO, "feld-sud-0002")
    spool.close()
    assert not list((tmp_path / "new").iterdir())
    assert spooled(tmp_path, parcel(NORTH), name="大田")[0].id == "parcel-0001"
    assert not list(spooled(tmp_path))


def test_where_two_begin_at_one_place_the_first_piece_decides(tmp_path) -> None:
    spool = ParcelSpool(tmp_path / "parcels", GRID, "a")
    for place in (7, 3, 5):
        spool.add(place, parcel(NORTH, tile=f"t{place}"))
    spool.number()
    assert [one.tile for one in spool] == ["t3", "t5", "t7"]


def test_every_attribute_comes_back(tmp_path) -> None:
    at = datetime(2026, 5, 1, 12, 30, 1, 250, tzinfo=UTC)
    said = (("crop", "wheat"), ("irrigated", True), ("yield", 7.5))
    given = parcel(
        TWO,
        attributes=said,
        state="unsure",
        reviewer="Zoë",
        reviewed_at=at,
        reason="?",
        score=0.1 + 0.2,
    )
    given = replace(given, land_class="other", positive_prompts=3, negative_prompts=0)
    unknown = parcel(NORTH, score=float("nan"), reviewed_at=datetime(2026, 5, 1))
    first, second = spooled(tmp_path, given, unknown)
    assert second == replace(given, id="feld-sud-0002")
    assert np.isnan(first.score)
    assert replace(first, score=0) == replace(unknown, id="feld-sud-0001", score=0)


def test_those_of_a_window_are_found_in_the_grids_pixels(tmp_path) -> None:
    spool = spooled(tmp_path, parcel(SOUTH), parcel(NORTH), parcel(MIDDLE))
    found = spool.near(Window(0, 0, 100, 35))
    assert [one.parcel.id for one in found] == ["feld-sud-0001"]
    assert found[0].shape.equals(box(10, 10, 40, 30))
    assert len(spool.near(Window(0, 0, 100, 35), margin=6)) == 2
    assert not spool.near(Window(60, 0, 40, 100))


def test_a_folder_that_may_not_be_written_is_one_sentence(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        ParcelSpool(tmp_path / "file" / "parcels", GRID, "a")
