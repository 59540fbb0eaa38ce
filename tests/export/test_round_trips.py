"""Each format read back by software that did not write it: same parcels, same places."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
import shapely
from pyproj import CRS

from core.export.columns import cut_text
from core.export.fiboa import is_boundary
from core.export.write_export import ExportOptions, write_export
from core.grid import Grid, WorldCoordinates, transform_coordinates
from core.label.labelled import LabelledParcel, LabelledScene
from core.parcels.polygons import geodesic_areas_m2
from core.parcels.wkb import read_wkbs
from tests.export.labelled import AWKWARD, labelled_scene

FORMATS = ("shapefile", "geopackage", "geojson", "geoparquet", "fiboa", "mask")
WGS84 = CRS.from_epsg(4326)


@pytest.fixture(scope="module", params=["utm", "geographic"])
def exported(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[LabelledScene, Path]:
    folder = tmp_path_factory.mktemp("export")
    labelled = labelled_scene(folder, request.param)
    options = ExportOptions(FORMATS, accepted_only=False)
    return labelled, write_export(labelled, folder / "out", options).folder


@pytest.mark.parametrize(
    ("name", "degrees"),
    [("parcels.shp.zip", False), ("parcels.gpkg", False), ("parcels.geojson", True)],
)
def test_gdals_tools_read_the_same_parcels(
    exported: tuple[LabelledScene, Path], name: str, degrees: bool
) -> None:
    labelled, folder = exported
    path = f"/vsizip/{folder / name}" if name.endswith(".zip") else str(folder / name)
    rows = _read_with_ogr2ogr(path)
    shapes = [_in_crs(shapely.from_wkt(row.pop("WKT")), labelled.grid, degrees) for row in rows]
    _assert_same_places(shapes, labelled.parcels, labelled.grid)
    _assert_same_attributes(rows, labelled.parcels, short=name.endswith(".zip"))


def test_ogrinfo_names_layer_crs_and_count(exported: tuple[LabelledScene, Path]) -> None:
    labelled, folder = exported
    said = _gdal("ogrinfo", "-so", str(folder / "parcels.gpkg"), "parcels")
    assert f"Feature Count: {len(labelled.parcels)}" in said
    assert f'ID["EPSG",{labelled.grid.crs.to_epsg()}]' in said


def test_gdalinfo_finds_the_mask_at_its_place(exported: tuple[LabelledScene, Path]) -> None:
    labelled, folder = exported
    said = json.loads(_gdal("gdalinfo", "-json", str(folder / "mask.tif")))
    assert said["size"] == [labelled.grid.width, labelled.grid.height]
    np.testing.assert_allclose(
        said["geoTransform"], labelled.grid.transform.to_gdal(), rtol=0, atol=1e-9
    )
    assert said["bands"][0]["noDataValue"] == 255


def test_arrow_reads_the_same_parcels_from_geoparquet(
    exported: tuple[LabelledScene, Path],
) -> None:
    labelled, folder = exported
    table = pyarrow.parquet.read_table(folder / "parcels.parquet")
    geo = json.loads(table.schema.metadata[b"geo"])
    assert CRS.from_json_dict(geo["columns"]["geometry"]["crs"]) == labelled.grid.crs
    shapes = list(read_wkbs(table["geometry"].to_pylist()))
    _assert_same_places(shapes, labelled.parcels, labelled.grid)
    rows = table.drop_columns(["geometry", "bbox"]).to_pylist()
    _assert_same_attributes(rows, labelled.parcels, short=False)
    boxes = [
        tuple(box[n] for n in ("xmin", "ymin", "xmax", "ymax")) for box in table["bbox"].to_pylist()
    ]
    np.testing.assert_array_equal(boxes, shapely.bounds(np.array(shapes)))


def test_arrow_reads_the_same_boundaries_from_fiboa(exported: tuple[LabelledScene, Path]) -> None:
    labelled, folder = exported
    table = pyarrow.parquet.read_table(folder / "fields.fiboa.parquet")
    kept = [parcel for parcel in labelled.parcels if is_boundary(parcel)]
    assert 0 < len(kept) < len(labelled.parcels)
    assert table["id"].to_pylist() == [parcel.id for parcel in kept]
    assert table["class"].to_pylist() == [parcel.land_class for parcel in kept]
    assert table["reason"].to_pylist() == [parcel.reason or None for parcel in kept]
    shapes = [
        _in_crs(shape, labelled.grid, degrees=True)
        for shape in read_wkbs(table["geometry"].to_pylist())
    ]
    _assert_same_places(shapes, kept, labelled.grid)
    areas = geodesic_areas_m2(np.array([p.geometry for p in kept]), labelled.grid.crs)
    np.testing.assert_allclose(table["metrics:area"].to_pylist(), areas, rtol=1e-5)


def _assert_same_places(
    shapes: list[shapely.Geometry], parcels: list[LabelledParcel], grid: Grid
) -> None:
    written = np.array([parcel.geometry for parcel in parcels])
    read = np.array(shapes)
    assert len(read) == len(written)
    half_a_pixel = abs(grid.transform.determinant) ** 0.5 / 2
    assert shapely.hausdorff_distance(read, written).max() < half_a_pixel
    np.testing.assert_allclose(
        geodesic_areas_m2(read, grid.crs), geodesic_areas_m2(written, grid.crs), rtol=1e-3
    )


def _assert_same_attributes(
    rows: list[dict], parcels: list[LabelledParcel], *, short: bool
) -> None:
    cut = cut_text if short else str
    assert any(parcel.reason == AWKWARD for parcel in parcels)
    for row, parcel in zip(rows, parcels, strict=True):
        assert row["field_id"] == parcel.id
        assert row["class"] == parcel.land_class
        assert row["status"] == parcel.state
        assert (row["reason"] or "") == cut(parcel.reason)
        assert row["reviewer"] == cut(parcel.reviewer)
        assert float(row["score"]) == pytest.approx(parcel.score)
        moment = row["rev_date" if short else "review_date"]
        # In GeoJSON, GDAL takes such text for a time and writes it in its own way.
        assert moment in ("2026-03-04T05:06:07Z", "2026/03/04 05:06:07+00")


def _in_crs(shape: shapely.Geometry, grid: Grid, degrees: bool) -> shapely.Geometry:
    """A shape in the grid's CRS, from there or from longitude and latitude."""

    def move(xy: np.ndarray) -> np.ndarray:
        world = transform_coordinates(WorldCoordinates(xy[:, 0], xy[:, 1]), WGS84, grid.crs)
        return np.column_stack([world.x, world.y])

    return shapely.transform(shape, move) if degrees else shape


def _read_with_ogr2ogr(path: str) -> list[dict[str, str]]:
    options = ("-lco", "GEOMETRY=AS_WKT", "-lco", "STRING_QUOTING=ALWAYS")
    table = _gdal(
        "ogr2ogr", "-f", "CSV", "/vsistdout/", path, *options, "-sql", "SELECT * FROM parcels"
    )
    return list(csv.DictReader(io.StringIO(table)))


def _gdal(tool: str, *arguments: str) -> str:
    """What a program of GDAL's says; skips where it is not installed."""
    program = shutil.which(tool)
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("CI must install gdal-bin")
        pytest.skip("GDAL's programs are not installed")
    # GDAL and PROJ of the system, not the data files that Python's wheels bring.
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("GDAL_", "PROJ_"))}
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=True, env=clean
    )
    return done.stdout
