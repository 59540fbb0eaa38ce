"""Shapefiles, GeoPackages, FlatGeobuf and GML through GDAL, with no other driver loaded.

Runs in the process of :mod:`core.existing.reading_process`, whose environment takes all other
drivers out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from core.errors import UnreadableLabelsError
from core.existing.attribute_texts import StatedTexts, decode_columns
from core.existing.geopackage_gate import refuse_views
from core.existing.labels_file import Value
from core.grid import Bounds
from core.parcels.outlines import Geometries
from core.parcels.wkb import read_gdals_wkb

ALLOWED = frozenset({"ESRI Shapefile", "GPKG", "FlatGeobuf", "GML"})
_MOST_COLUMNS = 255
_MOST_LOST = 1000
"""Records that may be damaged, where each has to be found among the others."""

_FAILURES = (ValueError, RuntimeError, IndexError)
"""What pyogrio raises: its own errors are RuntimeErrors; of a file without layers an IndexError."""

_BYTES = "ISO-8859-1"
"""The encoding in which every byte is a letter: none is lost on the way to decode_columns."""

BoundsIn = Callable[[CRS], Bounds]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """A layer as it was read.

    Parameters
    ----------
    geometries : object (features,)
        None where there is none.
    unreadable : bool (features,)
        Where None stands for a geometry that could not be read.
    total : int
        Features of the layer, those left unread because they lie elsewhere included.
    notes : tuple of str
        Sentences about what was not as it should be.
    record : str
        What a person calls one of them.
    numbers : tuple of int or None
        By which a person finds each in the file; counted from 1 where it is None.
    """

    geometries: Geometries
    unreadable: npt.NDArray[np.bool_]
    columns: dict[str, list[Value]]
    crs: CRS | None
    total: int
    beyond: int = field(default=0)
    notes: tuple[str, ...] = ()
    record: str = "feature"
    numbers: tuple[int, ...] | None = None


def foreign_drivers() -> str:
    """All of GDAL's vector drivers but ours, as ``OGR_SKIP`` wants them."""
    import pyogrio  # noqa: PLC0415  (brings pandas, which takes a second)

    return ",".join(sorted({"OGR_VRT", *pyogrio.list_drivers()} - ALLOWED))


def area_layers(path: Path, name: str) -> list[str]:
    """Names of the layers that may hold areas; all of them where none says so."""
    import pyogrio  # noqa: PLC0415  (brings pandas, which takes a second)

    refuse_views(path, name)
    try:
        rows = [(str(layer), str(kind)) for layer, kind in pyogrio.list_layers(path)]
    except _FAILURES as error:
        raise unreadable_file(name) from error
    areas = [layer for layer, kind in rows if any(w in kind for w in ("Polygon", "Surface"))]
    mixed = [layer for layer, kind in rows if kind in ("Unknown", "GeometryCollection")]
    return areas + mixed or [layer for layer, kind in rows if kind != "None"]


def read_layer(
    path: Path, layer: str | None, name: str, bounds_in: BoundsIn, most: int, texts: StatedTexts
) -> Features:
    """A layer with its attributes.

    Parameters
    ----------
    bounds_in : callable
        The scene's bounds in a CRS; of a layer of more than ``most`` features only those inside
        are read.
    texts : StatedTexts
        What the file says of its texts.

    Raises
    ------
    UnreadableLabelsError
        Damaged, or of more features than that.
    """
    import pyogrio  # noqa: PLC0415

    try:
        about = pyogrio.read_info(path, layer=layer, encoding=_BYTES, force_feature_count=True)
        crs = _crs(about["crs"])
        total = int(about["features"])
        box = _box(bounds_in(crs)) if total > most and crs is not None else None
        columns = list(about["fields"][:_MOST_COLUMNS])
        parts = list(_parts(path, layer, columns, box, most + 1, total))
    except _FAILURES as error:
        raise unreadable_file(name) from error
    blocks = np.concatenate([part.blocks for part in parts])
    if len(blocks) > most:
        raise too_many(name, total, most)
    lost = np.concatenate([part.lost for part in parts])
    if lost.all() and len(lost):
        raise unreadable_file(name)
    shapes = read_gdals_wkb(blocks)
    there = np.array([entry is not None for entry in blocks], dtype=np.bool_)
    values = {
        title: [_plain(value) for part in parts for value in part.columns[title]]
        for title in columns
    }
    decoded = decode_columns(values, texts)
    return Features(
        shapes,
        lost | (there & shapely.is_missing(shapes)),
        decoded.columns,
        crs,
        total,
        max(0, total - len(shapes)),
        (decoded.note,) if decoded.note else (),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Some features in a row: WKB, where it was lost, and attributes."""

    blocks: npt.NDArray[np.object_]
    lost: npt.NDArray[np.bool_]
    columns: dict[str, list[Any]]


def _parts(
    path: Path,
    layer: str | None,
    columns: list[str],
    box: tuple[float, float, float, float] | None,
    most: int,
    total: int,
) -> Iterator[_Part]:
    """The features of a layer; one that cannot be read ends none but itself."""
    from pyogrio import raw  # noqa: PLC0415

    def read(skip: int, count: int) -> _Part:
        meta, _, blocks, values = raw.read(
            path,
            layer=layer,
            encoding=_BYTES,
            columns=columns,
            force_2d=True,
            bbox=box,
            skip_features=skip,
            max_features=count,
            datetime_as_string=True,
        )
        read_columns = {
            str(title): column.tolist()
            for title, column in zip(meta["fields"], values, strict=True)
        }
        return _Part(blocks, np.zeros(len(blocks), dtype=np.bool_), read_columns)

    lost = 0
    to_come = [(0, most)]
    while to_come:
        skip, count = to_come.pop()
        try:
            yield read(skip, count)
        except _FAILURES:
            count = min(count, total - skip)
            if lost == _MOST_LOST or (box is not None) or count < 1:
                raise
            if count == 1:
                lost += 1
                nothing = {title: [None] for title in columns}
                yield _Part(np.array([None], dtype=object), np.array([True]), nothing)
            else:
                half = count // 2
                to_come += [(skip + half, count - half), (skip, half)]


def _plain(value: Any) -> Value:
    if isinstance(value, float) and math.isnan(value):
        return None
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _crs(text: str | None) -> CRS | None:
    if not text:
        return None
    try:
        crs = CRS.from_user_input(text)
    except CRSError:
        return None
    # 'Undefined' reference systems of a GeoPackage, and .prj files of a drawing program.
    return None if crs.is_engineering else crs


def _box(bounds: Bounds) -> tuple[float, float, float, float]:
    return bounds.left, bounds.bottom, bounds.right, bounds.top


def too_many(name: str, total: int, most: int) -> UnreadableLabelsError:
    """The error for a file of more features than can be taken."""
    return UnreadableLabelsError(
        f"{name} holds {total:,} features, more than the {most:,} that are taken at once.",
        "Cut out the part that your scene shows.",
    )


def unreadable_file(name: str) -> UnreadableLabelsError:
    """The error for a file that is damaged."""
    return UnreadableLabelsError(
        f"{name} is damaged or cut short: it cannot be read.",
        "Open it in QGIS and export it again as a GeoPackage.",
    )
