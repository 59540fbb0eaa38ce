"""The only place that reads WKB: bounded, because GEOS follows any nesting until the stack ends.

A collection that is nested 20,000 deep ends the process with a signal, and it takes 180 kilobytes.
So the headers are walked first, without recursion, and every count is compared with the bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from core.parcels.outlines import Geometries

_MOST_DEPTH = 4
"""A collection of multi-polygons of polygons has three levels."""

_COUNTS = {0: struct.Struct(">I"), 1: struct.Struct("<I")}
_POINT, _LINE, _POLYGON = 1, 2, 3
_NESTING = range(4, 8)
_LEAST_BYTES = 9
"""Of a geometry: byte order, type and a count."""

_Z, _M, _SRID = 0x80000000, 0x40000000, 0x20000000
_FLAGS = _Z | _M | _SRID


def read_wkb(wkb: bytes) -> BaseGeometry:
    """A geometry from WKB that anybody may have written.

    Raises
    ------
    ValueError
        Not WKB, cut short, nested too deep, or of a kind that has curves.
    """
    shape: BaseGeometry = read_wkbs([wkb])[0]
    return shape


def read_wkbs(blocks: Sequence[bytes]) -> Geometries:
    """Geometries from WKB, object (blocks,); errors as for :func:`read_wkb`."""
    for block in blocks:
        _check(block)
    shapes: Geometries = np.empty(len(blocks), dtype=object)
    try:
        shapes[:] = list(shapely.from_wkb(list(blocks))) if len(blocks) else []  # noqa: TID251
    except shapely.errors.GEOSException as error:
        raise ValueError("not a geometry") from error
    return shapes


def read_each_wkb(blocks: Sequence[bytes | None]) -> Geometries:
    """Geometries from WKB that anybody may have written, object (blocks,); None for what is none.

    Rings that are open are closed.
    """
    sound = [block if block is not None and _is_sound(block) else None for block in blocks]
    shapes: Geometries = np.empty(len(sound), dtype=object)
    shapes[:] = list(shapely.from_wkb(sound, on_invalid="fix")) if sound else []  # noqa: TID251
    return shapes


def read_gdals_wkb(blocks: Any) -> Geometries:
    """WKB that GDAL has made in this process, object (blocks,); None for what is none.

    GDAL itself reads no more than 32 levels.  Rings that are open are closed.
    """
    shapes: Geometries = shapely.from_wkb(blocks, on_invalid="fix")  # noqa: TID251
    return shapes


def _is_sound(wkb: bytes) -> bool:
    try:
        _check(wkb)
    except ValueError:
        return False
    return True


def _check(wkb: bytes) -> None:
    """Raise ValueError unless the headers lead through the bytes in a few levels."""
    place, to_come = 0, [1]
    try:
        while to_come:
            if to_come[-1] == 0:
                to_come.pop()
                continue
            to_come[-1] -= 1
            place, members = _step(wkb, place)
            if members:
                to_come.append(members)
            if len(to_come) > _MOST_DEPTH:
                raise ValueError("nested too deep")
    except (struct.error, IndexError, KeyError) as error:
        raise ValueError("cut short, or no WKB") from error


def _step(wkb: bytes, place: int) -> tuple[int, int]:
    """Where the next header stands, and how many members the geometry at ``place`` has."""
    count = _COUNTS[wkb[place]]
    (code,) = count.unpack_from(wkb, place + 1)
    place += 9 if code & _SRID else 5
    more, kind = divmod(code & ~_FLAGS, 1000)
    axes = 2 + bool(code & _Z) + bool(code & _M) + (0, 1, 1, 2)[more]
    if kind == _POINT:
        return _within(wkb, place + 8 * axes), 0
    (number,) = count.unpack_from(wkb, place)
    place += 4
    if kind == _LINE:
        return _within(wkb, place + 8 * axes * number), 0
    if kind == _POLYGON:
        for _ in range(number):
            (points,) = count.unpack_from(wkb, place)
            place += 4 + 8 * axes * points
        return _within(wkb, place), 0
    if kind not in _NESTING:
        raise ValueError("a kind of geometry that is not read")
    if number * _LEAST_BYTES > len(wkb) - place:
        raise ValueError("cut short")
    return place, number


def _within(wkb: bytes, place: int) -> int:
    if place > len(wkb):
        raise ValueError("cut short")
    return place
