"""The attribute table of parcels: full names, their shapefile names, and provenance columns."""

from __future__ import annotations

from dataclasses import dataclass

SHAPEFILE_TEXT_BYTES = 254


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column of the table.

    Parameters
    ----------
    name, short : str
        Its full name, and its shapefile name of at most 10 characters.
    optional : bool
        Whether files for GIS leave it out where it says nothing of any parcel.
    real : bool
        Whether it holds numbers with decimal places.
    """

    name: str
    short: str
    meaning: str
    optional: bool = False
    real: bool = False


FIELDS = (
    TableColumn("field_id", "field_id", "Project and number, the same in every export"),
    TableColumn("class", "class", "cropland, other or unsure"),
    TableColumn(
        "status",
        "status",
        "auto, accepted, changed (since accepted), corrected, rejected or unsure",
    ),
    TableColumn(
        "reason",
        "reason",
        "Why it was rejected or is unsure, in words; may be empty",
        optional=True,
    ),
    TableColumn("area_ha", "area_ha", "Geodesic area on WGS 84, hectares", real=True),
    TableColumn(
        "perimeter_m", "perim_m", "Geodesic length of all rings on WGS 84, metres", real=True
    ),
    TableColumn(
        "score",
        "score",
        "Mean probability of cropland, 0 to 1; empty where a person drew or changed the parcel",
        optional=True,
        real=True,
    ),
    TableColumn("method", "method", "Strategy that drew the parcel"),
    TableColumn("image_source", "img_src", "File name of the scene"),
    TableColumn("model", "model", "Model behind the strategy, or none"),
    TableColumn("land_cover", "land_cover", "Land cover product that gave the prompts"),
    TableColumn(
        "positive_prompts",
        "n_pos",
        "Cropland points inside the parcel, placed or a person's",
        optional=True,
    ),
    TableColumn(
        "negative_prompts",
        "n_neg",
        "Other points inside the parcel, placed or a person's",
        optional=True,
    ),
    TableColumn(
        "reviewer",
        "reviewer",
        "Who gave the verdict on the tile; empty where nobody did",
        optional=True,
    ),
    TableColumn(
        "review_date",
        "rev_date",
        "Time of the verdict, UTC, ISO 8601 as text; may be empty",
        optional=True,
    ),
    TableColumn(
        "tile",
        "tile",
        "Tile of the scene in which the parcel was reviewed; may be empty",
        optional=True,
    ),
)


def cut_text(text: str, most: int = SHAPEFILE_TEXT_BYTES) -> str:
    """Text of at most ``most`` bytes in UTF-8, cut between characters."""
    return text.encode("utf-8")[:most].decode("utf-8", errors="ignore")
