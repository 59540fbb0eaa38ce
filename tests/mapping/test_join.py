"""A scene's parcels from those of its tiles: joined at seams, judged, their prompts counted."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import CRS
from rasterio.features import rasterize

from core.grid import Grid, PixelPoint
from core.imagery.frame import Frame, frame_of
from core.imagery.tile_plan import Tile, plan_tiles
from core.label.labelled import LabelledParcel
from core.label.tile_label import Label
from core.mapping.join import (
    Piece,
    PromptCounts,
    _joined,
    join_parcels,
    labelled_parcel,
    pieces_of,
)
from core.parcels.parcel import Parcel
from core.parcels.polygons import mask_to_parcels
from core.predict.kept_prediction import WorldPrompt
from core.project import VerdictRecord

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
        (AUTO, "changed", LATE, ("auto", "", None, "")),
        (replace(CORRECTED, state="changed"), "open", None, ("changed", "Ana", EARLY, "")),
        (replace(CORRECTED, state="changed"), "accepted", LATE, ("accepted", "Ben", LATE, "")),
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
    found = labelled_parcel([piece(parcel, verdict, at)], 1.0)
    assert (found.state, found.reviewer, found.reviewed_at, found.reason) == expected
    assert (found.id, found.land_class) == ("t1/F1", "cropland")


def test_a_field_that_a_seam_cuts_is_put_together_unless_a_person_told_its_parts_apart() -> None:
    right = replace(AUTO, id="F9", polygon=shapely.box(10, 0, 30, 10))
    (group,) = _joined([piece(AUTO), piece(right, tile="t2")], 1.0)
    assert labelled_parcel(group, 1.0).geometry.equals(shapely.box(0, 0, 30, 10))
    assert labelled_parcel(group, 1.0).id == "t2/F9"
    other = replace(CORRECTED, land_class="other", reason="a meadow")
    for apart in (other, REJECTED):
        groups = _joined([piece(apart), piece(right, tile="t2")], 1.0)
        assert [labelled_parcel(group, 1.0).id for group in groups] == ["t1/F1", "t2/F9"]
    accepted = replace(AUTO, state="accepted", reviewer="Ana", reviewed_at=EARLY)
    (group,) = _joined([piece(accepted), piece(right, tile="t2")], 1.0)
    assert labelled_parcel(group, 1.0).state == "accepted"
    changed = replace(right, state="changed", reviewer="Ben", reviewed_at=LATE)
    (group,) = _joined([piece(accepted), piece(changed, tile="t2")], 1.0)
    assert labelled_parcel(group, 1.0).state == "changed"
    assert labelled_parcel([piece(other)], 1.0).land_class == "other"


def test_prompts_count_in_the_piece_of_their_own_tile() -> None:
    frame = frames()["left"]
    label = Label("v", (AUTO, replace(AUTO, id="F2", polygon=shapely.box(10, 0, 20, 10))))

    def prompt(column: float, row: float, says: int) -> WorldPrompt:
        return WorldPrompt("p", frame.to_world(PixelPoint(column, row)), says)

    prompts = [prompt(2, 2, 1), prompt(3, 3, 1), prompt(4, 4, 0), prompt(30, 30, 1)]
    one, other = (
        labelled_parcel([p], 1.0) for p in pieces_of(label, frame, "left", prompts=prompts)
    )
    assert (one.positive_prompts, one.negative_prompts) == (2, 1)
    assert (other.positive_prompts, other.negative_prompts) == (0, 0)
    (unknown, _) = (labelled_parcel([p], 1.0) for p in pieces_of(label, frame, "left"))
    assert unknown.positive_prompts is None


def test_a_field_over_a_seam_has_the_prompts_of_both_its_parts() -> None:
    left = replace(piece(AUTO), prompts=PromptCounts(2, 1))
    right = replace(AUTO, id="F9", polygon=shapely.box(10, 0, 30, 10))
    beside = replace(piece(right, tile="t2"), prompts=PromptCounts(1, 0))
    (group,) = _joined([left, beside], 1.0)
    joined = labelled_parcel(group, 1.0)
    assert (joined.positive_prompts, joined.negative_prompts) == (3, 1)
    # What one part does not know, the whole does not.
    (group,) = _joined([left, replace(beside, prompts=None)], 1.0)
    assert labelled_parcel(group, 1.0).positive_prompts is None


# A truth that is cut into tiles and put together again -------------------------------------------

SIZE, HALO = 48, 8
GRID = Grid(CRS.from_epsg(32633), Affine(2, 0, 500_074, 0, -2, 4_999_938), 150, 110)


def frames() -> dict[str, Frame]:
    scene = SimpleNamespace(grid=GRID, working_grid=GRID)
    tiles = plan_tiles(GRID, size=SIZE, halo=HALO)
    found = {tile.name: frame_of(scene, tile) for tile in tiles}
    return {"left": next(iter(found.values())), **found}


def through_the_tiles(views: Callable[[Tile], np.ndarray]) -> list[LabelledParcel]:
    """Parcels as an export has them, from what each tile sees in its window."""
    scene = SimpleNamespace(grid=GRID, working_grid=GRID)
    pieces = []
    for tile in plan_tiles(GRID, size=SIZE, halo=HALO):
        frame = frame_of(scene, tile)
        table = mask_to_parcels(views(tile)[frame.core.slices], frame.core_grid)
        native = frame.worlds_to_native(table.geometry.to_numpy())
        found = zip(table["field_id"], native, strict=True)
        label = Label("v", tuple(Parcel(name, shape, 0.5, "auto") for name, shape in found))
        pieces += pieces_of(label, frame, tile.name)
    return join_parcels(pieces, GRID)


def drawn(parcels: list[LabelledParcel]) -> np.ndarray:
    """The number of the parcel in which each pixel lies, 0 for none."""
    shapes = [(parcel.geometry, number) for number, parcel in enumerate(parcels, start=1)]
    burnt: np.ndarray = rasterize(
        shapes, out_shape=GRID.shape, transform=GRID.transform, dtype="int32"
    )
    return burnt


def assert_same_partition(numbers: np.ndarray, truth: np.ndarray) -> None:
    np.testing.assert_array_equal(numbers > 0, truth > 0)
    pairs = np.unique(np.stack([numbers.ravel(), truth.ravel()]), axis=1)
    assert len(np.unique(pairs[0])) == pairs.shape[1] == len(np.unique(pairs[1]))


def test_a_parcel_over_four_tiles_becomes_one() -> None:
    truth = np.zeros(GRID.shape, dtype=np.int32)
    truth[10:80, 12:78] = 1
    parcels = through_the_tiles(lambda tile: truth[tile.window.slices])
    assert len(parcels) == 1
    assert_same_partition(drawn(parcels), truth)


def test_fields_a_pixel_apart_come_back_as_they_were() -> None:
    truth = np.zeros(GRID.shape, dtype=np.int32)
    for number, (row, column) in enumerate(itertools.product(range(3), range(4)), start=1):
        truth[row * 36 + 1 : row * 36 + 35, column * 37 + 1 : column * 37 + 36] = number
    parcels = through_the_tiles(lambda tile: truth[tile.window.slices])
    assert_same_partition(drawn(parcels), truth)


def test_touching_fields_whose_border_crosses_a_seam_stay_apart() -> None:
    rows, columns = np.indices(GRID.shape)
    truth = np.where(rows < 50 + 0 * columns, 1, 2).astype(np.int32)
    parcels = through_the_tiles(lambda tile: truth[tile.window.slices])
    assert_same_partition(drawn(parcels), truth)


def test_neighbours_that_overlap_a_little_in_the_halo_stay_apart() -> None:
    tiles = plan_tiles(GRID, size=SIZE, halo=HALO)
    first, second = tiles[1:3]
    seam = max(core.column_stop for core in first.cores)
    views = {
        tile.name: np.zeros((tile.window.height, tile.window.width), dtype=np.int32)
        for tile in tiles
    }
    # One field ends a little before the seam as the first tile sees it; the second tile sees
    # another one that begins there and takes in two pixels of the first field's columns.
    views[first.name][5:25, 4 : seam - 4 - first.window.column] = 1
    views[second.name][5:25, seam - 6 - second.window.column :] = 1
    parcels = through_the_tiles(lambda tile: views[tile.name])
    numbers = drawn(parcels)
    left, right = numbers[15, seam - 8], numbers[15, seam + 2]
    assert left > 0
    assert right > 0
    assert left != right


def test_what_grows_on_the_parts_of_a_field_is_that_of_the_whole_or_tells_them_apart() -> None:
    wheat = replace(AUTO, attributes=(("crop", "wheat"),))
    right = replace(AUTO, id="F9", polygon=shapely.box(10, 0, 30, 10))
    (group,) = _joined([piece(wheat), piece(right, tile="t2")], 1.0)
    assert labelled_parcel(group, 1.0).attributes == (("crop", "wheat"),)
    rye = replace(right, attributes=(("crop", "rye"),))
    assert len(_joined([piece(wheat), piece(rye, tile="t2")], 1.0)) == 2
