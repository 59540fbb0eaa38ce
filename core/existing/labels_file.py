"""What was read from a file of labels, before anything was chosen about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import shapely
from pyproj import CRS

from core.crs import names_no_datum, no_datum
from core.grid import WorldCoordinates
from core.parcels.outlines import Geometries

Value = str | int | float | None
"""One attribute of one feature."""

Kind = Literal["shapefile", "geopackage", "geojson", "geoparquet", "flatgeobuf", "kml", "gml"]

VECTOR_SUFFIXES = (
    ".shp",
    ".zip",
    ".gpkg",
    ".geojson",
    ".json",
    ".geojsonl",
    ".geojsons",
    ".ndjson",
    ".jsonl",
    ".parquet",
    ".geoparquet",
    ".fgb",
    ".kml",
    ".kmz",
    ".gml",
)
"""Endings of files of polygons; what they hold is told by their content."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Features of which nothing was taken, or not everything as it was.

    Parameters
    ----------
    empty : int
        Without a geometry, or with one that holds no area.
    other : int
        Points or lines, which are no parcels.
    broken : int
        Coordinates that are no numbers, or geometries that cannot be read.
    beyond : int
        Left unread because they lie beside the scene, in a file of very many.
    repaired : int
        Taken, but their rings crossed themselves or each other and were put in order.
    """

    empty: int = 0
    other: int = 0
    broken: int = 0
    beyond: int = 0
    repaired: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class LabelsFile:
    """Polygons of a file with their attributes.

    Parameters
    ----------
    name : str
        Of the file, for people.
    layer, layers : str, tuple of str
        The layer that was read, and all that the file has.
    crs : CRS or None
        As the file says; None where it does not.
    features : int
        In the layer, whatever became of them.
    broken_at : tuple of str
        Where the first of those that cannot be read stand, such as "line 7".
    notes : tuple of str
        Sentences about what in the file was not as it should be, and how it was read.
    shapes : object (parcels,)
        Valid Polygons and MultiPolygons, in the file's CRS.
    columns : dict
        The attributes by name, a value for each shape.
    """

    name: str
    kind: Kind
    layer: str
    layers: tuple[str, ...]
    crs: CRS | None
    features: int
    shapes: Geometries
    columns: dict[str, list[Value]] = field(default_factory=dict)
    skipped: Skipped = field(default_factory=Skipped)
    broken_at: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def crs_question(self) -> str:
        """What it lacks to say where it lies, as the end of a sentence; empty for nothing."""
        if self.crs is None:
            return "does not say in which CRS its coordinates are."
        if len(self.shapes) == 0 or not names_no_datum(self.crs):
            return ""
        left, bottom, right, top = shapely.total_bounds(self.shapes)
        middle = np.array([(left + right) / 2]), np.array([(bottom + top) / 2])
        return no_datum(self.crs, WorldCoordinates(*middle))

    @property
    def broken_words(self) -> str:
        """How many features cannot be read, and which; empty where all can be."""
        count = self.skipped.broken
        if not count:
            return ""
        more = ", …" if count > len(self.broken_at) else ""
        which = f" ({', '.join(self.broken_at)}{more})" if self.broken_at else ""
        return f"{count:,} that cannot be read{which}"
