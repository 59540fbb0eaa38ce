"""What a parcel's own verdict and its tile's amount to in the files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import shapely

from core.parcels.parcel import Parcel
from core.project import VerdictRecord
from core.session.scene_label import Piece, _joined, _labelled

EARLY, LATE = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 9, tzinfo=UTC)
AUTO = Parcel("F1", shapely.box(0, 0, 10, 10), 0.9, "auto")
CORRECTED = replace(AUTO, state="corrected", reviewer="Ana", reviewed_at=EARLY, edited=True)
REJECTED = replace(AUTO, state="rejected", reason="a road", reviewer="Ana", reviewed_at=EARLY)


def piece(parcel: Parcel, verdict: str = "open", at: datetime | None = None, tile: str = "t1"):
    by, comment = ("Ben", "blurred") if verdict != "open" else ("", "")
    return Piece(parcel, parcel.polygon, tile, VerdictRecord(verdict, by, comment, at, 1))


@pytest.mark.parametrize(
    ("parcel", "verdict", "at", "expected"),
    [
        (AUTO, "open", None, ("auto", "", None, "")),
        (AUTO, "accepted", LATE, ("accepted", "Ben", LATE, "")),
        (AUTO, "fix", LATE, ("unsure", "Ben", LATE, "blurred")),
        (AUTO, "rejected", LATE, ("rejected", "Ben", LATE, "blurred")),
        (CORRECTED, "open", None, ("corrected", "Ana", EARLY, "")),
        (CORRECTED, "accepted", LATE, ("corrected", "Ben", LATE, "")),
        (replace(CORRECTED, reviewed_at=LATE), "accepted", EARLY, ("corrected", "Ana", LATE, "")),
        (CORRECTED, "rejected", LATE, ("rejected", "Ben", LATE, "blurred")),
        (REJECTED, "accepted", LATE, ("rejected", "Ana", EARLY, "a road")),
        (
            replace(REJECTED, state="accepted"),
            "rejected",
            LATE,
            ("accepted", "Ana", EARLY, "a road"),
        ),
    ],
)
def test_a_parcels_own_verdict_beats_its_tiles(parcel, verdict, at, expected) -> None:
    found = _labelled([piece(parcel, verdict, at)], 1.0)
    assert (found.state, found.reviewer, found.reviewed_at, found.reason) == expected
    assert (found.id, found.land_class) == ("t1/F1", "cropland")


def test_a_field_that_a_seam_cuts_is_put_together_unless_a_person_told_its_parts_apart() -> None:
    right = replace(AUTO, id="F9", polygon=shapely.box(10, 0, 30, 10))
    (group,) = _joined([piece(AUTO), piece(right, tile="t2")], 1.0)
    assert _labelled(group, 1.0).geometry.equals(shapely.box(0, 0, 30, 10))
    assert _labelled(group, 1.0).id == "t2/F9"
    other = replace(CORRECTED, land_class="other", reason="a meadow")
    for apart in (other, REJECTED):
        groups = _joined([piece(apart), piece(right, tile="t2")], 1.0)
        assert [_labelled(group, 1.0).id for group in groups] == ["t1/F1", "t2/F9"]
    accepted = replace(AUTO, state="accepted", reviewer="Ana", reviewed_at=EARLY)
    (group,) = _joined([piece(accepted), piece(right, tile="t2")], 1.0)
    assert _labelled(group, 1.0).state == "accepted"
    assert _labelled([piece(other)], 1.0).land_class == "other"
