"""Backups: whole copies of a project in ``backups`` beside its file, and the way back from one."""

from __future__ import annotations

import logging
import re
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import func, insert, select

from core.errors import CropMapError, OutputError, ProjectError, storage_error
from core.files import move, replacing
from core.project import places, sqlite
from core.project.chain import Checks
from core.project.database import Database, exists_already
from core.project.migrations import newest_version
from core.project.schema import metadata, project, scene

FOLDER = "backups"
DAYS = 3
"""So many automatic backups are kept, one a day; those that people make stay."""

_LOG = logging.getLogger(__name__)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(-\d{6})?")
_SET_ASIDE = re.compile(r".+\.(damaged|replaced)-\d{8}-\d{6}")
_ROWS = 1000
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy of a project.

    Attributes
    ----------
    made_at : datetime
        When, UTC.
    edits : int
        In force, in all tiles.
    revision : int
        The project's at that time.
    """

    path: Path
    made_at: datetime
    edits: int
    revision: int


def backups_folder(path: Path) -> Path:
    """Where the backups of the project at this path lie."""
    return path.parent / FOLDER


def backups_of(path: Path) -> list[Backup]:
    """Backups of the project at this path, the newest first; those that can be read."""
    try:
        found = sorted(backups_folder(path).glob("*.cropmap"))
    except OSError:
        return []
    ours = [entry for entry in found if _moment(path, entry) is not None]
    read = [backup for entry in ours if (backup := _read(entry)) is not None]
    return sorted(read, key=lambda backup: backup.made_at, reverse=True)


def new_backup_path(path: Path) -> Path:
    """Where a backup that a person asks for goes; of two in one second, the later has the next."""
    now = datetime.now().astimezone()
    while True:
        target = backups_folder(path) / f"{path.stem}-{now:%Y-%m-%d-%H%M%S}{path.suffix}"
        if not target.exists():
            return target
        now += timedelta(seconds=1)


def back_up(database: Database, target: Path) -> None:
    """Copy a project as it is now into one file, whole or not at all.

    A project in PostgreSQL is copied table by table into a SQLite file.

    Raises
    ------
    ProjectError
        There is a file already, or the project cannot be read.
    OutputError
        The copy cannot be written.
    """
    target = target.absolute()
    if target.exists():
        raise exists_already(target)
    _copy(database, target)


def _copy(database: Database, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, target.parent) from error
    with replacing(target) as part:
        if isinstance(database, sqlite.SqliteDatabase):
            database.copy_to(part)
        else:
            _copy_tables(database, part)


def _copy_tables(database: Database, target: Path) -> None:
    copy = sqlite.create(target)
    with closing(copy), database.read() as source, copy.write() as into:
        metadata.create_all(into)
        for table in metadata.sorted_tables:
            for rows in source.execute(select(table)).mappings().partitions(_ROWS):
                into.execute(insert(table), [dict(row) for row in rows])
        copy.set_version(into, newest_version())
    # One file, as SQLite's own backup leaves it.
    with closing(sqlite3.connect(target)) as made:
        made.execute("PRAGMA journal_mode=DELETE")


class AutomaticBackup:
    """The backup of a day, made while the project is open and nobody writes.

    Parameters
    ----------
    checks : Checks
        Of the project: while damage is known, its good backups stay.
    """

    def __init__(self, database: sqlite.SqliteDatabase, checks: Checks) -> None:
        self._database = database
        self._checks = checks

    def make(self) -> None:
        """Make it, where the day has none and something has changed; what goes wrong is logged."""
        path = self._database.path
        today = f"{datetime.now().astimezone():%Y-%m-%d}"
        target = backups_folder(path) / f"{path.stem}-{today}{path.suffix}"
        try:
            with _one_at_a_time:
                if not (self._checks.damages() or target.exists()) and self._has_changed():
                    _copy(self._database, target)
                    _rotate(path)
        except (CropMapError, OSError) as error:
            _LOG.warning("There is no backup of %s from %s: %s", path.name, today, error)

    def _has_changed(self) -> bool:
        known = backups_of(self._database.path)
        with self._database.read() as connection:
            revision = connection.execute(select(project.c.revision)).scalar_one()
            scenes = connection.execute(select(func.count()).select_from(scene)).scalar_one()
        return bool(scenes) and (not known or known[0].revision != revision)


def _rotate(path: Path) -> None:
    """Remove the automatic backups but the last ones."""
    pattern = f"*{path.suffix}"
    automatic = [
        entry
        for entry in backups_folder(path).glob(pattern)
        if _DAY.fullmatch(_ending(path, entry))
    ]
    for old in sorted(automatic)[:-DAYS]:
        old.unlink(missing_ok=True)


def restore(path: Path, backup: Path, *, reason: str = "replaced") -> Path | None:
    """Put a backup in the place of a project; what is there is kept under another name.

    The project must not be open in this process.

    Parameters
    ----------
    reason : str
        ``damaged`` or ``replaced``: part of the name under which the present file is kept.

    Returns
    -------
    Path or None
        Where the file is now that was there; None where none was.

    Raises
    ------
    ProjectError
        The backup cannot be read, or the project is kept in PostgreSQL.
    OutputError
        The folder cannot be written.
    """
    if path.exists() and places.signpost_schema(path) is not None:
        raise ProjectError(
            f"The project {path.name} is kept in a PostgreSQL database.",
            "Copy the backup into a folder of its own and open it there as a project in a file.",
        )
    if not backup.is_file():
        raise ProjectError(f"There is no backup at {backup} any more.", "Choose another one.")
    kept: Path | None = None
    with closing(sqlite.SqliteDatabase(backup)) as source, replacing(path) as part:
        source.copy_to(part)
        if path.exists():
            kept = _set_aside(path, reason)
    return kept


def _set_aside(path: Path, reason: str) -> Path:
    """Rename a project's file, and those of SQLite beside it, which belong to it."""
    now = datetime.now().astimezone()
    kept = path.with_name(f"{path.stem}.{reason}-{now:%Y%m%d-%H%M%S}{path.suffix}")
    if kept.exists():
        raise OutputError(f"{kept.name} exists already.", "Try again in a second.")
    for suffix in ("-wal", "-shm", "-journal"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            move(beside, kept.with_name(kept.name + suffix))
    move(path, kept)
    return kept


def is_kept_aside(path: Path) -> bool:
    """Whether a file is a backup, or one that a restored backup has replaced: not listed."""
    return path.parent.name == FOLDER or _SET_ASIDE.fullmatch(path.stem) is not None


def _ending(path: Path, entry: Path) -> str:
    return entry.stem.removeprefix(f"{path.stem}-")


def _moment(path: Path, entry: Path) -> str | None:
    ending = _ending(path, entry)
    ours = entry.stem != ending and entry.suffix == path.suffix and _MOMENT.fullmatch(ending)
    return ending if ours else None


def _read(path: Path) -> Backup | None:
    """What a backup holds; None where it cannot be read."""
    try:
        made_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        address = f"file://{quote(path.absolute().as_posix())}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=1.0)) as connection:
            edits, revision = connection.execute(
                "SELECT (SELECT coalesce(sum(edit_count), 0) FROM tile JOIN scene"
                " ON scene.id = tile.scene_id WHERE NOT removed), revision FROM project"
            ).fetchone()
    except (OSError, sqlite3.Error, TypeError) as error:
        _LOG.warning("The backup %s cannot be read: %s", path.name, error)
        return None
    return Backup(path, made_at, int(edits), int(revision))
