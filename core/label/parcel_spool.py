"""Parcels of a scene on disk: added in any order, read in one, found by place."""

from __future__ import annotations

import errno
import json
import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from core.attributes import read_values
from core.errors import storage_error
from core.files import slug
from core.grid import Grid, Window, WorldCoordinates
from core.label.labelled import LabelledParcel, PlacedParcel
from core.parcels.outlines import Geometries
from core.parcels.overlay import array_of
from core.parcels.wkb import read_wkbs

_PROBE_BYTES = 65_536
_AT_ONCE = 1000

_TABLES = """
CREATE TABLE parcels (
    top REAL, west REAL, place INTEGER, shape BLOB, score REAL, state TEXT, reviewer TEXT,
    reviewed_at TEXT, tile TEXT, land_class TEXT, reason TEXT, positive INTEGER, negative INTEGER,
    attributes TEXT);
CREATE VIRTUAL TABLE boxes USING rtree (parcel, first_column, last_column, first_row, last_row);
CREATE TABLE numbers (number INTEGER PRIMARY KEY, parcel INTEGER);
"""

_NUMBERED = """
INSERT INTO numbers (parcel) SELECT rowid FROM parcels ORDER BY top DESC, west, place;
CREATE INDEX by_parcel ON numbers (parcel);
"""

_COLUMNS = """
SELECT number, shape, score, state, reviewer, reviewed_at, tile, land_class, reason, positive,
    negative, attributes FROM numbers JOIN parcels ON parcels.rowid = numbers.parcel
"""


_ALL = f"{_COLUMNS} ORDER BY number"
_ONE = f"{_COLUMNS} WHERE number = ?"
_NEAR = f"""{_COLUMNS} JOIN boxes ON boxes.parcel = numbers.parcel
WHERE last_column >= ? AND first_column <= ? AND last_row >= ? AND first_row <= ? ORDER BY number
"""


