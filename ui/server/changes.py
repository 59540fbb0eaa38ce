"""What has changed in a project, told as soon as it does.

A map asks with what it knows, and is answered once that is not all: at once where somebody changes
something through this process, within two seconds where another process does, the project's file is
exchanged, or the person goes by another name.  Who waits keeps no thread.
"""

from __future__ import annotations

import asyncio
import math
import threading
import weakref
from collections import OrderedDict
from dataclasses import dataclass

import anyio
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.routing import Route

from core import wire
from core.project import Project
from core.session import IDLE, in_file, open_project, stamp
from ui.server import tokens
from ui.server.errors import NO_STORE, error_body
from ui.server.in_loop import waker
from ui.server.json_answer import JsonAnswer
from ui.server.nodelay import stopping
from ui.server.numbers import query_number
from ui.server.presence import ROOM

LONGEST_S = 25.0
"""Of one question; proxies give up after thirty seconds or more."""

_LOOK_S = 2.0
_BLINK_S = 0.25
"""How soon a wait is noticed to be for nobody."""

_MOST_KEPT = 8


@dataclass(frozen=True, slots=True)
class _Known:
    """What a map knows already; what it does not say counts as known."""

    revision: float
    file: str | None
    you: str | None

    def lacks(self, news: wire.Changes) -> bool:
        """Whether there is more."""
        return (
            news["revision"] != self.revision
            or (self.file is not None and news["file"] != self.file)
            or (self.you is not None and news["you"] != self.you)
        )


class _Touched:
    """The tiles that were touched between two revisions, found once for all who ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, int], list[wire.ChangedTile]] = OrderedDict()

    def between(self, project: Project, since: int, now: int) -> list[wire.ChangedTile]:
        """Scene, tile and stamp of each."""
        with self._lock:
            if (since, now) not in self._kept:
                touched = project.changes_since(since)
                stamps = _stamps(project, {scene for scene, _ in touched})
                self._kept[since, now] = [
                    (scene, tile, stamps.get((scene, tile), "")) for scene, tile in touched
                ]
                while len(self._kept) > _MOST_KEPT:
                    self._kept.popitem(last=False)
            return self._kept[since, now]


_touched: weakref.WeakKeyDictionary[Project, _Touched] = weakref.WeakKeyDictionary()


async def changes(request: Request) -> JsonAnswer:
    """``Changes``; with ``wait=SECONDS`` once there are some, or after so many seconds."""
    token = request.path_params["token"]
    query = request.query_params
    known = _Known(query_number(request, "since"), query.get("file"), query.get("you"))
    longest = query_number(request, "wait") if "wait" in query else 0.0
    until = anyio.current_time() + min(max(longest, 0.0), LONGEST_S)
    event = asyncio.Event()
    wake = waker(event)
    project, news = await run_sync(_look, token, known)
    while not known.lacks(news) and anyio.current_time() < until:
        with project.listening(wake):
            # Once more: something may have been changed before this listened.
            project, news = await run_sync(_look, token, known)
            look = min(until, anyio.current_time() + _LOOK_S)
            while not known.lacks(news) and not event.is_set() and anyio.current_time() < look:
                if stopping() or await request.is_disconnected():
                    return JsonAnswer(news, headers=NO_STORE)
                with anyio.move_on_after(_BLINK_S):
                    await event.wait()
            event.clear()
    return JsonAnswer(news, headers=NO_STORE)


def _look(token: str, known: _Known) -> tuple[Project, wire.Changes]:
    """The project, and what is new in it."""
    access = tokens.resolve(token)
    project = open_project(access.project_path)
    ROOM.stay(token)
    IDLE.asked()
    revision = project.revision()
    touched: list[wire.ChangedTile] = []
    if math.floor(known.revision) < revision:
        shared = _touched.setdefault(project, _Touched())
        touched = shared.between(project, math.floor(known.revision), revision)
    news: wire.Changes = {
        **in_file(project, error_body),
        "revision": revision,
        "you": access.person,
        "tiles": touched,
    }
    return project, news


def _stamps(project: Project, scenes: set[str]) -> dict[tuple[str, str], str]:
    """The stamp of each tile's state, where it tells all that anybody may see of the tile.

    It does not where there is a second look; nor is there one for a scene that was removed.
    """
    return {
        (record.id, tile.name): stamp(record.version, tile.log_version, tile.verdict.version)
        for record in project.scenes()
        if record.id in scenes
        for looked_at in [{review.tile for review in project.second_reviews(record.id)}]
        for tile in project.tiles(record.id)
        if tile.name not in looked_at
    }


ROUTES = [Route("/{token}/changes", changes, methods=["GET"])]
