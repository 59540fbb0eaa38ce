"""Existing labels into the app: the background work behind the tab of the Scene page."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

from pyproj import CRS

from core.errors import InputError, MissingCrsError, Remedy
from core.existing import (
    VECTOR_SUFFIXES,
    ClassChoice,
    Labels,
    LabelsFile,
    LayerQuestionError,
    MaskFile,
    VectorLabels,
    read_labels,
    read_mask,
)
from core.grid import Grid
from core.imagery import is_raster, parse_crs
from core.project import Project
from core.session import Stake, TakenOver, get_workspaces, open_project_scene, take_over
from core.task import Cancelled, Progress
from ui.shared.uploaded_files import SIDECARS, Source, discard, store, usable

FILES = (*VECTOR_SUFFIXES, ".tif", ".tiff")
"""Endings of files of labels; what they hold is told by their content."""

PARTS = (".shx", ".dbf", ".prj", ".cpg", *SIDECARS)

_STEPS = 100_000


@dataclass(frozen=True, slots=True)
class LabelsRequest:
    """A file of labels that a person wants to take over.

    Parameters
    ----------
    name : str
        Of the file, as the person knows it.
    layer : str or None
        Of a file that has several.
    crs : str or None
        As the person states it.
    """

    source: Source
    name: str
    layer: str | None = None
    crs: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ReadLabels:
    """A file that was read, and the request that it came from."""

    request: LabelsRequest
    file: LabelsFile | MaskFile
    laid: dict[ClassChoice, VectorLabels] = field(default_factory=dict)

    def on_scene(self, choice: ClassChoice, grid: Grid) -> VectorLabels:
        """A vector file's parcels on the scene; made once for each choice."""
        if not isinstance(self.file, LabelsFile):
            raise TypeError("a mask has no features")
        if choice not in self.laid:
            crs = parse_crs(self.request.crs) if self.request.crs else self.file.crs
            self.laid[choice] = VectorLabels(self.file, choice, grid, crs or grid.crs)
        return self.laid[choice]


class LabelsCrsQuestionError(MissingCrsError):
    """The labels have no CRS: a question, with the request that waits for the answer."""

    def __init__(self, message: str, request: LabelsRequest) -> None:
        super().__init__(message, remedy=Remedy.STATE_CRS)
        self.request = request


class LabelsLayerQuestionError(InputError):
    """The file has several layers: a question, with the request that waits for the answer."""

    def __init__(self, error: LayerQuestionError, request: LabelsRequest) -> None:
        super().__init__(error.message, remedy=error.remedy)
        self.request, self.layers = request, error.layers


def read(
    project: Project,
    scene_id: str,
    request: LabelsRequest,
    progress: Progress,
    cancelled: Cancelled,
) -> ReadLabels:
    """Read a file of labels; nothing of the project changes.

    Raises
    ------
    LabelsCrsQuestionError
        It does not say in which CRS it is.
    LabelsLayerQuestionError
        It has several layers, and the request names none.
    CropMapError
        It cannot be used.
    """
    source = store(project, request.source, progress, wanted=FILES, sidecars=PARTS)
    request = replace(request, source=source)
    path = source.stored or Path(source.path)
    if path.is_file() and is_raster(path):
        return _read_mask(project, request, progress, cancelled)
    try:
        file = read_labels(
            path,
            open_project_scene(project, scene_id).scene.grid,
            layer=request.layer,
            name=request.name,
            progress=lambda share: progress("Reading the labels", round(share * _STEPS), _STEPS),
            cancelled=cancelled,
        )
    except LayerQuestionError as error:
        raise LabelsLayerQuestionError(error, request) from error
    if request.crs is None and (lacking := file.crs_question()):
        raise LabelsCrsQuestionError(f"{request.name} {lacking}", request)
    return ReadLabels(request, file)


def _read_mask(
    project: Project, request: LabelsRequest, progress: Progress, cancelled: Cancelled
) -> ReadLabels:
    try:
        path = usable(
            project,
            request.source,
            progress,
            cancelled,
            crs=request.crs,
            categorical=True,
            folder="existing",
        )
        progress("Counting the mask's values", 0, 0)
        return ReadLabels(request, read_mask(path, name=request.name, crs=request.crs))
    except MissingCrsError as error:
        if request.crs is None and error.remedy is Remedy.STATE_CRS:
            raise LabelsCrsQuestionError(error.message, request) from error
        raise


def take(
    project: Project,
    scene_id: str,
    labels: Labels,
    stake: Stake,
    found: ReadLabels,
    *,
    author: str,
    replace_work: bool,
    empty_beside: bool,
    progress: Progress,
    cancelled: Cancelled,
) -> TakenOver:
    """Take the labels over; what was uploaded is not needed any more then."""
    done = take_over(
        project,
        scene_id,
        labels,
        stake,
        author=author,
        replace_work=replace_work,
        empty_beside=empty_beside,
        progress=progress,
        cancelled=cancelled,
    )
    forget(project, found)
    if isinstance(found.file, LabelsFile):  # around a mask's nodata the model has to look first
        for number, name in enumerate(done.tiles):
            # Other pages want hectares and outlines before anybody opens the tile.
            progress("Measuring them", number, len(done.tiles))
            get_workspaces().get(project, scene_id, name).finished()
    return done


def forget(project: Project, found: ReadLabels) -> None:
    """Remove what was uploaded, and our copy of a mask; a person's own file stays."""
    discard(found.request.source)
    if isinstance(found.file, MaskFile):
        copy = Path(found.file.path)
        if copy.is_relative_to(project.folder / "existing"):
            shutil.rmtree(copy.parent, ignore_errors=True)


def crs_of(found: ReadLabels) -> CRS | None:
    """The CRS in which the file lies, by itself or as the person stated."""
    if isinstance(found.file, MaskFile):
        return found.file.grid.crs
    return parse_crs(found.request.crs) if found.request.crs else found.file.crs
