"""Tiles inside a transaction: figures and verdicts."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from core.errors import InputError, ProjectError
from core.project.chain import LogState
from core.project.journal import Change
from core.project.links import NO_LINK, seal
from core.project.records import VERDICTS, NewTile, TileRecord, VerdictRecord, verdict_now
from core.project.rows import TILE, check_row
from core.project.schema import project, scene, tile

_TILE = (
    select(tile)
    .join(scene)
    .where(tile.c.scene_id == bindparam("scene_id"), tile.c.name == bindparam("name"))
    .where(scene.c.removed.is_(False))
)

_SET_SEAL = update(tile).where(tile.c.id == bindparam("row")).values(seal=bindparam("new"))

_TOUCHED = select(tile).where(
    tile.c.scene_id == bindparam("scene_id"), tile.c.revision > bindparam("revision")
)


def add_tiles(change: Change, scene_id: str, tiles: Sequence[NewTile]) -> int:
    """Add those whose name the scene does not have; returns how many."""
    query = select(tile.c.name).where(tile.c.scene_id == scene_id)
    known = set(change.connection.execute(query).scalars())
    _check(tiles)
    new = [_values(entry, scene_id, change) for entry in tiles if entry.name not in known]
    if new:
        change.connection.execute(insert(tile), [{**values, "seal": ""} for values in new])
        _seal(change, scene_id)
    return len(new)


def _seal(change: Change, scene_id: str) -> None:
    """Seal the tiles that are new; their ids are the database's."""
    query = select(tile).where(tile.c.scene_id == scene_id, tile.c.seal == "")
    rows = [{"row": row.id, "new": seal(row)} for row in change.connection.execute(query)]
    if rows:
        change.connection.execute(_SET_SEAL, rows)


def _check(tiles: Sequence[NewTile]) -> None:
    names: set[str] = set()
    for entry in tiles:
        if entry.name in names:
            raise InputError(f"Two tiles are called {entry.name}.")
        if len(entry.window) != 4:
            raise InputError(f"The window of tile {entry.name} is not four numbers.")
        names.add(entry.name)


def _values(entry: NewTile, scene_id: str, change: Change) -> dict[str, Any]:
    column, row, width, height = entry.window
    return {
        "scene_id": scene_id,
        "name": entry.name,
        "position": entry.order,
        "window_column": column,
        "window_row": row,
        "window_width": width,
        "window_height": height,
        "figures": {},
        "verdict": "open",
        "reviewer": "",
        "comment": "",
        "verdict_at": None,
        "verdict_version": 0,
        "verdict_head": None,
        "log_version": 0,
        "head": 0,
        "tip": 0,
        "last_sequence": 0,
        "edit_count": 0,
        "revision": change.revision,
        "link": NO_LINK,
    }


def tile_row(connection: Connection, scene_id: str, name: str) -> Row[Any]:
    """The row of a tile.

    Raises
    ------
    ProjectError
        There is no such tile, or its scene was removed.
    """
    row = connection.execute(_TILE, {"scene_id": scene_id, "name": name}).one_or_none()
    if row is None:
        raise ProjectError(
            f"The project has no tile {name} in this scene.",
            "It may have been removed; reload the project.",
        )
    check_row("tile", row.id, row, TILE)
    return row


def tile_record(row: Row[Any], state: LogState | None = None) -> TileRecord:
    """What the row says, and of its log what was found to be good, where that is known."""
    return TileRecord(
        row.scene_id,
        row.name,
        row.position,
        (row.window_column, row.window_row, row.window_width, row.window_height),
        _verdict(row, (state or row).head),
        row.figures,
        (state or row).log_version,
        (state or row).edit_count,
    )


def _verdict(row: Row[Any], head: int) -> VerdictRecord:
    said = verdict_now(row.verdict, row.verdict_head, head)
    return VerdictRecord(said, row.reviewer, row.comment, row.verdict_at, row.verdict_version, head)


