from datetime import UTC, datetime

import pytest
from pyproj import CRS

from core.edit_record import EditRecord
from core.errors import InputError
from core.grid import Grid, Window
from core.imagery.frame import Frame
from core.label.browser_edits import to_new_edits
from core.label.choices import Choices
from core.label.corrections import (
    AreaAdd,
    AreaRemove,
    FillHoles,
    Judge,
    Merge,
    ParcelDelete,
    Reclassify,
    Reshape,
    Split,
)
from core.label.work import BrokenEditError, replay, replay_until_broken
from tests.rasters import PLACES


def frame(place: str = "rotated") -> Frame:
    crs, transform = PLACES[place]
    grid = Grid(CRS.from_user_input(crs), transform, 48, 40)
    return Frame(grid, grid, Window(0, 0, 48, 40))


def worked(raw: list[dict], place: str = "rotated"):
    """What edits amount to after they were stored."""
    it = frame(place)
    stored = [
        EditRecord(i + 1, edit.kind, edit.data, "Ana", datetime.now(UTC))
        for i, edit in enumerate(to_new_edits(raw, it))
    ]
    return replay(stored, it, Choices())


def point(name: str, column: float = 5, row: float = 6, label: int = 1) -> dict:
    return {"kind": "prompt_set", "id": name, "column": column, "row": row, "label": label}


def test_a_prompt_goes_on_meaning_its_field() -> None:
    named = {**point("b", 7, 7), "field": "a"}
    work = worked([point("a"), named, point("b", 8, 8), point("a", 9, 9)])
    assert [(p.id, p.field) for p in work.points] == [("b", "a"), ("a", None)]


def test_setting_again_moves_and_flips() -> None:
    work = worked([point("a"), point("b"), point("a", 9, 9, 0)])
    assert [(p.id, p.label) for p in work.points] == [("b", 1), ("a", 0)]


def test_deleting_takes_points_boxes_and_automatic_prompts() -> None:
    box = {"kind": "box_set", "id": "c", "left": 9, "top": 8, "right": 3, "bottom": 2}
    work = worked([point("a"), box])
    assert (work.boxes[0].left, work.boxes[0].bottom) == pytest.approx((3, 8))
    gone = [{"kind": "prompt_delete", "id": name} for name in ("a", "c", "auto-1")]
    work = worked([point("a"), box, *gone])
    assert not work.points
    assert not work.boxes
    assert "auto-1" in work.denied


def test_clearing_takes_the_persons_own_and_keeps_what_was_denied() -> None:
    work = worked([point("auto-1"), point("a"), {"kind": "prompts_clear"}])
    assert not work.points
    assert work.denied >= {"auto-1"}


def test_choices_add_up() -> None:
    work = worked(
        [
            {"kind": "settings", "threshold": 0.7},
            {"kind": "settings", "strategy": "joint", "points_per_class": 12},
            {"kind": "settings", "min_area_m2": 0},
        ]
    )
    assert work.choices == Choices("joint", 0.7, 12, 0)


def test_corrections_keep_their_kind_and_order() -> None:
    ring = [[1, 1], [9, 1], [9, 9], [1, 9]]
    work = worked(
        [
            {"kind": "area_add", "ring": ring},
            {"kind": "area_remove", "ring": ring},
            {"kind": "brush", "line": [[1, 1], [5, 5]], "radius": 2, "add": True},
            {"kind": "brush", "line": [[1, 1]], "radius": 2, "add": False},
            {"kind": "split", "line": [[0, 5], [9, 5]]},
            {"kind": "merge", "points": [[1, 1], [4, 4]]},
            {"kind": "parcel_delete", "point": [3, 3]},
            {"kind": "reshape", "point": [3, 3], "rings": [ring]},
            {"kind": "reclassify", "point": [3, 3], "land_class": "other", "reason": " a meadow"},
            {"kind": "parcel_verdict", "point": [3, 3], "verdict": "accepted"},
        ]
    )
    corrections = [signed.correction for signed in work.corrections]
    assert [type(correction) for correction in corrections] == [
        AreaAdd, AreaRemove, AreaAdd, AreaRemove, Split, Merge, ParcelDelete, Reshape,
        Reclassify, Judge,
    ]  # fmt: skip
    assert corrections[0].area.bounds == pytest.approx((1, 1, 9, 9), abs=1e-6)
    assert corrections[3].area.area == pytest.approx(3.14159 * 4, rel=0.02)
    assert corrections[8].reason == "a meadow"
    assert all(signed.signature.author == "Ana" for signed in work.corrections)


@pytest.mark.parametrize("place", PLACES)
def test_lengths_and_areas_are_kept_as_measured_on_the_ground(place) -> None:
    raw = [
        {"kind": "smooth", "tolerance_m": 3.0},
        {"kind": "fill_holes", "point": [3, 3], "max_area_m2": 200.0},
        {"kind": "fill_holes"},
        {"kind": "snap", "point": [3, 3], "tolerance_m": 2.0},
        {"kind": "repair", "width_m": 1.5},
    ]
    pixel = frame(place).native_pixel_area_m2
    stored = [edit.data for edit in to_new_edits(raw, frame(place))]
    assert stored[0] == {"tolerance_m": pytest.approx(3.0)}
    assert stored[1]["max_area_m2"] == pytest.approx(200.0)
    smooth, fill, fill_all, snap, repair = (
        one.correction for one in worked(raw, place).corrections
    )
    assert (smooth.point, smooth.tolerance) == (None, pytest.approx(3.0 / pixel**0.5))
    assert fill.max_area == pytest.approx(200.0 / pixel)
    assert fill_all == FillHoles(None, None)
    assert snap.tolerance == pytest.approx(2.0 / pixel**0.5)
    assert repair.width == pytest.approx(1.5 / pixel**0.5)


