"""The attribute table of parcels: full names, their shapefile names, and provenance columns."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas

SHAPEFILE_TEXT_BYTES = 254


@dataclass(frozen=True, slots=True)
class TableField:
    """One column: its full name, its shapefile name (at most 10 characters) and its meaning."""

    name: str
    short: str
    meaning: str


FIELDS = (
    TableField("field_id", "field_id", "Identifier of the parcel in this file"),
    TableField("class", "class", "cropland, other or unsure"),
    TableField("status", "status", "auto, accepted, corrected, rejected or unsure"),
    TableField("reason", "reason", "Why it was rejected or is unsure, in words; may be empty"),
    TableField("area_ha", "area_ha", "Geodesic area on WGS 84, hectares"),
    TableField("perimeter_m", "perim_m", "Geodesic length of all rings on WGS 84, metres"),
    TableField("score", "score", "Mean probability of cropland, 0 to 1"),
    TableField("method", "method", "Strategy that drew the parcel"),
    TableField("image_source", "img_src", "File name of the scene"),
    TableField("model", "model", "Model behind the strategy, or none"),
    TableField("land_cover", "land_cover", "Land cover product that gave the prompts"),
    TableField(
        "positive_prompts", "n_pos", "Cropland points inside the parcel, placed or a person's"
    ),
    TableField("negative_prompts", "n_neg", "Other points inside the parcel, placed or a person's"),
    TableField("reviewer", "reviewer", "Who gave the verdict on the tile; empty where nobody did"),
    TableField(
        "review_date", "rev_date", "Time of the verdict, UTC, ISO 8601 as text; may be empty"
    ),
    TableField("tile", "tile", "Tile of the scene in which the parcel was reviewed; may be empty"),
)


def in_order(parcels: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """Parcels with the columns of :data:`FIELDS` and their geometry, in that order."""
    return parcels[[field.name for field in FIELDS] + ["geometry"]]


def cut_text(text: str, most: int = SHAPEFILE_TEXT_BYTES) -> str:
    """Text of at most ``most`` bytes in UTF-8, cut between characters."""
    return text.encode("utf-8")[:most].decode("utf-8", errors="ignore")
