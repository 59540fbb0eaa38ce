"""A scene's label as the same bytes every time: GeoJSON in the scene's CRS, one parcel a line.

Why these bytes and not a GeoPackage or a mask: ``docs/decisions/006-what-a-replay-compares.md``.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

import numpy as np
import shapely
from pyproj import CRS

from core.crs import crs_text, horizontal
from core.errors import InputError
from core.imagery.frame import Frame
from core.label.tile_label import Label

_NOT_FACTS = ("polygon", "attributes")
_CODE = re.compile(r"\w+:\w+")


@dataclass(frozen=True, slots=True)
class TileLines:
    """The parcels of one tile, a line of JSON each, in the label's own order."""

    tile: str
    lines: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """SHA-256 of the lines."""
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()


def tile_lines(tile: str, label: Label, frame: Frame) -> TileLines:
    """A tile's label as lines: coordinates in the scene's CRS with all their digits."""
    native = np.empty(len(label.parcels), dtype=object)
    native[:] = [parcel.polygon for parcel in label.parcels]
    world = frame.natives_to_world(native) if native.size else native
    lines = []
    for parcel, shape in zip(label.parcels, world, strict=True):
        names = [field.name for field in fields(parcel) if field.name not in _NOT_FACTS]
        facts = {name: _plain(getattr(parcel, name)) for name in names}
        if parcel.attributes:  # a label without any has the bytes that it had before there were any
            facts["attributes"] = dict(parcel.attributes)
        feature = {
            "type": "Feature",
            "properties": {"tile": tile, **facts},
            "geometry": _geometry(shape),
        }
        lines.append(_json(feature))
    return TileLines(tile, tuple(lines))


def label_bytes(tiles: Iterable[TileLines], crs: CRS) -> bytes:
    """The whole label as a GeoJSON file that GDAL and QGIS read."""
    head = {"type": "FeatureCollection", "name": "label", **_crs_member(crs)}
    start = _json(head)[:-1] + ',"features":[\n'
    body = ",\n".join(line for tile in tiles for line in tile.lines)
    return f"{start}{body}\n]}}\n".encode()


def read_areas(body: bytes, tiles: Sequence[str]) -> dict[str, list[shapely.Geometry]]:
    """Areas of the parcels of these tiles, in the scene's CRS.

    Raises
    ------
    InputError
        ``body`` is no label.
    """
    found: dict[str, list[shapely.Geometry]] = {tile: [] for tile in tiles}
    try:
        for feature in json.loads(body)["features"]:
            tile = feature["properties"]["tile"]
            if tile in found:
                shape = shapely.from_geojson(json.dumps(feature["geometry"]))
                found[tile].append(shapely.make_valid(shape))
    except (ValueError, KeyError, TypeError, RecursionError, shapely.errors.GEOSException) as error:
        raise InputError(
            "The label inside the bundle cannot be read.", "Ask for the bundle once more."
        ) from error
    return found


def _crs_member(crs: CRS) -> dict[str, Any]:
    """GDAL's and QGIS's way to say the CRS of a GeoJSON file: an exact code, or WKT."""
    said = crs_text(horizontal(crs))
    authority, _, code = said.partition(":")
    name = f"urn:ogc:def:crs:{authority}::{code}" if _CODE.fullmatch(said) else said
    return {"crs": {"type": "name", "properties": {"name": name}}}


def _geometry(shape: shapely.Geometry) -> dict[str, Any]:
    parts = [
        [shapely.get_coordinates(ring).tolist() for ring in (part.exterior, *part.interiors)]
        for part in shapely.get_parts(shape)
    ]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return None if isinstance(value, float) and math.isnan(value) else value


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
