"""The archive: projects that are done with, which nobody opens by mistake.

Nothing is moved.  An empty file beside the project's says that it is archived, so it stays so in
whatever folder, copy or bin it lies, and whoever else uses that folder sees it, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import storage_error

_ENDING = ".archived"


def is_archived(project_file: Path) -> bool:
    """Whether the project is in the archive."""
    return _mark(project_file).exists()


def put_in_archive(project_file: Path) -> None:
    """Put a project into the archive; nobody of this process may have it open.

    Raises
    ------
    OutputError
        Its folder cannot be written.
    """
    with _changing(_mark(project_file)) as mark:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()


def take_from_archive(project_file: Path) -> None:
    """Take a project back.

    Raises
    ------
    OutputError
        Its folder cannot be written.
    """
    with _changing(_mark(project_file)) as mark:
        mark.unlink(missing_ok=True)


@contextmanager
def _changing(mark: Path) -> Iterator[Path]:
    try:
        yield mark
    except OSError as error:
        raise storage_error(error, mark) from error


def _mark(project_file: Path) -> Path:
    return project_file.with_name(project_file.name + _ENDING)
