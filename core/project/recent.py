"""The projects that a person may want to go on with."""

from __future__ import annotations

import json
import logging
import threading
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import ColumnElement, and_, func, not_, select

from core.errors import CropMapError, OutputError
from core.files import write_whole
from core.project import postgres
from core.project.backup import is_kept_aside
from core.project.database import Database
from core.project.migrations import newest_version, stored_version
from core.project.places import (
    SUFFIX,
    database_url,
    open_database,
    schema_path,
    signpost_schema,
)
from core.project.schema import project, scene, tile
from core.settings import get_settings

_LOG = logging.getLogger(__name__)
_REMEMBERED = 50
_memory_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class ProjectSummary:
    """A project in a list.

    Attributes
    ----------
    changed_at : datetime or None
        Last change, UTC; for an unreadable file the time of the file, None where it is missing.
    scenes, tiles, reviewed : int
        Counts without removed scenes; ``reviewed`` tiles have a verdict on their label as it is.
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
    """Projects in the projects folder, in the database and those remembered.

    Changed last first, unreadable last.
    """
    in_database, problem = _in_database()
    paths = sorted({path.absolute() for path in (*_remembered(), *_in_projects_folder())})
    summaries = [project_summary(path, problem) for path in paths]
    known = {signpost_schema(path) for path in paths}
    # Those that other machines made have no file here, and get none by being looked at.
    summaries += [_summary_of(found) for found in in_database if found.schema not in known]
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
    """List it no longer, unless it lies in the projects folder or the database; it stays."""
    path = path.absolute()
    with _memory_lock:
        _remember([other for other in _remembered() if other != path])


def _in_projects_folder() -> list[Path]:
    try:
        found = get_settings().projects_dir.glob(f"*/*{SUFFIX}")
        return [path for path in found if path.is_file() and not is_kept_aside(path)]
    except OSError:
        return []


def _in_database() -> tuple[list[postgres.PostgresDatabase], str]:
    """Projects of this installation's database, or why it cannot be asked, which takes seconds."""
    try:
        url = database_url()
        schemas = [] if url is None else postgres.schemas(url)
    except CropMapError as error:
        return [], error.message
    return [
        postgres.PostgresDatabase(url, schema, schema_path(schema).absolute())
        for schema in schemas
        if url is not None
    ], ""


def project_summary(path: Path, database_problem: str = "") -> ProjectSummary:
    """What a list says of the project in a file.

    Parameters
    ----------
    database_problem : str
        Why this installation's database cannot be asked, where that is known.
    """
    try:
        if not path.is_file():
            return _unreadable(path, f"There is no project at {path}; it was moved or removed.")
    except OSError:
        return _unreadable(path, f"{path} cannot be reached.")
    if database_problem and signpost_schema(path) is not None:
        return _unreadable(path, database_problem)
    try:
        return _summary_of(open_database(path))
    except CropMapError as error:
        return _unreadable(path, error.message)


def _summary_of(database: Database) -> ProjectSummary:
    try:
        return _read_summary(database)
    except CropMapError as error:
        return _unreadable(database.path, error.message)


def _read_summary(database: Database) -> ProjectSummary:
    with closing(database):
        return _counted(database)


def _counted(database: Database) -> ProjectSummary:
    present = scene.c.removed.is_(False)
    tiles = select(func.count()).select_from(tile.join(scene)).where(present)
    with database.read() as connection:
        if stored_version(connection, database) < newest_version():
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
    changed = and_(tile.c.verdict == "accepted", tile.c.verdict_head != tile.c.head)
    return and_(tile.c.verdict != "open", not_(func.coalesce(changed, False)))


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
    body = json.dumps([str(path) for path in paths[:_REMEMBERED]])
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, body.encode())
    except (OutputError, OSError) as error:
        _LOG.warning("The list of recent projects cannot be written: %s", error)
