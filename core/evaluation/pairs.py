"""Which prediction is compared with which truth: one pair, a table of pairs, or two folders."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError
from core.evaluation.labels import RASTER_SUFFIXES, VECTOR_SUFFIXES

_COLUMNS = ("prediction", "truth", "name", "scene", "landcover", "product")
_RUN_FILES = ("mask.tif", "parcels.gpkg")
"""What a folder of ``cropmap map`` holds; the first that is there stands for the folder."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A prediction and its truth, and what may be known beside them.

    Parameters
    ----------
    name : str
        Of the image, for tables and files.
    prediction, truth : Path
        A mask or a file of polygons.
    scene : Path, optional
        The image: its nodata is not judged, and the pictures show it.
    landcover : Path, optional
        Judged beside the prediction.
    product : str, optional
        Key of the land cover product, where its file does not tell.
    """

    name: str
    prediction: Path
    truth: Path
    scene: Path | None = None
    landcover: Path | None = None
    product: str | None = None


def find_pairs(
    prediction: Path,
    truth: Path,
    *,
    scene: Path | None = None,
    landcover: Path | None = None,
    product: str | None = None,
) -> list[Pair]:
    """The pair of two files, or the pairs of equal names in two folders.

    In a folder, a file stands for its name without the ending, and a folder that ``cropmap map``
    wrote for its own name.  ``scene`` and ``landcover`` may be folders, too, or one file for all.

    Raises
    ------
    InputError
        A folder and a file, no equal names, or a name that stands for several files.
    """
    if prediction.is_dir() != truth.is_dir():
        folder, file = (prediction, truth) if prediction.is_dir() else (truth, prediction)
        raise InputError(
            f"{folder} is a folder and {file} is none.",
            "Name two files, or two folders whose files have equal names.",
        )
    if not prediction.is_dir():
        beside = (_only(scene), _only(landcover))
        return [Pair(prediction.stem, prediction, truth, *beside, product)]
    predictions, truths = _named(prediction, "prediction"), _named(truth, "truth")
    names = sorted(predictions.keys() & truths.keys())
    if not names:
        raise InputError(
            f"No name is in both folders: {prediction} has {_some(predictions)}, {truth} has "
            f"{_some(truths)}.",
            "Give a prediction and its truth equal names, or list them in a table with --pairs.",
        )
    scenes, landcovers = _for_all(scene, names, "scene"), _for_all(landcover, names, "land cover")
    return [
        Pair(name, predictions[name], truths[name], scenes[name], landcovers[name], product)
        for name in names
    ]


def read_pairs(table: Path) -> list[Pair]:
    """The pairs of a CSV file with the columns prediction and truth.

    Optional columns: name, scene, landcover, product.  Paths count from the table's folder.

    Raises
    ------
    InputError
        Unreadable, columns or values missing, or a name twice.
    """
    try:
        with table.open(newline="", encoding="utf-8-sig") as handle:
            reader = csv.DictReader(handle)
            columns = reader.fieldnames or []
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"The table of pairs {table} cannot be read as CSV in UTF-8.",
            "Check the path, and save it as CSV (UTF-8).",
        ) from error
    missing = [column for column in _COLUMNS[:2] if column not in columns]
    if missing:
        raise InputError(
            f"The table of pairs {table.name} has no column {' and no column '.join(missing)}.",
            f"Its first line names the columns, separated by commas: {', '.join(_COLUMNS)}.",
        )
    if not rows:
        raise InputError(f"The table of pairs {table.name} has no line.", "Add one for each pair.")
    pairs = [_row(table, number, row) for number, row in enumerate(rows, start=2)]
    seen: set[str] = set()
    for pair in pairs:
        if pair.name in seen:
            raise InputError(
                f"The table of pairs {table.name} has the name {pair.name} twice.",
                "Give each pair a name of its own in the column name.",
            )
        seen.add(pair.name)
    return pairs


def _row(table: Path, number: int, row: dict[str, str | None]) -> Pair:
    values = {column: (row.get(column) or "").strip() for column in _COLUMNS}
    for column in _COLUMNS[:2]:
        if not values[column]:
            raise InputError(
                f"Line {number} of {table.name} names no {column}.", "Fill it in, or take it out."
            )

    def path(column: str) -> Path | None:
        return table.parent / values[column] if values[column] else None

    prediction, truth = table.parent / values["prediction"], table.parent / values["truth"]
    name = values["name"] or Path(values["prediction"]).stem
    return Pair(
        name, prediction, truth, path("scene"), path("landcover"), values["product"] or None
    )


def _named(folder: Path, what: str) -> dict[str, Path]:
    """Files of a folder by name, and the runs in it by that of their folder."""
    found: dict[str, Path] = {}
    for entry in sorted(folder.iterdir()):
        path = _run_file(entry) if entry.is_dir() else entry
        if path is None or entry.name.startswith("."):
            continue
        if path.suffix.lower() not in (*RASTER_SUFFIXES, *VECTOR_SUFFIXES):
            continue
        name = entry.name if entry.is_dir() else entry.stem
        if name in found:
            raise InputError(
                f"The {what} of {name} could be {found[name].name} or {path.name}.",
                f"Leave one of them in {folder}, or list the pairs in a table with --pairs.",
            )
        found[name] = path
    return found


def _run_file(folder: Path) -> Path | None:
    return next((folder / name for name in _RUN_FILES if (folder / name).is_file()), None)


def _for_all(path: Path | None, names: list[str], what: str) -> dict[str, Path | None]:
    if path is None or not path.is_dir():
        return dict.fromkeys(names, path)
    found = _named(path, what)
    missing = [name for name in names if name not in found]
    if missing:
        raise InputError(
            f"{path} holds no {what} for {_some(missing)}.",
            "Give it the name of the prediction, or leave the folder away.",
        )
    return {name: found[name] for name in names}


def _only(path: Path | None) -> Path | None:
    if path is not None and path.is_dir():
        raise InputError(
            f"{path} is a folder, and the prediction is one file.", "Name the file inside it."
        )
    return path


def _some(names: dict[str, Path] | list[str]) -> str:
    listed = sorted(names)
    if not listed:
        return "none"
    return ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")
