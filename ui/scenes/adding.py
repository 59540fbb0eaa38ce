"""Imagery and land cover into a project: the background work behind the page's forms."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from core.errors import CropMapError, MissingCrsError, Remedy
from core.imagery import Scene
from core.landcover import fetch_worldcover
from core.project import Project, SceneRecord
from core.session import add_scene, keep_landcover, take_landcover
from core.task import Cancelled, Progress
from ui.scenes.landcover_facts import with_source
from ui.shared.settings_dialog import scene_settings
from ui.shared.uploaded_files import (
    RASTERS,
    Source,
    discard,
    store,
    suffix_of,
    usable,
)

FETCHED_PRODUCT = "worldcover_v200"

_STATE_CRS = (Remedy.STATE_CRS, Remedy.STATE_LANDCOVER_CRS)

LandCoverFrom = Literal["fetch", "path", "upload", "later"]


@dataclass(frozen=True, slots=True)
class LandCoverChoice:
    """Which land cover a person wants: where from, which file, and what is said of it.

    Parameters
    ----------
    product : str or None
        Key; None where the file tells.
    nodata : tuple of float or None
        Values that are nodata, none where empty; None where the file tells.
    crs : str or None
        Where the file has none, or one without a datum.
    """

    kind: LandCoverFrom = "later"
    source: Source = field(default_factory=Source)
    product: str | None = None
    nodata: tuple[float, ...] | None = None
    crs: str | None = None


@dataclass(frozen=True, slots=True)
class NewScene:
    """What a person asked for: a scene to be added, with its land cover."""

    source: Source
    name: str = ""
    crs: str | None = None
    landcover: LandCoverChoice = field(default_factory=LandCoverChoice)
    model: str = ""
    strategy: str = ""


@dataclass(frozen=True, slots=True)
class Added:
    """A scene that was added, and what went wrong with its land cover, if anything did."""

    scene: SceneRecord
    landcover_error: CropMapError | None = None


class CrsQuestionError(MissingCrsError):
    """The imagery has no CRS: a question to the person; ``new`` waits for the answer."""

    def __init__(self, error: MissingCrsError, new: NewScene) -> None:
        super().__init__(error.message, error.hint, error.remedy)
        self.new = new


class LandCoverCrsQuestionError(MissingCrsError):
    """The land cover does not say where it lies: a question; ``chosen`` waits for the answer."""

    def __init__(self, error: MissingCrsError, chosen: LandCoverChoice) -> None:
        super().__init__(error.message, error.hint, error.remedy)
        self.chosen = chosen


def add(project: Project, new: NewScene, progress: Progress, cancelled: Cancelled) -> Added:
    """Add a scene; a land cover that cannot be had does not keep it out.

    Raises
    ------
    CrsQuestionError
        The imagery does not say in which CRS it is.
    CropMapError
        It cannot be used.
    """
    source = store(project, new.source, progress)
    try:
        path = usable(project, source, progress, cancelled, crs=new.crs)
        progress("Adding the scene", 0, 0)
        name = new.name or _title(new.source)
        scene = add_scene(project, path, name=name, crs=new.crs)
    except MissingCrsError as error:
        if new.crs is None and error.remedy is Remedy.STATE_CRS:
            waiting = replace(new, source=source, name=new.name or _title(new.source))
            raise CrsQuestionError(error, waiting) from error
        raise
    discard(source)
    scene = _with_settings(project, scene, new)
    if new.landcover.kind == "later":
        return Added(scene)
    try:
        return Added(add_landcover(project, scene.id, new.landcover, progress, cancelled))
    except CropMapError as error:
        return Added(project.scene(scene.id), error)


def add_landcover(
    project: Project,
    scene_id: str,
    chosen: LandCoverChoice,
    progress: Progress,
    cancelled: Cancelled,
) -> SceneRecord:
    """Make a land cover the source of a scene's prompts, and list it with the scene.

    Raises
    ------
    LandCoverCrsQuestionError
        It does not say in which CRS it is, or not on which datum.
    CropMapError
        It cannot be had or used here; the present one stays.
    """
    if chosen.kind == "fetch":
        progress("Fetching ESA WorldCover", 0, 0)
        grid = Scene.from_json(project.scene(scene_id).scene).working_grid
        path = str(keep_landcover(project, fetch_worldcover(grid)))
        scene = take_landcover(project, scene_id, path, FETCHED_PRODUCT)
    else:
        stored = store(project, chosen.source, progress)
        try:
            path = usable(project, stored, progress, cancelled, crs=chosen.crs, categorical=True)
            progress("Reading the land cover", 0, 0)
            scene = take_landcover(
                project, scene_id, path, chosen.product, chosen.crs, chosen.nodata
            )
        except MissingCrsError as error:
            if chosen.crs is not None or error.remedy not in _STATE_CRS:
                discard(stored)
                raise
            waiting = replace(chosen, source=stored)
            raise LandCoverCrsQuestionError(error, waiting) from error
        except CropMapError:
            discard(stored)
            raise
        discard(stored)
    if scene.landcover is None:
        return scene
    wanted = with_source(scene.settings, scene.landcover)
    return project.update_scene(scene.id, expected_version=scene.version, settings=wanted)


def _with_settings(project: Project, scene: SceneRecord, new: NewScene) -> SceneRecord:
    if not new.model:
        return scene
    wanted = {**scene.settings, **scene_settings(new.model, new.strategy)}
    return project.update_scene(scene.id, expected_version=scene.version, settings=wanted)


def _title(source: Source) -> str:
    names = [u.name for u in source.uploads if suffix_of(u) in RASTERS]
    return Path(names[0] if names else source.path).stem or "Scene"
