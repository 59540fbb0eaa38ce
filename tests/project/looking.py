"""A program that edits and looks at the list of projects: one line in, one thing done, one line out.

``python -m tests.project.looking PATH SCENE TILE NAME`` opens the project, says ``open`` and takes
``edit`` (answers with the new version once the store has acknowledged it, or ``conflict``), ``look``
(the Start page's list, and what else an app does with a file), ``close`` and ``stop``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from core.errors import ConflictError, InputError
from core.imagery.open import open_raster
from core.project import NewEdit, Project, recent_projects, remember_project
from core.project.places import open_database, signpost_schema


def main(path: Path, scene: str, tile: str, name: str) -> None:
    """Obey the lines of the standard input."""
    project = Project.open(path)
    remember_project(path)
    print("open", flush=True)
    for number, line in enumerate(sys.stdin):
        match line.strip():
            case "edit":
                print(_edited(project, scene, tile, f"{name}/{number}"), flush=True)
            case "look":
                _look(path)
                print("looked", flush=True)
            case "close":
                project.close()
                print("closed", flush=True)
            case "stop":
                return


def _edited(project: Project, scene: str, tile: str, name: str) -> str:
    edit = NewEdit("brush", {"id": name})
    version = project.tile(scene, tile).log_version
    try:
        log = project.append(scene, tile, [edit], author=name, expected_version=version)
    except ConflictError:
        return "conflict"
    return str(log.version)


def _look(path: Path) -> None:
    assert any(summary.path == path and not summary.problem for summary in recent_projects())
    assert signpost_schema(path) is None
    open_database(path).close()
    Project.open(path).close()
    linked = path.with_name(f"image-{os.getpid()}.tif")
    linked.hardlink_to(path)
    try:
        with open_raster(linked):
            raise AssertionError("a project is no image")
    except InputError:
        linked.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:5])
