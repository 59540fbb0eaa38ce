"""The bin: projects that were deleted from the list, each a folder that can be put back.

A project of the projects folder is moved as a whole, so nothing of it is lost before somebody
empties the bin.  Projects that lie elsewhere are their owner's: the list forgets them.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.errors import InputError, storage_error
from core.files import move
from core.project.places import SUFFIX
from core.project.recent import project_summary
from core.settings import get_settings

_FOLDER = ".bin"
_TIME = "%Y%m%dT%H%M%S%fZ"
_MARK = "~"


@dataclass(frozen=True, slots=True)
class BinnedProject:
    """A project in the bin.

    Attributes
    ----------
    folder : Path
        Where it lies now.
    folder_name : str
        Of the folder that it had.
    name : str
        Of the project.
    deleted_at : datetime
        UTC.
    """

    folder: Path
    folder_name: str
    name: str
    deleted_at: datetime


def may_be_binned(project_file: Path) -> bool:
    """Whether the project has a folder of its own in the projects folder."""
    folder = project_file.absolute().parent
    if folder.parent != get_settings().projects_dir.absolute() or folder.is_symlink():
        return False
    return [one.name for one in folder.glob(f"*{SUFFIX}")] == [project_file.name]


def put_in_bin(project_file: Path) -> BinnedProject:
    """Move a project's folder to the bin; nobody of this process may have it open.

    Raises
    ------
    InputError
        It does not lie in a folder of its own in the projects folder.
    OutputError
        The folder cannot be moved.
    """
    if not may_be_binned(project_file):
        raise InputError(
            f"{project_file.name} does not lie in a folder of its own in "
            f"{get_settings().projects_dir}, so it is not deleted from here.",
            "Delete its file yourself; then take it from the list.",
        )
    folder = project_file.absolute().parent
    now = datetime.now(UTC)
    target = bin_folder() / f"{folder.name}{_MARK}{now.strftime(_TIME)}"
    _move(folder, target)
    return _binned(target, folder.name, now)


def projects_in_bin() -> list[BinnedProject]:
    """What is in the bin, deleted last first."""
    try:
        found = [_entry(folder) for folder in bin_folder().iterdir() if folder.is_dir()]
    except OSError:
        return []
    return sorted((one for one in found if one), key=lambda one: one.deleted_at, reverse=True)


def put_back(binned: BinnedProject) -> Path:
    """Move a project out of the bin again; gives its file.

    Raises
    ------
    InputError
        A folder of its name is there by now, or it is gone from the bin.
    OutputError
        The folder cannot be moved.
    """
    _check(binned)
    target = get_settings().projects_dir / binned.folder_name
    if target.exists():
        raise InputError(
            f"There is another project in {target} by now.",
            "Rename that folder, or delete that project, and try again.",
        )
    _move(binned.folder, target)
    return next(target.glob(f"*{SUFFIX}"))


def erase(binned: BinnedProject) -> None:
    """Erase a project of the bin for good.

    Raises
    ------
    InputError
        It is gone from the bin.
    OutputError
        It cannot be erased.
    """
    _check(binned)
    try:
        shutil.rmtree(binned.folder)
    except OSError as error:
        raise storage_error(error, binned.folder) from error


def folder_bytes(folder: Path) -> int:
    """What a folder takes on the disk; links are not followed."""
    total = 0
    for here, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(here) / name).lstat().st_size
            except OSError:
                continue  # removed meanwhile
    return total


def bin_folder() -> Path:
    """Where deleted projects lie."""
    return get_settings().projects_dir.absolute() / _FOLDER


def _entry(folder: Path) -> BinnedProject | None:
    name, mark, written = folder.name.rpartition(_MARK)
    try:
        deleted_at = datetime.strptime(written, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    return _binned(folder, name, deleted_at) if mark and name else None


def _binned(folder: Path, folder_name: str, deleted_at: datetime) -> BinnedProject:
    file = next(folder.glob(f"*{SUFFIX}"), None)
    name = folder_name if file is None else project_summary(file).name
    return BinnedProject(folder, folder_name, name, deleted_at)


def _check(binned: BinnedProject) -> None:
    if binned.folder.parent != bin_folder() or not binned.folder.is_dir():
        raise InputError(
            f"The project {binned.name} is not in the bin any more.", "Load the page again."
        )


def _move(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        move(source, target)
    except OSError as error:
        raise storage_error(error, target) from error
