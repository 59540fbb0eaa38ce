"""Projects of earlier versions, which know their files by an overview: from now on exactly."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import ConflictError, CropMapError, InputError
from core.imagery.identity import file_stamps
from core.imagery.scene import Scene
from core.landcover.source import open_landcover
from core.project import Project, SceneRecord
from core.session.moved_imagery import look_at

_log = logging.getLogger(__name__)

_refused: dict[tuple[str, str], object] = {}
"""Files that are not what a fingerprint of an earlier version says, as they were then."""


def with_file_fingerprints(project: Project, record: SceneRecord) -> SceneRecord:
    """A scene whose files are known by their content, where they are still those that were added.

    What kept results are named by stays.  Where a file is not there, or is another one, the scene
    stays as it is.
    """
    scene = _imagery(record.scene)
    landcover = None if record.landcover is None else _landcover(record.landcover)
    changed: dict[str, Any] = {}
    if scene is not None:
        changed["scene"] = scene
    if landcover is not None:
        changed["landcover"] = landcover
    if not changed:
        return record
    try:
        return project.update_scene(record.id, expected_version=record.version, **changed)
    except ConflictError:
        return project.scene(record.id)
    except CropMapError as error:  # a project that may only be read
        _log.warning("The fingerprints of %s were not stored: %s", record.name, error)
        return replace(record, **changed)


def _imagery(stored: dict[str, Any]) -> dict[str, Any] | None:
    old = Scene.from_json(stored)
    if old.file_fingerprint or not _worth_looking(old.path, old.fingerprint):
        return None
    try:
        found = look_at(old, old.path)
    except InputError:
        return None
    if not found.same:
        _refuse(old.path, old.fingerprint)
        return None
    new = found.scene
    return replace(
        old,
        file_fingerprint=new.file_fingerprint,
        overview_fingerprint=new.overview_fingerprint,
    ).to_json()


def _landcover(stored: dict[str, Any]) -> dict[str, Any] | None:
    path, known = str(stored["path"]), str(stored.get("fingerprint") or "")
    if stored.get("file_fingerprint") or not _worth_looking(path, known):
        return None
    try:
        found = open_landcover(
            path,
            product=stored.get("product"),
            crs=stored.get("crs"),
            nodata=stored.get("nodata"),
            ask=False,
        )
    except InputError:
        return None
    if known not in ("", found.fingerprint, found.overview_fingerprint):
        _refuse(path, known)
        return None
    return {
        **stored,
        "fingerprint": known or found.fingerprint,
        "file_fingerprint": found.file_fingerprint,
    }


def _worth_looking(path: str, fingerprint: str) -> bool:
    if "://" in path:
        return False
    try:
        return _refused.get((path, fingerprint)) != file_stamps(path)
    except (OSError, ValueError):
        return False


def _refuse(path: str, fingerprint: str) -> None:
    try:
        _refused[path, fingerprint] = file_stamps(path)
    except OSError:
        return


def is_known(path: str, file_fingerprint: str) -> bool:
    """Whether a file is known by its content, so far as that is possible."""
    return bool(file_fingerprint) or "://" in path or not Path(path).exists()
