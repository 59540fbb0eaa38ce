"""Numbers by which people call parcels, ``farm-0012``: each keeps its own from export to export.

The labels of tiles number their parcels anew with every change.  So each scene of a project keeps
the shapes that were numbered, and a parcel gets the number of the one that it mostly is.  A number
is never given to another parcel; one that is drawn again, or brought back, finds its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import geopandas
import numpy as np
import numpy.typing as npt
import pyarrow.parquet
import shapely
from pyproj import CRS

from core.errors import OutputError
from core.files import locked, prepare_folder, replacing, slug
from core.label.labelled import LabelledParcel, LabelledScene
from core.label.parcel_spool import parcel_name
from core.parcels.geometry_index import GeometryIndex
from core.parcels.lonlat import moved
from core.parcels.outlines import Geometries
from core.parcels.overlay import array_of
from core.project import Project

FOLDER = "numbers"
"""In a project's folder: a GeoParquet file for each scene."""

_LEAST_IN_COMMON = 1 / 3
"""Of what two shapes cover together: half a parcel, or one half as large again, is that parcel."""

_PATIENCE_S = 60.0
_NUMBER = "number"


def numbered(labelled: LabelledScene, project: Project, scene_id: str) -> LabelledScene:
    """The labels with their parcels named and ordered by the numbers that the project keeps.

    Raises
    ------
    OutputError
        The numbers cannot be read, or cannot be kept.
    """
    folder = prepare_folder(project.folder / FOLDER)
    shapes = array_of([parcel.geometry for parcel in labelled.parcels])
    with _alone(folder):
        path = folder / f"{scene_id}.parquet"
        known = _read(path, labelled.grid.crs)
        there = moved(known.geometry.to_numpy(), known.crs, labelled.grid.crs)
        numbers = matched(shapes, there, known[_NUMBER].to_numpy())
        first = 1 + max((_highest(one) for one in folder.glob("*.parquet")), default=0)
        new = reading_order(shapes, np.flatnonzero(numbers == 0))
        numbers[new] = np.arange(first, first + len(new))
        away = ~np.isin(known[_NUMBER].to_numpy(), numbers)
        kept = {
            _NUMBER: np.concatenate([known[_NUMBER].to_numpy()[away], numbers]),
            "geometry": np.concatenate([there[away], shapes]),
        }
        _write(path, geopandas.GeoDataFrame(kept, crs=labelled.grid.crs))
    return _named(labelled, slug(project.name, "parcel"), numbers)


def reading_order(shapes: Geometries, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Some places of shapes, from top to bottom and from left to right."""
    bounds = shapely.bounds(shapes[places]).reshape(-1, 4)
    return places[np.lexsort((bounds[:, 0], -bounds[:, 3]))]


def matched(
    shapes: Geometries, known: Geometries, numbers: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The number of each shape, 0 for a new one; those that have most in common choose first."""
    found = np.zeros(len(shapes), dtype=np.int64)
    if len(known) == 0 or len(shapes) == 0:
        return found
    ours, theirs = GeometryIndex(known).query(shapes)
    common = shapely.area(shapely.intersection(shapes[ours], known[theirs]))
    share = common / (shapely.area(shapes[ours]) + shapely.area(known[theirs]) - common)
    taken: set[int] = set()
    for pair in np.lexsort((ours, numbers[theirs], -share)).tolist():
        if share[pair] <= _LEAST_IN_COMMON:
            break
        number = int(numbers[theirs[pair]])
        if found[ours[pair]] == 0 and number not in taken:
            found[ours[pair]] = number
            taken.add(number)
    return found


def _named(labelled: LabelledScene, name: str, numbers: npt.NDArray[np.int64]) -> LabelledScene:
    parcels: Sequence[LabelledParcel] = [
        replace(labelled.parcels[place], id=parcel_name(name, int(numbers[place])))
        for place in np.argsort(numbers).tolist()
    ]
    return replace(labelled, parcels=parcels)


def _highest(path: Path) -> int:
    try:
        return int(pyarrow.parquet.read_table(path, columns=[_NUMBER])[_NUMBER].to_numpy().max())
    except (OSError, ValueError, KeyError) as error:
        raise _unreadable(path) from error


def _read(path: Path, crs: CRS) -> geopandas.GeoDataFrame:
    """What was numbered so far; the CRS of a scene may have been stated anew since."""
    if not path.exists():
        empty = {_NUMBER: np.empty(0, dtype=np.int64)}
        return geopandas.GeoDataFrame(empty, geometry=np.empty(0, dtype=object), crs=crs)
    try:
        return geopandas.read_parquet(path)
    except (OSError, ValueError, KeyError) as error:
        raise _unreadable(path) from error


def _unreadable(path: Path) -> OutputError:
    return OutputError(
        f"The numbers of parcels in {path} cannot be read.",
        "Move the file away: the parcels then get new numbers.",
    )


def _write(path: Path, kept: geopandas.GeoDataFrame) -> None:
    if len(kept):
        with replacing(path) as aside:
            kept.to_parquet(aside, index=False, compression="zstd")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One export after the other: two must not give one number to two parcels."""
    busy = OutputError(
        f"Another export is numbering parcels in {folder}.", "Try again in a moment."
    )
    with locked(folder / ".lock", busy, _PATIENCE_S):
        yield
