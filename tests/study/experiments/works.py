"""Work for cells that takes no time, and experiments of it; other processes can be asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import InputError
from core.study.experiments.cells import Cell, CellResult, Context
from core.study.experiments.experiment_plan import SEED, Column, Experiment
from core.study.metrics.figures import Label, Sums, TileFigures, to_sums

PLACES = [("east", f"r0c{number}") for number in range(4)] + [("west", "r0c0"), ("west", "r1c0")]


@dataclass(frozen=True, slots=True)
class Task:
    """What :func:`work` is to do."""

    name: str
    luck: int = 0
    bad: bool = False


def work(task: Task, context: Context) -> CellResult:
    """Figures that hang on the task alone; every call leaves a line in the folder."""
    context.step(0.5)
    with (context.folder / f"asked-{task.name}").open("a") as log:
        log.write("x")
    if task.bad:
        raise InputError(f"{task.name} cannot be done.", "Take another.")
    generator = np.random.default_rng([len(task.name), *task.name.encode(), task.luck])
    tiles = tuple(TileFigures(*place, score(generator.integers(0, 90, 16))) for place in PLACES)
    return CellResult(tiles, {"steps": 7, "share": 0.25, "curve": [1.0, 0.5]})


def times_done(folder: Path, name: str) -> int:
    """How often a task of this name was really worked on."""
    log = folder / f"asked-{name}"
    return len(log.read_text()) if log.exists() else 0


def score(numbers: Sequence[int]) -> Sums:
    """Sixteen numbers as sums; lengths near another are no longer than the boundary."""
    pixels, lengths = np.split(np.asarray(numbers, dtype=np.float64), [4])
    boundaries = lengths.reshape(3, 4)
    for near, whole in ((1, 0), (3, 2)):
        boundaries[:, near] = np.minimum(boundaries[:, near], boundaries[:, whole])
    return to_sums(pixels, boundaries)


def cell(name: str, seed: int = 0, *, bad: bool = False, **labels: Label) -> Cell:
    """A cell of the method ``name``."""
    return Cell({"method": name, SEED: seed, **labels}, work, Task(name, seed, bad))


def experiment(cells: Sequence[Cell], **options: object) -> Experiment:
    """One stage of cells, a row for each method."""
    columns = (Column("method", "method"),)
    whole = {"columns": columns, "notes": ("Made up.",), "stages": (tuple(cells),), **options}
    return Experiment("trial", "A trial", "Does it work?", **whole)  # type: ignore[arg-type]