class TileLists:
    """The tiles of scenes as they were read last; from any thread."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, dict[int, TileRecord]]] = {}
        self._lock = threading.Lock()

    def get(self, scene_id: str) -> tuple[int, dict[int, TileRecord]]:
        """The project's revision at that time, and the tiles by their row's id, in their order."""
        with self._lock:
            return self._known.get(scene_id, (-1, {}))

    def keep(self, scene_id: str, revision: int, tiles: dict[int, TileRecord]) -> None:
        """Remember what a transaction that only reads has found."""
        with self._lock:
            if revision > self._known.get(scene_id, (-1, {}))[0]:
                self._known[scene_id] = revision, tiles


def all_tiles(connection: Connection, known: TileLists, scene_id: str) -> list[TileRecord]:
    """Tiles of a scene in their order; only those touched since the last look are read."""
    last, found = known.get(scene_id)
    revision = int(connection.execute(select(project.c.revision)).scalar_one())
    if revision != last:
        rows = connection.execute(_TOUCHED, {"scene_id": scene_id, "revision": last}).all()
        for row in rows:
            check_row("tile", row.id, row, TILE)
        merged = {**found, **{row.id: tile_record(row) for row in rows}}
        by_place = sorted(merged.items(), key=lambda entry: (entry[1].order, entry[0]))
        found = dict(by_place)
        known.keep(scene_id, revision, found)
    return list(found.values())


def touched_tiles(connection: Connection, revision: int) -> list[tuple[str, str]]:
    """(scene, tile) touched after a revision, the earliest first."""
    query = (
        select(tile.c.scene_id, tile.c.name)
        .where(tile.c.revision > revision)
        .order_by(tile.c.revision, tile.c.id)
    )
    return [(row.scene_id, row.name) for row in connection.execute(query)]


def checked_figures(figures: dict[str, float]) -> dict[str, float]:
    """The figures as plain floats, whatever kind of number they were.

    Raises
    ------
    InputError
        One is not finite, which JSON cannot say.
    """
    plain = {key: float(value) for key, value in figures.items()}
    for key, value in plain.items():
        if not math.isfinite(value):
            raise InputError(f"The figure {key} is not a finite number.", "Leave it out.")
    return plain


def merge_figures(change: Change, scene_id: str, name: str, figures: dict[str, float]) -> None:
    """Set these figures of a tile and keep its others."""
    row = tile_row(change.connection, scene_id, name)
    change_tile(change, row, figures={**row.figures, **figures})
    change.touch()


def set_verdict(
    change: Change,
    scene_id: str,
    name: str,
    verdict: str,
    *,
    comment: str,
    reviewer: str,
    expected_version: int,
    expected_log: int | None = None,
) -> TileRecord:
    """Put a verdict in the place of the present one, which stays in the history.

    Parameters
    ----------
    expected_log : int, optional
        Version of the edit log that was seen: nobody signs a label that they have not seen.
    """
    if verdict not in VERDICTS:
        raise InputError(f"{verdict!r} is no verdict.", f"Choose one of {', '.join(VERDICTS)}.")
    row = tile_row(change.connection, scene_id, name)
    if row.verdict_version != expected_version:
        raise change.conflict(f"the verdict on tile {name}", scene_id, name, ("verdict",))
    state = change.log_state(row)
    if expected_log is not None and state.log_version != expected_log:
        raise change.conflict(f"tile {name}", scene_id, name, ("edit", "undo", "redo"))
    change_log(
        change,
        state,
        verdict=verdict,
        reviewer=reviewer,
        comment=comment,
        verdict_at=change.at,
        verdict_version=row.verdict_version + 1,
        verdict_head=state.head,
    )
    detail = {
        "verdict": verdict,
        "before": row.verdict,
        "comment": comment,
        "head": state.head,
    }
    change.record("verdict", author=reviewer, scene_id=scene_id, tile=name, detail=detail)
    return tile_record(tile_row(change.connection, scene_id, name))


def change_tile(change: Change, row: Row[Any], **values: Any) -> None:
    """Write columns of a tile that its seal does not cover, and report it as touched."""
    change.connection.execute(
        update(tile).where(tile.c.id == row.id).values(revision=change.revision, **values)
    )


def change_log(change: Change, state: LogState, **values: Any) -> None:
    """Write columns of a tile, seal it anew, and report it as touched.

    What was damaged in its row is put right by it; damaged steps and edits stay as they are.
    """
    columns = {**state.columns, **values}
    sealed = seal(state.row, **columns)
    change_tile(change, state.row, **columns, seal=sealed)
