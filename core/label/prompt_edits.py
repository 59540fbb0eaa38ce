"""Edits of a person's prompts: points and boxes that the model is asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from core.grid import PixelPoint
from core.label.drawing_checks import FARTHEST
from core.label.edit_reader import EditReader
from core.label.edit_units import EditUnits
from core.label.edit_writer import tidy_json
from core.label.plain_values import check, number_between


@dataclass(frozen=True, slots=True)
class PointSet:
    """A point is added, moved or flipped.

    Parameters
    ----------
    id : str
    point : PixelPoint
        In native pixels.
    label : int
        1 for cropland, 0 for what is none.
    field : str, optional
        Names the field that the point means; without it the point goes on meaning what it meant.
    tidy : bool
        What it gives leaves no rims, as :mod:`core.label.field_cut` says.  Logs of earlier versions
        do not say it, and come to what they came to.
    """

    kind: ClassVar[str] = "prompt_set"

    id: str
    point: PixelPoint
    label: Literal[0, 1]
    field: str | None = None
    tidy: bool = False

    @classmethod
    def from_json(cls, read: EditReader) -> PointSet:
        """The point of stored JSON, in which it lies at ``x`` and ``y``."""
        return cls._at(read, read.pixel("x", "y"), tidy=read.flag("tidy", default=False))

    @classmethod
    def from_browser(cls, read: EditReader) -> PointSet:
        """The point of the browser's JSON, in which it lies at ``column`` and ``row``."""
        return cls._at(read, read.pixel("column", "row"), tidy=True)

    @classmethod
    def _at(cls, read: EditReader, point: PixelPoint, *, tidy: bool) -> PointSet:
        label = read.data.get("label")
        check(
            isinstance(label, int | float) and label in (0, 1),
            "A prompt says 1 (cropland) or 0 (not cropland).",
        )
        field = read.identifier("field") if "field" in read.data else None
        return cls(read.identifier(), point, 1 if label else 0, field, tidy)

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The point as it is stored."""
        x, y = _position(self.point, units)
        named = {} if self.field is None else {"field": self.field}
        return {"id": self.id, "x": x, "y": y, "label": self.label, **named, **tidy_json(self.tidy)}


@dataclass(frozen=True, slots=True)
class PromptDelete:
    """A point or box goes; an automatic prompt is denied."""

    kind: ClassVar[str] = "prompt_delete"

    id: str

    @classmethod
    def from_json(cls, read: EditReader) -> PromptDelete:
        """The edit that JSON describes."""
        return cls(read.identifier())

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The edit as plain values, which have no place."""
        return {"id": self.id}


@dataclass(frozen=True, slots=True)
class PromptsClear:
    """All of a person's own points and boxes go."""

    kind: ClassVar[str] = "prompts_clear"

    @classmethod
    def from_json(cls, read: EditReader) -> PromptsClear:
        """The edit, of which JSON says nothing more."""
        return cls()

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The edit has no contents."""
        return {}


@dataclass(frozen=True, slots=True)
class BoxSet:
    """A box is added or moved; its sides in native pixels, ``tidy`` as of a point."""

    kind: ClassVar[str] = "box_set"

    id: str
    left: float
    top: float
    right: float
    bottom: float
    tidy: bool = False

    @classmethod
    def from_json(cls, read: EditReader) -> BoxSet:
        """The box of stored JSON: two opposite corners, as the grid may be turned in the world."""
        first, last = read.corner("first"), read.corner("last")
        sides = (first.column, first.row, last.column, last.row)
        return cls(read.identifier(), *sides, read.flag("tidy", default=False))

    @classmethod
    def from_browser(cls, read: EditReader) -> BoxSet:
        """The box of the browser's JSON: its sides, in any order."""
        sides = [
            number_between(read.data.get(side), -FARTHEST, FARTHEST)
            for side in ("left", "right", "top", "bottom")
        ]
        known = [side for side in sides if side is not None]
        check(len(known) == len(sides), "A coordinate is missing.")
        left, right = sorted(known[:2])
        top, bottom = sorted(known[2:])
        check(right - left >= 1 and bottom - top >= 1, "That box is empty.")
        return cls(read.identifier(), left, top, right, bottom, tidy=True)

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The box as it is stored."""
        first = _position(PixelPoint(self.left, self.top), units)
        last = _position(PixelPoint(self.right, self.bottom), units)
        return {"id": self.id, "first": first, "last": last, **tidy_json(self.tidy)}


def _position(point: PixelPoint, units: EditUnits) -> list[float]:
    xy = units.positions_from_native(np.array([[point.column, point.row]]))
    position: list[float] = xy[0].tolist()
    return position
