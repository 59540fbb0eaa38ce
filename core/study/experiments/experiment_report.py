"""An experiment run and written into one folder: tables, plots, worst tiles, one page, a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import CancelledError, CropMapError, InputError, storage_error
from core.files import prepare_folder, put_in_place, scratch_folder, sha256_of
from core.study.experiments.cells import Cell, CellResult, done
from core.study.experiments.experiment import Experiment
from core.study.experiments.experiment_page import page
from core.study.experiments.experiment_record import (
    RECORD,
    CellRecord,
    Record,
    read_record,
    to_json,
)
from core.study.experiments.plots import write_plots
from core.study.experiments.runner import run_cells
from core.study.experiments.sheets import Results, cells_csv, rows_csv, tiles_csv
from core.study.experiments.tables import tabulate
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

    record: Record
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
    prepare_folder(out)
    kept = out / CELLS if cells_folder is None else cells_folder
    for stage in experiment.stages:
        run_cells(stage, kept, jobs=jobs, progress=progress, cancelled=cancelled)
    results = _results(experiment.cells, kept)
    record = _found(experiment, results, seed, dict(options or {}), command)
    try:
        with scratch_folder(out / RECORD) as private:
            work = _Writing(experiment, results, kept, private, progress, cancelled)
            whole = work.write(record)
            _publish(private, out)
    except OSError as error:
        raise storage_error(error, out) from error
    names = (PAGE, RECORD, *(name for name in whole.files if name != PAGE))
    return Written(whole, out, tuple(out / name for name in names))


def _results(cells: Sequence[Cell], folder: Path) -> list[tuple[Cell, CellResult]]:
    found = []
    for cell in cells:
        result = done(cell, folder)
        if result is None:
            raise CropMapError(
                f"A finished step is gone from {folder.name} or damaged.",
                "Run the same command again; only that step is done again.",
            )
        found.append((cell, result))
    return found


def _found(
    experiment: Experiment, results: Results, seed: int, options: dict[str, Any], command: str
) -> Record:
    # Cells that are the same work under several labels took their time once.
    seconds = {cell.key: result.seconds for cell, result in results}
    return Record(
        experiment.key,
        experiment.title,
        experiment.question,
        datetime.now(UTC).isoformat(timespec="seconds"),
        seed,
        options,
        command,
        (*experiment.notes, *_unknown(results)),
        experiment.columns,
        dict(experiment.reference),
        tuple(tabulate(experiment, results, seed=seed)),
        (),
        (),
        tuple(CellRecord(dict(c.labels), r.seconds, r.facts) for c, r in results),
        sum(seconds.values()),
        software(),
    )


def _unknown(results: Results) -> list[str]:
    """A sentence where images had nothing to judge."""
    judged: dict[str, bool] = {}
    for _, result in results:
        for tile in result.tiles:
            known = tile.score.pixels.pixels > 0
            judged[tile.image] = judged.get(tile.image, False) or known
    if not any(judged.values()):
        raise InputError(
            "No pixel of any image can be judged: the truth is known nowhere on them.",
            "Check the truth's nodata values, and that it is of the same place as the images.",
        )
    empty = [name for name, known in judged.items() if not known]
    if not empty:
        return []
    return [f"Counted for nothing, because their truth is known nowhere: {', '.join(empty)}."]


@dataclass(frozen=True, slots=True)
class _Writing:
    """All files written into a private folder."""

    experiment: Experiment
    results: Results
    kept: Path
    folder: Path
    progress: Progress
    cancelled: Cancelled

    def write(self, record: Record) -> Record:
        """The record, which says which files there are."""
        self._step(0, 1)
        folder, results = self.folder, self.results
        pictures = write_worst(self.experiment, results, self.kept, folder, self._step)
        plots = write_plots(self.experiment.plots, record.columns, record.rows, folder)
        shown = replace(record, plots=plots, pictures=pictures)
        (folder / TABLE).write_bytes(rows_csv(shown.columns, shown.rows))
        (folder / TILES).write_bytes(tiles_csv(shown.columns, results))
        (folder / CELLS_TABLE).write_bytes(cells_csv(shown.columns, results))
        (folder / PAGE).write_text(page(shown), encoding="utf-8")
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        names = {path.relative_to(folder).as_posix(): sha256_of(path) for path in paths}
        whole = replace(shown, files=names)
        (folder / RECORD).write_bytes(to_json(whole))
        self._step(1, 1)
        return whole

    def _step(self, done: int, total: int) -> None:
        if self.cancelled():
            raise CancelledError("Finished steps are kept; the same command goes on from there.")
        self.progress(_WRITING, done, total)


def _publish(private: Path, out: Path) -> None:
    """Put new files in the place of an earlier run's, the record last."""
    before = out / RECORD
    if before.is_file():
        for name in _earlier(before):
            (out / name).unlink(missing_ok=True)
        before.unlink()
    for path in sorted(private.rglob("*")):
        if path.is_file() and path.name != RECORD:
            target = out / path.relative_to(private)
            target.parent.mkdir(exist_ok=True)
            put_in_place(path, target)
    put_in_place(private / RECORD, before)


def _earlier(record: Path) -> list[str]:
    """Files of an earlier run, none where its record cannot be read: then nothing is deleted."""
    try:
        names = read_record(record).files
    except CropMapError:
        return []
    return [name for name in names if not Path(name).is_absolute() and ".." not in Path(name).parts]
