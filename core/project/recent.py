"""The projects that a person may want to go on with, and where a new one goes."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import threading
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from sqlalchemy import ColumnElement, func, select

from core.errors import CropMapError
from core.project.migrations import newest_version, stored_version
from core.project.schema import project, scene, tile
from core.project.sqlite import Database
from core.settings import get_settings

_LOG = logging.getLogger(__name__)
_SUFFIX = ".cropmap"
_REMEMBERED = 50
_NAME_CHARACTERS = 60
# File systems allow 255 bytes; the suffixes of SQLite's own files must fit as well.
_NAME_BYTES = 200
_WINDOWS_DEVICES = {
    *("con", "prn", "aux", "nul"),
    *(f"{device}{number}" for device in ("com", "lpt") for number in range(10)),
}
_memory_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class ProjectSummary:
    """A project in a list.

    Attributes
    ----------
    changed_at : datetime or None
        Last change, UTC; for an unreadable file the time of the file, None where it is missing.
    scenes, tiles, reviewed : int
        Counts without removed scenes; ``reviewed`` tiles have a verdict.
    problem : str
        Why it cannot be read, in a sentence; empty where it can.
    """

    path: Path
    name: str
    changed_at: datetime | None
    scenes: int
    tiles: int
    reviewed: int
    problem: str = ""


def recent_projects() -> list[ProjectSummary]:
    """Projects in the projects folder and those remembered; changed last first, unreadable last."""
    paths = {path.absolute() for path in (*_remembered(), *_in_projects_folder())}
    summaries = [_summary(path) for path in sorted(paths)]
    return sorted(
        summaries,
        key=lambda entry: (
            entry.problem == "",
            entry.changed_at or datetime.min.replace(tzinfo=UTC),
        ),
        reverse=True,
    )


def remember_project(path: Path) -> None:
    """List this project from now on, wherever it lies.

    The list is a convenience: where it cannot be written, that is logged and nothing else.
    """
    path = path.absolute()
    with _memory_lock:
        _remember([path, *(other for other in _remembered() if other != path)])


def forget_project(path: Path) -> None:
    """List it no longer, unless it lies in the projects folder; the file stays."""
    path = path.absolute()
    with _memory_lock:
        _remember([other for other in _remembered() if other != path])


def new_project_path(name: str) -> Path:
    """A file ``folder/folder.cropmap`` in the projects folder whose folder is still free."""
    root, base = get_settings().projects_dir, _safe_name(name)
    for number in count(1):
        folder = root / (base if number == 1 else f"{base}-{number}")
        if not folder.exists():
            break
    return folder / f"{folder.name}{_SUFFIX}"


def _safe_name(name: str) -> str:
    """Lower-case letters and digits of any script, and hyphens.

    Lower case, since some file systems tell cases apart and others do not; the composed form,
    since some store the one form of an accented letter and others the other.
    """
    plain = unicodedata.normalize("NFC", name.lower())
    words = "".join(letter if letter.isalnum() else " " for letter in plain).split()
    joined = "-".join(words)[:_NAME_CHARACTERS]
    short = joined.encode("utf-8", "ignore")[:_NAME_BYTES].decode("utf-8", "ignore").strip("-")
    if not short:
        return "project"
    return f"{short}-project" if short in _WINDOWS_DEVICES else short


def _in_projects_folder() -> list[Path]:
    try:
        return [
            path for path in get_settings().projects_dir.glob(f"*/*{_SUFFIX}") if path.is_file()
        ]
    except OSError:
        return []


def _summary(path: Path) -> ProjectSummary:
    try:
        if not path.is_file():
            return _unreadable(path, f"There is no project at {path}; it was moved or removed.")
    except OSError:
        return _unreadable(path, f"{path} cannot be reached.")
    database = Database(path)
    try:
        return _read_summary(database)
    except CropMapError as error:
        return _unreadable(path, error.message)
    finally:
        database.close()


def _read_summary(database: Database) -> ProjectSummary:
    present = scene.c.removed.is_(False)
    tiles = select(func.count()).select_from(tile.join(scene)).where(present)
    with database.read() as connection:
        if stored_version(connection, database.path) < newest_version():
            # Its tables may be others; and looking at a list should change no file.
            return _unreadable(database.path, "It is of an older version; opening it updates it.")
        row = connection.execute(
            select(
                project.c.name,
                project.c.changed_at,
                select(func.count()).select_from(scene).where(present).scalar_subquery(),
                tiles.scalar_subquery(),
                tiles.where(_has_verdict()).scalar_subquery(),
            )
        ).one()
    return ProjectSummary(database.path, *row)


def _has_verdict() -> ColumnElement[bool]:
    return tile.c.verdict != "open"


def _unreadable(path: Path, problem: str) -> ProjectSummary:
    try:
        changed_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        changed_at = None
    return ProjectSummary(path, path.stem, changed_at, 0, 0, 0, problem)


def _memory() -> Path:
    return get_settings().cache_dir / "recent.json"


def _remembered() -> list[Path]:
    """Paths in the small file; none where it is missing or not as we wrote it."""
    try:
        found = json.loads(_memory().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    if not isinstance(found, list):
        return []
    return [Path(entry) for entry in found if isinstance(entry, str) and "\0" not in entry]


def _remember(paths: list[Path]) -> None:
    target = _memory()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump([str(path) for path in paths[:_REMEMBERED]], file)
            Path(name).replace(target)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        _LOG.warning("The list of recent projects cannot be written: %s", error)
