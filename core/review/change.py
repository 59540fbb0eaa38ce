"""What people changed: automatic prediction against the label as it stands, tile by tile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.label.tile_label import Label, rasterize_label
from core.project import Project, SecondReview, TileRecord
from core.review.past import ROOT, label_at
from core.session.opened import open_project_scene
from core.session.workspaces import Workspaces, get_workspaces
from core.study.metrics.pixels import Confusion, compare_pixels
from core.task import Cancelled, Progress, check


@dataclass(frozen=True, slots=True)
class TileChange:
    """Two labels of a tile's core, pixel by pixel.

    Parameters
    ----------
    pixels : Confusion
        The earlier label as prediction, the later as truth.
    pixel_ha : float
        Ground area of a pixel, in hectares.
    parcels : int
        Parcels of the later label.
    touched : int
        Of them, those whose outline or class a person changed.
    """

    tile: str
    pixels: Confusion
    pixel_ha: float
    parcels: int
    touched: int

    @property
    def added_ha(self) -> float:
        """Cropland that only the later label has."""
        return self.pixels.false_negative * self.pixel_ha

    @property
    def removed_ha(self) -> float:
        """Cropland that only the earlier label has."""
        return self.pixels.false_positive * self.pixel_ha

    @property
    def changed_ha(self) -> float:
        """Area on which they differ."""
        return self.added_ha + self.removed_ha


def pooled(changes: Iterable[TileChange]) -> Confusion:
    """Pixels of all tiles together."""
    return sum((change.pixels for change in changes), Confusion())


def worked_on(tile: TileRecord) -> bool:
    """Whether a person corrected or accepted a tile, so that its label says something."""
    return tile.edit_count > 0 or tile.verdict.verdict == "accepted"


def changes_of(
    project: Project,
    scene_id: str,
    progress: Progress,
    cancelled: Cancelled,
    workspaces: Workspaces | None = None,
) -> list[TileChange]:
    """Automatic against present label of the tiles that were worked on.

    Raises
    ------
    CancelledError
        ``cancelled`` said so.
    CropMapError
        A label cannot be made.
    """
    own = workspaces or get_workspaces()
    tiles = [tile for tile in project.tiles(scene_id) if worked_on(tile)]
    changes = []
    for done, tile in enumerate(tiles):
        _step("Comparing labels", done, len(tiles), progress, cancelled)
        now = own.get(project, scene_id, tile.name).finished()
        # Without edits the label is the automatic one: no need to make it a second time.
        before = now
        if tile.edit_count:
            before = label_at(project, scene_id, tile.name, ROOT, own.models)
        changes.append(_change(project, scene_id, tile.name, before, now))
    progress("Comparing labels", len(tiles), len(tiles))
    return changes


def between_reviewers(
    project: Project,
    scene_id: str,
    progress: Progress,
    cancelled: Cancelled,
    workspaces: Workspaces | None = None,
) -> list[TileChange]:
    """The label at the first verdict against that at the second, of the second looks done.

    Tiles whose first verdict is older than the knowledge of its label are left out.

    Raises
    ------
    CancelledError, CropMapError
        As for :func:`changes_of`.
    """
    own = workspaces or get_workspaces()
    reviews = [review for review in project.second_reviews(scene_id) if _heads(review)]
    changes = []
    for done, review in enumerate(reviews):
        _step("Comparing the reviewers' labels", done, len(reviews), progress, cancelled)
        labels = {head: _label(project, review, head, own) for head in set(_heads(review))}
        first, second = (labels[head] for head in _heads(review))
        changes.append(_change(project, scene_id, review.tile, first, second))
    progress("Comparing the reviewers' labels", len(reviews), len(reviews))
    return changes


def _label(project: Project, review: SecondReview, head: int, own: Workspaces) -> Label:
    """The label at a head of the log; the present one, which is at hand, where nothing differs."""
    scene_id, tile = review.scene_id, review.tile
    if project.log_at(scene_id, tile, head).edits == project.log(scene_id, tile).edits:
        return own.get(project, scene_id, tile).finished()
    return label_at(project, scene_id, tile, head, own.models)


def _heads(review: SecondReview) -> tuple[int, ...]:
    """Where the log stood at both verdicts; nothing where one is missing or unknown."""
    if review.first is None or review.second is None:
        return ()
    if review.first.head is None or review.second.head is None:
        return ()
    return review.first.head, review.second.head


def _change(project: Project, scene_id: str, tile: str, before: Label, after: Label) -> TileChange:
    frame = open_project_scene(project, scene_id).frame(tile)
    pixels = compare_pixels(rasterize_label(before, frame), rasterize_label(after, frame))
    touched = sum(parcel.edited for parcel in after.parcels)
    hectares = frame.core_grid.pixel_area_m2 / 10_000.0
    return TileChange(tile, pixels, hectares, len(after.parcels), touched)


def _step(stage: str, done: int, total: int, progress: Progress, cancelled: Cancelled) -> None:
    check(cancelled, "The comparison was cancelled.", "Nothing was changed.")
    progress(stage, done, total)
