"""Masks to parcels: polygons that follow pixel edges exactly, with geodesic measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS
from skimage.measure import label

from core.grid import (
    WGS84_GEOD,
    Grid,
    WorldCoordinates,
    WorldPoint,
    transform_coordinates,
)
from core.parcels.outlines import Geometries, outline_pixels

if TYPE_CHECKING:
    import geopandas

_MOST_EDGES = 5_000_000
_LONGEST_EDGE_M = 1_000.0
"""Edges are split before they are moved to WGS 84: a straight line in one CRS bends in another."""

_METRES_PER_DEGREE = 111_320.0

_MOST_HALVINGS = 8


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
    grid : Grid
        Of the mask; may be rotated or sheared.
    probability : float32 (rows, columns), optional
        Its mean over each parcel becomes ``score``; NaN pixels do not count.
    simplify_m : float
        Tolerance in metres; 0 keeps the pixels' edges.  A vertex goes while the triangle that it
        forms with its neighbours is smaller than the tolerance squared (Visvalingam and Whyatt
        1993, doi:10.1179/000870493786962263).  A border that two parcels share is simplified
        once, so there are no gaps and no overlaps.  Where that would break a parcel (one hardly
        larger than the tolerance squared), the tolerance is halved until none breaks.
    min_area_m2 : float
        Smaller parcels, by their area before simplification, are left out.

    Returns
    -------
    GeoDataFrame
        ``field_id`` (text; F0001, F0002 ... in reading order of each parcel's first pixel),
        ``area_ha`` and ``perimeter_m`` (geodesic on WGS 84), ``score`` (NaN without probability),
        geometry (Polygon).  Parcels are connected by pixel edges; a parcel number whose pixels
        lie apart gives one row for each part.
    """
    numbers = _connected_parts(mask)
    outlines = outline_pixels(numbers, grid)
    measures = geodesic_measures(outlines.geometries, grid.crs)
    kept = measures.area_m2 >= min_area_m2
    geometries = outlines.geometries[kept]
    if simplify_m > 0 and geometries.size:
        geometries = _simplified(geometries, grid, simplify_m)
        measures = geodesic_measures(geometries, grid.crs)
    else:
        measures = GeodesicMeasures(measures.area_m2[kept], measures.perimeter_m[kept])
    import geopandas  # noqa: PLC0415  (takes a second: not before inputs were opened)

    return geopandas.GeoDataFrame(
        {
            "field_id": _field_ids(len(geometries)),
            "area_ha": measures.area_m2 / 10_000.0,
            "perimeter_m": measures.perimeter_m,
            "score": _mean_scores(numbers, probability)[outlines.numbers[kept]],
        },
        geometry=geometries,
        crs=grid.crs,
    )


@dataclass(frozen=True, slots=True)
class GeodesicMeasures:
    """Measures on the WGS 84 ellipsoid, float64 (geometries,)."""

    area_m2: npt.NDArray[np.float64]
    """Holes taken out."""
    perimeter_m: npt.NDArray[np.float64]
    """All rings, those of holes included."""


def geodesic_measures(geometries: Geometries, crs: CRS) -> GeodesicMeasures:
    """Areas and perimeters of polygons or multi-polygons, whatever their CRS.

    Edges are straight in ``crs``; they are split so that their bend on the ellipsoid counts.
    Rings that cross the antimeridian are measured as the short way round (Karney 2013,
    doi:10.1007/s00190-012-0578-z).
    """
    area, perimeter = np.zeros(len(geometries)), np.zeros(len(geometries))
    if len(geometries) == 0:
        return GeodesicMeasures(area, perimeter)
    parts, part_owner = shapely.get_parts(geometries, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    # The first ring of a polygon is its shell, those after it are holes.
    is_hole = np.concatenate([[False], ring_part[1:] == ring_part[:-1]])
    # Coordinates far beyond the Earth would be split without end.
    longest = _LONGEST_EDGE_M / _metres_per_unit(crs)
    least = float(shapely.length(rings).sum()) / _MOST_EDGES
    rings = shapely.segmentize(rings, max(longest, least))
    xy = shapely.get_coordinates(rings)
    lonlat = transform_coordinates(
        WorldCoordinates(np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])),
        crs,
        CRS.from_epsg(4326),
    )
    ends = np.cumsum(shapely.get_num_points(rings))
    owners = part_owner[ring_part]
    for ring, (start, stop) in enumerate(zip(np.r_[0, ends[:-1]], ends, strict=True)):
        ring_area, ring_length = WGS84_GEOD.polygon_area_perimeter(
            lonlat.x[start:stop], lonlat.y[start:stop]
        )
        area[owners[ring]] += -abs(ring_area) if is_hole[ring] else abs(ring_area)
        perimeter[owners[ring]] += ring_length
    return GeodesicMeasures(area, perimeter)


