"""fiboa and GeoParquet against the validators of their own communities.

The validator of fiboa wants to fetch three schemas; tests have no network.  It runs against
stand-ins that say what the specifications say of the properties written here, and GeoParquet's
metadata is checked by GeoParquet's own validator, which brings its schemas.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geoparquet_validator
import numpy as np
import pyarrow.parquet
import pytest
import shapely
import yaml
from pyproj import CRS
from shapely import box

from core.export.fiboa import FIBOA_SCHEMA, VECOREL_SCHEMA, write_fiboa
from core.export.geoparquet import write_geoparquet
from core.export.parcel_table import parcels_table
from core.export.table_pages import TablePages
from core.label.labelled import LabelledParcel, LabelledScene
from core.parcels.wkb import read_wkbs
from tests.export.labelled import SOURCE, grid_of, in_pixels, labelled_scene

LANGUAGE = "https://vecorel.org/sdl/v0.2.0/schema.json"
VECOREL = {
    "$schema": LANGUAGE,
    "required": ["schemas", "id", "collection", "geometry"],
    "collection": {"schemas": True, "id": False, "geometry": False, "bbox": False},
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "collection": {"type": "string", "minLength": 1},
        "geometry": {"type": "geometry"},
        "bbox": {"type": "bounding-box"},
    },
}
FIBOA = {
    "$schema": LANGUAGE,
    "collection": {"metrics:area": False, "metrics:perimeter": False},
    "properties": {
        "metrics:area": {"type": "float", "exclusiveMinimum": 0, "maximum": 1e9},
        "metrics:perimeter": {"type": "float", "exclusiveMinimum": 0, "maximum": 125_000},
        "determination:datetime": {"type": "date-time"},
        "determination:method": {"type": "string", "enum": ["manual", "auto-imagery"]},
        "determination:details": {"type": "string"},
    },
}


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> LabelledScene:
    return labelled_scene(tmp_path_factory.mktemp("scene"))


def fiboa(
    path: Path, parcels: Sequence[LabelledParcel], crs: CRS, imaged_at: datetime | None = None
) -> int:
    return write_fiboa(
        path, parcels, TablePages.of(parcels_table(parcels, crs, SOURCE)), SOURCE, imaged_at
    )


def validate(path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The verdict of fiboa's own validator on all rows of a file."""
    import fiboa_cli.registry  # noqa: F401  (tells the validator that fiboa's schema is required)
    from fiboa_cli.validate import ValidateData
    from vecorel_cli.validation.geoparquet import GeoParquetValidator

    monkeypatch.setattr(GeoParquetValidator, "validate_geoparquet_schema", lambda *_: True)
    places = {}
    for url, schema in ((VECOREL_SCHEMA, VECOREL), (FIBOA_SCHEMA, FIBOA)):
        places[url] = folder / f"{len(places)}.yaml"
        places[url].write_text(yaml.safe_dump(schema))
    return ValidateData().validate(path, num=None, schema_map=places)


