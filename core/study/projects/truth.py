"""The truth of a project's scene, tile by tile: from a file, or from labels that people accepted.

Each tile gets a mask of its own, so that a step of an experiment reads the one tile that it looks
at, however large the scene is.  Where nobody says what is there, a pixel is unknown.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import AliasChoices, Field

from core.errors import CancelledError, EmptySceneError, InputError, Remedy
from core.existing.class_choice import ClassChoice, ReadingAnswers
from core.export.reports.areas import compared_tiles
from core.files import fresh_folder
from core.grid import Grid
from core.imagery.write_raster import MASK_COLOURS, MASK_NODATA, geotiff_bytes
from core.project import Project
from core.record_files import read_record, record_to_json
from core.session.opened import OpenedScene, open_project_scene
from core.session.place import default_choices
from core.session.scene_parcels import chosen_tiles
from core.session.workspaces import Workspaces
from core.study.metrics.truth_labels import LabelView, open_labels
from core.study.projects.run_locations import truth_folder
from core.task import Cancelled, Progress, never, silent

Kind = Literal["file", "corrected"]

STAGE = "Reading the reference"
RECORD = "truth.json"

Flags = npt.NDArray[np.bool_]
_TileTruth = tuple[str, Grid, Flags, Flags]
"""Name, grid, cropland, and where that is known."""


@dataclass(frozen=True, slots=True)
class TruthSource:
    """Where a scene's truth comes from.

    Parameters
    ----------
    kind : {"file", "corrected"}
        A mask or polygons, or the labels of the tiles that somebody accepted in this project.
    path : str
        Of the file; empty for corrected labels.
    name : str
        Of the file, as the person knows it.
    numbered : bool
        Whether a raster numbers its parcels instead of being a mask.
    layer : str
        Of polygons, where their file has several; empty elsewhere.
    column, cropland : str, tuple of str
        The attribute of polygons that says what is cropland, and its values that do, as the
        person says; empty where the names are clear.
    """

    kind: Kind
    path: str = ""
    name: str = ""
    numbered: bool = False
    layer: str = ""
    column: str = ""
    cropland: tuple[str, ...] = ()

    @property
    def answers(self) -> ReadingAnswers:
        """What the person says of a file of polygons."""
        classes = ClassChoice(self.column, frozenset(self.cropland)) if self.column else None
        return ReadingAnswers(self.layer or None, classes)


@dataclass(frozen=True, slots=True)
class Truth:
    """A scene's truth as it was read.

    Parameters
    ----------
    source : TruthSource
    says : str
        In words, what was taken for cropland.
    state : str
        What :func:`state_of` said when it was read.
    strategy : str
        That drew what people then corrected; empty for a file.
    tiles : dict of str to int
        Pixels of which the truth says anything, by tile, where there are any.
    """

    FORMAT: ClassVar[int] = 2
    """Until format 1 the source was called a source."""

    source: Annotated[TruthSource, Field(validation_alias=AliasChoices("source", "wish"))]
    says: str
    state: str
    strategy: str
    tiles: dict[str, int]


def kept_truth(project: Project, scene_id: str) -> Truth | None:
    """What was read last; None where nothing was.

    Raises
    ------
    UnreadableRecordError
        Its record cannot be read.
    """
    truth = read_record(truth_folder(project, scene_id) / RECORD, Truth)
    if truth is None or truth.source.kind != "file":
        return truth
    # A path that is not absolute counts from the project's folder, which may have been moved.
    source = replace(truth.source, path=str(project.folder / truth.source.path))
    return replace(truth, source=source)


def forget_truth(project: Project, scene_id: str) -> None:
    """Take a scene's truth away; the person's own file stays."""
    shutil.rmtree(truth_folder(project, scene_id), ignore_errors=True)


def tile_path(project: Project, scene_id: str, tile: str) -> Path:
    """The mask of a tile's truth: 1 cropland, 0 not, nodata unknown."""
    return truth_folder(project, scene_id) / f"{tile}.tif"


def is_current(project: Project, scene_id: str, truth: Truth) -> bool:
    """Whether reading it again would find the same."""
    return truth.state == truth_state(project, scene_id, truth.source)


