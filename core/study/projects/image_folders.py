"""Folders of images with truth that a project is evaluated on beside its own scenes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from core.errors import InputError
from core.files import prepare_folder
from core.project import Project
from core.record_files import read_record, write_record
from core.study.experiments.region import read_region
from core.study.projects.run_locations import evaluation_folder

RECORD = "folders.json"


@dataclass(frozen=True, slots=True)
class ImageFolder:
    """A folder as it was when it was added.

    Parameters
    ----------
    path : str
    title, note : str
        As the folder says of itself.
    train, test : int
        Images to learn from, and images that only measure.
    """

    path: str
    title: str
    note: str
    train: int
    test: int

    @property
    def name(self) -> str:
        """What tables call it."""
        return Path(self.path).name


@dataclass(frozen=True, slots=True)
class _Folders:
    FORMAT: ClassVar[int] = 1

    folders: tuple[ImageFolder, ...]


def kept_folders(project: Project) -> list[ImageFolder]:
    """The folders of a project, in the order in which they were added.

    Raises
    ------
    UnreadableRecordError
        The list cannot be read.
    """
    found = read_record(evaluation_folder(project) / RECORD, _Folders)
    return [] if found is None else list(found.folders)


def add_folder(project: Project, path: Path) -> ImageFolder:
    """Look at a folder and remember it.

    Raises
    ------
    InputError
        It has no images, truth and land cover of equal names, or is there already.
    UnreadableRecordError
        The list of folders cannot be read; it is left as it is.
    OutputError
        The project's folder cannot be written.
    """
    present = kept_folders(project)
    if any(one.path == str(path) for one in present):
        raise InputError(f"{path} is in the list already.", "Choose another folder.")
    region = read_region(path)
    added = ImageFolder(str(path), region.title, region.note, len(region.train), len(region.test))
    _keep(project, [*present, added])
    return added


def remove_folder(project: Project, path: str) -> None:
    """Forget a folder; its files stay where they are."""
    _keep(project, [one for one in kept_folders(project) if one.path != path])


def _keep(project: Project, folders: list[ImageFolder]) -> None:
    path = prepare_folder(evaluation_folder(project)) / RECORD
    write_record(path, _Folders(tuple(folders)))
