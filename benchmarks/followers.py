"""People who look at a tile while somebody else edits it, for :mod:`benchmarks.app`.

Each does what the map does: asks for changes, with a wait where the server knows how, else every
two seconds; reads the tile at once, and again until its label is final.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

WAIT_S = 25
EVERY_S = 2.0


@dataclass(slots=True)
class Seen:
    """When each follower first saw a version of the tile's log, and saw it final."""

    first: dict[int, list[float]] = field(default_factory=dict)
    final: dict[int, list[float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, state: dict[str, Any]) -> None:
        """A state came just now."""
        now = time.perf_counter()
        with self.lock:
            self.first.setdefault(state["version"], []).append(now)
            if not state["refining"]:
                self.final.setdefault(state["version"], []).append(now)


def ask(url: str, address: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a route answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Origin": address})  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        state: dict[str, Any] = json.loads(answer.read())
        return state


@contextmanager
def followers(address: str, tokens: list[str], scene: str, tile: str) -> Iterator[Seen]:
    """One follower for each token, until the block ends."""
    stop, seen = threading.Event(), Seen()
    threads = [
        threading.Thread(
            target=_follow, args=(address, token, scene, tile, stop, seen), daemon=True
        )
        for token in tokens
    ]
    for thread in threads:
        thread.start()
    time.sleep(2)
    yield seen
    stop.set()
    time.sleep(1)


def _follow(
    address: str, token: str, scene: str, tile: str, stop: threading.Event, seen: Seen
) -> None:
    base = f"{address}/cropmap/{token}"
    path = f"{base}/tile/{scene}/{tile}"
    known: dict[str, Any] = ask(f"{base}/changes?since={2**40}", address)
    stamp = ask(f"{path}?wait=0", address)["stamp"]
    while not stop.is_set():
        asked = time.perf_counter()
        query = {"since": known["revision"], "file": known["file"], "you": known["you"]}
        wait = urllib.parse.urlencode({**query, "wait": WAIT_S})
        news = ask(f"{base}/changes?{wait}", address)
        if news == {**known, "tiles": []} and time.perf_counter() - asked < EVERY_S:
            stop.wait(EVERY_S)
        known = {**news, "tiles": []}
        if any(entry[:2] == [scene, tile] and entry[2] != stamp for entry in news["tiles"]):
            state = ask(f"{path}?wait=0", address)
            seen.note(state)
            while state["refining"]:
                state = ask(path, address)
                seen.note(state)
            stamp = state["stamp"]
