"""Logs as they would be, so that an edit can be judged before it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from core.edit_record import EditRecord, NewEdit
from core.project import TileLog


def with_edits(log: TileLog, edits: Sequence[NewEdit], author: str) -> TileLog:
    """The log with edits of somebody behind it."""
    last = log.edits[-1].sequence if log.edits else 0
    now = datetime.now(UTC)
    records = [
        EditRecord(number, edit.kind, edit.data, author, now)
        for number, edit in enumerate(edits, start=last + 1)
    ]
    return replace(log, edits=(*log.edits, *records))