def test_fiboas_validator_finds_nothing_wrong(
    labelled: LabelledScene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "fields.parquet"
    fiboa(path, labelled.parcels, labelled.grid.crs)
    verdict = validate(path, tmp_path, monkeypatch)
    assert verdict.is_valid()
    assert not verdict.errors
    assert not verdict.warnings


def test_the_validator_would_find_what_is_wrong(
    labelled: LabelledScene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "fields.parquet"
    fiboa(path, labelled.parcels, labelled.grid.crs)
    table = pyarrow.parquet.read_table(path)
    wrong = pyarrow.array(["guessed"] * len(table), pyarrow.string())
    where = table.schema.get_field_index("determination:method")
    table = table.set_column(where, "determination:method", wrong).drop_columns(["id"])
    pyarrow.parquet.write_table(table, path)
    said = " ".join(str(error) for error in validate(path, tmp_path, monkeypatch).errors)
    assert "guessed" in said
    assert "id: Required field is missing" in said


@pytest.mark.parametrize("place", ["utm", "geographic", "polar", "rotated"])
def test_geoparquets_validator_finds_nothing_wrong(place: str, tmp_path: Path) -> None:
    grid = grid_of(place, 48, 40)
    parcels = [
        LabelledParcel("A", in_pixels(box(2, 2, 9, 9), grid), 0.5, "accepted", "", None, ""),
        LabelledParcel("B", in_pixels(box(20, 2, 29, 9), grid), 0.5, "auto", "", None, ""),
    ]
    write_geoparquet(
        tmp_path / "p.parquet", TablePages.of(parcels_table(parcels, grid.crs, SOURCE))
    )
    report = geoparquet_validator.check(str(tmp_path / "p.parquet"))
    assert geoparquet_validator.failed(report) == []
    fiboa(tmp_path / "f.parquet", parcels, grid.crs)
    report = geoparquet_validator.check(str(tmp_path / "f.parquet"))
    assert geoparquet_validator.failed(report, "core") == []
    assert geoparquet_validator.failed(report, "covering") == []


def test_what_holds_for_all_is_in_the_metadata(labelled: LabelledScene, tmp_path: Path) -> None:
    imaged = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
    path = tmp_path / "fields.parquet"
    fiboa(path, labelled.parcels, labelled.grid.crs, imaged)
    collection = json.loads(pyarrow.parquet.read_schema(path).metadata[b"collection"])
    assert collection["collection"] == "feld-sud"
    assert collection["schemas"] == {"feld-sud": [VECOREL_SCHEMA, FIBOA_SCHEMA]}
    assert collection["determination:datetime"] == "2026-05-04T10:30:00.000Z"
    fiboa(path, labelled.parcels, labelled.grid.crs)
    collection = json.loads(pyarrow.parquet.read_schema(path).metadata[b"collection"])
    assert "determination:datetime" not in collection


def test_boxes_contain_their_fields_in_single_precision(
    labelled: LabelledScene, tmp_path: Path
) -> None:
    fiboa(tmp_path / "f.parquet", labelled.parcels, labelled.grid.crs)
    table = pyarrow.parquet.read_table(tmp_path / "f.parquet")
    assert all(str(field.type) == "float" for field in table.schema.field("bbox").type)
    bounds = shapely.bounds(read_wkbs(table["geometry"].to_pylist()))
    boxes = np.array([list(row.values()) for row in table["bbox"].to_pylist()])
    assert (boxes[:, :2] <= bounds[:, :2]).all()
    assert (boxes[:, 2:] >= bounds[:, 2:]).all()
    np.testing.assert_allclose(boxes, bounds, atol=1e-5)


def test_rejected_parcels_and_other_land_are_no_boundaries(tmp_path: Path) -> None:
    grid = grid_of("utm", 40, 40)
    shape = in_pixels(box(2, 2, 9, 9), grid)
    kinds = [
        ("accepted", "cropland"),
        ("corrected", "unsure"),
        ("rejected", "cropland"),
        ("accepted", "other"),
    ]
    parcels = [
        LabelledParcel(str(i), shape, 0.5, state, "", None, "", land)
        for i, (state, land) in enumerate(kinds)
    ]
    assert fiboa(tmp_path / "f.parquet", parcels, grid.crs) == 2
    table = pyarrow.parquet.read_table(tmp_path / "f.parquet")
    assert table["id"].to_pylist() == ["0", "1"]
    assert table["determination:method"].to_pylist() == ["auto-imagery", "manual"]


def test_measures_that_are_not_allowed_are_left_empty(tmp_path: Path) -> None:
    grid = grid_of("utm", 4000, 4000)
    parcels = [
        LabelledParcel("0", in_pixels(box(0, 0, 3990, 3990), grid), 0.5, "auto", "", None, ""),
        LabelledParcel("1", in_pixels(box(0, 0, 9, 9), grid), float("nan"), "auto", "", None, ""),
    ]
    fiboa(tmp_path / "f.parquet", parcels, grid.crs)
    table = pyarrow.parquet.read_table(tmp_path / "f.parquet")
    assert table["metrics:area"].to_pylist()[0] is None
    assert table["metrics:perimeter"].to_pylist()[0] is None
    assert table["metrics:area"].to_pylist()[1] == pytest.approx(8_100, rel=2e-3)
    assert table["score"].to_pylist()[1] is None


def test_no_boundaries_are_a_valid_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grid = grid_of("utm", 40, 40)
    path = tmp_path / "f.parquet"
    assert fiboa(path, [], grid.crs) == 0
    assert validate(path, tmp_path, monkeypatch).is_valid()
    write_geoparquet(path, TablePages.of(parcels_table([], grid.crs, SOURCE)))
    assert geoparquet_validator.failed(geoparquet_validator.check(str(path)), "core") == []
