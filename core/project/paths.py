"""Paths of files as a project keeps them: relative inside its folder, so that it can be moved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

_KEY = "path"
"""The member, at any depth of a scene's description, land cover or settings, that names a file."""


def portable(path: str, folder: Path) -> str:
    """A path to store: relative, with slashes, inside the project's folder; absolute elsewhere.

    Parameters
    ----------
    path : str
        Absolute path, or a URL, which stays as it is.
    folder : Path
        Of the project, absolute.
    """
    if not _is_absolute(path):
        return path
    for place, home in ((Path(path), folder), (Path(path).resolve(), folder.resolve())):
        if place.is_relative_to(home) and ".." not in place.parts:
            return place.relative_to(home).as_posix()
    return path


def resolved(stored: str, folder: Path) -> str:
    """The path to open for what :func:`portable` stored; absolute, or a URL."""
    if not stored or _is_absolute(stored) or "://" in stored:
        return stored
    return str(folder / PurePosixPath(stored))


def found_again(stored: str, folder: Path) -> str:
    """A stored path as :func:`portable` would store it now, for projects older than that.

    They kept every path absolute.  One that is not there any more, but whose last parts (at least
    a folder and the file) are found in the project's folder, moved with it.
    """
    if "://" in stored or not stored:
        return stored
    if not _is_absolute(stored):
        # Relative to where the program was started, once.
        beside = Path(stored).absolute()
        lost = not Path(resolved(stored, folder)).exists()
        return portable(str(beside), folder) if lost and beside.exists() else stored
    if not Path(stored).exists():
        parts = PurePath(stored).parts
        for start in range(1, len(parts) - 1):
            inside = folder.joinpath(*parts[start:])
            if inside.exists():
                return portable(str(inside), folder)
    return portable(stored, folder)


def with_paths(value: Any, change: Callable[[str, Path], str], folder: Path) -> Any:
    """A copy of plain values in which every path in them is changed."""
    if isinstance(value, list):
        return [with_paths(entry, change, folder) for entry in value]
    if not isinstance(value, dict):
        return value
    return {
        key: change(entry, folder)
        if key == _KEY and isinstance(entry, str)
        else with_paths(entry, change, folder)
        for key, entry in value.items()
    }


def _is_absolute(path: str) -> bool:
    return "://" not in path and Path(path).is_absolute()
