"""What a person names on the command line: a project by its folder or file, a scene by its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import InputError, ProjectError

if TYPE_CHECKING:
    from core.project import Project, SceneRecord

ProjectPath = Annotated[
    Path, typer.Argument(metavar="PROJECT", help="Folder of the project, or its .cropmap file.")
]
SceneName = Annotated[
    str | None, typer.Option("--scene", help="Name of the scene, where the project has several.")
]

_SUFFIX = ".cropmap"


def new_project_file(path: Path) -> Path:
    """The file of a new project in a folder, or the file itself where one was named.

    Raises
    ------
    ProjectError
        The folder holds a project.
    """
    path = path.absolute()
    if path.suffix == _SUFFIX:
        return path
    path = path.resolve()
    for present in sorted(path.glob(f"*{_SUFFIX}")):
        raise ProjectError(
            f"There is a project in {path} already: {present.name}.", "Choose another folder."
        )
    return path / f"{path.name}{_SUFFIX}"


@contextmanager
def opened_project(path: Path) -> Iterator[Project]:
    """The project, closed at the end; other processes may have it open meanwhile."""
    from core.project import Project, project_file

    project = Project.open(project_file(path))
    try:
        yield project
    finally:
        project.close()


def chosen_scenes(store: Project, path: Path, name: str | None) -> list[SceneRecord]:
    """The scene of this name (or id), or all of them.

    Raises
    ------
    InputError
        There is none, or several have the name.
    """
    scenes = store.scenes()
    if not scenes:
        raise InputError(
            f"The project {store.name} has no scene yet.",
            f"Add one: cropmap project add {path} SCENE.tif --landcover FILE",
        )
    if name is None:
        return scenes
    found = [one for one in scenes if name in (one.id, one.name)]
    if not found:
        raise InputError(
            f"The project {store.name} has no scene '{name}'.",
            f"It has: {', '.join(one.name for one in scenes)}.",
        )
    if len(found) > 1:
        raise InputError(
            f"{len(found)} scenes of the project {store.name} are called {name}.",
            f"Name one by its id: {', '.join(one.id for one in found)}.",
        )
    return found


def chosen_scene(store: Project, path: Path, name: str | None) -> SceneRecord:
    """The one scene that is meant; errors as for :func:`chosen_scenes`, or where it is unclear."""
    scenes = chosen_scenes(store, path, name)
    if len(scenes) > 1:
        raise InputError(
            f"The project {store.name} has {len(scenes)} scenes: "
            f"{', '.join(one.name for one in scenes)}.",
            "Name one with --scene.",
        )
    return scenes[0]
