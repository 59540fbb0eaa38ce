"""A tile as whoever gives it a second look may see it: the label, and nothing that others said."""

from __future__ import annotations

from core import wire
from core.people import same_person
from core.project import VerdictRecord
from core.session.state import verdict_json


def without_verdicts(state: wire.TileState, person: str, verdict: VerdictRecord) -> wire.TileState:
    """The state of a tile for the second look of a person.

    What was rejected is no part of the label, so it is not shown.  What the person has said
    already stays.

    Parameters
    ----------
    verdict : VerdictRecord
        The tile's, as the person may see it.
    """
    parcels = [_parcel(row, person) for row in state["parcels"]]
    return {
        **state,
        "parcels": [row for row in parcels if row is not None],
        "rows": "",
        "changed": [],
        "notes": [note for note in state["notes"] if same_person(note["author"], person)],
        "verdict": verdict_json(verdict),
        "second_look": True,
    }


def _parcel(row: wire.Parcel, person: str) -> wire.Parcel | None:
    if row["reviewer"] and same_person(row["reviewer"], person):
        return row
    if row["state"] == "rejected":
        return None
    bare: wire.Parcel = {
        "id": row["id"],
        "area_ha": row["area_ha"],
        "score": row["score"],
        "state": "auto",
        "land_class": row["land_class"],
        "reason": "",
        "reviewer": "",
        "reviewed_at": None,
        "rings": row["rings"],
    }
    if "more" in row:
        bare["more"] = row["more"]
    return bare
