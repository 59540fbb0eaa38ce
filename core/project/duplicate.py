"""A second project from a first one: the same scenes, edits and verdicts under another id.

What the app keeps beside a project's file goes along, and files beside it that its scenes name, so
that the second works without the first.  Results, experiments and backups belong to the first.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from sqlalchemy import NullPool, create_engine, update

from core.errors import storage_error
from core.files import fresh_folder
from core.private_folders import PREFIX
from core.project import scenes
from core.project.database import to_json
from core.project.journal import Change
from core.project.places import new_project_path
from core.project.schema import project as project_table
from core.project.store import Project
from core.task import Cancelled, Progress, check, never, silent

_FOLDERS = ("imagery", "landcover", "uploads", "existing", "predictions", "labels", "past")
"""Folders that the app makes beside a project's file and reads again."""


def duplicate_project(
    source: Project, name: str, progress: Progress = silent, cancelled: Cancelled = never
) -> Path:
    """Copy a project as it is now into a new folder of the projects folder; gives its file.

    Whoever works on the first meanwhile is not disturbed.

    Raises
    ------
    InputError
        The name is empty.
    ProjectError
        The project cannot be read.
    OutputError
        The copy cannot be written; nothing of it stays.
    CancelledError
        ``cancelled`` said so; nothing of it stays.
    """
    name = scenes.checked_name(name)
    target = new_project_path(name)
    with fresh_folder(target.parent, marker=target.name) as folder:
        # First the tables: a file that they name is there before they are, and stays.
        source.backup(folder / target.name)
        _become_another(folder / target.name, name, source)
        files = list(_files(source))
        for done, file in enumerate(files):
            check(cancelled, "The project was not duplicated.")
            progress("Copying files", done, len(files))
            _copy(file, folder / file.relative_to(source.folder))
    return target


def _become_another(path: Path, name: str, source: Project) -> None:
    """Give the copy its own id and name, and write down where it comes from.

    Hashes of rows are made of tiles, edits and the journal, not of the project's id, so they stay.
    """
    # Not as an opened project: for that, a file with another id is another file.
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(path),
        poolclass=NullPool,
        json_serializer=to_json,
    )
    with engine.begin() as connection:
        connection.execute(update(project_table).values(id=uuid4().hex, name=name))
        detail = {"name": name, "before": source.name, "of": source.id}
        Change(connection).record("project duplicated", detail=detail)


def _files(source: Project) -> Iterator[Path]:
    """Files in the project's folder that the copy needs, each once."""
    found = set[Path]()
    for folder in _FOLDERS:
        found.update((source.folder / folder).rglob("*"))
    for named in _named_files(source):
        if named.is_relative_to(source.folder):
            found.update(_with_sidecars(named))
    for path in sorted(found):
        half_written = any(part.startswith(PREFIX) for part in path.parts)
        if path.is_file() and not half_written:
            yield path


def _named_files(source: Project) -> Iterator[Path]:
    for scene in (*source.scenes(), *source.removed_scenes()):
        for described in (scene.scene, scene.landcover or {}):
            path = str(described.get("path", ""))
            if path and "://" not in path:
                yield Path(path)


def _with_sidecars(raster: Path) -> Iterator[Path]:
    """A raster with its world file, ``.aux.xml``, ``.ovr`` and the like."""
    if raster.parent.is_dir():
        names = (f"{raster.stem}.", f"{raster.name}.")
        yield from (path for path in raster.parent.iterdir() if path.name.startswith(names))


def _copy(file: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, target)
    except FileNotFoundError:
        return  # removed meanwhile: it can be made again
    except OSError as error:
        raise storage_error(error, target) from error
