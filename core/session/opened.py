"""Projects and scenes of this process, opened once and shared by everybody who looks at them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import (
    InputError,
    ProjectError,
    ProjectReplacedError,
    ProjectUnavailableError,
    Remedy,
    ReplacedFileError,
)
from core.grid import Window
from core.imagery.frame import Frame, core_on_scene, frame_of, plan_scene
from core.imagery.identity import is_same_file
from core.imagery.scene import Scene
from core.imagery.sidecar import said_by_sidecar, sidecar_path
from core.imagery.tile_plan import Tile
from core.landcover.product_registry import PRODUCTS
from core.landcover.source import LandCover, open_landcover
from core.project import (
    BinnedProject,
    Damage,
    Project,
    SceneRecord,
    forget_project,
    is_archived,
    put_in_archive,
    put_in_bin,
    restore,
)
from core.session.older_fingerprints import is_known, with_file_fingerprints

_MOST_SCENES = 64
_OTHER_FILE = "another file"
"""Stands for the fingerprint of a file that was found to be another one: no file has it."""

_lock = threading.RLock()
_projects: dict[Path, Project] = {}
_replacements: dict[Path, ProjectReplacedError] = {}
_scenes: OrderedDict[tuple[str, str], OpenedScene] = OrderedDict()


@dataclass(frozen=True, slots=True)
class OpenedScene:
    """A scene of a project with its land cover and its tile plan.

    Parameters
    ----------
    record : SceneRecord
        What the store says; ``version`` changes with imagery, stretch or land cover.
    landcover : LandCover or None
        The source of automatic prompts, where there is one that can be read.
    landcover_error : InputError or None
        Why the one that was chosen cannot be read: its tiles are not predicted anew until then.
    tiles : dict of str to Tile
        The plan by name, in reading order.
    """

    record: SceneRecord
    scene: Scene
    landcover: LandCover | None
    tiles: dict[str, Tile]
    landcover_error: InputError | None = None

    @property
    def landcover_fingerprint(self) -> str | None:
        """Names the land cover, also while its file is lost; None without one."""
        if self.landcover is not None:
            return self.landcover.fingerprint
        stored = self.record.landcover or {}
        return stored.get("fingerprint")

    @property
    def landcover_title(self) -> str | None:
        """The land cover for people, also while its file is lost; None without one."""
        if self.landcover is not None:
            return self.landcover.title
        product = PRODUCTS.get(str((self.record.landcover or {}).get("product")))
        return product.title if product else None

    def tile(self, name: str) -> Tile:
        """A tile of the plan.

        Raises
        ------
        ProjectError
            The plan has no such tile.
        """
        if name not in self.tiles:
            raise ProjectError(f"The scene has no tile {name}.", "Choose one from the list.")
        return self.tiles[name]

    def frame(self, name: str) -> Frame:
        """Where a tile lies."""
        return frame_of(self.scene, self.tile(name))

    def core(self, name: str) -> Window:
        """The pixels of the scene's working grid that a tile answers for."""
        return core_on_scene(self.frame(name), self.tile(name))


def open_project(path: Path) -> Project:
    """The project of this file, opened once in this process; anew where the file is another one.

    Raises
    ------
    ProjectReplacedError
        The file was moved or deleted after it had been opened, and nothing is in its place.
    ProjectError
        Missing, damaged, not a project, of a newer version, or in the archive.
    """
    key = path.resolve()
    # What is open and in its place is found without the lock: many ask at once.
    known = _projects.get(key)
    with suppress(ProjectReplacedError):
        if known is not None and not is_archived(key) and _in_place(known, key):
            return known
    with _lock:
        if key in _projects:
            _drop_where_replaced(key)
        if key in _replacements and not key.exists():
            raise _replacements[key].again()
        if is_archived(key):
            close_project(key)
            raise ProjectUnavailableError(
                f"The project {key.stem} is in the archive.",
                "Take it back from the archive first.",
            )
        if key not in _projects:
            _projects[key] = Project.open(key)
        return _projects[key]


def replacement(project: Project) -> ProjectReplacedError | None:
    """What happened to the file that was open at the path of a project before this one."""
    with _lock:
        found = _replacements.get(project.path)
        return found.again() if found is not None else None


def _drop_where_replaced(key: Path) -> None:
    """What an open project saves must be found by whoever opens the file that is at its path."""
    project = _projects[key]
    try:
        if _in_place(project, key):
            return
    except ProjectReplacedError as error:
        _replacements[key] = error
    del _projects[key]
    project.close()


def _in_place(project: Project, key: Path) -> bool:
    """Whether the file that is open is at its path.

    Raises
    ------
    ProjectReplacedError
        Another one is.
    """
    project.verify()
    return key.exists()


def damages_of(path: Path) -> tuple[Damage, ...]:
    """The damage that was found in a project, if this process has it open."""
    with _lock:
        opened = _projects.get(path.resolve())
    return () if opened is None else opened.damages()


