"""Many people on few tiles: ``python -m benchmarks.together``.

Clients draw small strokes and judge parcels through the HTTP routes, each on the state that it saw
last; after a conflict it reads the state and sends the edit again.  Told are edits that came in,
conflicts, the time until an edit is in, and memory before, at the end, and after all have gone.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import uvicorn
from starlette.applications import Starlette

from core.farmland import write_scene
from core.project import Project
from core.session.adding_scenes import add_scene
from core.session.workspaces import get_workspaces
from ui.server import tokens
from ui.server.routes import MIDDLEWARE, ROUTES

_PORT = 8765
_ADDRESS = f"http://localhost:{_PORT}"


@dataclass(slots=True)
class Tally:
    """What the clients met."""

    edits: int = 0
    conflicts: int = 0
    seconds: list[float] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--tiles", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=30.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        project, scene = _prepared(Path(name))
        server = uvicorn.Server(
            uvicorn.Config(
                Starlette(routes=ROUTES, middleware=MIDDLEWARE), port=_PORT, log_level="error"
            )
        )
        threading.Thread(target=server.run, daemon=True).start()
        tiles = [tile.name for tile in project.tiles(scene)][: options.tiles]
        paths = [
            f"/cropmap/{tokens.issue(project.path, f'P{n}')}/tile/{scene}/{tiles[n % len(tiles)]}"
            for n in range(options.clients)
        ]
        before = _megabytes()
        time.sleep(1)
        for path in paths[: len(tiles)]:
            _ready(path)
        # The clients' work must not count as the server's.
        with multiprocessing.get_context("spawn").Pool(1) as other:
            tally = other.apply(_all_clients, (paths, options.seconds))
        get_workspaces().settle()
        busy = _megabytes()
        _release()
        p50, p95 = (float(np.percentile(tally.seconds, q)) * 1000 for q in (50, 95))
        print(
            f"edits in {tally.edits}, conflicts {tally.conflicts}, ms {p50:.0f} / {p95:.0f} (p95)"
        )
        print(f"MB before {before:.0f}, busy {busy:.0f}, released {_megabytes():.0f}")
        server.should_exit = True


def _prepared(home: Path) -> tuple[Project, str]:
    files = write_scene(home / "made", 5, size=2000)
    project = Project.create(home / "Together" / "Together.cropmap", "Together")
    return project, add_scene(project, files.scene, landcover_path=files.landcover).id


def _release() -> None:
    """As after ten minutes without anybody."""
    from core.session.idle import IDLE

    IDLE.release()


def _megabytes() -> float:
    return float(psutil.Process().memory_info().rss) / 2**20


def _all_clients(paths: list[str], seconds: float) -> Tally:
    tally, lock, end = Tally(), threading.Lock(), time.monotonic() + seconds
    threads = [
        threading.Thread(target=_client, args=(path, number, end, tally, lock))
        for number, path in enumerate(paths)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally


def _client(path: str, number: int, end: float, tally: Tally, lock: threading.Lock) -> None:
    generator = np.random.default_rng(number)
    state = _ready(path)
    while time.monotonic() < end:
        time.sleep(float(generator.uniform(0.3, 0.7)))
        column, row, width, height = state["window"]
        x, y = generator.uniform(0.05, 0.95, 2)
        spot = [column + width * x, row + height * y]
        edit: dict[str, Any] = {"kind": "brush", "line": [spot], "radius": 3.0, "add": bool(x < y)}
        if generator.random() < 0.3:
            edit = {"kind": "parcel_verdict", "point": spot, "verdict": "accepted"}
        start, conflicts = time.perf_counter(), 0
        while True:
            status, answer = _ask(f"{path}/edits", {"version": state["version"], "edits": [edit]})
            if status == 200:
                state = answer
                break
            conflicts += 1
            state = answer.get("state") or _ask(f"{path}?wait=0")[1]
        with lock:
            tally.edits += 1
            tally.conflicts += conflicts
            tally.seconds.append(time.perf_counter() - start)


def _ready(path: str) -> dict[str, Any]:
    while (state := _ask(path)[1])["status"] != "ready":
        time.sleep(0.3)
    return state


def _ask(path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(_ADDRESS + path, data, {"Origin": _ADDRESS})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        if error.code != 409:
            raise
        return error.code, json.loads(error.read())


if __name__ == "__main__":
    main()
