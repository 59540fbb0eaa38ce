"""Scenes inside a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from core.errors import InputError, ProjectError
from core.project.journal import Change
from core.project.paths import found_again, with_paths
from core.project.records import UNSET, NewTile, SceneRecord, Unset
from core.project.rows import SCENE, check_row
from core.project.schema import scene
from core.project.tiles import add_tiles

_SCENE = select(scene).where(scene.c.id == bindparam("scene_id"), scene.c.removed.is_(False))
_ACTIONS = ("scene added", "scene changed", "scene removed")


def checked_name(name: str) -> str:
    """The name without blanks around it.

    Raises
    ------
    InputError
        Nothing is left.
    """
    if not name.strip():
        raise InputError("A name is missing.", "Type one.")
    return name.strip()


def add_scene(
    change: Change,
    name: str,
    description: dict[str, Any],
    landcover: dict[str, Any] | None,
    tiles: Sequence[NewTile],
) -> SceneRecord:
    """Add a scene with its tiles."""
    scene_id = uuid4().hex
    number = select(func.count()).select_from(scene).scalar_subquery()
    change.connection.execute(
        insert(scene).values(
            id=scene_id,
            name=checked_name(name),
            scene=description,
            landcover=landcover,
            settings={},
            version=0,
            position=number,
            added_at=change.at,
            removed=False,
        )
    )
    count = add_tiles(change, scene_id, tiles)
    change.record("scene added", scene_id=scene_id, detail={"name": name, "tiles": count})
    return one_scene(change.connection, scene_id)


def all_scenes(connection: Connection) -> list[SceneRecord]:
    """Scenes that were not removed, in the order in which they were added."""
    query = select(scene).where(scene.c.removed.is_(False)).order_by(scene.c.position)
    return [_record(row) for row in connection.execute(query)]


def removed_scenes(connection: Connection) -> list[SceneRecord]:
    """Scenes that were removed, in the order in which they were added."""
    query = select(scene).where(scene.c.removed.is_(True)).order_by(scene.c.position)
    return [_record(row) for row in connection.execute(query)]


def one_scene(connection: Connection, scene_id: str) -> SceneRecord:
    """A scene.

    Raises
    ------
    ProjectError
        There is none with this id, or it was removed.
    """
    row = connection.execute(_SCENE, {"scene_id": scene_id}).one_or_none()
    if row is None:
        raise ProjectError(
            f"The project has no scene {scene_id!r}.",
            "It may have been removed; reload the project.",
        )
    return _record(row)


def moved_paths(connection: Connection, folder: Path) -> dict[str, dict[str, Any]]:
    """By scene, the columns whose paths :func:`core.project.paths.found_again` would change."""
    found: dict[str, dict[str, Any]] = {}
    columns = ("scene", "landcover", "settings")
    for row in connection.execute(select(scene)):
        check_row("scene", row.id, row, SCENE)
        before = {name: getattr(row, name) for name in columns}
        after = with_paths(before, found_again, folder)
        if changed := {name: after[name] for name in columns if after[name] != before[name]}:
            found[row.id] = changed
    return found


def store_paths(connection: Connection, columns: dict[str, dict[str, Any]]) -> None:
    """Write what :func:`moved_paths` found; to people nothing changes by it."""
    for scene_id, values in columns.items():
        connection.execute(update(scene).where(scene.c.id == scene_id).values(**values))


def _record(row: Row[Any]) -> SceneRecord:
    check_row("scene", row.id, row, SCENE)
    return SceneRecord(
        row.id, row.name, row.scene, row.landcover, row.settings, row.version, row.added_at
    )


def update_scene(
    change: Change,
    scene_id: str,
    *,
    expected_version: int,
    name: str | None,
    description: dict[str, Any] | None,
    landcover: dict[str, Any] | Unset | None,
    settings: dict[str, Any] | None,
    tiles: Sequence[NewTile] | None,
) -> SceneRecord:
    """Set what is given; a call that would change nothing leaves the version as it is."""
    before = _expected(change, scene_id, expected_version)
    values: dict[str, Any] = {}
    if name is not None and checked_name(name) != before.name:
        values["name"] = checked_name(name)
    if description is not None and description != before.scene:
        values["scene"] = description
    if landcover is not UNSET and landcover != before.landcover:
        values["landcover"] = landcover
    if settings is not None and settings != before.settings:
        values["settings"] = settings
    if values.keys() - {"name"}:
        change.touch_tiles(scene_id)
    added = add_tiles(change, scene_id, tiles or ())
    if not values and not added:
        return before
    _write(change, before, **values)
    detail = {"changed": sorted(values), "name": values.get("name", before.name), "tiles": added}
    change.record("scene changed", scene_id=scene_id, detail=detail)
    return one_scene(change.connection, scene_id)


def remove_scene(change: Change, scene_id: str, expected_version: int) -> None:
    """Mark a scene as removed; its tiles and edits stay in the file."""
    before = _expected(change, scene_id, expected_version)
    _write(change, before, removed=True)
    change.touch_tiles(scene_id)
    change.record("scene removed", scene_id=scene_id, detail={"name": before.name})


def restore_scene(change: Change, scene_id: str) -> None:
    """Put a removed scene back; nothing where it is there."""
    for before in removed_scenes(change.connection):
        if before.id == scene_id:
            _write(change, before, removed=False)
            change.touch_tiles(scene_id)
            change.record("scene put back", scene_id=scene_id, detail={"name": before.name})


def _expected(change: Change, scene_id: str, version: int) -> SceneRecord:
    record = one_scene(change.connection, scene_id)
    if record.version != version:
        raise change.conflict(f"the scene {record.name}", scene_id, None, _ACTIONS)
    return record


def _write(change: Change, before: SceneRecord, **values: Any) -> None:
    change.connection.execute(
        update(scene).where(scene.c.id == before.id).values(version=before.version + 1, **values)
    )
