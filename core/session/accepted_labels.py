"""Labels of accepted tiles, which stay whatever the prediction would be now.

The label is kept in a file of its own when a tile is accepted, with where the log stood and the
verdict that it belongs to.  Other imagery, land cover, settings or software make another
prediction, and nobody signed that; a later edit, or a later verdict, is about the new one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core import wire
from core.errors import storage_error
from core.files import name_in_folder, write_checked
from core.label.kept_label import load_label
from core.label.tile_label import Label
from core.project import TileLog, VerdictRecord
from core.session.place import TilePlace, label_path


def kept_note() -> wire.Complaint:
    """What a tile says that keeps its label: nothing is wrong."""
    return {
        "message": (
            "This tile keeps its accepted label; imagery, land cover, settings or software have "
            "changed since."
        ),
        "hint": "An edit or another verdict makes it again.",
    }


def accepted_label(place: TilePlace, log: TileLog) -> Label | None:
    """The label that an accepted tile keeps; None where what is there now makes the same."""
    verdict = place.project.tile(place.opened.record.id, place.tile).verdict
    if verdict.verdict != "accepted":
        return None
    path = _path(place)
    kept = _kept(path)
    if kept is None or kept.verdict != verdict.version:
        return None
    if verdict.head != kept.head if kept.log is None else log.version != kept.log:
        return None
    sound, work, _ = place.sound_work(log)
    if kept.label_version == place.label_version(sound, work):
        return None
    whole = load_label(path)
    return None if whole is None else Label.from_json(whole["label"])


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a kept label belongs to; files of earlier versions say the log's version, no head."""

    verdict: int
    head: int
    log: int | None
    label_version: str


def _kept(path: Path) -> _Kept | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return _kept_of(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=512)
def _kept_of(path: Path, _changed_at: int, _size: int) -> _Kept | None:
    """As the file says in this state of it: a tile is asked for with every click."""
    kept = load_label(path)
    if kept is None:
        return None
    return _Kept(kept["verdict"], kept.get("head", 0), kept.get("log"), kept["label"]["version"])


def keep_accepted_label(place: TilePlace, verdict: VerdictRecord, label: Label) -> None:
    """Let an accepted tile keep this label.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    path = _path(place)
    kept = {"head": verdict.head, "verdict": verdict.version, "label": label.to_json()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_checked(path, json.dumps(kept).encode(), name_in_folder(path))
    except OSError as error:
        raise storage_error(error, path) from error


def last_label(place: TilePlace) -> Label | None:
    """The label of the tile that was kept last."""
    kept = load_label(label_path(place.project.folder, place.opened.record.id, place.tile))
    return None if kept is None else Label.from_json(kept)


def _path(place: TilePlace) -> Path:
    plain = label_path(place.project.folder, place.opened.record.id, place.tile)
    return plain.with_suffix(".accepted")