def test_a_step_that_cannot_be_replayed_is_named() -> None:
    it, at = frame(), datetime(2026, 5, 1, 10, 30, tzinfo=UTC)
    good = to_new_edits([point("a"), point("b")], it)
    rows = [EditRecord(i, edit.kind, edit.data, "Ana", at) for i, edit in enumerate(good, 1)]
    rows.insert(1, EditRecord(3, "box_set", {"id": "c", "first": [1, 2]}, "Ben", at))
    work, broken = replay_until_broken(rows, it, Choices())
    assert [one.id for one in work.points] == ["a"]
    assert (broken.step, broken.kind, broken.author, broken.at) == (2, "box_set", "Ben", at)
    assert "Step 2 of this tile's edits ('box_set' by Ben, 2026-05-01 10:30 UTC)" in str(broken)
    with pytest.raises(BrokenEditError):
        replay(rows, it, Choices())
    assert replay_until_broken(rows[:1], it, Choices()) == (work, None)


def test_what_rounding_leaves_nothing_of_is_never_stored() -> None:
    """Two points that are one in the world would be refused whenever the log is replayed."""
    with pytest.raises(InputError, match="two parcels"):
        to_new_edits([{"kind": "merge", "points": [[5, 6], [5, 6 + 1e-12]]}], frame())


def test_prompts_tell_who_set_them() -> None:
    assert worked([point("a")]).signatures["a"].author == "Ana"


BAD = [
    "no list",
    [],
    [7],
    [{"kind": "dance"}],
    [{"kind": "prompt_set", "id": "a", "column": 1, "row": 2, "label": 2}],
    [{"kind": "prompt_set", "id": "", "column": 1, "row": 2, "label": 1}],
    [{"kind": "prompt_set", "id": "a", "column": 1, "row": 2, "label": 1, "field": 7}],
    [{"kind": "prompt_set", "id": "a" * 65, "column": 1, "row": 2, "label": 1}],
    [{"kind": "prompt_set", "id": "a", "column": float("nan"), "row": 2, "label": 1}],
    [{"kind": "prompt_set", "id": "a", "column": True, "row": 2, "label": 1}],
    [{"kind": "prompt_set", "id": "a", "column": 480, "row": 2, "label": 1}],
    [{"kind": "box_set", "id": "a", "left": 1, "top": 1, "right": 1.5, "bottom": 9}],
    [{"kind": "settings", "threshold": 2}],
    [{"kind": "settings", "strategy": "magic"}],
    [{"kind": "settings", "strategy": ["apt"]}],
    [{"kind": "settings", "points_per_class": 2.5}],
    [{"kind": "settings", "min_area_m2": "large"}],
    [{"kind": "brush", "line": [], "radius": 2}],
    [{"kind": "brush", "line": [[1, 2]], "radius": -2}],
    [{"kind": "brush", "line": [[1, "x"]], "radius": 2}],
    [{"kind": "brush", "line": [[1, float("inf")]], "radius": 2}],
    [{"kind": "area_add"}],
    [{"kind": "area_add", "ring": [[1, 1], [2, 2]]}],
    [{"kind": "area_add", "ring": "round"}],
    [{"kind": "split", "line": [[1, 1]]}],
    [{"kind": "merge", "points": 7}],
    [{"kind": "reshape", "point": [1, 1], "rings": []}],
    [{"kind": "reclassify", "point": [1, 1], "land_class": "wheat"}],
    [{"kind": "reclassify", "land_class": "other"}],
    [{"kind": "reclassify", "point": [1, 1], "land_class": "other", "reason": "x" * 501}],
    [{"kind": "reclassify", "point": [1, 1], "land_class": "other", "reason": "\ud800"}],
    [{"kind": "parcel_verdict", "point": [1, 1], "verdict": 7}],
    [{"kind": "smooth", "tolerance_m": 0}],
    [{"kind": "smooth", "tolerance_m": "much"}],
    [{"kind": "snap", "tolerance_m": 3}],
    [{"kind": "repair", "width_m": float("nan")}],
    [{"kind": "fill_holes", "max_area_m2": -1}],
    [{"kind": "parcel_verdict", "point": [1, 1], "verdict": "fine"}],
    [{"kind": "area_add", "ring": [[i, i % 2] for i in range(30_000)]}],
]


@pytest.mark.parametrize("raw", BAD, ids=lambda raw: str(raw)[:50])
def test_what_cannot_be_used_is_refused_in_one_sentence(raw) -> None:
    with pytest.raises(InputError) as refused:
        to_new_edits(raw, frame())
    assert refused.value.message.endswith((".", "?"))


def test_one_bad_edit_refuses_all() -> None:
    with pytest.raises(InputError):
        to_new_edits([point("a"), {"kind": "dance"}], frame())
