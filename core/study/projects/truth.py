"""The truth of a project's scene, tile by tile: from a file, or from labels that people accepted.

Each tile gets a mask of its own, so that a step of an experiment reads the one tile that it looks
at, however large the scene is.  Where nobody says what is there, a pixel is unknown.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from core.errors import CancelledError, EmptySceneError, InputError, Remedy
from core.export.reports.areas import compared_tiles
from core.files import fresh_folder
from core.grid import Grid
from core.imagery.write_raster import MASK_COLOURS, MASK_NODATA, geotiff_bytes
from core.project import Project
from core.session.opened import OpenedScene, open_project_scene
from core.session.place import default_choices
from core.session.scene_parcels import chosen_tiles
from core.session.workspaces import Workspaces
from core.study.metrics.truth_labels import View, open_labels
from core.study.projects.run_locations import truth_folder
from core.task import Cancelled, Progress, never, silent

Kind = Literal["file", "corrected"]

STAGE = "Reading the truth"
RECORD = "truth.json"
_FORMAT = 1

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TruthWish:
    """What is to be a scene's truth.

    Parameters
    ----------
    kind : {"file", "corrected"}
        A mask or polygons, or the labels of the tiles that somebody accepted in this project.
    path : str
        Of the file; empty for corrected labels.
    name : str
        Of the file, as the person knows it.
    numbered : bool
        Whether a raster numbers its parcels instead of being a mask.
    """

    kind: Kind
    path: str = ""
    name: str = ""
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """A scene's truth as it was read.

    Parameters
    ----------
    wish : TruthWish
    says : str
        In words, what was taken for cropland.
    state : str
        What :func:`state_of` said when it was read.
    strategy : str
        That drew what people then corrected; empty for a file.
    tiles : dict of str to int
        Pixels of which the truth says anything, by tile, where there are any.
    """

    wish: TruthWish
    says: str
    state: str
    strategy: str
    tiles: dict[str, int]


def kept_truth(project: Project, scene_id: str) -> Truth | None:
    """What was read last; None where nothing was."""
    try:
        path = truth_folder(project, scene_id) / RECORD
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("format") != _FORMAT:
            return None
        wish = _found_again(project, TruthWish(**data.pop("wish")))
        return Truth(wish, **data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def forget_truth(project: Project, scene_id: str) -> None:
    """Take a scene's truth away; the person's own file stays."""
    shutil.rmtree(truth_folder(project, scene_id), ignore_errors=True)


def tile_path(project: Project, scene_id: str, tile: str) -> Path:
    """The mask of a tile's truth: 1 cropland, 0 not, nodata unknown."""
    return truth_folder(project, scene_id) / f"{tile}.tif"


def is_current(project: Project, scene_id: str, truth: Truth) -> bool:
    """Whether reading it again would find the same."""
    return truth.state == state_of(project, scene_id, truth.wish)


