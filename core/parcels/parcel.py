"""One parcel as a value: its outline, its score and what people said of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shapely import MultiPolygon, Polygon

from core.attributes import NO_VALUES, Values

ParcelState = Literal["auto", "accepted", "changed", "corrected", "rejected", "unsure"]
LandClass = Literal["cropland", "other", "unsure"]


@dataclass(frozen=True, slots=True)
class Parcel:
    """One parcel and what people said of it.

    Parameters
    ----------
    id : str
        Unique among the parcels of a scene or tile.
    polygon : Polygon or MultiPolygon
        Valid; in pixels of a grid or in world coordinates.
    score : float
        Mean probability, 0 to 1; NaN where there is none.
    state : {"auto", "accepted", "changed", "corrected", "rejected", "unsure"}
        The verdict of a person on this parcel; without one, whether a person changed it.  What was
        accepted and is another shape or class now is changed.
    land_class : {"cropland", "other", "unsure"}
        What it is.
    reason : str
        Why, in the words of who said it last; empty where none was given.
    reviewer : str
        Who said last what it is, or else who changed it last; empty where nobody did.
    reviewed_at : datetime or None
        When.
    edited : bool
        Whether a person changed its shape or class, whatever was said of it afterwards.
    attributes : Values
        What people say of it by the project's own attributes, as what grows there.
    """

    id: str
    polygon: Polygon | MultiPolygon
    score: float
    state: ParcelState
    land_class: LandClass = "cropland"
    reason: str = ""
    reviewer: str = ""
    reviewed_at: datetime | None = None
    edited: bool = False
    attributes: Values = NO_VALUES

    @property
    def is_cropland(self) -> bool:
        """Whether it counts as cropland, in masks and in hectares."""
        return self.land_class == "cropland" and self.state != "rejected"
