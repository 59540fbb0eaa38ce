import math

import shapely

from core.label.tile_label import Label
from core.parcels.parcel import Parcel
from core.session.parcel_counts import COUNTS, parcel_counts


def parcel(number: int, state: str = "auto", **more) -> Parcel:
    return Parcel(f"p{number}", shapely.box(0, 0, 1, 1), math.nan, state, **more)


def test_what_was_said_of_parcels_is_counted() -> None:
    label = Label(
        "v",
        (
            parcel(1),
            parcel(2, "corrected", edited=True),
            parcel(3, "accepted", edited=True),
            parcel(4, "rejected"),
            parcel(5, "unsure"),
            parcel(6, "corrected", edited=True, land_class="other"),
            parcel(7, "accepted", land_class="unsure"),
            parcel(8, "changed", edited=True),
        ),
    )
    assert list(parcel_counts(label).values()) == [8, 4, 1, 1, 1, 2, 1]
    assert parcel_counts(Label("v", ())) == dict.fromkeys(COUNTS, 0.0)
