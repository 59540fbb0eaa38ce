"""An experiment run and written into one folder: tables, plots, worst tiles, one page, a record."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import CancelledError, CropMapError, InputError
from core.files import folder_lock, prepare_folder, sha256_of, together
from core.record_files import read_record, record_to_json, set_aside_unreadable
from core.study.experiments.cells import Cell, CellResult, kept_result
from core.study.experiments.experiment_page import experiment_page
from core.study.experiments.experiment_plan import Experiment
from core.study.experiments.experiment_record import RECORD, CellRecord, ExperimentRecord
from core.study.experiments.plots import write_plots
from core.study.experiments.runner import run_cells
from core.study.experiments.tables import Results, cells_csv, rows_csv, tabulate, tiles_csv
from core.study.experiments.worst import write_worst
from core.task import Cancelled, Progress, never, silent
from core.versions import software

CELLS = ".cells"
"""Folder of finished cells within that of the results, where no other is named."""

TABLE, TILES, CELLS_TABLE, PAGE = "table.csv", "tiles.csv", "cells.csv", "summary.md"
_WRITING = "Writing"


@dataclass(frozen=True, slots=True)
class Written:
    """A finished experiment: what it found, and the files that say so, the page first."""

    record: ExperimentRecord
    folder: Path
    files: tuple[Path, ...] = field(default=())


def run_and_write(
    experiment: Experiment,
    out: Path,
    *,
    jobs: int | None = None,
    seed: int = 0,
    cells_folder: Path | None = None,
    options: Mapping[str, Any] | None = None,
    command: str = "",
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> Written:
    """Do what is missing of an experiment and write it into ``out``.

    Parameters
    ----------
    out : Path
        New, or of an earlier run: its results are replaced, its finished cells are taken.
    jobs : int, optional
        Processes; by default as many as processors.
    seed : int
        Of the intervals.
    cells_folder : Path, optional
        Where finished cells are kept; several experiments may share one.
    options, command
        For the record: what was asked for, and the command that asks again; without paths.

    Raises
    ------
    InputError
        A file that cannot be used, or nothing to judge.
    OutputError
        ``out`` cannot be written.
    CancelledError
        ``cancelled`` said so; finished cells are kept, earlier results are untouched.
    """

    def step(done: int, total: int) -> None:
        if cancelled():
            raise CancelledError("Finished steps are kept; the same command goes on from there.")
        progress(_WRITING, done, total)

    prepare_folder(out)
    kept = out / CELLS if cells_folder is None else cells_folder
    for stage in experiment.stages:
        run_cells(stage, kept, jobs=jobs, progress=progress, cancelled=cancelled)
    results = _results(experiment.cells, kept)
    # Cells that are the same work under several labels took their time once.
    seconds = {cell.key: result.seconds for cell, result in results}
    record = ExperimentRecord(
        key=experiment.key,
        title=experiment.title,
        question=experiment.question,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        seed=seed,
        options=dict(options or {}),
        command=command,
        notes=(*experiment.notes, *_unknown(results)),
        columns=experiment.columns,
        reference=dict(experiment.reference),
        rows=tuple(tabulate(experiment, results, seed=seed)),
        plots=(),
        pictures=(),
        cells=tuple(CellRecord(dict(c.labels), r.seconds, r.facts) for c, r in results),
        seconds=sum(seconds.values()),
        versions=software(),
    )
    with folder_lock(out), together(out, leaving=_earlier(out)) as new:
        step(0, 1)
        pictures = write_worst(experiment, results, kept, new, step)
        plots = write_plots(experiment.plots, record.columns, record.rows, new)
        whole = _write(replace(record, plots=plots, pictures=pictures), results, new)
        step(1, 1)
    names = (PAGE, RECORD, *(name for name in whole.files if name != PAGE))
    return Written(whole, out, tuple(out / name for name in names))


def _results(cells: Sequence[Cell], folder: Path) -> list[tuple[Cell, CellResult]]:
    found = []
    for cell in cells:
        result = kept_result(cell, folder)
        if result is None:
            raise CropMapError(
                f"A finished step is gone from {folder.name} or damaged.",
                "Run the same command again; only that step is done again.",
            )
        found.append((cell, result))
    return found


def _unknown(results: Results) -> list[str]:
    """A sentence where images had nothing to judge."""
    judged: dict[str, bool] = {}
    for _, result in results:
        for tile in result.tiles:
            judged[tile.image] = judged.get(tile.image, False) or tile.pixels > 0
    if not any(judged.values()):
        raise InputError(
            "No pixel of any image can be judged: the truth is known nowhere on them.",
            "Check the truth's nodata values, and that it is of the same place as the images.",
        )
    empty = [name for name, known in judged.items() if not known]
    if not empty:
        return []
    return [f"Counted for nothing, because their truth is known nowhere: {', '.join(empty)}."]


def _write(record: ExperimentRecord, results: Results, folder: Path) -> ExperimentRecord:
    """All tables and the page; the record, which says which files there are."""
    (folder / TABLE).write_bytes(rows_csv(record.columns, record.rows))
    (folder / TILES).write_bytes(tiles_csv(record.columns, results))
    (folder / CELLS_TABLE).write_bytes(cells_csv(record.columns, results))
    (folder / PAGE).write_text(experiment_page(record), encoding="utf-8")
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {path.relative_to(folder).as_posix(): sha256_of(path) for path in paths}
    whole = replace(record, files=names)
    (folder / RECORD).write_bytes(record_to_json(whole))
    return whole


def _earlier(out: Path) -> list[str]:
    """Patterns of the files of an earlier run, which the new ones take the place of."""
    before = out / RECORD
    set_aside_unreadable(before, ExperimentRecord)
    record = read_record(before, ExperimentRecord)
    names = [] if record is None else [Path(name) for name in record.files]
    inside = [n for n in names if n.name and not n.is_absolute() and ".." not in n.parts]
    return [glob.escape(name.as_posix()) for name in inside]