class ParcelSpool(Sequence[LabelledParcel]):
    """Parcels of one scene in a scratch file, named after the scene and numbered as one reads.

    Parameters
    ----------
    path : Path
        Of the file; an earlier one is removed.
    grid : Grid
        The scene's working grid.
    name : str
        The scene's, with which the parcels' names begin.

    Raises
    ------
    OutputError
        From any method: the disk is full or the folder cannot be written.
    """

    def __init__(self, path: Path, grid: Grid, name: str) -> None:
        self._path, self._grid, self._name = path, grid, slug(name, "parcel")
        self._new: list[tuple[int, LabelledParcel]] = []
        self._count = 0
        self._added = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
        except OSError as error:
            raise storage_error(error, path) from error
        with self._telling():
            self._database = sqlite3.connect(path, isolation_level=None)
            # Nobody reads it after this run: neither a journal nor a flush is of any use.
            self._database.executescript(
                f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_TABLES}"
            )

    def add(self, place: int, parcel: LabelledParcel) -> None:
        """Add a parcel, whose name does not count; ``place`` decides between equal positions."""
        self._new.append((place, parcel))
        if len(self._new) >= _AT_ONCE:
            self._save()

    def number(self) -> None:
        """Give each parcel its number, from top to bottom and from left to right.

        No parcel may be added afterwards.
        """
        self._save()
        with self._telling():
            self._database.executescript(_NUMBERED)
        self._count = self._added

    def close(self) -> None:
        """Close and remove the file."""
        self._database.close()
        self._path.unlink(missing_ok=True)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[LabelledParcel]:
        found = self._database.execute(_ALL)
        while rows := found.fetchmany(_AT_ONCE):
            yield from self._parcels(rows)

    @overload
    def __getitem__(self, place: int) -> LabelledParcel: ...
    @overload
    def __getitem__(self, place: slice) -> list[LabelledParcel]: ...
    def __getitem__(self, place: int | slice) -> LabelledParcel | list[LabelledParcel]:
        """A parcel, or some, by place in reading order."""
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        number = range(1, len(self) + 1)[place]
        return self._parcels(self._database.execute(_ONE, (number,)).fetchall())[0]

    def near(self, window: Window, margin: float = 0.0) -> list[PlacedParcel]:
        """Parcels whose boxes meet a window of the grid, in reading order, with their pixels.

        Parameters
        ----------
        margin : float
            Pixels by which they may lie beside it.
        """
        asked = (
            window.column - margin,
            window.column_stop + margin,
            window.row - margin,
            window.row_stop + margin,
        )
        parcels = self._parcels(self._database.execute(_NEAR, asked).fetchall())
        shapes = on_pixels([parcel.geometry for parcel in parcels], self._grid)
        return [PlacedParcel(*one) for one in zip(parcels, shapes, strict=True)]

    def _save(self) -> None:
        new, self._new = self._new, []
        shapes = array_of([parcel.geometry for _, parcel in new])
        bounds = shapely.bounds(shapes).reshape(-1, 4)
        boxes = shapely.bounds(on_pixels([p.geometry for _, p in new], self._grid)).reshape(-1, 4)
        numbers = range(self._added + 1, self._added + 1 + len(new))
        rows = [
            (number, top, west, place, wkb, *_values(parcel))
            for number, (west, _, _, top), (place, parcel), wkb in zip(
                numbers, bounds.tolist(), new, shapely.to_wkb(shapes), strict=True
            )
        ]
        places = [
            (number, left, right, top, bottom)
            for number, (left, top, right, bottom) in zip(numbers, boxes.tolist(), strict=True)
        ]
        self._added += len(new)
        with self._telling():
            self._database.execute("BEGIN")
            self._database.executemany(
                "INSERT INTO parcels (rowid, top, west, place, shape, score, state, reviewer, "
                "reviewed_at, tile, land_class, reason, positive, negative, attributes) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            self._database.executemany("INSERT INTO boxes VALUES (?, ?, ?, ?, ?)", places)
            self._database.execute("COMMIT")

    def _parcels(self, rows: list[tuple[Any, ...]]) -> list[LabelledParcel]:
        shapes = read_wkbs([row[1] for row in rows])
        return [self._parcel(row, shape) for row, shape in zip(rows, shapes, strict=True)]

    def _parcel(self, row: tuple[Any, ...], shape: Any) -> LabelledParcel:
        number, _, score, state, reviewer, at, *facts = row
        tile, land_class, reason, positive, negative, said = facts
        return LabelledParcel(
            parcel_name(self._name, number),
            shape,
            math.nan if score is None else score,
            state,
            reviewer,
            None if at is None else datetime.fromisoformat(at),
            tile,
            land_class,
            reason,
            positive,
            negative,
            read_values(json.loads(said)),
        )

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise storage_error(self._why(error), self._path) from error

    def _why(self, error: sqlite3.Error) -> OSError:
        """What the system says of a file that could not be written; SQLite keeps it to itself."""
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            return OSError(errno.ENOSPC, str(error))
        try:
            with self._path.open("ab") as file:
                file.write(bytes(_PROBE_BYTES))
        except OSError as told:
            return told
        return OSError(errno.EIO, str(error))


def parcel_name(stem: str, number: int) -> str:
    """How people call a parcel: ``farm-0012``."""
    return f"{stem}-{number:04d}"


def on_pixels(shapes: Sequence[BaseGeometry], grid: Grid) -> Geometries:
    """Shapes in the CRS of a grid as shapes in its pixels, object (shapes,)."""

    def move(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        pixels = grid.worlds_to_pixel(WorldCoordinates(xy[:, 0], xy[:, 1]))
        return np.column_stack([pixels.column, pixels.row])

    there: Geometries = shapely.transform(array_of(shapes), move)
    return there


def _values(parcel: LabelledParcel) -> tuple[Any, ...]:
    """What is kept of a parcel beside its shape; SQLite keeps NaN as nothing."""
    return (
        parcel.score,
        parcel.state,
        parcel.reviewer,
        None if parcel.reviewed_at is None else parcel.reviewed_at.isoformat(),
        parcel.tile,
        parcel.land_class,
        parcel.reason,
        parcel.positive_prompts,
        parcel.negative_prompts,
        json.dumps(dict(parcel.attributes)),
    )
