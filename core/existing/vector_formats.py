"""Shapefiles and GeoPackages through GDAL, with no other driver loaded.

Runs in the process of :mod:`core.existing.reading_process`, whose environment takes all other
drivers out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from core.errors import UnreadableLabelsError
from core.existing.labels_file import Value
from core.grid import Bounds
from core.parcels.outlines import Geometries
from core.parcels.wkb import read_gdals_wkb

ALLOWED = frozenset({"ESRI Shapefile", "GPKG"})
_MOST_COLUMNS = 255
_FAILURES = (ValueError, RuntimeError)
"""What pyogrio raises: its own errors are RuntimeErrors."""


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
    """

    geometries: Geometries
    unreadable: npt.NDArray[np.bool_]
    columns: dict[str, list[Value]]
    crs: CRS | None
    total: int
    beyond: int = field(default=0)


def foreign_drivers() -> str:
    """All of GDAL's vector drivers but ours, as ``OGR_SKIP`` wants them."""
    import pyogrio  # noqa: PLC0415  (brings pandas, which takes a second)

    return ",".join(sorted({"OGR_VRT", *pyogrio.list_drivers()} - ALLOWED))


def area_layers(path: Path, name: str) -> list[str]:
    """Names of the layers that may hold areas; all of them where none says so."""
    import pyogrio  # noqa: PLC0415  (brings pandas, which takes a second)

    try:
        rows = [(str(layer), str(kind)) for layer, kind in pyogrio.list_layers(path)]
    except _FAILURES as error:
        raise _unreadable(name) from error
    areas = [layer for layer, kind in rows if any(w in kind for w in ("Polygon", "Surface"))]
    mixed = [layer for layer, kind in rows if kind in ("Unknown", "GeometryCollection")]
    return areas + mixed or [layer for layer, kind in rows if kind != "None"]


def read_layer(
    path: Path, layer: str | None, name: str, bounds_in: Any, most: int, encoding: str | None
) -> Features:
    """A layer with its attributes.

    Parameters
    ----------
    bounds_in : callable
        The scene's bounds in a CRS; of a layer of more than ``most`` features only those inside
        are read.
    encoding : str or None
        Of its texts; None lets GDAL find out.

    Raises
    ------
    UnreadableLabelsError
        Damaged, or of more features than that.
    """
    import pyogrio  # noqa: PLC0415
    from pyogrio import raw  # noqa: PLC0415

    try:
        about = pyogrio.read_info(path, layer=layer, encoding=encoding, force_feature_count=True)
        crs = _crs(about["crs"])
        total = int(about["features"])
        box = _box(bounds_in(crs)) if total > most and crs is not None else None
        meta, _, geometries, values = raw.read(
            path,
            layer=layer,
            encoding=encoding,
            columns=list(about["fields"][:_MOST_COLUMNS]),
            force_2d=True,
            bbox=box,
            max_features=most + 1,
            datetime_as_string=True,
        )
    except _FAILURES as error:
        if isinstance(error, UnicodeDecodeError):
            raise
        raise _unreadable(name) from error
    if len(geometries) > most:
        raise UnreadableLabelsError(
            f"{name} holds {total:,} features, more than the {most:,} that are taken at once.",
            "Cut out the part that your scene shows.",
        )
    shapes = read_gdals_wkb(geometries)
    there = np.array([entry is not None for entry in geometries], dtype=np.bool_)
    columns = {
        str(title): [_plain(value) for value in column.tolist()]
        for title, column in zip(meta["fields"], values, strict=True)
    }
    unreadable = there & shapely.is_missing(shapes)
    return Features(shapes, unreadable, columns, crs, total, max(0, total - len(shapes)))


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


def _unreadable(name: str) -> UnreadableLabelsError:
    return UnreadableLabelsError(
        f"{name} is damaged or cut short: it cannot be read.",
        "Open it in QGIS and export it again as a GeoPackage.",
    )
