"""The record of an experiment: everything that was found, for programs and for the app's page."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from core.errors import InputError
from core.record_files import read_record
from core.study.experiments.cells import Facts
from core.study.experiments.experiment_plan import Column
from core.study.experiments.tables import Row
from core.study.metrics.figures import Label

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
class ExperimentRecord:
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

    FORMAT: ClassVar[int] = 1

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


def read_experiment(folder: Path) -> ExperimentRecord:
    """The record in a folder of results.

    Raises
    ------
    InputError
        There is none.
    UnreadableRecordError
        It is damaged, or of a newer version.
    """
    found = read_record(folder / RECORD, ExperimentRecord)
    if found is None:
        raise InputError(
            f"{folder} holds no result of an experiment.", "Choose the folder of a finished run."
        )
    return found
