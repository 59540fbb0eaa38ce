"""GeoJSON without GDAL: its driver would fetch the URL that a file names as its CRS.

Sources: RFC 7946; RFC 8142 and its kin (a feature a line); the GeoJSON of 2008, whose ``crs`` many
programs still write.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import CRS

from core.errors import UnreadableLabelsError
from core.existing.json_text import JsonLines, parse_json, read_json_text
from core.existing.labels_file import Value
from core.existing.stated_crs import crs_of_member
from core.existing.vector_formats import Features

_MOST_BYTES = 512 * 1024**2
_LONGEST_TEXT = 1000


def read_geojson(path: Path, name: str, most: int) -> Features:
    """Features of a GeoJSON file, or of one that holds a feature a line.

    Raises
    ------
    UnreadableLabelsError
        No GeoJSON, damaged, or too much of it.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise UnreadableLabelsError(
            f"{name} is larger than 512 MB, too much for a GeoJSON.",
            "Save it as a GeoPackage, or cut out the part that you need.",
        )
    read = read_json_text(path)
    document = parse_json(read.text, name)
    numbers: list[int] | None = None
    if isinstance(document, JsonLines):
        features: list[Any] = [_as_feature(value) for value in document.values]
        stated: Any = next((value for value in document.values if isinstance(value, dict)), {})
        numbers = document.numbers
    else:
        features, stated = _features(document, name), document
    if len(features) > most:
        raise UnreadableLabelsError(
            f"{name} holds {len(features):,} features, more than {most:,}.",
            "Cut out the part that you need.",
        )
    geometries = np.empty(len(features), dtype=object)
    unreadable = np.zeros(len(features), dtype=np.bool_)
    for place, feature in enumerate(features):
        geometry = feature.get("geometry") if isinstance(feature, dict) else {}
        geometries[place] = None if geometry is None else _geometry(geometry)
        unreadable[place] = geometry is not None and geometries[place] is None
    return Features(
        geometries,
        unreadable,
        _columns(features),
        _crs(stated, features, geometries),
        len(features),
        notes=(read.note,) if read.note else (),
        record="feature" if numbers is None else "line",
        numbers=None if numbers is None else tuple(numbers),
    )


def _features(document: Any, name: str) -> list[Any]:
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "FeatureCollection" and isinstance(document.get("features"), list):
        return list(document["features"])
    feature = _as_feature(document)
    if isinstance(kind, str) and isinstance(feature, dict):
        return [feature]
    raise UnreadableLabelsError(
        f"{name} is JSON, but no GeoJSON.", "It must be a FeatureCollection of polygons."
    )


def _as_feature(value: Any) -> Any:
    """A feature; of a geometry that stands alone, one without attributes; else None."""
    if not isinstance(value, dict):
        return None
    if value.get("type") == "Feature" or "geometry" in value:
        return value
    return {"geometry": value} if "coordinates" in value or "geometries" in value else None


def _geometry(geometry: Any) -> shapely.Geometry | None:
    # An array of no coordinates is an empty geometry; GEOS wants rings that are closed.
    try:
        return shapely.from_geojson(json.dumps(geometry))
    except (shapely.errors.GEOSException, ValueError, TypeError, RecursionError):
        pass
    try:
        return shapely.from_geojson(json.dumps(_with_closed_rings(geometry)))
    except (shapely.errors.GEOSException, ValueError, TypeError, RecursionError):
        return None


def _with_closed_rings(geometry: Any) -> Any:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind == "GeometryCollection":
        return {**geometry, "geometries": [_with_closed_rings(g) for g in geometry["geometries"]]}
    if kind == "Polygon":
        return {**geometry, "coordinates": [_closed(ring) for ring in geometry["coordinates"]]}
    if kind == "MultiPolygon":
        parts = [[_closed(ring) for ring in part] for part in geometry["coordinates"]]
        return {**geometry, "coordinates": parts}
    return geometry


def _closed(ring: list[Any]) -> list[Any]:
    return ring if not ring or ring[0] == ring[-1] else [*ring, ring[0]]


def _columns(features: list[Any]) -> dict[str, list[Value]]:
    columns: dict[str, list[Value]] = {}
    for place, feature in enumerate(features):
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(properties, dict):
            continue
        for key, value in properties.items():
            columns.setdefault(key, [None] * len(features))[place] = _plain(value)
    return columns


def _plain(value: Any) -> Value:
    if value is None or isinstance(value, int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text[:_LONGEST_TEXT]


def _crs(document: dict[str, Any], features: list[Any], geometries: Any) -> CRS | None:
    """The CRS that is named; WGS 84 without a name, unless the coordinates cannot be degrees."""
    first = next((feature for feature in features if isinstance(feature, dict)), {})
    for holder in (document, first, first.get("geometry")):
        for key in ("crs", "coordRefSys"):
            if isinstance(holder, dict) and holder.get(key) is not None:
                return crs_of_member(holder[key])
    bounds = shapely.total_bounds(geometries)
    degrees = not np.isfinite(bounds).all() or (np.abs(bounds) <= [360, 90, 360, 90]).all()
    return CRS.from_epsg(4326) if degrees else None
