"""Map tiles hold every parcel, in its place, with what is known of it."""

from __future__ import annotations

from dataclasses import replace

import pyogrio
import shapely

from core.export.write_export import ExportOptions, write_export
from tests.export.labelled import labelled_scene

OPTIONS = ExportOptions(("pmtiles",), accepted_only=False)


def test_map_tiles_hold_every_parcel_in_its_place(tmp_path) -> None:
    labelled = labelled_scene(tmp_path)
    write_export(labelled, tmp_path / "out", OPTIONS)
    read = pyogrio.read_dataframe(tmp_path / "out" / "parcels.pmtiles", layer="parcels")
    assert {parcel.id: parcel.state for parcel in labelled.parcels} == dict(
        zip(read["field_id"], read["status"], strict=True)
    )
    there = read.to_crs(labelled.grid.crs).dissolve("field_id").geometry
    # Tiles round outlines and lose small details.
    for parcel in labelled.parcels:
        apart = shapely.symmetric_difference(there[parcel.id].buffer(0), parcel.geometry)
        assert apart.area < 0.02 * parcel.geometry.area


def test_without_a_parcel_there_is_no_file_and_a_sentence(tmp_path) -> None:
    labelled = replace(labelled_scene(tmp_path), parcels=[])
    written = write_export(labelled, tmp_path / "out", OPTIONS)
    assert not (tmp_path / "out" / "parcels.pmtiles").exists()
    assert [note for note in written.notes if "no map tiles" in note]
