"""The store's own share of a click, on both databases: ``python -m benchmarks.store``.

Medians in milliseconds of one process, with 1, 100 and 1,000 edits on a tile and 10,000 tiles in
the project, in a folder on the disk; then the slowest of all openings while 200 writers are killed
one after the other.  ``cold`` is the first read after opening.  PostgreSQL's server runs here with
``fsync=off``: its figures are without a disk.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from core.project import NewEdit, NewTile, Project
from core.settings import get_settings
from scripts.postgres_server import find_postgres, postgres_server

_TIMES = 40
_TILES = [NewTile(f"t{n}", n, (n % 100 * 900, n // 100 * 900, 1024, 1024)) for n in range(10_000)]
_LINE = [[500_000.25 + n, 5_800_000.5 + n] for n in range(20)]


def main() -> None:
    print("| database | what | 1 edit | 100 edits | 1,000 edits |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        _measure("SQLite", Path(folder))
    if find_postgres() is None:
        print("PostgreSQL is not installed.")
        return
    with postgres_server() as server, tempfile.TemporaryDirectory() as folder:
        os.environ["CROPMAP_DATABASE_URL"] = server.url
        get_settings.cache_clear()
        _measure("PostgreSQL", Path(folder))


def _measure(database: str, folder: Path) -> None:
    project = Project.create(folder / "large.cropmap", "Large")
    scene = project.add_scene("May", {"path": "/may.tif"}, None, _TILES).id
    columns = [
        _at(project, scene, f"t{place}", edits) for place, edits in enumerate((1, 100, 1000))
    ]
    for what, *times in zip(columns[0], *(column.values() for column in columns), strict=True):
        print(f"| {database} | {what} | " + " | ".join(f"{ms:.2f}" for ms in times) + " |")
    for what, call in (
        ("10,000 tiles, listed", lambda: project.tiles(scene)),
        ("revision and changes", lambda: (project.revision(), project.changes_since(2))),
        ("opened", lambda: Project.open(project.path).close()),
    ):
        print(f"| {database} | {what} | {_median(call, 9):.2f} | | |")
    print(f"| {database} | slowest opening of 200 killed | {_killed(folder):.0f} | | |")
    project.close()


def _at(project: Project, scene: str, tile: str, edits: int) -> dict[str, float]:
    """Medians on a tile with so many edits."""
    many = [NewEdit("split", {"line": _LINE})] * edits
    log = project.append(scene, tile, many, author="Ada", expected_version=0, together=edits == 1)
    cold = _median(lambda: Project.open(project.path).log(scene, tile), 9)
    opening = _median(lambda: Project.open(project.path).close(), 9)

    def append() -> None:
        nonlocal log
        one = [NewEdit("split", {"line": _LINE})]
        log = project.append(scene, tile, one, author="Ada", expected_version=log.version)

    def there_and_back() -> None:
        nonlocal log
        log = project.undo(scene, tile, author="Ada", expected_version=log.version)
        log = project.redo(scene, tile, author="Ada", expected_version=log.version)

    return {
        "append": _median(append),
        "undo and redo": _median(there_and_back),
        "log": _median(lambda: project.log(scene, tile)),
        "log, cold": max(cold - opening, 0.0),
        "scene, tile and log": _median(lambda: project.moment(scene, tile)),
        "set figures": _median(lambda: project.set_figures(scene, tile, {"cropland_ha": 1.0})),
    }


def _median(call: Callable[[], object], times: int = _TIMES) -> float:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1000


def _killed(folder: Path) -> float:
    """The longest that a writer took to open the project, in milliseconds."""
    made = Project.create(folder / "killed.cropmap", "Killed")
    scene = made.add_scene("May", {}, None, _TILES[:3]).id
    made.close()
    done = subprocess.run(
        [sys.executable, "-m", "tests.project.killing", str(made.path), scene, "200"],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        check=True,
        text=True,
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    return max(float(rest[0]) for what, *rest in lines if what == "opened") * 1000


if __name__ == "__main__":
    main()
