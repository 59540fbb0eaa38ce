"""Scenes and their land cover into a project."""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import CropMapError, storage_error
from core.files import replacing
from core.imagery.frame import plan_scene
from core.imagery.ingest import ingest
from core.imagery.scene import Scene, open_scene
from core.imagery.stretch import Stretch, StretchWay
from core.imagery.validity import UnknownPixels
from core.landcover.alignment import check_overlap
from core.landcover.source import open_landcover
from core.project import NewTile, Project, SceneRecord
from core.session.moved_imagery import check_imagery
from core.session.opened import OpenedScene, open_project_scene
from core.task import Cancelled, ShareProgress


def add_scene(
    project: Project,
    path: str | Path,
    *,
    name: str | None = None,
    crs: str | None = None,
    bands: tuple[int, int, int] | None = None,
    stretch: Stretch | StretchWay | None = None,
    landcover_path: str | Path | None = None,
    product: str | None = None,
    landcover_crs: str | None = None,
    nodata: Sequence[float] | None = None,
    landcover_nodata: Sequence[float] | None = None,
) -> SceneRecord:
    """Open a raster and keep it as a scene of the project, cut into tiles.

    Parameters
    ----------
    path : str or Path
        Of the raster, which stays where it lies.
    name : str, optional
        For people; by default the file's.
    bands, stretch : optional
        As for :func:`core.imagery.scene.open_scene`.
    landcover_path, product, landcover_crs : optional
        Source of the automatic prompts; its product and CRS where the file does not tell.
    nodata, landcover_nodata : sequence of float, optional
        Values that are unknown as the person states them, none where empty.

    Raises
    ------
    InputError
        The raster or the land cover cannot be used.
    NoOverlapError
        The land cover lies elsewhere.
    """
    scene = open_scene(_absolute(path), crs=crs, bands=bands, stretch=stretch, nodata=nodata)
    landcover = None
    if landcover_path is not None:
        landcover = _checked_landcover(
            scene, landcover_path, product, landcover_crs, landcover_nodata
        )
    return project.add_scene(name or Path(str(path)).stem, scene.to_json(), landcover, _plan(scene))


def change_landcover(
    project: Project,
    scene_id: str,
    path: str | Path | None,
    product: str | None = None,
    crs: str | None = None,
    nodata: Sequence[float] | None = None,
) -> SceneRecord:
    """Take another land cover as the source of automatic prompts; None takes none.

    What people did on the tiles stays.

    Raises
    ------
    InputError, NoOverlapError
        It cannot be used here; the present one stays.
    ConflictError
        Somebody changed the scene meanwhile.
    """
    opened = open_project_scene(project, scene_id)
    chosen = None if path is None else _checked_landcover(opened.scene, path, product, crs, nodata)
    return project.update_scene(scene_id, expected_version=opened.record.version, landcover=chosen)


def change_view(
    project: Project,
    scene_id: str,
    bands: tuple[int, int, int] | None = None,
    stretch: Stretch | None = None,
    unknown: UnknownPixels | None = None,
) -> SceneRecord:
    """See the scene through other bands or another stretch; models see it so, too.

    Parameters
    ----------
    unknown : UnknownPixels, optional
        What of it counts as unknown from now on.

    Raises
    ------
    InputError
        The raster does not have these bands, or is another file than the one that was added.
    ConflictError
        Somebody changed the scene meanwhile.
    """
    opened = open_project_scene(project, scene_id)
    old = opened.scene
    if unknown is None:
        unknown = old.unknown
    return _seen_anew(project, opened, bands=bands or old.bands, stretch=stretch, unknown=unknown)


