"""The record of an experiment: everything that was found, for programs and for the app's page."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.study.experiments.cells import Facts, Label
from core.study.experiments.experiment import Column
from core.study.experiments.tables import Row
from core.study.metrics.bootstrap import read_intervals

FORMAT = 1
RECORD = "record.json"


@dataclass(frozen=True, slots=True)
class CellRecord:
    """One cell: its labels, the seconds it took when it was done, and its facts."""

    labels: dict[str, Label]
    seconds: float
    facts: Facts


@dataclass(frozen=True, slots=True)
class PlotRecord:
    """A plot; ``png`` and ``svg`` are paths within the folder of the record."""

    title: str
    png: str
    svg: str


@dataclass(frozen=True, slots=True)
class PictureRecord:
    """A picture of mistakes.

    Parameters
    ----------
    labels : dict
        Of the cell, its seed among them.
    image, tile : str
    mean_iou : float or None
    missed, false : int
        Pixels.
    picture, errors : str
        A PNG, and the error codes as a COG: paths within the folder of the record.
    """

    labels: dict[str, Label]
    image: str
    tile: str
    mean_iou: float | None
    missed: int
    false: int
    picture: str
    errors: str


@dataclass(frozen=True, slots=True)
class Record:
    """What an experiment found.  Paths in it count from its own folder.

    Parameters
    ----------
    key, title, question : str
    made : str
        ISO 8601, UTC.
    seed : int
        Of the intervals.
    options : dict
        As the command was given them.
    command : str
        That does it again, with regions by their names.
    notes : tuple of str
        Data, model, seeds, and what is simulated.
    reference : dict
        As in the experiment.
    seconds : float
        That all cells took when they were done, whichever run did them.
    versions, files : dict
        Versions by name of the software; SHA-256 of each file by its path.
    """

    key: str
    title: str
    question: str
    made: str
    seed: int
    options: dict[str, Any]
    command: str
    notes: tuple[str, ...]
    columns: tuple[Column, ...]
    reference: dict[str, Label]
    rows: tuple[Row, ...]
    plots: tuple[PlotRecord, ...]
    pictures: tuple[PictureRecord, ...]
    cells: tuple[CellRecord, ...]
    seconds: float
    versions: dict[str, str]
    files: dict[str, str] = field(default_factory=dict)


def to_json(record: Record) -> bytes:
    """A record as UTF-8; a number that is none is null."""
    whole = _finite({"format": FORMAT, **asdict(record)})
    return (json.dumps(whole, indent=1, allow_nan=False) + "\n").encode()


def read_record(path: Path) -> Record:
    """Read ``record.json``, or that of a folder.

    Raises
    ------
    InputError
        It is missing, damaged, or of a newer version.
    """
    file = path / RECORD if path.is_dir() else path
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        newer = found.pop("format") > FORMAT
    except FileNotFoundError as error:
        raise InputError(
            f"{path} holds no result of an experiment.", "Choose the folder of a finished run."
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(file) from error
    if newer:
        raise InputError(
            f"{file} was written by a newer version of CropMap.", "Update CropMap to read it."
        )
    try:
        return _record(found)
    except (KeyError, TypeError, AttributeError) as error:
        raise _damaged(file) from error


def _record(found: dict[str, Any]) -> Record:
    return Record(
        **{
            **found,
            "notes": tuple(found["notes"]),
            "columns": tuple(Column(**one) for one in found["columns"]),
            "rows": tuple(_row(one) for one in found["rows"]),
            "plots": tuple(PlotRecord(**one) for one in found["plots"]),
            "pictures": tuple(PictureRecord(**one) for one in found["pictures"]),
            "cells": tuple(CellRecord(**one) for one in found["cells"]),
        }
    )


def _row(found: dict[str, Any]) -> Row:
    difference = found["difference"]
    return Row(
        **{
            **found,
            "figures": read_intervals(found["figures"]),
            "difference": None if difference is None else read_intervals(difference),
        }
    )


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _damaged(file: Path) -> InputError:
    return InputError(f"{file} is damaged.", "Run the experiment again; finished steps are kept.")
