"""Imagery and land cover into a project: the background work behind the Scene page's forms."""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from core.errors import CropMapError, InputError, MissingCrsError, storage_error
from core.files import replacing
from core.imagery.ingest import ingest, needs_copy
from core.imagery.scene import Scene
from core.landcover.fetch import fetch_worldcover
from core.project import Project, SceneRecord
from core.session.adding_scenes import add_scene, change_landcover
from ui.shared.jobs import Cancelled, Progress
from ui.shared.landcover_facts import with_source
from ui.shared.settings_dialog import scene_settings

FETCHED_PRODUCT = "worldcover_v200"

SIDECARS = (".tfw", ".tifw", ".jgw", ".pgw", ".j2w", ".wld", ".prj")
RASTERS = (".tif", ".tiff", ".jp2", ".png", ".jpg", ".jpeg")

_BLOCK = 8 * 1024 * 1024
_SHARES = 100_000
"""Steps of a share; so many that they are told in percent."""

LandCoverFrom = Literal["fetch", "path", "upload", "later"]


class Upload(Protocol):
    """A file that a browser sent."""

    name: str
    size: int

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""

    def seek(self, offset: int, /) -> int:
        """Go to a place."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a raster comes from: a path or URL, or files that a browser sent.

    Parameters
    ----------
    stored : Path or None
        The uploaded raster once it is on the disk, so that a question about it needs no second
        upload.
    """

    path: str = ""
    uploads: tuple[Upload, ...] = ()
    stored: Path | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """A scene that a person wants to add."""

    source: Source
    name: str = ""
    crs: str | None = None
    landcover_from: LandCoverFrom = "later"
    landcover: Source = Source()
    product: str | None = None
    model: str = ""
    strategy: str = ""


@dataclass(frozen=True, slots=True)
class Added:
    """A scene that was added, and what went wrong with its land cover, if anything did."""

    scene: SceneRecord
    landcover_error: CropMapError | None = None


class CrsQuestionError(MissingCrsError):
    """The imagery has no CRS: a question to the person, with the wish that waits for the answer."""

    def __init__(self, message: str, hint: str, wish: Wish) -> None:
        super().__init__(message, hint)
        self.wish = wish


def add(project: Project, wish: Wish, progress: Progress, cancelled: Cancelled) -> Added:
    """Add a scene; a land cover that cannot be had does not keep it out.

    Raises
    ------
    CrsQuestionError
        The imagery does not say in which CRS it is.
    CropMapError
        It cannot be used.
    """
    source = store(project, wish.source, progress)
    try:
        path = usable(project, source, progress, cancelled, crs=wish.crs)
        progress("Adding the scene", 0, 0)
        name = wish.name or _title(wish.source)
        scene = add_scene(project, path, name=name, crs=wish.crs)
    except MissingCrsError as error:
        if wish.crs is None and asks_for_crs(error):
            waiting = replace(wish, source=source, name=wish.name or _title(wish.source))
            raise CrsQuestionError(error.message, error.hint, waiting) from error
        raise
    discard(source)
    scene = _with_settings(project, scene, wish)
    if wish.landcover_from == "later":
        return Added(scene)
    try:
        return Added(
            add_landcover(
                project,
                scene.id,
                wish.landcover_from,
                wish.landcover,
                wish.product,
                progress,
                cancelled,
            )
        )
    except CropMapError as error:
        return Added(project.scene(scene.id), error)


def add_landcover(
    project: Project,
    scene_id: str,
    kind: LandCoverFrom,
    source: Source,
    product: str | None,
    progress: Progress,
    cancelled: Cancelled,
) -> SceneRecord:
    """Make a land cover the source of a scene's prompts, and list it with the scene.

    Raises
    ------
    CropMapError
        It cannot be had or used here; the present one stays.
    """
    if kind == "fetch":
        progress("Fetching ESA WorldCover", 0, 0)
        grid = Scene.from_json(project.scene(scene_id).scene).working_grid
        path, product = _kept(project, fetch_worldcover(grid)), FETCHED_PRODUCT
    else:
        stored = store(project, source, progress)
        path = usable(project, stored, progress, cancelled, categorical=True)
        discard(stored)
    progress("Reading the land cover", 0, 0)
    scene = change_landcover(project, scene_id, path, product)
    if scene.landcover is None:
        return scene
    wanted = with_source(scene.settings, scene.landcover)
    return project.update_scene(scene.id, expected_version=scene.version, settings=wanted)