def change_nodata(project: Project, scene_id: str, stated: Sequence[float] | None) -> SceneRecord:
    """Say which values of a scene mean that nothing was imaged.

    A contrast that nobody chose is found anew: such a value may have spoilt it.

    Parameters
    ----------
    stated : sequence of float, optional
        None where they are empty; None leaves it to the file, and to what looks unknown.

    Raises
    ------
    InputError
        All of the scene would be unknown, or its file is another one than the one that was added.
    ConflictError
        Somebody changed the scene meanwhile.
    """
    opened = open_project_scene(project, scene_id)
    old = opened.scene
    chosen = old.stretch_source in ("person", "")
    stretch: Stretch | StretchWay | None = old.stretch if chosen else None
    if old.stretch_source == "each":  # nothing but a person's wish leads to that
        stretch = "each"
    return _seen_anew(project, opened, bands=old.bands, stretch=stretch, nodata=stated)


def _seen_anew(
    project: Project,
    opened: OpenedScene,
    *,
    bands: tuple[int, int, int],
    stretch: Stretch | StretchWay | None,
    unknown: UnknownPixels | None = None,
    nodata: Sequence[float] | None = None,
) -> SceneRecord:
    """The scene of a project opened once more, and kept; what is as it was keeps its reason."""
    old = opened.scene
    check_imagery(old, opened.record.name)
    stated_crs = old.grid.crs.to_wkt() if old.crs_source == "person" else None
    new = open_scene(
        old.path, crs=stated_crs, bands=bands, stretch=stretch, unknown=unknown, nodata=nodata
    )
    # The file is the same one, and what is kept of it goes by the name that it has.
    new = replace(new, fingerprint=old.fingerprint)
    # What is as it was is so for the same reason.
    if new.bands == old.bands:
        new = replace(new, bands_source=old.bands_source)
    if new.stretch == old.stretch:
        new = replace(new, stretch_source=old.stretch_source)
    return project.update_scene(
        opened.record.id, expected_version=opened.record.version, scene=new.to_json()
    )


def copy_into(
    project: Project,
    original: Path,
    folder: str,
    *,
    crs: str | None = None,
    categorical: bool = False,
    trusted: bool,
    progress: ShareProgress,
    cancelled: Cancelled,
) -> Path:
    """A copy of a raster in ``folder`` of the project that is quick to look at.

    Parameters
    ----------
    crs, categorical, trusted, progress, cancelled
        As for :func:`core.imagery.ingest.ingest`.

    Raises
    ------
    CropMapError
        It cannot be made; nothing of it stays.
    """
    target = project.folder / folder / uuid.uuid4().hex[:12] / f"{safe_stem(original.name)}.tif"
    try:
        return ingest(
            original,
            target,
            crs=crs,
            categorical=categorical,
            progress=progress,
            cancelled=cancelled,
            trusted=trusted,
        )
    except CropMapError:
        shutil.rmtree(target.parent, ignore_errors=True)
        raise


def keep_landcover(project: Project, fetched: Path) -> Path:
    """A copy of fetched land cover inside the project: the cache it is in may be emptied.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    target = project.folder / "landcover" / fetched.name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, target) from error
    with replacing(target) as aside:
        shutil.copyfile(fetched, aside)
    return target


def safe_stem(name: str) -> str:
    """Letters, digits, ``_`` and ``-`` of a file's name: products are recognised by it."""
    stem = Path(name.replace("\\", "/")).stem
    return re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_")[:80] or "raster"


def _plan(scene: Scene) -> list[NewTile]:
    tiles = []
    for order, tile in enumerate(plan_scene(scene)):
        window = (tile.window.column, tile.window.row, tile.window.width, tile.window.height)
        tiles.append(NewTile(tile.name, order, window))
    return tiles


def _checked_landcover(
    scene: Scene,
    path: str | Path,
    product: str | None,
    crs: str | None,
    nodata: Sequence[float] | None,
) -> dict[str, Any]:
    landcover = open_landcover(_absolute(path), product=product, crs=crs, nodata=nodata)
    check_overlap(landcover, scene.working_grid)
    return {
        "path": _absolute(path),
        "product": landcover.product.key,
        "crs": crs,
        "nodata": None if nodata is None else list(nodata),
        "fingerprint": landcover.fingerprint,
        "file_fingerprint": landcover.file_fingerprint,
    }


def _absolute(path: str | Path) -> str:
    """Wherever the program is started next; URLs as they are."""
    return str(path) if "://" in str(path) else str(Path(path).absolute())
