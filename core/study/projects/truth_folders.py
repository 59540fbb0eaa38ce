"""Folders of images with truth that a project is evaluated on beside its own scenes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from core.errors import InputError
from core.files import prepare_folder, replacing
from core.project import Project
from core.study.experiments.region import read_region
from core.study.projects.run_locations import evaluation_folder

_RECORD = "folders.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Folder:
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


def kept_folders(project: Project) -> list[Folder]:
    """The folders of a project, in the order in which they were added."""
    try:
        record = evaluation_folder(project) / _RECORD
        data = json.loads(record.read_text(encoding="utf-8"))
        return [Folder(**one) for one in data["folders"]] if data["format"] == _FORMAT else []
    except (OSError, ValueError, KeyError, TypeError):
        return []


def add_folder(project: Project, path: Path) -> Folder:
    """Look at a folder and remember it.

    Raises
    ------
    InputError
        It has no images, truth and land cover of equal names, or is there already.
    OutputError
        The project's folder cannot be written.
    """
    present = kept_folders(project)
    if any(one.path == str(path) for one in present):
        raise InputError(f"{path} is in the list already.", "Choose another folder.")
    region = read_region(path)
    added = Folder(str(path), region.title, region.note, len(region.train), len(region.test))
    _keep(project, [*present, added])
    return added


def remove_folder(project: Project, path: str) -> None:
    """Forget a folder; its files stay where they are."""
    _keep(project, [one for one in kept_folders(project) if one.path != path])


def _keep(project: Project, folders: list[Folder]) -> None:
    data = {"format": _FORMAT, "folders": [asdict(one) for one in folders]}
    with replacing(prepare_folder(evaluation_folder(project)) / _RECORD) as aside:
        aside.write_text(json.dumps(data, indent=1), encoding="utf-8")
