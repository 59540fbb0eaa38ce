"""Labels of accepted tiles, which stay where the imagery or the land cover became another one.

The label is kept in a file of its own, with the states of the log and of the verdict that it
belongs to: a later edit, or a later verdict, is about the new imagery.
"""

from __future__ import annotations

import json
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
            "This tile keeps its accepted label, made from the earlier imagery or land cover."
        ),
        "hint": "An edit, or another verdict, makes it anew.",
    }


def accepted_label(place: TilePlace, log: TileLog) -> Label | None:
    """The label that an accepted tile keeps; None where it is made from what is there now."""
    verdict = place.project.tile(place.opened.record.id, place.tile).verdict
    if verdict.verdict != "accepted":
        return None
    kept = load_label(_path(place))
    if kept is None or (kept["log"], kept["verdict"]) != (log.version, verdict.version):
        return None
    return Label.from_json(kept["label"])


def keep_accepted_label(
    place: TilePlace, log: TileLog, verdict: VerdictRecord, label: Label
) -> None:
    """Let an accepted tile keep this label.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    path = _path(place)
    kept = {"log": log.version, "verdict": verdict.version, "label": label.to_json()}
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
