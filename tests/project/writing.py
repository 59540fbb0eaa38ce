"""Processes that edit the same tiles: ``python -m tests.project.writing PATH SCENE WRITERS EDITS``.

Writer n works on tile n modulo the number of tiles.  Each prints ``n ATTEMPTS APPLIED CONFLICTS``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from core.errors import ConflictError
from core.project import NewEdit, Project


def main(path: Path, scene: str, writers: int, edits: int) -> None:
    """Fork the writers and wait for them."""
    first = Project.open(path)
    tiles = [tile.name for tile in first.tiles(scene)]
    first.close()
    children = []
    for number in range(writers):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                _write(path, scene, tiles[number % len(tiles)], number, edits)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    if any(os.waitpid(child, 0)[1] != 0 for child in children):
        raise SystemExit("a writer failed")


def _write(path: Path, scene: str, tile: str, writer: int, edits: int) -> None:
    project = Project.open(path)
    attempts = applied = conflicts = version = 0
    while applied < edits:
        edit = NewEdit("brush", {"id": f"{writer}/{applied}"})
        attempts += 1
        try:
            log = project.append(scene, tile, [edit], author=str(writer), expected_version=version)
        except ConflictError:
            conflicts += 1
            version = project.tile(scene, tile).log_version
        else:
            applied += 1
            version = log.version
    os.write(1, f"{writer} {attempts} {applied} {conflicts}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
