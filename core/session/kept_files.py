"""Where files of this installation lie, how big they are, and clearing what can be made again.

Edits, verdicts, backups, deleted projects and what belongs to an accepted tile are never cleared.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError, storage_error
from core.private_folders import PREFIX
from core.project import Project, backups_folder, bin_folder, folder_bytes
from core.sam.registry import MODELS, get_model, known_models
from core.sam.weights import is_present, weights_path
from core.session.moved_imagery import imagery_problem
from core.session.opened import OpenedScene, open_project_scene
from core.session.place import label_path, model_of, prediction_path
from core.settings import get_settings

_SETTLED_S = 600.0
"""A file that is younger may belong to work that another process has just begun."""


@dataclass(frozen=True, slots=True)
class KeptFiles:
    """Files of one kind.

    Attributes
    ----------
    key : str
        For :func:`clear_kept`.
    folder : Path
        Where they lie.
    size : int
        Bytes of all of them.
    clearable : int
        Bytes that :func:`clear_kept` would free now; 0 where nothing of them is ever cleared.
    cost : str
        What clearing costs, or why nothing is cleared: one sentence.
    alone : bool
        Whether it must wait until no job runs.
    """

    key: str
    title: str
    folder: Path
    size: int
    clearable: int
    cost: str
    alone: bool = True


def what_is_kept(project: Project | None) -> list[KeptFiles]:
    """What lies on this machine, and of a project where one is open."""
    settings = get_settings()
    found = [
        KeptFiles(
            "projects",
            "All projects",
            settings.projects_dir,
            folder_bytes(settings.projects_dir),
            0,
            "Your work: nothing of it is cleared here. Delete projects on the Start page.",
        )
    ]
    if project is not None:
        found += _of_project(project)
    found.append(
        KeptFiles(
            "bin",
            "Bin",
            bin_folder(),
            folder_bytes(bin_folder()),
            0,
            "Deleted projects, each with its edits. Erase them for good on the Start page.",
        )
    )
    return [*found, *_of_machine()]


def clear_kept(key: str, project: Project | None) -> int:
    """Delete what can be made again of one kind; gives the bytes that are free now.

    Raises
    ------
    InputError
        Nothing of this kind is cleared.
    OutputError
        A file cannot be deleted; those before it are gone.
    """
    if key not in _CLEARED:
        raise InputError("These files are never cleared.")
    freed = 0
    for path in list(_CLEARED[key](project)):
        freed += _size(path)
        try:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise storage_error(error, path) from error
    return freed


def _of_project(project: Project) -> list[KeptFiles]:
    return [
        KeptFiles(
            "project",
            "This project",
            project.folder,
            folder_bytes(project.folder),
            0,
            "Your edits and verdicts, with everything that belongs to them.",
        ),
        KeptFiles(
            "predictions",
            "Kept predictions of this project",
            project.folder / "predictions",
            folder_bytes(project.folder / "predictions") + folder_bytes(project.folder / "labels"),
            _bytes_of("predictions", project),
            "A tile on which nobody worked is drawn again when it is next opened or exported, some "
            "seconds for each, and is missing in overviews until then. Other tiles keep theirs.",
        ),
        KeptFiles(
            "backups",
            "Backups of this project",
            backups_folder(project.path),
            folder_bytes(backups_folder(project.path)),
            0,
            "They are never cleared from here.",
        ),
    ]


def _of_machine() -> list[KeptFiles]:
    settings = get_settings()
    again = "A published model has to be downloaded again before it draws the next tile."
    offline = "This machine works offline, so a deleted model could not be downloaded again."
    return [
        KeptFiles(
            "embeddings",
            "What models saw (embeddings)",
            settings.embeddings_folder,
            folder_bytes(settings.embeddings_folder),
            _bytes_of("embeddings", None),
            "The next look at each tile takes some seconds longer.",
            alone=False,
        ),
        KeptFiles(
            "graphs",
            "Models made quick (ONNX graphs)",
            _graphs_root(),
            folder_bytes(_graphs_root()),
            _bytes_of("graphs", None),
            "The first tile after the next start of the app takes up to a minute longer.",
        ),
        KeptFiles(
            "landcover",
            "Fetched land cover",
            settings.landcover_folder,
            folder_bytes(settings.landcover_folder),
            _bytes_of("landcover", None),
            "A new scene of the same area fetches its land cover from the internet again. Scenes "
            "of projects have copies of their own.",
        ),
        KeptFiles(
            "weights",
            "Downloaded models (weights)",
            settings.weights_folder,
            folder_bytes(settings.weights_folder),
            _bytes_of("weights", None),
            (offline if settings.offline else again) + " Checkpoints of your own stay.",
        ),
    ]


def _bytes_of(key: str, project: Project | None) -> int:
    return sum(_size(path) for path in _CLEARED[key](project))


def _size(path: Path) -> int:
    if path.is_dir():
        return folder_bytes(path)
    try:
        return path.lstat().st_size
    except OSError:
        return 0  # removed meanwhile


def _predictions(project: Project | None) -> Iterator[Path]:
    """Predictions and labels of tiles without any edit and verdict, which can be made again."""
    if project is None:
        return
    for record in project.scenes():
        if not _can_be_predicted(open_project_scene(project, record.id)):
            continue
        for tile in project.tiles(record.id):
            if tile.log_version == 0 and tile.verdict.version == 0:
                yield from _files_of(project.folder, record.id, tile.name)


def _can_be_predicted(opened: OpenedScene) -> bool:
    """Whether image, land cover and model are all there."""
    if opened.landcover_error or imagery_problem(opened.scene, opened.record.name):
        return False
    model = model_of(opened)
    return model is None or (model in known_models() and is_present(get_model(model)))


def _files_of(folder: Path, scene_id: str, tile: str) -> Iterator[Path]:
    found = (
        prediction_path(folder, scene_id, tile, changed=False),
        prediction_path(folder, scene_id, tile, changed=True),
        label_path(folder, scene_id, tile),
    )
    yield from (path for path in found if path.is_file())


def _embeddings(_project: Project | None) -> Iterator[Path]:
    """Whoever reads one that is gone makes it anew, so they go at any time."""
    yield from get_settings().embeddings_folder.glob("*.embedding")


def _graphs(_project: Project | None) -> Iterator[Path]:
    found = _graphs_root().glob("*/*")
    yield from (path for path in found if not path.name.startswith(PREFIX) and _settled(path))


def _landcover(_project: Project | None) -> Iterator[Path]:
    found = get_settings().landcover_folder.glob("worldcover_*")
    yield from (path for path in found if path.is_file() and _settled(path))


def _weights(_project: Project | None) -> Iterator[Path]:
    """Whole files of published models; a download that goes on is none yet."""
    if get_settings().offline:
        return
    for spec in MODELS.values():
        if spec.url and is_present(spec) and _settled(weights_path(spec)):
            yield weights_path(spec)


def _settled(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > _SETTLED_S
    except OSError:
        return False


def _graphs_root() -> Path:
    return get_settings().graphs_folder


_CLEARED: dict[str, Callable[[Project | None], Iterator[Path]]] = {
    "predictions": _predictions,
    "embeddings": _embeddings,
    "graphs": _graphs,
    "landcover": _landcover,
    "weights": _weights,
}
