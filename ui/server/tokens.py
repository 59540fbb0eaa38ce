"""Who may ask the routes for what: one random token for each tab of a browser.

Tokens live in memory only: after a restart of the app each browser asks its page for a new one.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ui.server.errors import ForbiddenError

_BYTES = 32
_IDLE_SECONDS = 24 * 3600.0
_MOST = 1024


@dataclass(frozen=True, slots=True)
class Access:
    """What a token opens: one project, under one person's name."""

    project_path: Path
    person: str


@dataclass(slots=True)
class _Entry:
    access: Access
    used: float
    browser: str


class Tokens:
    """The tokens of a process.

    Parameters
    ----------
    most : int
        Tokens that are kept; beyond, the one that was not used for longest is forgotten.
    idle_seconds : float
        Age without use at which a token is worth nothing any more.
    clock : callable
        Seconds that never go back.
    """

    def __init__(
        self,
        most: int = _MOST,
        idle_seconds: float = _IDLE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._lock = threading.Lock()
        # Looked up by digest: how long a look-up takes says nothing about the token itself.
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()

    def issue(self, project_path: Path, person: str, browser: str = "") -> str:
        """A new token for this project and person, in the browser of this name."""
        token = secrets.token_urlsafe(_BYTES)
        access = Access(project_path.resolve(), person)
        with self._lock:
            self._forget_idle()
            self._entries[_digest(token)] = _Entry(access, self._clock(), browser)
            while len(self._entries) > self._most:
                self._entries.popitem(last=False)
        return token

    def resolve(self, token: str) -> Access:
        """What the token opens.

        Raises
        ------
        ForbiddenError
            Unknown, too long unused, or taken back.
        """
        with self._lock:
            return self._entry(token).access

    def rename(self, token: str, person: str) -> None:
        """The person behind a token goes by another name from now on.

        Raises
        ------
        ForbiddenError
            As for :meth:`resolve`.
        """
        with self._lock:
            entry = self._entry(token)
            entry.access = replace(entry.access, person=person)

    def rename_browser(self, browser: str, person: str) -> None:
        """The person of a browser goes by another name from now on, in all its tabs."""
        with self._lock:
            for entry in self._entries.values():
                if entry.browser == browser:
                    entry.access = replace(entry.access, person=person)

    def revoke(self, token: str) -> None:
        """Forget a token; nothing happens where it is unknown."""
        with self._lock:
            self._entries.pop(_digest(token), None)

    def _entry(self, token: str) -> _Entry:
        """The token's entry, used now; the caller holds the lock."""
        self._forget_idle()
        digest = _digest(token)
        entry = self._entries.get(digest)
        if entry is None:
            raise ForbiddenError(
                "This map is no longer connected to the app.",
                "It connects again automatically. If not, load the page again.",
            )
        entry.used = self._clock()
        self._entries.move_to_end(digest)
        return entry

    def _forget_idle(self) -> None:
        """Drop expired entries; they are in the order of their last use."""
        oldest = self._clock() - self._idle_seconds
        while self._entries:
            digest, entry = next(iter(self._entries.items()))
            if entry.used > oldest:
                return
            del self._entries[digest]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


_TOKENS = Tokens()

issue = _TOKENS.issue
resolve = _TOKENS.resolve
rename = _TOKENS.rename
rename_browser = _TOKENS.rename_browser
revoke = _TOKENS.revoke
