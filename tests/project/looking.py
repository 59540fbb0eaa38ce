"""A program that edits a project and looks at the list of projects, as it is told.

``python -m tests.project.looking PATH SCENE TILE NAME`` opens the project, says ``open`` and takes
lines: ``edit`` (answers with the new version once the store has acknowledged it, or with
``conflict`` or ``replaced``), ``look`` (the
Start page's list, and what else an app does with a file), ``close`` and ``stop``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from core.errors import ConflictError, InputError, ProjectReplacedError
from core.imagery.open import open_raster
from core.project import NewEdit, Project, recent_projects, remember_project
from core.project.places import open_database, signpost_schema


def main(path: Path, scene: str, tile: str, name: str) -> None:
    """Obey the lines of the standard input."""
    project = Project.open(path)
    remember_project(path)
    _say("open")
    for number, line in enumerate(sys.stdin):
        match line.strip():
            case "edit":
                _say(_edited(project, scene, tile, f"{name}/{number}"))
            case "look":
                _look(path)
                _say("looked")
            case "close":
                project.close()
                _say("closed")
            case "stop":
                return


def _say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def _edited(project: Project, scene: str, tile: str, name: str) -> str:
    edit = NewEdit("brush", {"id": name})
    try:
        version = project.tile(scene, tile).log_version
        log = project.append(scene, tile, [edit], author=name, expected_version=version)
    except ConflictError:
        return "conflict"
    except ProjectReplacedError:
        return "replaced"
    return str(log.version)


def _look(path: Path) -> None:
    recent_projects()
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
