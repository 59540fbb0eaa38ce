"""How many parcels of a label people have said what of: figures for the review's table."""

from __future__ import annotations

from collections import Counter

from core.label.tile_label import Label

COUNTS = (
    "parcels",
    "parcels_edited",
    "parcels_accepted",
    "parcels_changed",
    "parcels_rejected",
    "parcels_unsure",
    "parcels_other",
)
"""All; those whose shape or class a person changed; those with a verdict of their own, and those
that were accepted and changed since; those whose class is another than cropland (unsure of the
class counts as unsure)."""


def parcel_counts(label: Label) -> dict[str, float]:
    """Numbers of parcels under every name of :data:`COUNTS`, nought included."""
    found: Counter[str] = Counter()
    for parcel in label.parcels:
        found["parcels"] += 1
        found["parcels_edited"] += parcel.edited
        if "unsure" in (parcel.state, parcel.land_class):
            found["parcels_unsure"] += 1
        elif parcel.state in ("accepted", "changed", "rejected"):
            found[f"parcels_{parcel.state}"] += 1
        found["parcels_other"] += parcel.land_class == "other"
    return {name: float(found[name]) for name in COUNTS}
