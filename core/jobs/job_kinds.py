"""The kinds of work that are done as jobs, and what a process does for each.

Each is safe to be killed at any moment and begun again: what is finished is kept or replaced whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from core.errors import InputError
from core.jobs.job_record import JobKey
from core.task import Cancelled, Progress

if TYPE_CHECKING:
    from core.export import Wishes
    from core.project import Project

MAP_ALL, EXPORT, EVALUATION = "map", "files", "evaluation"
"""Kinds: the first part of a job's key."""

# What does the work takes seconds to load: only in the process that does it.
# ruff: noqa: PLC0415


@dataclass(frozen=True, slots=True)
class JobKind:
    """One kind of work.

    Parameters
    ----------
    work : callable
        Gets the order, ``progress`` and ``cancelled``; raises a CancelledError where that said so.
    kept : str
        What stays where it is stopped: one sentence.
    tiles : bool
        Whether its steps are tiles.
    whole : bool
        Whether its first long stage is all of it, so that the time left is that of the job.
    """

    work: Callable[[Mapping[str, Any], Progress, Cancelled], None]
    kept: str
    tiles: bool = False
    whole: bool = True


def kind_of(key: JobKey) -> JobKind:
    """What a job of this key does.

    Raises
    ------
    InputError
        No such kind: another version asked for it.
    """
    kind = _KINDS.get(str(key[0]))
    if kind is None:
        raise InputError("Another version of CropMap began this work.", "Start it again.")
    return kind


def map_order(project: Project, scene_id: str) -> dict[str, Any]:
    """The order to map all tiles of a scene."""
    return {"project": str(project.path), "scene": scene_id}


def export_order(project: Project, scene_id: str, folder: Path, wishes: Wishes) -> dict[str, Any]:
    """The order to make the files that a person wishes for."""
    from core.export import Wishes

    plain = TypeAdapter(Wishes).dump_python(wishes, mode="json")
    return {**map_order(project, scene_id), "folder": str(folder), "wishes": plain}


def evaluation_order(project: Project, run: str) -> dict[str, Any]:
    """The order to do, or to go on with, the evaluation of a name."""
    return {"project": str(project.path), "run": run}


def _map_all(order: Mapping[str, Any], progress: Progress, cancelled: Cancelled) -> None:
    from core.session import open_project, predict_all

    predict_all(open_project(Path(order["project"])), order["scene"], progress, cancelled)


def _export(order: Mapping[str, Any], progress: Progress, cancelled: Cancelled) -> None:
    from core.export import Wishes, deliver
    from core.session import open_project

    progress("Joining parcels", 0, 0)
    deliver(
        open_project(Path(order["project"])),
        order["scene"],
        Path(order["folder"]),
        TypeAdapter(Wishes).validate_python(order["wishes"]),
        progress=progress,
        cancelled=cancelled,
    )


def _evaluate(order: Mapping[str, Any], progress: Progress, cancelled: Cancelled) -> None:
    from core.session import open_project
    from core.study.projects import do_run, find_run

    project = open_project(Path(order["project"]))
    do_run(project, find_run(project, order["run"]), progress=progress, cancelled=cancelled)


_KINDS = {
    MAP_ALL: JobKind(
        _map_all, "The tiles that are done are kept. Start again to continue.", tiles=True
    ),
    EXPORT: JobKind(
        _export, "Files that were finished are there, the others as before.", whole=False
    ),
    EVALUATION: JobKind(_evaluate, "Its finished steps are kept, and it can go on from there."),
}
