"""Who has which tile open now: known from the maps that ask, forgotten when they stop asking.

In memory only, and never in the way: nobody is kept out of a tile.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ui.server.tokens import Access

SECONDS = 10.0
"""A map that waits for changes is seen every two seconds; one that is not is closed or hidden."""


@dataclass(frozen=True, slots=True)
class Presence:
    """One map that shows a tile."""

    person: str
    scene_id: str
    tile: str


@dataclass(frozen=True, slots=True)
class _Seen:
    path: Path
    presence: Presence
    at: float


class Room:
    """The maps that are open in this process.

    Parameters
    ----------
    clock : callable
        Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, _Seen] = {}

    def enter(self, token: str, access: Access, scene_id: str, tile: str) -> None:
        """A map asked about a tile."""
        presence = Presence(access.person, scene_id, tile)
        with self._lock:
            self._forget()
            self._seen[token] = _Seen(access.project_path, presence, self._clock())

    def stay(self, token: str) -> None:
        """A map asked whether anything has changed, so that it is still open."""
        with self._lock:
            self._forget()
            if token in self._seen:
                self._seen[token] = replace(self._seen[token], at=self._clock())

    def others(self, project_path: Path, own_token: str) -> list[Presence]:
        """The other maps that show this project."""
        path = project_path.resolve()
        with self._lock:
            self._forget()
            return [
                seen.presence
                for token, seen in self._seen.items()
                if seen.path == path and token != own_token
            ]

    def _forget(self) -> None:
        oldest = self._clock() - SECONDS
        self._seen = {token: seen for token, seen in self._seen.items() if seen.at >= oldest}


ROOM = Room()
"""Of this process."""
