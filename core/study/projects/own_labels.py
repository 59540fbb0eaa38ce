"""A project's own labels of a scene against an independent truth: how good is this map?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from core.errors import InputError
from core.export.write_export import ExportOptions, write_export
from core.files import prepare_folder
from core.grid import PixelPoint, Window
from core.project import Project
from core.record_files import read_record
from core.session.opened import OpenedScene, open_project_scene
from core.session.scene_parcels import chosen_tiles, labelled_scene
from core.session.workspaces import Workspaces
from core.study.metrics.bootstrap import Interval
from core.study.metrics.compare import METHOD, PREDICTION
from core.study.metrics.evaluation import (
    PLACE,
    SUMMARY,
    TILES,
    WORST,
    EvaluateOptions,
    Summary,
    evaluate,
)
from core.study.metrics.pairs import Pair
from core.study.projects.run_locations import runs_folder
from core.study.projects.runs import pack
from core.study.projects.truth import TruthSource, kept_truth, missing_file
from core.task import Cancelled, Progress

_LABELS, _FILES = "labels", "files"


@dataclass(frozen=True, slots=True)
class WorstTile:
    """A picture of mistakes, and the tile of the project that lies there."""

    picture: Path
    tile: str
    mean_iou: float | None


@dataclass(frozen=True, slots=True)
class Judged:
    """How good labels are.

    Parameters
    ----------
    folder : Path
        ``files`` in it hold all that was written.
    made : datetime
    tiles : int
        That were compared.
    own, landcover : dict of str to Interval
        Pooled figures by key; the land cover's are empty where there is none.
    missed_ha, extra_ha : float
        Cropland of the truth that the labels lack, and of the labels that the truth lacks.
    gain : Interval or None
        Mean IoU less that of the land cover, over the tiles of both.
    worst : tuple of WorstTile
        The worst first.
    """

    folder: Path
    made: datetime
    tiles: int
    own: dict[str, Interval]
    landcover: dict[str, Interval]
    gain: Interval | None
    worst: tuple[WorstTile, ...]
    missed_ha: float = 0.0
    extra_ha: float = 0.0

    @property
    def files(self) -> Path:
        """What was written."""
        return self.folder / _FILES

    @property
    def zip_file(self) -> Path:
        """All of it in one file."""
        return self.folder / f"{self.folder.name}.zip"


def judge_labels(
    project: Project,
    scene_id: str,
    *,
    accepted_only: bool,
    workspaces: Workspaces | None = None,
    progress: Progress,
    cancelled: Cancelled,
) -> None:
    """Compare a scene's labels with the file that is its truth; :func:`last_judged` reads it.

    Raises
    ------
    InputError
        The truth is no file, or it is gone.
    EmptySceneError
        No tile counts.
    CancelledError
        ``cancelled`` said so.
    """
    truth = kept_truth(project, scene_id)
    if truth is None or truth.source.kind != "file":
        raise InputError(
            "Your map can only be compared with a file that was made without it.",
            "Add a file with reference fields first.",
        )
    gone = missing_file(truth)
    if gone is not None:
        raise gone
    opened = open_project_scene(project, scene_id)
    chosen = chosen_tiles(project, scene_id, accepted_only=accepted_only)
    labelled = labelled_scene(
        project, scene_id, chosen, workspaces=workspaces, progress=progress, cancelled=cancelled
    )
    folder = _folder(project, scene_id)
    labels = prepare_folder(folder) / _LABELS
    write_export(
        labelled,
        labels,
        ExportOptions(("geopackage", "mask"), accepted_only=False),
        progress=progress,
        cancelled=cancelled,
    )
    pair = _pair(opened, labels, truth.source)
    options = EvaluateOptions(numbered_truth=truth.source.numbered)
    evaluate([pair], options, folder / _FILES, progress=progress, cancelled=cancelled)
    pack(folder / _FILES, folder / f"{folder.name}.zip")


def last_judged(project: Project, scene_id: str) -> Judged | None:
    """What was found last; None where nothing was.

    Raises
    ------
    InputError
        It is there and cannot be read.
    """
    folder = _folder(project, scene_id)
    found = read_record(folder / _FILES / SUMMARY, Summary)
    if found is None:
        return None
    methods = {one.method: one for one in found.methods}
    own = methods.pop(PREDICTION)
    others = [one.pooled for one in methods.values()]
    less = [one.pooled["mean_iou"] for one in found.differences]
    opened = open_project_scene(project, scene_id)
    pixel_ha = opened.scene.grid.pixel_area_m2 / 10_000.0
    return Judged(
        *(folder, datetime.fromisoformat(found.made), own.tiles, own.pooled),
        *(others[0] if others else {}, less[0] if less else None),
        _worst(folder / _FILES, opened),
        own.pixels.false_negative * pixel_ha,
        own.pixels.false_positive * pixel_ha,
    )


def tile_at(opened: OpenedScene, native: PixelPoint) -> str:
    """The tile that answers for a native pixel of the scene; empty beside all of them."""
    for name in opened.tiles:
        frame = opened.frame(name)
        if frame.core.holds(frame.to_tile(native)):
            return name
    return ""


def _folder(project: Project, scene_id: str) -> Path:
    return runs_folder(project) / f"labels_{scene_id[:12]}"


def _pair(opened: OpenedScene, labels: Path, truth: TruthSource) -> Pair:
    """The labels and their truth; land cover beside them where its file tells its place."""
    landcover = opened.landcover
    stated = (opened.record.landcover or {}).get("crs")
    usable = landcover is not None and not stated and "://" not in landcover.path
    scene = opened.scene
    own = scene.crs_source == "file" and "://" not in scene.path
    return Pair(
        opened.record.name,
        labels / "mask.tif",
        Path(truth.path),
        labels / "parcels.gpkg",
        Path(scene.path) if own else None,
        Path(landcover.path) if usable and landcover is not None else None,
        landcover.product.key if usable and landcover is not None else None,
        truth.answers,
    )


def _worst(files: Path, opened: OpenedScene) -> tuple[WorstTile, ...]:
    table = files / TILES
    try:
        rows = pd.read_csv(
            table, encoding="utf-8-sig", usecols=["tile", METHOD, *PLACE, "mean_iou"]
        )
    except (OSError, ValueError) as error:
        raise InputError(
            f"{table.name} of this comparison cannot be read.", "Compare your map again."
        ) from error
    rows = rows[rows[METHOD] == PREDICTION].set_index("tile")
    found = []
    for picture in sorted((files / WORST).glob("*.png")):
        name = picture.stem.rsplit("_", 1)[-1]
        if name in rows.index:
            row = rows.loc[name]
            window = Window(*(int(row[one]) for one in PLACE))
            middle = PixelPoint(window.column + window.width / 2, window.row + window.height / 2)
            value = None if pd.isna(row["mean_iou"]) else float(row["mean_iou"])
            found.append(WorstTile(picture, tile_at(opened, middle), value))
    return tuple(found)
