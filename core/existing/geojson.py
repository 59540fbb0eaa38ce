"""GeoJSON without GDAL: its driver would fetch the URL that a file names as its CRS.

Sources: RFC 7946; the ``crs`` member of the GeoJSON of 2008, which many programs still write.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from core.errors import UnreadableLabelsError
from core.existing.labels_file import Value
from core.existing.vector_formats import Features

_MOST_BYTES = 512 * 1024**2
_LONGEST_TEXT = 1000
_NAMED = re.compile(
    r"(?:urn:ogc:def:crs:)?(EPSG|OGC|ESRI|IAU_2015):(?:[0-9.]*:)?([A-Za-z0-9]+)", re.IGNORECASE
)


def read_geojson(path: Path, name: str, most: int) -> Features:
    """Features of a GeoJSON file.

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
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnreadableLabelsError(
            f"{name} is damaged or cut short: it is not whole JSON.", "Export it again."
        ) from error
    features = _features(document, name)
    if len(features) > most:
        raise UnreadableLabelsError(
            f"{name} holds {len(features):,} features, more than {most:,}.",
            "Cut out the part that you need.",
        )
    geometries = np.empty(len(features), dtype=object)
    unreadable = np.zeros(len(features), dtype=np.bool_)
    for place, feature in enumerate(features):
        geometry = feature.get("geometry")
        geometries[place] = None if geometry is None else _geometry(geometry)
        unreadable[place] = geometry is not None and geometries[place] is None
    return Features(
        geometries, unreadable, _columns(features), _crs(document, geometries), len(features)
    )


def _features(document: Any, name: str) -> list[dict[str, Any]]:
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "FeatureCollection" and isinstance(document.get("features"), list):
        return [entry if isinstance(entry, dict) else {} for entry in document["features"]]
    if kind == "Feature":
        return [document]
    if isinstance(kind, str) and ("coordinates" in document or "geometries" in document):
        return [{"geometry": document}]
    raise UnreadableLabelsError(
        f"{name} is JSON, but no GeoJSON.", "It must be a FeatureCollection of polygons."
    )


def _geometry(geometry: Any) -> shapely.Geometry | None:
    # An array of no coordinates is an empty geometry; GEOS wants rings that are closed.
    try:
        return shapely.from_geojson(json.dumps(geometry))
    except (shapely.errors.GEOSException, ValueError, TypeError, RecursionError):
        return None


def _columns(features: list[dict[str, Any]]) -> dict[str, list[Value]]:
    columns: dict[str, list[Value]] = {}
    for place, feature in enumerate(features):
        properties = feature.get("properties")
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


def _crs(document: dict[str, Any], geometries: Any) -> CRS | None:
    """The CRS that is named; WGS 84 without a name, unless the coordinates cannot be degrees."""
    member = document.get("crs")
    if member is None:
        bounds = shapely.total_bounds(geometries)
        degrees = not np.isfinite(bounds).all() or (np.abs(bounds) <= [360, 90, 360, 90]).all()
        return CRS.from_epsg(4326) if degrees else None
    properties = member.get("properties") if isinstance(member, dict) else None
    named = properties.get("name") if isinstance(properties, dict) else None
    match = _NAMED.fullmatch(named) if isinstance(named, str) else None
    if match is None:
        return None
    try:
        return CRS.from_authority(match.group(1).upper(), match.group(2).upper())
    except CRSError:
        return None
