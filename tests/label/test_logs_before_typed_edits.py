"""Logs as the commit before the typed edits wrote them come to the same work and the same label.

The file holds edits of every kind on four grids as they lie in the log and in a replay bundle, and
what that commit's own code made of them: every shape as a hash of its WKB.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import shapely
from affine import Affine
from pyproj import CRS

from core.edit_record import EditRecord
from core.grid import Grid, Window
from core.imagery.frame import Frame
from core.label.answers import Field
from core.label.choices import Choices
from core.label.edits import EDITS
from core.label.label_maker import LabelMaker
from core.label.work import Work, replay
from core.parcels.parcel import Parcel
from core.parcels.wkb import read_wkb

FILE = json.loads(
    (Path(__file__).parent / "data" / "logs_before_typed_edits.json").read_text(encoding="utf-8")
)
SIZE = FILE["size"]
CHOICES = tuple(FILE["logs"][0]["work"]["choices"])
"""The choices that there were then."""
AUTOMATIC = tuple(
    Parcel(name, read_wkb(bytes.fromhex(wkb)), score, "auto")
    for name, wkb, score in FILE["automatic"]
)


def frame_of(log: dict[str, Any]) -> Frame:
    grid = Grid(CRS.from_user_input(log["crs"]), Affine(*log["transform"]), SIZE, SIZE)
    return Frame(grid, grid, Window(5, 5, 90, 90))


def records(log: dict[str, Any]) -> list[EditRecord]:
    return [
        EditRecord(
            number, row["kind"], row["data"], row["author"], datetime.fromisoformat(row["at"])
        )
        for number, row in enumerate(log["bundle_edits"], start=1)
    ]


def hashed(shape: shapely.Geometry) -> str:
    return hashlib.sha256(shapely.to_wkb(shape)).hexdigest()[:32]


def parcel_row(parcel: Parcel) -> list[Any]:
    return [
        parcel.id,
        hashed(parcel.polygon),
        None if math.isnan(parcel.score) else parcel.score,
        parcel.state,
        parcel.land_class,
        parcel.reason,
        parcel.reviewer,
        parcel.reviewed_at.isoformat() if parcel.reviewed_at else None,
        parcel.edited,
    ]


LATER = ("shape", "land_class")
"""Of a verdict, since it holds what was seen; no old one has them."""

TIDY = {"tidy": False}
"""Every edit that leaves no rims and crumbs says so; no old one does."""


def as_then(row: list[Any]) -> list[Any]:
    """A parcel as versions told it that knew no *changed since accepted*.

    Who changed its shape counted there as who had judged it (decisions 027 and 029).
    """
    name, shape, score, state, land_class, reason, who, at, edited = row
    told = (who, at) if state == "auto" else ()
    return [
        name,
        shape,
        score,
        state.replace("changed", "corrected"),
        land_class,
        reason,
        told,
        edited,
    ]


def without_later(values: dict[str, Any]) -> dict[str, Any]:
    assert values.items() >= TIDY.items()
    return {name: value for name, value in values.items() if name not in TIDY}


def correction_values(correction: Any) -> dict[str, Any]:
    found = {}
    for name in (one.name for one in fields(correction) if one.init):
        value = getattr(correction, name)
        if name in TIDY:
            assert value is TIDY[name]
            continue
        if value is None and name in LATER:
            continue
        if isinstance(value, shapely.Geometry):
            value = hashed(value)
        found[name] = [hashed(one) for one in value] if isinstance(value, tuple) else value
    return found


def work_values(work: Work) -> dict[str, Any]:
    imported = work.imported
    return {
        "choices": {name: getattr(work.choices, name) for name in CHOICES},
        "points": [without_later(asdict(point)) for point in work.points],
        "boxes": [without_later(asdict(box)) for box in work.boxes],
        "denied": sorted(work.denied),
        "corrections": [
            [
                type(signed.correction).__name__,
                correction_values(signed.correction),
                signed.signature.author,
                signed.signature.at.isoformat(),
            ]
            for signed in work.corrections
        ],
        "signatures": {k: [s.author, s.at.isoformat()] for k, s in work.signatures.items()},
        "imported": None
        if imported is None
        else {
            "source": imported.source,
            "area": None if imported.area is None else hashed(imported.area),
            "parcels": [parcel_row(parcel) for parcel in imported.parcels],
        },
    }


def test_the_file_holds_every_kind_that_there_was() -> None:
    stored = {row["kind"] for log in FILE["logs"] for row in log["bundle_edits"]}
    assert stored == set(EDITS) - {
        "note",
        "note_done",
        "withdrawal",
        "restore_accepted",
        "border_move",
        "straighten",
        "attributes",
    }


@pytest.mark.parametrize("log", FILE["logs"], ids=lambda log: log["name"])
def test_an_old_log_comes_to_the_same_label(log: dict[str, Any]) -> None:
    frame, edits = frame_of(log), records(log)
    before = json.dumps([edit.data for edit in edits])
    work = replay(edits, frame, Choices())
    assert work_values(work) == log["work"]
    answers = [
        Field(
            shapely.box(
                *(p.point.column - 6, p.point.row - 5, p.point.column + 7, p.point.row + 4)
            ),
            p.label == 1,
            p.id,
        )
        for p in work.points
    ]
    made = LabelMaker().make("v", AUTOMATIC, answers, work, frame)
    assert [as_then(parcel_row(one)) for one in made.parcels] == [
        as_then(row) for row in log["label"]["parcels"]
    ]
    assert [[p.kind, list(p.parcels)] for p in made.problems] == log["label"]["problems"]
    # What goes into a bundle is what was stored, and reading it again makes nothing new.
    assert json.dumps([edit.data for edit in edits]) == before
    again = replay(edits, frame, Choices())
    assert again == work
    assert again.imported is work.imported
    assert all(edit.at.tzinfo == UTC for edit in edits)
