"""What the store asks of a database, and the sentences that all databases share."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from core.errors import DiskFullError, InputError, ProjectError, ProjectUnavailableError

BUSY_SECONDS = 15.0
"""How long a writer waits for the others before it gives up."""

to_json = partial(json.dumps, allow_nan=False, separators=(",", ":"))
"""JSON as it is stored; a ValueError for what JSON cannot say."""


class Database(Protocol):
    """The tables of one project; every transaction is one ``with`` block, from any thread.

    Attributes
    ----------
    path : Path
        The project's own file, absolute, in the folder of its big files.
    """

    path: Path

    @property
    def stamp(self) -> str:
        """Names the file or schema itself; another one at the same path has another."""

    @property
    def left_over(self) -> Path | None:
        """Where a journal is that lay beside the file and belongs to another one."""

    def verify(self) -> None:
        """Return only where the path still leads to what was opened.

        Raises
        ------
        ProjectReplacedError
            It does not.
        """

    def read(self) -> AbstractContextManager[Connection]:
        """A transaction that sees one state of the project and changes nothing."""

    def write(self) -> AbstractContextManager[Connection]:
        """A transaction, the only one that writes to this project; committed, and on the disk,
        when the block ends without error.  DDL in it is undone with the rest.
        """

    def version(self, connection: Connection) -> int:
        """Version of the tables; 0 where they are not ours."""

    def set_version(self, connection: Connection, version: int) -> None:
        """Mark the tables as ours, of this version; part of the transaction."""

    def prepare(self, connection: Connection) -> None:
        """Make the place for the tables of a new project, where there has to be one."""

    def check(self) -> None:
        """Look for damage, and set up what an opened project needs.

        Raises
        ------
        ProjectError
            It is damaged.
        """

    def keep_copy(self, version: int) -> None:
        """Keep what is there beside the project before a migration, inside its transaction."""

    def close(self) -> None:
        """Close the connections; what comes later is refused."""

    def discard(self) -> None:
        """Remove what was made for a project that could not be made whole."""


def not_a_project(path: Path) -> ProjectError:
    """The error for a file that some other program made."""
    return ProjectError(f"{path} is not a project.", "Choose a file that ends with .cropmap.")


def exists_already(path: Path) -> ProjectError:
    """The error for a new project where something already is."""
    return ProjectError(f"{path} exists already.", "Choose another name, or open it instead.")


def damaged(path: Path, reason: str) -> ProjectUnavailableError:
    """The error for a project that cannot be read, with what the database says.

    It may be whole again later, from a backup: a browser keeps what it could not save.
    """
    return ProjectUnavailableError(
        f"The project {path.name} is damaged or incomplete ({reason}).",
        "Restore it from a backup; nothing was changed.",
    )


def busy(path: Path) -> ProjectUnavailableError:
    """The error for a lock or a connection that did not come in time."""
    return ProjectUnavailableError(
        f"The project {path.name} is in use by another program and did not answer in time.",
        "Nothing was changed; try again in a moment.",
    )


def closed(path: Path) -> ProjectUnavailableError:
    """The error for a project that this program closed."""
    return ProjectUnavailableError(f"The project {path.name} is closed.", "Open it again.")


def disk_full(path: Path) -> DiskFullError:
    """The error for a change that did not fit."""
    return DiskFullError(
        f"The disk is full: the last change to {path.name} was not saved.",
        "Free some space and repeat it; everything saved before is kept.",
    )


def value_refused(path: Path, cause: object) -> InputError:
    """The error for a value that no column takes."""
    return InputError(
        f"A value cannot be stored in {path.name}: {cause}.",
        "Texts must be Unicode and numbers finite.",
    )
