"""Eight CRS and transforms by eight dtypes: scene to mask to polygons to files to raster."""

from __future__ import annotations

import geopandas
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from pyproj import CRS, Transformer
from rasterio.features import rasterize

from core.export.parcel_table import parcels_table
from core.export.table_pages import TablePages
from core.export.vector import write_geojson, write_geopackage, write_shapefile_zip
from core.grid import Window
from core.imagery.scene import open_scene, read_window
from core.imagery.write_raster import write_mask
from core.label.labelled import LabelledParcel, LabelSource
from core.parcels.polygons import mask_to_parcels
from tests.rasters import KINDS, PLACES, kind, write_raster

ROWS, COLUMNS = 40, 48


def field_mask() -> np.ndarray:
    """Two fields, one with a hole, and a diagonal one."""
    mask = np.zeros((ROWS, COLUMNS), dtype=bool)
    mask[4:20, 5:30] = True
    mask[9:13, 12:17] = False
    rows, columns = np.indices(mask.shape)
    mask |= (np.abs(rows - 30) + np.abs(columns - 36)) < 7
    return mask


def independent_area_m2(geometry: shapely.Polygon, crs: CRS) -> float:
    """Area in a Lambert azimuthal equal-area CRS centred on the geometry."""
    to_lonlat = Transformer.from_crs(crs, 4326, always_xy=True)
    x, y = to_lonlat.transform(geometry.centroid.x, geometry.centroid.y)
    local = CRS.from_proj4(f"+proj=laea +lat_0={y} +lon_0={x} +datum=WGS84 +units=m")
    move = Transformer.from_crs(crs, local, always_xy=True)
    dense = shapely.segmentize(geometry, geometry.length / 400)
    return float(shapely.transform(dense, lambda xy: np.column_stack(move.transform(*xy.T))).area)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", KINDS)
def test_scene_to_mask_to_polygons_to_files_and_back(place, name, tmp_path) -> None:
    valid = np.ones((ROWS, COLUMNS), dtype=bool)
    valid[:, :3] = name == "uint8"
    values, profile = kind(name, valid)
    scene = open_scene(write_raster(tmp_path / "scene.tif", values, place, **profile))
    image = read_window(scene, scene.working_grid.extent)
    np.testing.assert_array_equal(image.valid, valid)
    assert scene.working_grid == scene.grid
    transform = PLACES[place][1]

    mask = field_mask()
    parcels = mask_to_parcels(mask, scene.grid, mask.astype(np.float32))
    areas = [independent_area_m2(g, scene.grid.crs) / 1e4 for g in parcels.geometry]
    np.testing.assert_allclose(parcels["area_ha"], areas, rtol=1e-3)
    found = zip(parcels["field_id"], parcels.geometry, parcels["score"], strict=True)
    full = parcels_table(
        [LabelledParcel(name, shape, score, "auto", "", None, "t") for name, shape, score in found],
        scene.grid.crs,
        LabelSource("scene", "scene.tif", "classifier", "none", "x"),
    )
    np.testing.assert_array_equal(full["area_ha"], parcels["area_ha"])

    write_geopackage(tmp_path / "p.gpkg", TablePages.of(full), {"a": "b"})
    write_shapefile_zip(tmp_path / "p.shp.zip", TablePages.of(full))
    write_geojson(tmp_path / "p.geojson", TablePages.of(full))
    codes = np.where(valid, mask, 255).astype(np.uint8)
    window = Window(0, 0, COLUMNS, ROWS)
    write_mask(tmp_path / "mask.tif", [(window, codes)], scene.grid, scene.grid, {})

    for source in (tmp_path / "p.gpkg", f"/vsizip/{tmp_path}/p.shp.zip"):
        back = pyogrio.read_dataframe(
            source, **({"layer": "parcels"} if "gpkg" in str(source) else {})
        )
        np.testing.assert_array_equal(drawn(back, transform), mask)
    lonlat = pyogrio.read_dataframe(tmp_path / "p.geojson")
    assert lonlat.crs == CRS.from_epsg(4326)
    back = lonlat.to_crs(scene.grid.crs)
    np.testing.assert_array_equal(drawn(back, transform), mask)
    half_pixel = 0.5 * np.sqrt(abs(transform.determinant))
    for one, other in zip(parcels.geometry, back.geometry, strict=True):
        assert shapely.hausdorff_distance(one, other) < half_pixel
    with rasterio.open(tmp_path / "mask.tif") as raster:  # noqa: TID251
        np.testing.assert_array_equal(raster.read(1), codes)
        assert raster.transform.almost_equals(transform)
        assert CRS.from_wkt(raster.crs.to_wkt()) == scene.grid.crs


def drawn(parcels: geopandas.GeoDataFrame, transform) -> np.ndarray:
    shapes = [(g, 1) for g in parcels.geometry]
    return rasterize(shapes, out_shape=(ROWS, COLUMNS), transform=transform).astype(bool)
