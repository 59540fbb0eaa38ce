"""Which prediction is compared with which truth: one pair, a table of pairs, or two folders."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import InputError, Remedy
from core.existing.class_choice import ReadingAnswers, parse_choice
from core.existing.labels_file import VECTOR_SUFFIXES
from core.study.metrics.polygon_answers import NOTHING_SAID
from core.study.metrics.truth_labels import RASTER_SUFFIXES

_COLUMNS = (
    *("prediction", "truth", "name", "parcels", "scene", "landcover", "product"),
    *("layer", "cropland"),
)
_RUN_MASK, _RUN_PARCELS = "mask.tif", "parcels.gpkg"
"""What a folder that ``cropmap map`` wrote holds."""


@dataclass(frozen=True, slots=True)
class StatedNodata:
    """The values that somebody says are unknown; None where the file tells, empty for none.

    Parameters
    ----------
    scene, landcover : tuple of float or None
        As in ``open_scene`` and ``open_landcover``.
    """

    scene: tuple[float, ...] | None = None
    landcover: tuple[float, ...] | None = None


NODATA_BY_FILE = StatedNodata()


@dataclass(frozen=True, slots=True)
class Pair:
    """A prediction and its truth, and what may be known beside them.

    Parameters
    ----------
    name : str
        Of the image, for tables and files.
    prediction, truth : Path
        A mask or a file of polygons.
    parcels : Path, optional
        Polygons of the prediction's parcels, where it is a mask, in which parcels that touch are
        one.
    scene : Path, optional
        The image: its nodata is not judged, and the pictures show it.
    landcover : Path, optional
        Judged beside the prediction.
    product : str, optional
        Key of the land cover product, where its file does not tell.
    truth_answers, prediction_answers : ReadingAnswers
        What somebody says of files of polygons.
    nodata : StatedNodata
        What somebody says of the image and the land cover.
    """

    name: str
    prediction: Path
    truth: Path
    parcels: Path | None = None
    scene: Path | None = None
    landcover: Path | None = None
    product: str | None = None
    truth_answers: ReadingAnswers = NOTHING_SAID
    prediction_answers: ReadingAnswers = NOTHING_SAID
    nodata: StatedNodata = NODATA_BY_FILE


def find_pairs(
    prediction: Path,
    truth: Path,
    *,
    scene: Path | None = None,
    landcover: Path | None = None,
    product: str | None = None,
) -> list[Pair]:
    """The pair of two files, or the pairs of equal names in two folders.

    A folder that ``cropmap map`` wrote counts as one prediction: its mask, with its parcels.  In
    a folder of many, a file stands for its name without the ending, and such a folder for its own
    name.  ``scene`` and ``landcover`` may be folders, too, or one file for all.

    Raises
    ------
    InputError
        A folder and a file, no equal names, or a name that stands for several files.
    """
    if _is_run(prediction) and not truth.is_dir():
        beside = (_only(scene), _only(landcover))
        return [_pair(prediction.name, prediction, truth, *beside, product)]
    if prediction.is_dir() != truth.is_dir():
        folder, file = (prediction, truth) if prediction.is_dir() else (truth, prediction)
        raise InputError(
            f"{folder} is a folder and {file} is none.",
            "Name two files, or two folders whose files have equal names.",
        )
    if not prediction.is_dir():
        beside = (_only(scene), _only(landcover))
        return [_pair(prediction.stem, prediction, truth, *beside, product)]
    predictions, truths = _named(prediction, "prediction"), _named(truth, "truth")
    names = sorted(predictions.keys() & truths.keys())
    if not names:
        raise InputError(
            f"No name is in both folders: {prediction} has {_some(predictions)}, {truth} has "
            f"{_some(truths)}.",
            "Give a prediction and its truth equal names.",
            Remedy.LIST_PAIRS,
        )
    scenes, landcovers = _for_all(scene, names, "scene"), _for_all(landcover, names, "land cover")
    return [
        _pair(name, predictions[name], truths[name], scenes[name], landcovers[name], product)
        for name in names
    ]


def read_pairs(table: Path) -> list[Pair]:
    """The pairs of a CSV file with the columns prediction and truth.

    Optional columns: name, scene, landcover, product; layer of the truth, and cropland, which says
    what in the truth is it (``landuse=arable,fallow``).  Paths count from the table's folder.

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
    pair = _pair(
        values["name"] or prediction.stem,
        prediction,
        truth,
        path("scene"),
        path("landcover"),
        values["product"] or None,
    )
    classes = parse_choice(values["cropland"]) if values["cropland"] else None
    said = ReadingAnswers(values["layer"] or None, classes)
    return replace(pair, parcels=path("parcels") or pair.parcels, truth_answers=said)


def _pair(
    name: str,
    prediction: Path,
    truth: Path,
    scene: Path | None,
    landcover: Path | None,
    product: str | None,
) -> Pair:
    """A pair; of a folder that ``cropmap map`` wrote, its mask and its parcels."""
    if not _is_run(prediction):
        return Pair(name, prediction, truth, None, scene, landcover, product)
    parcels = prediction / _RUN_PARCELS
    there = parcels if parcels.is_file() else None
    return Pair(name, prediction / _RUN_MASK, truth, there, scene, landcover, product)


def _named(folder: Path, what: str) -> dict[str, Path]:
    """Files of a folder by name, and the runs in it by that of their folder."""
    found: dict[str, Path] = {}
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or not (_is_run(entry) or _is_layer(entry)):
            continue
        name = entry.name if entry.is_dir() else entry.stem
        if name in found:
            raise InputError(
                f"The {what} of {name} could be {found[name].name} or {entry.name}.",
                f"Leave one of them in {folder}.",
                Remedy.LIST_PAIRS,
            )
        found[name] = entry
    return found


def _is_run(path: Path) -> bool:
    return (path / _RUN_MASK).is_file()


def _is_layer(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in (*RASTER_SUFFIXES, *VECTOR_SUFFIXES)


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
