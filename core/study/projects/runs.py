"""Runs of a project: started, gone on with, listed, opened again, taken along as one file."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import CropMapError, InputError
from core.files import prepare_folder, replacing
from core.project import Project
from core.session.workspaces import Workspaces
from core.study.experiments.experiment_record import RECORD, Record, read_record
from core.study.projects.packing import pack
from core.study.projects.questions import QUESTIONS
from core.study.projects.run_locations import cells_folder, runs_folder
from core.study.projects.run_process import jobs_beside_the_app, run_apart
from core.study.projects.run_request import RunWish, region_order, scene_names
from core.study.projects.truth import is_current, kept_truth, missing_file, read_truth
from core.task import Cancelled, Progress

ABOUT, FILES = "run.json", "files"
_FORMAT = 1
_STEPS = 100_000
"""So many that they are told in percent."""


@dataclass(frozen=True, slots=True)
class Run:
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
    wish: RunWish
    started: datetime
    scenes: tuple[str, ...]
    finished: bool

    @property
    def title(self) -> str:
        """Of its experiment."""
        question = QUESTIONS.get(self.wish.experiment)
        return question.title if question else self.wish.experiment

    @property
    def files(self) -> Path:
        """Folder of what it wrote."""
        return self.folder / FILES

    @property
    def zip_file(self) -> Path:
        """All of it in one file."""
        return self.folder / f"{self.folder.name}.zip"

    def record(self) -> Record:
        """What was found.

        Raises
        ------
        InputError
            It is not finished, or damaged.
        """
        return read_record(self.files)


def new_run(project: Project, wish: RunWish) -> Run:
    """Note what is to be run, so that it can be gone on with whatever happens.

    Raises
    ------
    InputError
        Nothing was chosen.
    OutputError
        The project's folder cannot be written.
    """
    if not wish.scenes and not wish.folders:
        raise InputError("No scene was chosen.", "Choose at least one that is ready.")
    started = datetime.now(UTC)
    names = (
        *scene_names(project, wish.scenes).values(),
        *(Path(folder).name for folder in wish.folders),
    )
    folder = _fresh(runs_folder(project), f"{started:%Y-%m-%d_%H%M%S}_{wish.experiment}")
    about = {
        "format": _FORMAT,
        "wish": asdict(wish),
        "started": started.isoformat(),
        "scenes": list(names),
    }
    with replacing(folder / ABOUT) as aside:
        aside.write_text(json.dumps(about, indent=1), encoding="utf-8")
    return Run(folder, wish, started, names, finished=False)


def do_run(
    project: Project,
    run: Run,
    *,
    workspaces: Workspaces | None = None,
    progress: Progress,
    cancelled: Cancelled,
) -> Run:
    """Do what is missing of a run, and write its result.

    Raises
    ------
    CancelledError
        ``cancelled`` said so; finished steps are kept, and the run can be gone on with.
    CropMapError
        A scene is not ready, or a step failed.
    """
    wish = run.wish
    for scene_id in wish.scenes:
        _read_again_where_changed(project, scene_id, workspaces, progress, cancelled)
    order: dict[str, Any] = {
        "wish": asdict(wish),
        "folders": list(wish.folders),
        "region": region_order(project, wish),
        "out": str(prepare_folder(run.files)),
        "cells": str(prepare_folder(cells_folder(project))),
        "jobs": jobs_beside_the_app(),
    }

    def told(stage: str, done: int, total: int) -> None:
        progress(stage, round(done / total * _STEPS) if total else 0, _STEPS if total else 0)

    run_apart(order, progress=told, cancelled=cancelled)
    progress("Packing the files", 0, 0)
    pack(run.files, run.zip_file)
    return Run(run.folder, wish, run.started, run.scenes, finished=True)


def past_runs(project: Project) -> list[Run]:
    """The runs of a project, the newest first."""
    folder = runs_folder(project)
    if not folder.is_dir():
        return []
    found = [run for path in folder.iterdir() if (run := _read(path)) is not None]
    return sorted(found, key=lambda run: run.started, reverse=True)


def remove_run(run: Run) -> None:
    """Take a run's results away; the finished steps stay for others."""
    shutil.rmtree(run.folder, ignore_errors=True)


def _read_again_where_changed(
    project: Project,
    scene_id: str,
    workspaces: Workspaces | None,
    progress: Progress,
    cancelled: Cancelled,
) -> None:
    truth = kept_truth(project, scene_id)
    if truth is None or is_current(project, scene_id, truth) or missing_file(truth) is not None:
        return
    read_truth(
        project,
        scene_id,
        truth.wish,
        workspaces=workspaces,
        progress=progress,
        cancelled=cancelled,
    )


def _read(folder: Path) -> Run | None:
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if about["format"] != _FORMAT:
            return None
        return Run(
            folder,
            RunWish.from_json(about["wish"]),
            datetime.fromisoformat(about["started"]),
            tuple(about["scenes"]),
            (folder / FILES / RECORD).is_file(),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


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
