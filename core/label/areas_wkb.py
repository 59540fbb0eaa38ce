"""Looks through WKB that anybody may have made before GEOS reads it.

GEOS calls itself for each level of nesting: a collection 20,000 deep ends the process.
"""

from __future__ import annotations

import struct

_POLYGON, _MULTIPOLYGON, _COLLECTION = 3, 6, 7
_HEIGHT_FLAG = 0x8000_0000
"""Of a type whose positions have a height as well."""


def check_areas_wkb(wkb: bytes) -> None:
    """Raise unless this is one collection of polygons and multi-polygons, whole and not nested.

    Raises
    ------
    ValueError
        It is anything else.
    """
    try:
        end = _Walk(wkb).collection()
    except struct.error as error:
        raise ValueError("cut short") from error
    if end != len(wkb):
        raise ValueError("not as long as it says")


class _Walk:
    """Passes one geometry after the other; each method returns where it ended."""

    def __init__(self, wkb: bytes) -> None:
        self._wkb = wkb
        self._place = 0

    def collection(self) -> int:
        for _ in range(self._header((_COLLECTION,))[1]):
            kind, count, values = self._header((_POLYGON, _MULTIPOLYGON))
            if kind == _POLYGON:
                self._rings(count, values)
                continue
            for _ in range(count):
                _, rings, values = self._header((_POLYGON,))
                self._rings(rings, values)
        return self._place

    def _header(self, wanted: tuple[int, ...]) -> tuple[int, int, int]:
        """Kind of a geometry, how many parts it has, and how many numbers a position."""
        (order,) = struct.unpack_from("B", self._wkb, self._place)
        if order != 1:
            raise ValueError("not little-endian")
        kind, count = struct.unpack_from("<II", self._wkb, self._place + 1)
        self._place += 9
        plain = kind & ~_HEIGHT_FLAG
        if plain not in wanted:
            raise ValueError("another geometry than expected")
        return plain, count, 3 if kind & _HEIGHT_FLAG else 2

    def _rings(self, count: int, values: int) -> None:
        for _ in range(count):
            (points,) = struct.unpack_from("<I", self._wkb, self._place)
            self._place += 4 + points * values * 8
            if self._place > len(self._wkb):
                raise ValueError("cut short")
