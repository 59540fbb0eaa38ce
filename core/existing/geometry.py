"""Geometries of a stranger's file made fit for parcels: areas only, valid, counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import GeometryCollection, GeometryType
from shapely.geometry.base import BaseGeometry

from core.existing.labels_file import Skipped
from core.parcels.outlines import Geometries
from core.parcels.overlay import polygons_of

_FARTHEST = 1e9
"""Coordinates on the Earth are smaller, in feet as well as in metres."""

_AREAS = (GeometryType.POLYGON, GeometryType.MULTIPOLYGON)
_WITH_AREAS = (*_AREAS, GeometryType.GEOMETRYCOLLECTION)


@dataclass(frozen=True, slots=True, eq=False)
class Cleaned:
    """Polygons that remain, and of which geometry each was.

    Parameters
    ----------
    shapes : object (parcels,)
        Polygons and MultiPolygons: valid, flat, with an area.
    places : int64 (parcels,)
        Their places among the geometries that were given.
    broken : int64 (broken,)
        Places of those that could not be read, or whose coordinates are no numbers.
    """

    shapes: Geometries
    places: npt.NDArray[np.int64]
    skipped: Skipped
    broken: npt.NDArray[np.int64]


def cleaned(geometries: Geometries, unreadable: npt.NDArray[np.bool_] | None = None) -> Cleaned:
    """Areas among geometries, repaired where their rings are out of order.

    A ring that crosses itself is put in order as a set of areas and holes (shapely's method
    ``structure``); what has no area then is left out.

    Parameters
    ----------
    geometries : object (features,)
        None where a feature has none.
    unreadable : bool (features,), optional
        Where None stands for a geometry that could not be read.
    """
    flat: Geometries = shapely.force_2d(geometries)
    broken = np.zeros(len(flat), dtype=np.bool_) if unreadable is None else unreadable.copy()
    xy, owner = shapely.get_coordinates(flat, return_index=True)
    broken[np.unique(owner[~(np.abs(xy) < _FARTHEST).all(axis=1)])] = True
    missing = (shapely.is_missing(flat) | shapely.is_empty(flat)) & ~broken
    areas = np.isin(shapely.get_type_id(flat), _WITH_AREAS) & ~broken & ~missing
    other = ~broken & ~missing & ~areas
    plain = areas & np.isin(shapely.get_type_id(flat), _AREAS)
    unsound = areas & ~(plain & shapely.is_valid(flat))
    for place in np.flatnonzero(unsound):
        flat[place] = _repaired(flat[place])
    kept = areas.copy()
    kept[areas] = np.nan_to_num(shapely.area(flat[areas])) > 0  # NaN: nothing was left of it
    skipped = Skipped(
        empty=int(missing.sum() + (areas & ~kept).sum()),
        other=int(other.sum()),
        broken=int(broken.sum()),
        repaired=int((unsound & plain & kept).sum()),
    )
    places = np.flatnonzero(kept).astype(np.int64)
    return Cleaned(flat[kept], places, skipped, np.flatnonzero(broken).astype(np.int64))


def _repaired(shape: BaseGeometry) -> BaseGeometry | None:
    parts = shapely.get_parts(shape) if isinstance(shape, GeometryCollection) else [shape]
    sound = [shapely.make_valid(part, method="structure", keep_collapsed=False) for part in parts]
    polygons = [polygon for part in sound for polygon in polygons_of(part)]
    if len(polygons) < 2:
        return polygons[0] if polygons else None
    together = shapely.MultiPolygon(polygons)
    if together.is_valid:
        return together
    united: BaseGeometry = shapely.union_all(polygons)
    return united
