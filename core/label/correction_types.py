"""The corrections that a person makes to parcels, as values, and what a person says of parcels.

Lengths and areas are in native pixels, as everything of an edit in memory is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, get_args

from shapely import Point

from core.attributes import Change
from core.label.drawing_checks import (
    check_coordinates,
    check_length,
    check_place,
    check_reason,
    check_word,
    seen_shape,
)
from core.label.drawn_corrections import (
    AreaAdd,
    AreaRemove,
    Merge,
    MoveBorder,
    ParcelDelete,
    Reshape,
    Split,
)
from core.label.edit_reader import EditReader
from core.label.edit_units import SQUARE, EditUnits, GroundSteps
from core.label.edit_writer import place_json, rings_json
from core.parcels.overlay import Shape, polygons_of
from core.parcels.parcel import LandClass

ParcelVerdict = Literal["accepted", "rejected", "unsure", "none"]
"""What a person may say of one parcel; 'none' takes an earlier verdict back."""

STANDING_VERDICTS = ("rejected", "unsure")
"""Verdicts that a change of the shape does not end: the land is no better for another border."""

KEPT_STATES = (*STANDING_VERDICTS, "changed")
"""States that a change of the shape or the class leaves."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who did something, and when (UTC)."""

    author: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reclassify:
    """The parcel at the point is cropland, something else, or a person cannot tell."""

    kind: ClassVar[str] = "reclassify"

    point: Point
    land_class: LandClass
    reason: str = ""

    def __post_init__(self) -> None:
        check_coordinates(self.point)
        check_word(self.land_class, get_args(LandClass), "class")
        check_reason(self.reason)

    @classmethod
    def from_json(cls, read: EditReader) -> Reclassify:
        """The edit that JSON describes."""
        return cls(read.point(), read.text("land_class"), read.text("reason", ""))

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The edit as plain values."""
        return {
            **place_json(self.point, units),
            "land_class": self.land_class,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Judge:
    """A verdict on the parcel at the point; "none" takes an earlier one back.

    Parameters
    ----------
    shape : Polygon or MultiPolygon, optional
        The parcel as it was seen by whoever accepts it, which is what they sign.  Logs of earlier
        versions do not say it; then it is the parcel that lies there when the log is replayed.
    land_class : optional
        What it was then; likewise.
    """

    kind: ClassVar[str] = "parcel_verdict"

    point: Point
    verdict: ParcelVerdict
    reason: str = ""
    shape: Shape | None = None
    land_class: LandClass | None = None

    def __post_init__(self) -> None:
        check_coordinates(self.point)
        check_word(self.verdict, get_args(ParcelVerdict), "verdict")
        check_reason(self.reason)
        if self.shape is not None:
            check_coordinates(self.shape)
        if self.land_class is not None:
            check_word(self.land_class, get_args(LandClass), "class")

    @classmethod
    def from_json(cls, read: EditReader) -> Judge:
        """The edit that JSON describes."""
        land_class = read.text("land_class", "") or None
        return cls(
            read.point(),
            read.text("verdict"),
            read.text("reason", ""),
            seen_shape(read.polygons("shape")),
            land_class,
        )

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The edit as plain values; ``shape`` holds the rings of each part."""
        said = {**place_json(self.point, units), "verdict": self.verdict, "reason": self.reason}
        if self.shape is not None:
            said["shape"] = [rings_json(part, units) for part in polygons_of(self.shape)]
        if self.land_class is not None:
            said["land_class"] = self.land_class
        return said


@dataclass(frozen=True, slots=True)
class FillAttributes:
    """What people say of the parcel at the point by the project's own attributes.

    Neither its shape nor its class is touched, so verdicts stand.

    Parameters
    ----------
    values : Change
        Attributes that are not named keep their values.
    """

    kind: ClassVar[str] = "attributes"

    point: Point
    values: Change

    def __post_init__(self) -> None:
        check_coordinates(self.point)

    @classmethod
    def from_json(cls, read: EditReader) -> FillAttributes:
        """The edit that JSON describes."""
        return cls(read.point(), read.attributes())

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The edit as plain values; null takes a value away."""
        return {**place_json(self.point, units), "values": dict(self.values)}


@dataclass(frozen=True, slots=True)
class Restore:
    """The parcel that was accepted at the point, and changed since, is as it was accepted.

    What lies on its land gives it back.
    """

    kind: ClassVar[str] = "restore_accepted"

    point: Point

    def __post_init__(self) -> None:
        check_coordinates(self.point)

    @classmethod
    def from_json(cls, read: EditReader) -> Restore:
        """The edit that JSON describes."""
        return cls(read.point())

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The edit as plain values."""
        return place_json(self.point, units)


