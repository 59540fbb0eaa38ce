"""Masks to parcels: polygons that follow pixel edges exactly, with geodesic areas."""

from __future__ import annotations

import geopandas
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from rasterio.features import shapes
from scipy import ndimage
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from core.grid import WGS84_GEOD, Grid

_LONGEST_EDGE_M = 2_000.0
"""Edges are split before they are moved to WGS 84: a straight line in one CRS bends in another."""


def mask_to_parcels(
    mask: npt.NDArray[np.bool_] | npt.NDArray[np.int32],
    grid: Grid,
    probability: npt.NDArray[np.float32] | None = None,
    *,
    simplify_m: float = 0.0,
    min_area_m2: float = 0.0,
) -> geopandas.GeoDataFrame:
    """Polygons of a mask in the grid's CRS.

    Parameters
    ----------
    mask : bool or int32 (rows, columns)
        Cropland, or parcel numbers from 1 (0 is none): touching parcels stay apart.
    probability : float32 (rows, columns), optional
        Its mean over each parcel becomes ``score``.
    simplify_m : float
        Tolerance in metres; 0 keeps the pixels' edges.  Shared borders stay shared.
    min_area_m2 : float
        Smaller parcels are left out.

    Returns
    -------
    GeoDataFrame
        ``field_id`` (text, from the upper left), ``area_ha`` and ``perimeter_m`` (geodesic on
        WGS 84), ``score`` (NaN without probability), geometry (Polygon).
    """
    numbers = _numbered(mask)
    geometries: list[BaseGeometry] = []
    owners: list[int] = []
    for geojson, number in shapes(
        numbers, mask=numbers > 0, connectivity=4, transform=grid.transform
    ):
        geometries.append(shape(geojson))
        owners.append(int(number))
    outlines = np.array(geometries, dtype=object)
    scores = _mean_scores(numbers, probability)[np.array(owners, dtype=np.int64)]
    if simplify_m > 0 and len(outlines):
        # Metres to CRS units by the grid's own pixel, so that degrees work as well.
        unit = np.sqrt(abs(grid.transform.determinant)) / grid.gsd_m
        outlines = shapely.coverage_simplify(outlines, simplify_m * unit)
    areas = geodesic_areas_m2(outlines, grid.crs)
    kept = areas >= max(min_area_m2, 1e-9)
    frame = geopandas.GeoDataFrame(
        {
            "area_ha": areas[kept] / 10_000.0,
            "perimeter_m": geodesic_perimeters_m(outlines[kept], grid.crs),
            "score": scores[kept],
        },
        geometry=list(outlines[kept]),
        crs=grid.crs,
    )
    digits = max(4, len(str(len(frame))))
    frame.insert(0, "field_id", [f"F{i:0{digits}d}" for i in range(1, len(frame) + 1)])
    return frame


def geodesic_areas_m2(geometries: npt.NDArray[np.object_], crs: CRS) -> npt.NDArray[np.float64]:
    """Areas on the WGS 84 ellipsoid in square metres, holes taken out."""
    lonlat = _to_lonlat(geometries, crs)
    return np.array([abs(_area(g)) for g in lonlat], dtype=np.float64)


def geodesic_perimeters_m(geometries: npt.NDArray[np.object_], crs: CRS) -> npt.NDArray[np.float64]:
    """Lengths of all rings on the WGS 84 ellipsoid in metres, holes included."""
    lonlat = _to_lonlat(geometries, crs)
    return np.array(
        [sum(WGS84_GEOD.geometry_length(ring) for ring in _rings(g)) for g in lonlat],
        dtype=np.float64,
    )


def _rings(geometry: BaseGeometry) -> list[BaseGeometry]:
    parts = shapely.get_parts(geometry)
    return [ring for part in parts for ring in (part.exterior, *part.interiors)]


def _area(geometry: BaseGeometry) -> float:
    """Area with rings oriented, so that holes count against the shell."""
    parts = shapely.orient_polygons(shapely.get_parts(geometry))
    return float(sum(WGS84_GEOD.geometry_area_perimeter(part)[0] for part in parts))


def _to_lonlat(geometries: npt.NDArray[np.object_], crs: CRS) -> npt.NDArray[np.object_]:
    if len(geometries) == 0:
        return geometries
    if crs.is_projected:
        factor = crs.axis_info[0].unit_conversion_factor or 1.0
        geometries = shapely.segmentize(geometries, _LONGEST_EDGE_M / factor)
    else:
        geometries = shapely.segmentize(geometries, 0.02)
    transformer = Transformer.from_crs(crs, CRS.from_epsg(4326), always_xy=True)

    def move(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        x, y = transformer.transform(xy[:, 0], xy[:, 1])
        return np.column_stack([x, y])

    moved: npt.NDArray[np.object_] = shapely.transform(geometries, move)
    return moved


def _numbered(mask: npt.NDArray[np.bool_] | npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Parcel numbers; a plain mask is numbered by its connected parts."""
    if mask.dtype != np.bool_:
        return mask.astype(np.int32)

    labels, _ = ndimage.label(mask)
    return np.asarray(labels, dtype=np.int32)


def _mean_scores(
    numbers: npt.NDArray[np.int32], probability: npt.NDArray[np.float32] | None
) -> npt.NDArray[np.float64]:
    highest = int(numbers.max(initial=0))
    if probability is None:
        return np.full(highest + 1, np.nan)
    known = np.isfinite(probability)
    flat = numbers[known]
    total = np.bincount(flat, weights=probability[known].astype(np.float64), minlength=highest + 1)
    count = np.bincount(flat, minlength=highest + 1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