def truth_state(project: Project, scene_id: str, source: TruthSource) -> str:
    """Changes with the file, or with edits and verdicts; and with the scene's tiles."""
    opened = open_project_scene(project, scene_id)
    facts: list[Any] = [repr(opened.scene.working_grid), sorted(opened.tiles), asdict(source)]
    if source.kind == "file":
        facts.append(_touched(Path(source.path)))
    else:
        tiles = project.tiles(scene_id)
        heads = [(t.name, t.verdict.verdict, t.log_version) for t in tiles]
        facts += [opened.record.version, heads]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def read_truth(
    project: Project,
    scene_id: str,
    source: TruthSource,
    *,
    workspaces: Workspaces | None = None,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> Truth:
    """Read a scene's truth and keep it; an earlier one stays where that fails.

    Raises
    ------
    LayerQuestionError, ClassQuestionError
        Only the person knows which layer, or what in it is cropland.
    InputError
        A file that cannot be used, or that lies elsewhere.
    EmptySceneError
        It says nothing about this scene: no tile is accepted, or the file is unknown everywhere.
    CancelledError
        ``cancelled`` said so.
    """
    state = truth_state(project, scene_id, source)
    opened = open_project_scene(project, scene_id)
    tiles: Iterator[_TileTruth]
    if source.kind == "file":
        says, tiles = _of_file(opened, source)
    else:
        says, tiles = _of_labels(project, opened, workspaces, cancelled)
    known: dict[str, int] = {}
    with fresh_folder(truth_folder(project, scene_id), marker=RECORD) as folder:
        for number, (name, grid, cropland, there) in enumerate(tiles):
            if cancelled():
                raise CancelledError(
                    "The reference fields were not read completely.", "Read it again."
                )
            progress(STAGE, number, len(opened.tiles))
            if there.any():
                known[name] = int(there.sum())
                _write(folder / f"{name}.tif", grid, cropland, there)
        if not known:
            raise EmptySceneError(
                f"{_titled(source)} says nothing about {opened.record.name}.",
                "Check its values, its nodata and its CRS.",
            )
        strategy = default_choices(opened).strategy if source.kind == "corrected" else ""
        truth = Truth(source, says, state, strategy, known)
        portable = replace(truth, source=_portable(project, source))
        (folder / RECORD).write_bytes(record_to_json(portable))
    return truth


def _of_file(opened: OpenedScene, source: TruthSource) -> tuple[str, Iterator[_TileTruth]]:
    grid = opened.scene.working_grid
    labels = open_labels(
        source.path, "truth", grid, numbered=source.numbered, answers=source.answers
    )

    def tiles() -> Iterator[_TileTruth]:
        for name in opened.tiles:
            window = opened.core(name)
            label = labels.tile(LabelView(grid, window, window))
            yield name, grid.window_grid(window), label.cropland, label.known

    return labels.says, tiles()


def _of_labels(
    project: Project, opened: OpenedScene, workspaces: Workspaces | None, cancelled: Cancelled
) -> tuple[str, Iterator[_TileTruth]]:
    scene_id, grid = opened.record.id, opened.scene.working_grid
    accepted = chosen_tiles(project, scene_id, accepted_only=True)
    if not accepted:
        raise EmptySceneError(
            f"No tile of {opened.record.name} is accepted yet.",
            remedy=Remedy.LABEL_TRUTH,
        )

    def tiles() -> Iterator[_TileTruth]:
        for tile in compared_tiles(
            project, scene_id, accepted, workspaces=workspaces, cancelled=cancelled
        ):
            yield tile.name, grid.window_grid(tile.window), tile.cropland, tile.known

    return "cropland as it was accepted", tiles()


def _write(path: Path, grid: Grid, cropland: Flags, known: Flags) -> None:
    codes = np.where(known, cropland.astype(np.uint8), np.uint8(MASK_NODATA))
    body = geotiff_bytes(codes[None], grid, {}, nodata=MASK_NODATA, colours=MASK_COLOURS)
    path.write_bytes(body)


def _touched(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _titled(source: TruthSource) -> str:
    return source.name or Path(source.path).name if source.kind == "file" else "No accepted label"


def _portable(project: Project, source: TruthSource) -> TruthSource:
    """Paths inside the project's folder count from there: the folder may be moved."""
    path = Path(source.path)
    if source.kind != "file" or not path.is_relative_to(project.folder):
        return source
    return replace(source, path=path.relative_to(project.folder).as_posix())


def missing_file(truth: Truth) -> InputError | None:
    """Why the truth cannot be read again; None where it can, or need not."""
    if truth.source.kind != "file" or Path(truth.source.path).is_file():
        return None
    return InputError(
        f"{_titled(truth.source)} is not at {Path(truth.source.path).parent} any more.",
        "Put it back, or choose another file; what was read of it stays.",
    )
