"""Runs of a project: started, gone on with, listed, opened again, taken along as one file."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AliasChoices, Field

from core.errors import CancelledError, CropMapError, InputError
from core.files import prepare_folder, replacing
from core.project import Project
from core.record_files import UnreadableRecordError, read_record, write_record
from core.session.workspaces import Workspaces
from core.study.experiments.experiment_kinds import EXPERIMENTS
from core.study.experiments.experiment_record import RECORD, ExperimentRecord, read_experiment
from core.study.experiments.region import Region
from core.study.projects.run_locations import cells_folder, runs_folder
from core.study.projects.run_request import (
    RunRequest,
    experiment_of,
    region_order,
    regions_of,
    scene_names,
)
from core.study.projects.truth import is_current, kept_truth, missing_file, read_truth
from core.task import Cancelled, Progress

ABOUT, FILES = "run.json", "files"
_STOPPED = "The evaluation was stopped. Its finished steps are kept, and it can go on from there."
_STEPS = 100_000
"""So many that they are told in percent."""


@dataclass(frozen=True, slots=True)
class _About:
    """``run.json``; until format 1 the request was called a wish."""

    FORMAT: ClassVar[int] = 2

    request: Annotated[RunRequest, Field(validation_alias=AliasChoices("request", "wish"))]
    started: datetime
    scenes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExperimentRun:
    """A run as the project keeps it.

    Parameters
    ----------
    folder : Path
        ``files`` in it holds what is taken along.
    scenes : tuple of str
        Names of what it looks at: scenes and folders.
    finished : bool
        Whether there is a result; otherwise it can be gone on with.
    """

    folder: Path
    request: RunRequest
    started: datetime
    scenes: tuple[str, ...]
    finished: bool

    @property
    def title(self) -> str:
        """Of its experiment."""
        kind = EXPERIMENTS.get(self.request.experiment)
        return kind.title if kind else self.request.experiment

    @property
    def files(self) -> Path:
        """Folder of what it wrote."""
        return self.folder / FILES

    @property
    def zip_file(self) -> Path:
        """All of it in one file."""
        return self.folder / f"{self.folder.name}.zip"

    def record(self) -> ExperimentRecord:
        """What was found.

        Raises
        ------
        InputError
            It is not finished, or its record cannot be read.
        """
        return read_experiment(self.files)


@dataclass(frozen=True, slots=True)
class PastRuns:
    """The runs of a project, the newest first, and why others could not be read."""

    runs: list[ExperimentRun]
    unreadable: list[UnreadableRecordError]


def new_run(project: Project, request: RunRequest) -> ExperimentRun:
    """Note what is to be run, so that it can be gone on with whatever happens.

    Raises
    ------
    InputError
        Nothing was chosen.
    OutputError
        The project's folder cannot be written.
    """
    if not request.scenes and not request.folders:
        raise InputError("No scene was chosen.", "Choose at least one that is ready.")
    started = datetime.now(UTC)
    folders = (Path(folder).name for folder in request.folders)
    names = (*scene_names(project, request.scenes).values(), *folders)
    folder = _fresh(runs_folder(project), f"{started:%Y-%m-%d_%H%M%S}_{request.experiment}")
    write_record(folder / ABOUT, _About(request, started, names))
    return ExperimentRun(folder, request, started, names, finished=False)


def do_run(
    project: Project,
    run: ExperimentRun,
    *,
    workspaces: Workspaces | None = None,
    progress: Progress,
    cancelled: Cancelled,
) -> ExperimentRun:
    """Do what is missing of a run, and write its result.

    Raises
    ------
    CancelledError
        ``cancelled`` said so; finished steps are kept, and the run can be gone on with.
    CropMapError
        A scene is not ready, or a step failed.
    """
    for scene_id in run.request.scenes:
        truth = kept_truth(project, scene_id)
        if truth is None or is_current(project, scene_id, truth) or missing_file(truth) is not None:
            continue
        read_truth(
            *(project, scene_id, truth.source),
            workspaces=workspaces,
            progress=progress,
            cancelled=cancelled,
        )
    regions = regions_of(
        {"folders": list(run.request.folders), "region": region_order(project, run.request)}
    )

    def in_percent(stage: str, done: int, total: int) -> None:
        progress(stage, round(done / total * _STEPS) if total else 0, _STEPS if total else 0)

    _write(project, run, regions, in_percent, cancelled)
    progress("Packing the files", 0, 0)
    pack(run.files, run.zip_file)
    return replace(run, finished=True)


def _write(
    project: Project,
    run: ExperimentRun,
    regions: Sequence[Region],
    progress: Progress,
    cancelled: Cancelled,
) -> None:
    # Experiments load torch, which pages that list runs do without.
    from core.study.experiments.experiment_report import run_and_write  # noqa: PLC0415

    request = run.request
    try:
        run_and_write(
            experiment_of(regions, request),
            prepare_folder(run.files),
            seed=request.seed,
            cells_folder=prepare_folder(cells_folder(project)),
            options={
                "methods": list(request.methods),
                "model": request.model,
                "tiles": request.most_tiles,
            },
            progress=progress,
            cancelled=cancelled,
        )
    except CancelledError as error:
        raise CancelledError(_STOPPED) from error


def find_run(project: Project, name: str) -> ExperimentRun:
    """The run whose folder has this name.

    Raises
    ------
    InputError
        It was deleted, or its record cannot be read.
    """
    found = next((run for run in past_runs(project).runs if run.folder.name == name), None)
    if found is None:
        raise InputError("This evaluation is not there any more.", "Start another one.")
    return found


def past_runs(project: Project) -> PastRuns:
    """The runs of a project; those whose record cannot be read are named and kept."""
    folder = runs_folder(project)
    runs, unreadable = [], []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            about = read_record(path / ABOUT, _About)
        except UnreadableRecordError as error:
            unreadable.append(error)
            continue
        if about is not None:
            finished = (path / FILES / RECORD).is_file()
            runs.append(ExperimentRun(path, about.request, about.started, about.scenes, finished))
    runs.sort(key=lambda run: run.started, reverse=True)
    return PastRuns(runs, unreadable)


def remove_run(run: ExperimentRun) -> None:
    """Take a run's results away; the finished steps stay for others."""
    shutil.rmtree(run.folder, ignore_errors=True)


def pack(folder: Path, target: Path) -> None:
    """Zip a folder without what is hidden in it; inside, everything lies below the zip's name.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    with replacing(target) as aside, zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            inside = path.relative_to(folder)
            if not any(part.startswith(".") for part in inside.parts):
                archive.write(path, Path(target.stem) / inside)


def _fresh(parent: Path, name: str) -> Path:
    prepare_folder(parent)
    for number in range(1, 1000):
        folder = parent / (name if number == 1 else f"{name}_{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise CropMapError("There are too many runs of this second.", "Wait a moment.")
