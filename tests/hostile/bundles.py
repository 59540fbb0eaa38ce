"""Replay bundles changed in one place."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

BASE = Path(__file__).parents[1] / "export" / "replay" / "made_before_the_spine.zip"

Record = dict[str, Any]


def changed(path: Path, change: Callable[[Record], None]) -> Path:
    """The bundle with its record changed, and packed again as one is."""
    with zipfile.ZipFile(BASE) as archive:
        bodies = {name: archive.read(name) for name in archive.namelist()}
    record = json.loads(bodies["replay.json"])
    change(record)
    bodies["replay.json"] = json.dumps(record).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in bodies.items():
            archive.writestr(name, body)
    return path


def edit(kind: str, data: Any, at: str = "2026-01-01T00:00:00Z") -> Callable[[Record], None]:
    """Append an edit to the first tile."""

    def change(record: Record) -> None:
        entry = {"kind": kind, "data": data, "author": "Eve", "at": at}
        record["tiles"][0]["edits"].append(entry)

    return change
