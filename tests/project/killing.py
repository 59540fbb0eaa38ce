"""Writers that are killed at random moments: ``python -m tests.project.killing PATH SCENE KILLS``.

The modules are imported once; then one process for each tile forks a writer, kills it, forks the
next.  Prints a line for each opening (``opened SECONDS``) and for each edit that the store has
acknowledged (``TILE VERSION SEQUENCE``).
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

from core.project import NewEdit, Project

_MOST_LINES = 8
"""A writer is killed after it has opened the project and said at most this many lines less one."""
_LONGEST_WAIT_S = 0.02
"""How much later, at most: while it opens the project, commits, or acknowledges."""


def main(path: Path, scene: str, kills: int) -> None:
    """Kill ``kills`` writers in all, a lane for each tile of the scene."""
    tiles = _tiles(path, scene)
    lanes = []
    for number, tile in enumerate(tiles):
        share = kills // len(tiles) + (number < kills % len(tiles))
        lane = os.fork()
        if lane == 0:
            _lane(path, scene, tile, share, random.Random(number))
            os._exit(0)
        lanes.append(lane)
    failed = [lane for lane in lanes if os.waitpid(lane, 0)[1] != 0]
    if failed:
        raise RuntimeError("a lane failed")


def _tiles(path: Path, scene: str) -> list[str]:
    project = Project.open(path)
    names = [tile.name for tile in project.tiles(scene)]
    project.close()
    return names


def _lane(path: Path, scene: str, tile: str, kills: int, chance: random.Random) -> None:
    for _ in range(kills):
        seed, lines = chance.random(), chance.randrange(_MOST_LINES)
        tells, writes = os.pipe()
        writer = os.fork()
        if writer == 0:
            try:
                _write(path, scene, tile, random.Random(seed), writes)
            except BaseException as error:  # noqa: BLE001  (told to the one who counts)
                os.write(2, f"writer failed: {error!r}\n".encode())
            os._exit(1)
        os.close(writes)
        with os.fdopen(tells, "rb") as told:
            heard = b"".join(told.readline() for _ in range(lines))
            time.sleep(chance.uniform(0.0, _LONGEST_WAIT_S))
            os.kill(writer, signal.SIGKILL)
            _, status = os.waitpid(writer, 0)
            os.write(1, heard + told.read())
        if not os.WIFSIGNALED(status):
            os._exit(1)


def _write(path: Path, scene: str, tile: str, chance: random.Random, writes: int) -> None:
    """Edit, undo and redo until the end comes."""
    start = time.perf_counter()
    project = Project.open(path)
    log = project.log(scene, tile)
    os.write(writes, f"opened {time.perf_counter() - start:.4f}\n".encode())
    while True:
        version = log.version
        action = chance.random()
        if action < 0.1 and log.can_undo:
            log = project.undo(scene, tile, author="", expected_version=version)
        elif action < 0.2 and log.can_redo:
            log = project.redo(scene, tile, author="", expected_version=version)
        else:
            edit = NewEdit("brush", {"filler": "x" * chance.randrange(3000)})
            log = project.append(scene, tile, [edit], author="", expected_version=version)
        sequence = log.edits[-1].sequence if log.edits else 0
        os.write(writes, f"{tile} {log.version} {sequence}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
