"""The attribute table of parcels: full names, their shapefile names, and provenance columns."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas

SHAPEFILE_TEXT_BYTES = 254


@dataclass(frozen=True, slots=True)
class Field:
    """One column: its full name, its shapefile name (at most 10 characters) and its meaning."""

    name: str
    short: str
    meaning: str


FIELDS = (
    Field("field_id", "field_id", "Identifier of the parcel in this file"),
    Field("class", "class", "cropland, other or unsure"),
    Field("status", "status", "auto, accepted, corrected, rejected or unsure"),
    Field("reason", "reason", "Why it was rejected or is unsure, in words; may be empty"),
    Field("area_ha", "area_ha", "Geodesic area on WGS 84, hectares"),
    Field("perimeter_m", "perim_m", "Geodesic length of all rings on WGS 84, metres"),
    Field("score", "score", "Mean probability of cropland, 0 to 1"),
    Field("method", "method", "Strategy that drew the parcel"),
    Field("image_source", "img_src", "File name of the scene"),
    Field("model", "model", "Model behind the strategy, or none"),
    Field("land_cover", "land_cover", "Land cover product that gave the prompts"),
    Field("positive_prompts", "n_pos", "Cropland points shown to the model inside the parcel"),
    Field("negative_prompts", "n_neg", "Other points shown to the model inside the parcel"),
    Field("reviewer", "reviewer", "Who gave the verdict on the tile; empty where nobody did"),
    Field("review_date", "rev_date", "Time of the verdict, UTC, ISO 8601 as text; may be empty"),
    Field("tile", "tile", "Tile of the scene in which the parcel was reviewed; may be empty"),
)


@dataclass(frozen=True, slots=True)
class Provenance:
    """How the parcels of one file came about."""

    method: str
    model: str
    image_source: str
    land_cover: str


def add_provenance(
    parcels: geopandas.GeoDataFrame,
    provenance: Provenance,
    positives: list[int],
    negatives: list[int],
) -> geopandas.GeoDataFrame:
    """Parcels that nobody has reviewed, with every column of :data:`FIELDS`, in that order.

    ``positives`` and ``negatives`` hold a count of prompts for each parcel.
    """
    full = parcels.assign(
        **{"class": "cropland"},
        status="auto",
        reason="",
        method=provenance.method,
        image_source=provenance.image_source,
        model=provenance.model,
        land_cover=provenance.land_cover,
        positive_prompts=positives,
        negative_prompts=negatives,
        reviewer="",
        review_date="",
        tile="",
    )
    return in_order(full)


def in_order(parcels: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """Parcels with the columns of :data:`FIELDS` and their geometry, in that order."""
    return parcels[[field.name for field in FIELDS] + ["geometry"]]


def cut_text(text: str, most: int = SHAPEFILE_TEXT_BYTES) -> str:
    """Text of at most ``most`` bytes in UTF-8, cut between characters."""
    return text.encode("utf-8")[:most].decode("utf-8", errors="ignore")
