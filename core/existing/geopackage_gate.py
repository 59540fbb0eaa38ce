"""A GeoPackage may come from anybody: what GDAL reads of it must be tables.

A view is computed when it is read: ten lines of SQL are rows without end.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from core.errors import UnreadableLabelsError

_SQLITE = b"SQLite format 3\0"
_MOST_VIEWS = 1000
_OWN = "gpkg_"
"""How the tables that describe the others begin."""

_LISTS = ("gpkg_contents", "gpkg_geometry_columns")


def refuse_views(path: Path, name: str) -> None:
    """Refuse a GeoPackage of which a layer, or what describes the layers, is a view.

    Other files are none of this module's business.  Reads the list of what there is, and then
    tables alone.

    Raises
    ------
    UnreadableLabelsError
        It holds such a view.
    """
    with path.open("rb") as file:
        if file.read(len(_SQLITE)) != _SQLITE:
            return
    uri = f"file://{quote(path.absolute().as_posix())}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            found = connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'view'"
            ).fetchmany(_MOST_VIEWS)
            views = {str(view).lower() for (view,) in found}
            bad = [view for view in sorted(views) if view.startswith(_OWN)]
            for table in () if bad or not views else _LISTS:
                rows = connection.execute(f"SELECT table_name FROM {table}")  # noqa: S608
                bad += [str(layer) for (layer,) in rows if str(layer).lower() in views]
    except sqlite3.Error:
        return  # GDAL says what is wrong with it
    if bad:
        raise UnreadableLabelsError(
            f"The layer {bad[0][:60]} of {name} is a view, which is computed when it is read.",
            "Export that layer from QGIS as a GeoPackage of its own.",
        )
