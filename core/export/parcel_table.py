"""Labelled parcels, what they were made from, and their attribute table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

import geopandas
import numpy as np
import pandas
from pyproj import CRS
from shapely import MultiPolygon, Polygon

from core.export.columns import in_order
from core.parcels.polygons import geodesic_measures

VOUCHED_STATES = ("accepted", "corrected")
"""States in which a person stands behind a parcel."""


@dataclass(frozen=True, slots=True)
class LabelledParcel:
    """One parcel with a person's verdict on it.

    Parameters
    ----------
    id : str
        Unique in the scene.
    geometry : Polygon or MultiPolygon
        In the CRS of the scene.
    score : float
        Mean probability, 0 to 1; NaN where there is none.
    state : str
        auto, accepted, corrected, rejected or unsure.
    reviewer : str
        Empty where nobody reviewed it.
    reviewed_at : datetime or None
        UTC where it has no time zone.
    tile : str
        Name of the tile in which it was reviewed.
    land_class : str
        cropland, other or unsure: what a person says it is.
    reason : str
        Why it was rejected or is unsure, in the reviewer's words; empty where none was given.
    """

    id: str
    geometry: Polygon | MultiPolygon
    score: float
    state: str
    reviewer: str
    reviewed_at: datetime | None
    tile: str
    land_class: str = "cropland"
    reason: str = ""

    @property
    def vouched(self) -> bool:
        """Whether a person accepted or corrected it."""
        return self.state in VOUCHED_STATES


@dataclass(frozen=True, slots=True)
class LabelSource:
    """What the labels were made from."""

    scene_name: str
    image_source: str
    method: str
    model: str
    land_cover: str

    def facts(self) -> dict[str, str]:
        """What goes into the tags of rasters and the tables of GeoPackages."""
        return {
            "software": f"cropmap {version('cropmap')}",
            "scene": self.scene_name,
            "image_source": self.image_source,
            "strategy": self.method,
            "model": self.model,
            "land_cover": self.land_cover,
        }


def parcels_table(
    parcels: Sequence[LabelledParcel], crs: CRS, source: LabelSource
) -> geopandas.GeoDataFrame:
    """The attribute table in ``crs``, the CRS of the parcels, with the columns of ``FIELDS``.

    Every column has its type also where there is no parcel.
    """
    geometries = np.empty(len(parcels), dtype=object)
    geometries[:] = [parcel.geometry for parcel in parcels]
    measures = geodesic_measures(geometries, crs)
    # How many prompts a corrected parcel had is not known, which is not 0.
    unknown = pandas.array([pandas.NA] * len(parcels), dtype="Int64")
    columns = {
        "field_id": _texts([parcel.id for parcel in parcels]),
        "class": _texts([parcel.land_class for parcel in parcels]),
        "status": _texts([parcel.state for parcel in parcels]),
        "reason": _texts([parcel.reason for parcel in parcels]),
        "area_ha": measures.area_m2 / 10_000.0,
        "perimeter_m": measures.perimeter_m,
        "score": np.array([parcel.score for parcel in parcels], dtype=np.float64),
        "method": _texts([source.method] * len(parcels)),
        "image_source": _texts([source.image_source] * len(parcels)),
        "model": _texts([source.model] * len(parcels)),
        "land_cover": _texts([source.land_cover] * len(parcels)),
        "positive_prompts": unknown,
        "negative_prompts": unknown,
        "reviewer": _texts([parcel.reviewer for parcel in parcels]),
        "review_date": _texts([_iso(parcel.reviewed_at) for parcel in parcels]),
        "tile": _texts([parcel.tile for parcel in parcels]),
    }
    return in_order(geopandas.GeoDataFrame(columns, geometry=geometries, crs=crs))


def in_utc(moment: datetime) -> datetime:
    """A moment in UTC; one without a time zone is taken as UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _texts(values: list[str]) -> pandas.Series:
    return pandas.Series(values, dtype="str")


def _iso(moment: datetime | None) -> str:
    """A moment in UTC to the second, 20 characters; empty for none."""
    return "" if moment is None else in_utc(moment).strftime("%Y-%m-%dT%H:%M:%SZ")