def geodesic_areas_m2(geometries: Geometries, crs: CRS) -> npt.NDArray[np.float64]:
    """Areas on the WGS 84 ellipsoid in square metres, holes taken out."""
    return geodesic_measures(geometries, crs).area_m2


def geodesic_area_m2(geometry: shapely.Polygon | shapely.MultiPolygon, crs: CRS) -> float:
    """Area of one geometry on the WGS 84 ellipsoid in square metres, holes taken out."""
    return float(geodesic_areas_m2(np.array([geometry], dtype=object), crs)[0])


def _metres_per_unit(crs: CRS) -> float:
    """Metres of one unit of the CRS's axes, roughly where that is a degree."""
    if not crs.is_projected:
        return _METRES_PER_DEGREE
    return float(crs.axis_info[0].unit_conversion_factor or 1.0)


def _connected_parts(
    mask: npt.NDArray[np.bool_] | npt.NDArray[np.int32],
) -> npt.NDArray[np.int32]:
    """Numbers from 1, in reading order of the first pixel, of the edge-connected equal parts."""
    if mask.size == 0:
        return np.zeros(mask.shape, dtype=np.int32)
    numbers = label(  # type: ignore[no-untyped-call]
        mask.astype(np.int32, copy=False), background=0, connectivity=1
    )
    return np.asarray(numbers, dtype=np.int32)


def _simplified(geometries: Geometries, grid: Grid, tolerance_m: float) -> Geometries:
    """Polygons simplified together, in metres: degrees are not square away from the equator."""
    scale = _local_scale(grid)
    metres = shapely.transform(geometries, lambda xy: xy * scale)
    for halvings in range(_MOST_HALVINGS):
        simple = shapely.coverage_simplify(metres, tolerance_m / 2**halvings)
        restored: Geometries = shapely.transform(simple, lambda xy: xy / scale)
        # Checked as it is handed out: rounding may break what was whole in metres.
        if shapely.is_valid(restored).all() and shapely.coverage_is_valid(restored):
            return restored
    return geometries


def _local_scale(grid: Grid) -> npt.NDArray[np.float64]:
    """Metres of one CRS unit along x and along y at the grid's centre, float64 (2,)."""
    bounds = grid.bounds
    centre = WorldPoint((bounds.left + bounds.right) / 2, (bounds.bottom + bounds.top) / 2)
    step = max(bounds.right - bounds.left, bounds.top - bounds.bottom) / 100
    lonlat = transform_coordinates(
        WorldCoordinates(
            np.array([centre.x, centre.x + step, centre.x]),
            np.array([centre.y, centre.y, centre.y + step]),
        ),
        grid.crs,
        CRS.from_epsg(4326),
    )
    _, _, metres = WGS84_GEOD.inv(
        np.repeat(lonlat.x[0], 2), np.repeat(lonlat.y[0], 2), lonlat.x[1:], lonlat.y[1:]
    )
    return np.asarray(metres, dtype=np.float64) / step


def _field_ids(count: int) -> list[str]:
    digits = max(4, len(str(count)))
    return [f"F{i:0{digits}d}" for i in range(1, count + 1)]


def _mean_scores(
    numbers: npt.NDArray[np.int32], probability: npt.NDArray[np.float32] | None
) -> npt.NDArray[np.float64]:
    """Mean probability of each part number, float64; NaN where nothing is known."""
    highest = int(numbers.max(initial=0))
    if probability is None:
        return np.full(highest + 1, np.nan)
    known = np.isfinite(probability) & (numbers > 0)
    flat = numbers[known]
    total = np.bincount(flat, weights=probability[known].astype(np.float64), minlength=highest + 1)
    count = np.bincount(flat, minlength=highest + 1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
