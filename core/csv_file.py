"""Tables as CSV that a spreadsheet opens safely: accents right, and no text taken as a formula."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from datetime import datetime

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""First characters that spreadsheets take for a formula (OWASP, 'CSV Injection')."""

Cell = str | int | float | datetime | None


def to_csv(rows: Sequence[Mapping[str, Cell]], columns: Sequence[str]) -> bytes:
    """Rows as UTF-8 with a byte order mark, without which Excel garbles accents.

    Numbers and times are written as they are; text that would begin a formula gets an apostrophe
    in front, which spreadsheets know.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([_cell(column) for column in columns])
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(value: Cell) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, str):
        risky = value.lstrip(" \u00a0").startswith(_FORMULA)
        return f"'{value}" if risky else value
    return str(value)