def asks_for_crs(error: CropMapError) -> bool:
    """Whether stating a CRS would answer the error (a raster can also lack a place altogether)."""
    return isinstance(error, MissingCrsError) and "in which CRS" in error.message


def store(
    project: Project,
    source: Source,
    progress: Progress,
    *,
    wanted: Sequence[str] = RASTERS,
    sidecars: Sequence[str] = SIDECARS,
) -> Source:
    """Write what a browser sent into a folder of its own inside the project.

    Parameters
    ----------
    wanted, sidecars : sequence of str
        Endings of the file itself, and of those that may come along.

    Raises
    ------
    InputError
        None of the files is what is wanted.
    OutputError
        They cannot be written.
    """
    if not source.uploads or source.stored is not None:
        return source
    main = next((u for u in source.uploads if _suffix(u) in wanted), None)
    if main is None:
        what = "raster" if wanted is RASTERS else "file of labels"
        raise InputError(
            f"No {what} is among the uploaded files.",
            f"Send one that ends with {', '.join(wanted)}, and what belongs to it.",
        )
    folder = project.folder / "uploads" / uuid.uuid4().hex
    stem = safe_stem(main.name)
    try:
        folder.mkdir(parents=True)
        for upload in source.uploads:
            if upload is main or _suffix(upload) in sidecars:
                _write(upload, folder / f"{stem}{_suffix(upload)}", progress)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise storage_error(error, folder / main.name) from error
    return replace(source, uploads=(), stored=folder / f"{stem}{_suffix(main)}")


def usable(
    project: Project,
    source: Source,
    progress: Progress,
    cancelled: Cancelled,
    *,
    crs: str | None = None,
    categorical: bool = False,
    folder: str = "",
) -> str:
    """The path from which the app may work: the file itself, or a copy of ours in the project.

    What a browser sent is always copied, by a process of its own; a file on this machine only
    where it is too slow to look at.  ``folder`` of the project holds the copy.
    """
    trusted = source.stored is None
    if trusted and not source.path:
        raise InputError("No file is named yet.", "Type its path, or upload it.")
    if trusted and ("://" in source.path or not needs_copy(source.path)):
        return source.path
    original = Path(source.path) if source.stored is None else source.stored
    kind = folder or ("landcover" if categorical else "imagery")
    target = project.folder / kind / uuid.uuid4().hex[:12] / f"{safe_stem(original.name)}.tif"
    stage = "Making a copy that is quick to look at" if trusted else "Checking and copying the file"
    try:
        ingest(
            original,
            target,
            crs=crs,
            categorical=categorical,
            progress=lambda share: progress(stage, round(share * _SHARES), _SHARES),
            cancelled=cancelled,
            trusted=trusted,
        )
    except CropMapError:
        shutil.rmtree(target.parent, ignore_errors=True)
        raise
    return str(target)


def discard(source: Source) -> None:
    """Remove an uploaded file of which the project has its own copy now."""
    if source.stored is not None:
        shutil.rmtree(source.stored.parent, ignore_errors=True)


def safe_stem(name: str) -> str:
    """Letters, digits, ``_`` and ``-`` of a file's name: products are recognised by it."""
    stem = Path(name.replace("\\", "/")).stem
    return re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_")[:80] or "raster"


def _kept(project: Project, fetched: Path) -> str:
    """A copy inside the project: the cache that holds the original may be emptied."""
    target = project.folder / "landcover" / fetched.name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, target) from error
    with replacing(target) as aside:
        shutil.copyfile(fetched, aside)
    return str(target)


def _write(upload: Upload, path: Path, progress: Progress) -> None:
    upload.seek(0)
    done = 0
    with path.open("wb") as file:
        while block := upload.read(_BLOCK):
            file.write(block)
            done += len(block)
            progress("Storing the upload", done, max(upload.size, 1))


def _with_settings(project: Project, scene: SceneRecord, wish: Wish) -> SceneRecord:
    if not wish.model:
        return scene
    wanted = {**scene.settings, **scene_settings(wish.model, wish.strategy)}
    return project.update_scene(scene.id, expected_version=scene.version, settings=wanted)


def _title(source: Source) -> str:
    names = [u.name for u in source.uploads if _suffix(u) in RASTERS]
    return Path(names[0] if names else source.path).stem or "Scene"


def _suffix(upload: Upload) -> str:
    return Path(upload.name).suffix.lower()