def close_project(path: Path) -> Project | None:
    """Close a project in this process; the object that was open, None where none was."""
    with _lock:
        opened = _projects.pop(path.resolve(), None)
        if opened is not None:
            opened.close()
        return opened


def delete_project(path: Path) -> BinnedProject:
    """Close a project in this process and move its folder to the bin.

    Raises
    ------
    InputError, OutputError
        As for :func:`core.project.bin.put_in_bin`; it is open again at the next look then.
    """
    with _lock:
        close_project(path)
        binned = put_in_bin(path)
        forget_project(path)
        return binned


def archive_project(path: Path) -> None:
    """Close a project in this process and put it into the archive.

    Raises
    ------
    OutputError
        Its folder cannot be written.
    """
    with _lock:
        close_project(path)
        put_in_archive(path)


def restore_project(path: Path, backup: Path) -> Path | None:
    """Put a backup in the place of a project, which is closed in this process before.

    Returns where the file that was there is kept now; None where none was.

    Raises
    ------
    ProjectError
        The backup cannot be read, or the project is kept in PostgreSQL.
    OutputError
        The folder cannot be written.
    """
    with _lock:
        opened = close_project(path)
        damaged = opened is None or bool(opened.damages())
        kept = restore(path, backup, reason="damaged" if damaged else "replaced")
        # What other sessions are told, which had the file before open.
        _replacements[path.resolve()] = ProjectReplacedError(
            f"The project {path.name} was restored from a backup.",
            "Look at this page again before you continue.",
        )
        return kept


def open_project_scene(project: Project, scene_id: str) -> OpenedScene:
    """A scene of a project as it now is; opened again when the store has a newer version.

    Raises
    ------
    ProjectError
        The project has no such scene.
    """
    record = project.scene(scene_id)
    key = (project.file_stamp, scene_id)
    with _lock:
        known = _scenes.get(key)
    if known is not None and known.record.version == record.version and _still_there(known):
        with _lock:
            if key in _scenes:
                _scenes.move_to_end(key)
        return known
    opened = _open(with_file_fingerprints(project, record))
    if opened.landcover_error is not None or not is_known(
        opened.scene.path, str(opened.record.scene.get("file_fingerprint") or "")
    ):
        return opened  # asked again next time: the file may be put back
    with _lock:
        _scenes[key] = opened
        while len(_scenes) > _MOST_SCENES:
            _scenes.popitem(last=False)
    return opened


def release_scenes() -> None:
    """Let go of scenes that are open; they are opened anew when they are asked for."""
    with _lock:
        _scenes.clear()


def _still_there(opened: OpenedScene) -> bool:
    """Whether the land cover's file is where it was, and the one it was, when it was opened."""
    landcover = opened.landcover
    if landcover is None or "://" in landcover.path:
        return True
    there = Path(landcover.path).exists()
    return there and is_same_file(landcover.path, landcover.file_fingerprint)


def _open(record: SceneRecord) -> OpenedScene:
    scene = Scene.from_json(record.scene)
    if not is_known(scene.path, scene.file_fingerprint):
        scene = replace(scene, file_fingerprint=_OTHER_FILE)
    landcover, lost = None, None
    if record.landcover is not None:
        try:
            landcover = _open_landcover(record.landcover, record.name)
        except InputError as error:
            lost = error
    tiles = {tile.name: tile for tile in plan_scene(scene)}
    return OpenedScene(record, scene, landcover, tiles, lost)


def _open_landcover(stored: dict[str, Any], name: str) -> LandCover:
    path = str(stored["path"])
    if "://" not in path and not Path(path).exists():
        raise InputError(
            f"The land cover is not at {path} any more.",
            "Put it back, or use another one; mapped tiles stay.",
            Remedy.CHOOSE_LANDCOVER,
        )
    known = str(stored.get("file_fingerprint") or "")
    if not is_same_file(path, known):
        raise _replaced_landcover(name)
    found = open_landcover(
        path,
        product=stored.get("product"),
        crs=stored.get("crs"),
        nodata=stored.get("nodata"),
        ask=False,
    )
    if known != found.file_fingerprint and known:
        # Earlier versions knew a file without its auxiliary XML, and did not read it either.
        unread = bool(said_by_sidecar(sidecar_path(path)))
        if unread or not is_same_file(path, known):
            raise _replaced_landcover(name)
    if not is_known(path, known):
        raise _replaced_landcover(name)
    return replace(found, fingerprint=stored.get("fingerprint") or found.fingerprint)


def _replaced_landcover(name: str) -> ReplacedFileError:
    return ReplacedFileError(
        f"The land cover of {name} is another file than the one that was added.",
        "Predicted tiles stay.",
        Remedy.PUT_BACK_LANDCOVER,
    )