@dataclass(frozen=True, slots=True)
class Smooth:
    """The borders of the parcel at the point, or of all without one, lose their small turns.

    A border that two parcels share moves for both.

    Parameters
    ----------
    tolerance : float
        How far a border may move, in units of the coordinates.
    """

    kind: ClassVar[str] = "smooth"

    point: Point | None
    tolerance: float

    def __post_init__(self) -> None:
        check_place(self.point)
        check_length(self.tolerance, "The smoothing")

    @classmethod
    def from_json(cls, read: EditReader) -> Smooth:
        """The edit that JSON describes."""
        return cls(read.point_or_none(), read.length("tolerance"))

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The edit as plain values."""
        return {
            **place_json(self.point, units),
            "tolerance_m": units.length_from_native(self.tolerance),
        }


@dataclass(frozen=True, slots=True)
class Straighten:
    """The parcel at the point has straight sides, and right angles where it nearly has them.

    A border that it shares moves for both.

    Parameters
    ----------
    tolerance : float
        Bends up to this are none, in units of the coordinates.
    ground : GroundSteps
        In what directions on the ground the coordinates run.
    """

    kind: ClassVar[str] = "straighten"

    point: Point
    tolerance: float
    ground: GroundSteps = SQUARE

    def __post_init__(self) -> None:
        check_coordinates(self.point)
        check_length(self.tolerance, "The straightening")

    @classmethod
    def from_json(cls, read: EditReader) -> Straighten:
        """The edit that JSON describes."""
        return cls(read.point(), read.length("tolerance"), read.units.ground)

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The edit as plain values."""
        return {
            **place_json(self.point, units),
            "tolerance_m": units.length_from_native(self.tolerance),
        }


@dataclass(frozen=True, slots=True)
class FillHoles:
    """Holes of the parcel at the point, or of all without one, become part of their parcel.

    What another parcel covers of a hole stays that parcel's.

    Parameters
    ----------
    max_area : float or None
        Larger holes stay, in squared units of the coordinates; None fills all.
    """

    kind: ClassVar[str] = "fill_holes"

    point: Point | None
    max_area: float | None

    def __post_init__(self) -> None:
        check_place(self.point)
        if self.max_area is not None:
            check_length(self.max_area, "The largest hole")

    @classmethod
    def from_json(cls, read: EditReader) -> FillHoles:
        """The edit that JSON describes."""
        return cls(read.point_or_none(), read.area_or_none("max_area"))

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The edit as plain values."""
        return {
            **place_json(self.point, units),
            "max_area_m2": None if self.max_area is None else units.area_from_native(self.max_area),
        }


@dataclass(frozen=True, slots=True)
class SnapToNeighbours:
    """Edges of the parcel at the point go to the borders of its neighbours.

    Parameters
    ----------
    tolerance : float
        Gaps up to this width are closed, in units of the coordinates.
    """

    kind: ClassVar[str] = "snap"

    point: Point
    tolerance: float

    def __post_init__(self) -> None:
        check_coordinates(self.point)
        check_length(self.tolerance, "The distance")

    @classmethod
    def from_json(cls, read: EditReader) -> SnapToNeighbours:
        """The edit that JSON describes."""
        return cls(read.point(), read.length("tolerance"))

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The edit as plain values."""
        return {
            **place_json(self.point, units),
            "tolerance_m": units.length_from_native(self.tolerance),
        }


@dataclass(frozen=True, slots=True)
class Repair:
    """What :func:`core.parcels.topology.find_problems` finds is put right.

    Parameters
    ----------
    point : Point or None
        Only the problem there; all without one.
    width : float
        Of gaps and slivers that count, in units of the coordinates.
    """

    kind: ClassVar[str] = "repair"

    point: Point | None
    width: float

    def __post_init__(self) -> None:
        check_place(self.point)
        check_length(self.width, "The width")

    @classmethod
    def from_json(cls, read: EditReader) -> Repair:
        """The edit that JSON describes."""
        return cls(read.point_or_none(), read.length("width"))

    def to_json(self, units: EditUnits) -> dict[str, Any]:
        """The edit as plain values."""
        return {**place_json(self.point, units), "width_m": units.length_from_native(self.width)}


Tidying = Smooth | Straighten | FillHoles | SnapToNeighbours | Repair
"""Corrections that draw nothing: what is to come of the borders follows from them."""

Correction = (
    AreaAdd
    | AreaRemove
    | Split
    | Merge
    | ParcelDelete
    | Reshape
    | MoveBorder
    | Reclassify
    | Judge
    | FillAttributes
    | Restore
    | Tidying
)

CORRECTIONS: tuple[type[Correction], ...] = get_args(Correction)

CORRECTION_KINDS = tuple(correction.kind for correction in CORRECTIONS)
"""A brush stroke is stored as the area that it covers, so it is none of these."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A correction and who made it."""

    correction: Correction
    signature: Signature
