"""KML without GDAL: the areas of its placemarks by folder; links to elsewhere are not followed.

Source: OGC 12-007r2 (KML 2.3).  Coordinates are longitude and latitude in WGS 84, always.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from core.errors import UnreadableLabelsError
from core.existing.labels_file import Value
from core.existing.safe_xml import read_xml, walk_xml
from core.existing.vector_formats import Features

_LONGEST_TEXT = 1000
_MOST_COLUMNS = 255
_CONTAINERS = frozenset({"Document", "Folder"})
_TOO_DEEP = 100


@dataclass(slots=True)
class _Placemark:
    """As far as it is read; ``shape`` is None where there is none, or where ``broken``."""

    folder: str
    number: int
    columns: dict[str, Value] = field(default_factory=dict)
    shape: BaseGeometry | None = None
    broken: bool = False


class KmlFile:
    """The placemarks of a file.

    Parameters
    ----------
    path : Path
    name : str
        Of the file, for people.

    Raises
    ------
    UnreadableLabelsError
        No KML, damaged, or too much of it.
    """

    def __init__(self, path: Path, name: str) -> None:
        text = read_xml(path, name)
        walk = _Walk(Path(name).stem)
        walk_xml(text, name, walk.start, walk.end, walk.words)
        self._placemarks, self._name = walk.placemarks, name
        self._notes = [text.note] if text.note else []
        if walk.links:
            self._notes.append(
                f"It links to {walk.links:,} other file{'s' * (walk.links > 1)}, which were not "
                "opened."
            )
        if not self._placemarks:
            raise UnreadableLabelsError(
                f"{name} holds no placemark{': it only links to other files' * bool(walk.links)}.",
                "In Google Earth, save the folder with the fields as KML.",
            )

    def layers(self) -> list[str]:
        """Folders that hold areas; all that hold placemarks where none does."""
        areas = [one.folder for one in self._placemarks if one.broken or _has_area(one.shape)]
        return list(dict.fromkeys(areas or [one.folder for one in self._placemarks]))

    def read(self, layer: str, most: int) -> Features:
        """The placemarks of a folder.

        Raises
        ------
        UnreadableLabelsError
            More than that.
        """
        here = [one for one in self._placemarks if one.folder == layer]
        if len(here) > most:
            raise UnreadableLabelsError(
                f"{self._name} holds {len(here):,} placemarks, more than {most:,}.",
                "Cut out the part that you need.",
            )
        shapes = np.empty(len(here), dtype=object)
        shapes[:] = [one.shape for one in here]
        names = list(dict.fromkeys(key for one in here for key in one.columns))[:_MOST_COLUMNS]
        return Features(
            shapes,
            np.array([one.broken for one in here], dtype=np.bool_),
            {name: [one.columns.get(name) for one in here] for name in names},
            CRS.from_epsg(4326),
            len(here),
            notes=tuple(self._notes),
            record="placemark",
            numbers=tuple(one.number for one in here),
        )


class _Walk:
    """Takes placemarks out of the elements as they come."""

    def __init__(self, stem: str) -> None:
        self.placemarks: list[_Placemark] = []
        self.links = 0
        self._stem = stem
        self._tags: list[str] = []
        self._folders: list[str] = []
        self._text: list[str] = []
        self._placemark: _Placemark | None = None
        self._parts: list[list[BaseGeometry]] = []
        self._rings: list[list[list[float]]] = []
        self._key = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        self._tags.append(tag)
        self._text = []
        if tag in _CONTAINERS:
            self._folders.append("")
        elif tag == "NetworkLink":
            self.links += 1
        elif tag == "Placemark":
            self._placemark = _Placemark(self._folder(), len(self.placemarks) + 1)
            self._parts = [[]]
        elif tag in ("Data", "SimpleData"):
            self._key = attributes.get("name", "")
        elif tag == "MultiGeometry":
            self._parts.append([])
            if len(self._parts) > _TOO_DEEP:
                self._break()
        elif tag == "Polygon":
            self._rings = []

    def words(self, text: str) -> None:
        self._text.append(text)

    def end(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        self._tags.pop()
        inside = self._tags[-1] if self._tags else ""
        text = "".join(self._text).strip()
        if tag in _CONTAINERS:
            self._folders.pop()
        elif tag == "name" and inside in _CONTAINERS:
            self._folders[-1] = text
        elif self._placemark is not None:
            self._end_in_placemark(self._placemark, tag, inside, text)
        self._text = []

    def _end_in_placemark(self, placemark: _Placemark, tag: str, inside: str, text: str) -> None:
        if tag == "Placemark":
            self._close(placemark)
        elif tag in ("name", "description") and inside == "Placemark":
            placemark.columns[tag] = text[:_LONGEST_TEXT] or None
        elif (tag == "value" and inside == "Data") or tag == "SimpleData":
            placemark.columns[self._key or tag] = text[:_LONGEST_TEXT] or None
        elif tag == "coordinates":
            self._take_coordinates(text)
        elif tag == "Polygon" and self._rings:
            self._take(lambda: shapely.Polygon(self._rings[0], self._rings[1:]))
        elif tag == "MultiGeometry" and len(self._parts) > 1:
            parts = self._parts.pop()
            self._parts[-1] += parts

    def _take_coordinates(self, text: str) -> None:
        try:
            points = [[float(v) for v in place.split(",")[:2]] for place in text.split()]
        except ValueError:
            self._break()
            return
        if any(len(point) < 2 for point in points):
            self._break()
        elif "Polygon" in self._tags:
            # shapely closes rings that are open.
            self._rings.append(points)
        elif points:
            self._take(lambda: shapely.Point(points[0]) if len(points) < 2 else _line(points))

    def _take(self, make: Callable[[], BaseGeometry]) -> None:
        try:
            self._parts[-1].append(make())
        except (ValueError, shapely.errors.GEOSException, IndexError):
            self._break()

    def _break(self) -> None:
        if self._placemark is not None:
            self._placemark.broken = True

    def _close(self, placemark: _Placemark) -> None:
        parts = [part for level in self._parts for part in level]
        if not placemark.broken and parts:
            polygons = [part for part in parts if isinstance(part, shapely.Polygon)]
            if len(parts) == 1:
                placemark.shape = parts[0]
            elif len(polygons) == len(parts):
                placemark.shape = shapely.MultiPolygon(polygons)
            else:
                placemark.shape = shapely.GeometryCollection(parts)
        self.placemarks.append(placemark)
        self._placemark = None

    def _folder(self) -> str:
        named = [folder for folder in self._folders if folder]
        return "/".join(named) or self._stem


def _line(points: list[list[float]]) -> BaseGeometry:
    line: BaseGeometry = shapely.LineString(points)
    return line


def _has_area(shape: BaseGeometry | None) -> bool:
    return shape is not None and shape.area > 0