def state_of(project: Project, scene_id: str, wish: TruthWish) -> str:
    """Changes with the file, or with edits and verdicts; and with the scene's tiles."""
    opened = open_project_scene(project, scene_id)
    facts: list[Any] = [repr(opened.scene.working_grid), sorted(opened.tiles), asdict(wish)]
    if wish.kind == "file":
        facts.append(_touched(Path(wish.path)))
    else:
        tiles = project.tiles(scene_id)
        heads = [(t.name, t.verdict.verdict, t.log_version) for t in tiles]
        facts += [opened.record.version, heads]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def read_truth(
    project: Project,
    scene_id: str,
    wish: TruthWish,
    *,
    workspaces: Workspaces | None = None,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> Truth:
    """Read a scene's truth and keep it; an earlier one stays where that fails.

    Raises
    ------
    InputError
        A file that cannot be used, or that lies elsewhere.
    EmptySceneError
        It says nothing about this scene: no tile is accepted, or the file is unknown everywhere.
    CancelledError
        ``cancelled`` said so.
    """
    state = state_of(project, scene_id, wish)
    opened = open_project_scene(project, scene_id)
    source: Iterator[tuple[str, Grid, Flags, Flags]]
    if wish.kind == "file":
        says, source = _of_file(opened, wish)
    else:
        says, source = _of_labels(project, opened, workspaces, cancelled)
    known: dict[str, int] = {}
    with fresh_folder(truth_folder(project, scene_id), marker=RECORD) as folder:
        for number, (name, grid, cropland, there) in enumerate(source):
            if cancelled():
                raise CancelledError("The truth was not read to its end.", "Read it again.")
            progress(STAGE, number, len(opened.tiles))
            if there.any():
                known[name] = int(there.sum())
                _write(folder / f"{name}.tif", grid, cropland, there)
        if not known:
            raise EmptySceneError(
                f"{_titled(wish)} says nothing about {opened.record.name}.",
                "Check its values, its nodata and its CRS.",
            )
        strategy = default_choices(opened).strategy if wish.kind == "corrected" else ""
        truth = Truth(wish, says, state, strategy, known)
        kept = {"format": _FORMAT, **asdict(replace(truth, wish=_portable(project, wish)))}
        (folder / RECORD).write_text(json.dumps(kept, indent=1), encoding="utf-8")
    return truth


def _of_file(
    opened: OpenedScene, wish: TruthWish
) -> tuple[str, Iterator[tuple[str, Grid, Flags, Flags]]]:
    grid = opened.scene.working_grid
    labels = open_labels(wish.path, "truth", grid, numbered=wish.numbered)

    def tiles() -> Iterator[tuple[str, Grid, Flags, Flags]]:
        for name in opened.tiles:
            window = opened.core(name)
            said = labels.tile(View(grid, window, window))
            yield name, grid.window_grid(window), said.cropland, said.known

    return labels.says, tiles()


def _of_labels(
    project: Project, opened: OpenedScene, workspaces: Workspaces | None, cancelled: Cancelled
) -> tuple[str, Iterator[tuple[str, Grid, Flags, Flags]]]:
    scene_id, grid = opened.record.id, opened.scene.working_grid
    accepted = chosen_tiles(project, scene_id, accepted_only=True)
    if not accepted:
        raise EmptySceneError(
            f"No tile of {opened.record.name} is accepted yet.",
            remedy=Remedy.LABEL_TRUTH,
        )

    def tiles() -> Iterator[tuple[str, Grid, Flags, Flags]]:
        for tile in compared_tiles(
            project, scene_id, accepted, workspaces=workspaces, cancelled=cancelled
        ):
            yield tile.name, grid.window_grid(tile.window), tile.cropland, tile.known

    return "cropland as it was accepted", tiles()


def _write(path: Path, grid: Grid, cropland: Flags, known: Flags) -> None:
    codes = np.where(known, cropland.astype(np.uint8), np.uint8(MASK_NODATA))
    body = geotiff_bytes(codes[None], grid, {}, nodata=MASK_NODATA, colours=MASK_COLOURS)
    path.write_bytes(body)


def _touched(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _titled(wish: TruthWish) -> str:
    return wish.name or Path(wish.path).name if wish.kind == "file" else "No accepted label"


def _portable(project: Project, wish: TruthWish) -> TruthWish:
    """Paths inside the project's folder count from there: the folder may be moved."""
    path = Path(wish.path)
    inside = wish.kind == "file" and path.is_relative_to(project.folder)
    return replace(wish, path=path.relative_to(project.folder).as_posix()) if inside else wish


def _found_again(project: Project, wish: TruthWish) -> TruthWish:
    path = Path(wish.path)
    if wish.kind != "file" or path.is_absolute():
        return wish
    return replace(wish, path=str(project.folder / path))


def missing_file(truth: Truth) -> InputError | None:
    """Why the truth cannot be read again; None where it can, or need not."""
    if truth.wish.kind != "file" or Path(truth.wish.path).is_file():
        return None
    return InputError(
        f"{_titled(truth.wish)} is not at {Path(truth.wish.path).parent} any more.",
        "Put it back, or choose another file; what was read of it stays.",
    )
