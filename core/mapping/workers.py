"""Who is to map the tiles of a scene, as a person says it."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import InputError

MOST_PROCESSES = 256


@dataclass(frozen=True, slots=True)
class Workers:
    """Processes of this machine, or a cluster.

    Parameters
    ----------
    processes : int, optional
        How many; by default what suits the scene and the machine.
    dask : str, optional
        The address of a Dask scheduler (``tcp://HOST:8786``) or its file (``scheduler.json``).

    Raises
    ------
    InputError
        Both are asked for, or a number of processes that is none.
    """

    processes: int | None = None
    dask: str | None = None

    def __post_init__(self) -> None:
        if self.processes is not None and self.dask is not None:
            raise InputError(
                "A scene is mapped either by processes of this machine or by a cluster.",
                "Leave one of them out.",
            )
        if self.processes is not None and not 1 <= self.processes <= MOST_PROCESSES:
            raise InputError(
                f"{self.processes} processes cannot map a scene.",
                f"Take a number from 1 to {MOST_PROCESSES}.",
            )


AS_SUITS = Workers()
"""As many processes as suit the scene and the machine."""
