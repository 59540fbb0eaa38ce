"""Imagery that was moved: said in one sentence, and found again without losing anything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.errors import InputError, Remedy, ReplacedFileError
from core.grid import Grid
from core.imagery.describe import describe
from core.imagery.identity import is_same_file, leans_on_files_beside, like_fingerprint
from core.imagery.scene import Scene, open_scene
from core.project import Project, SceneRecord

_SAME_PIXELS = 1e-3
"""Native pixels by which the corners of one grid may differ, for rounding."""


class MissingImageryError(InputError):
    """The imagery of a scene is not where it was."""


class ReplacedImageryError(ReplacedFileError):
    """The file of a scene's imagery is another one than the one that was added."""


class OtherImageryError(InputError):
    """A file that is not the one that was added.

    Attributes
    ----------
    found : Found
        What it is, so that it can be taken all the same where its grid is that of the scene.
    """

    def __init__(self, message: str, hint: str, found: Found) -> None:
        super().__init__(message, hint)
        self.found = found


@dataclass(frozen=True, slots=True)
class Found:
    """A file that may be the imagery of a scene.

    Parameters
    ----------
    scene : Scene
        The file, as the scene sees it.
    same : bool
        Whether its header, size and pixels are those of the scene.
    same_grid : bool
        Whether its pixels lie where those of the scene lie.
    differences : tuple of str
        What differs, in words.
    """

    scene: Scene
    same: bool
    same_grid: bool
    differences: tuple[str, ...]


def missing_imagery(path: str) -> MissingImageryError | None:
    """What is said where imagery is not at its path any more; None where it is there."""
    if "://" in path or Path(path).exists():
        return None
    return MissingImageryError(
        f"The imagery is not at {path} any more.",
        remedy=Remedy.FIND_IMAGERY,
    )


def imagery_problem(scene: Scene, name: str) -> InputError | None:
    """What is said where imagery is not at its path any more, or another file is; else None.

    Parameters
    ----------
    name : str
        Of the scene, for people.
    """
    if (error := missing_imagery(scene.path)) is not None:
        return error
    if is_same_file(scene.path, scene.file_fingerprint):
        return None
    return ReplacedImageryError(
        f"The image of {name} is another file than the one that was added.",
        remedy=Remedy.PUT_BACK_IMAGERY,
    )


def check_imagery(scene: Scene, name: str) -> None:
    """Raise what :func:`imagery_problem` says."""
    error = imagery_problem(scene, name)
    if error is not None:
        raise error


def look_at(old: Scene, path: str | Path, *, trusted: bool = True) -> Found:
    """Compare a file with the scene whose imagery it may be.

    Parameters
    ----------
    trusted : bool
        Whether it lies on the operator's own machine; an upload is opened by a process of its own.

    Raises
    ------
    InputError
        It cannot be opened, or has other bands than the scene.
    """
    stated = old.grid.crs.to_wkt() if old.crs_source == "person" else None
    opened = open_scene if trusted else describe
    new = opened(path, crs=stated, stretch=old.stretch)
    if new.bands != old.bands and max(old.bands) <= new.band_count:
        # The fingerprint of earlier versions holds the pixels of the bands that are looked at.
        new = opened(path, crs=stated, bands=old.bands, stretch=old.stretch)
    same = _same(old, new)
    same_grid = _same_grid(old.grid, new.grid) and max(old.bands) <= new.band_count
    differences = () if same else _differences(old, new)
    return Found(new, same, same_grid, differences or ("the pixels, or how they are stored",))


def relink(
    project: Project, scene_id: str, found: Found, *, path: str = "", knowingly: bool = False
) -> SceneRecord:
    """Let a scene have its imagery from a file that was looked at; all work on it stays.

    Parameters
    ----------
    path : str
        Where the app reads it from, where that is a copy of what was looked at.
    knowingly : bool
        Whether the person takes other imagery on the same grid; it is predicted anew then.

    Raises
    ------
    OtherImageryError
        It is another file: nothing changes.
    ConflictError
        Somebody changed the scene meanwhile.
    """
    record = project.scene(scene_id)
    old = Scene.from_json(record.scene)
    if not found.same and not (found.same_grid and knowingly):
        raise _other(found)
    moved = replace(
        old,
        path=path or found.scene.path,
        file_fingerprint=_file_fingerprint(found, path),
        overview_fingerprint=found.scene.overview_fingerprint,
    )
    if not found.same:
        new = found.scene
        moved = replace(
            moved,
            dtype=new.dtype,
            band_count=new.band_count,
            band_names=new.band_names,
            nodata=new.nodata,
            unknown=new.unknown,
            fingerprint=new.fingerprint,
        )
    return project.update_scene(scene_id, expected_version=record.version, scene=moved.to_json())


def _same(old: Scene, new: Scene) -> bool:
    if new.fingerprint == old.fingerprint:
        return True
    if old.file_fingerprint:
        # What lies beside the file decides where the scene is, which is kept with the scene.
        here = "://" not in new.path and is_same_file(new.path, old.file_fingerprint)
        return here or new.file_fingerprint == old.file_fingerprint
    return new.overview_fingerprint == old.fingerprint


def _file_fingerprint(found: Found, path: str) -> str:
    """Of the file that is read from now on, which may be our copy of the one looked at."""
    if path in ("", found.scene.path) or "://" in path:
        return found.scene.file_fingerprint
    return like_fingerprint(path, found.scene.file_fingerprint)


def _other(found: Found) -> OtherImageryError:
    name = Path(found.scene.path).name
    what = "; ".join(found.differences)
    hint = "Choose the file that was added."
    if found.same_grid:
        hint = (
            "Its pixels are in the same place as those of the scene, so it can be used: edits "
            "and verdicts stay, and tiles are mapped again."
        )
    return OtherImageryError(f"{name} is another file. It differs in {what}.", hint, found)


def _same_grid(old: Grid, new: Grid) -> bool:
    if old.shape != new.shape or not old.crs.equals(new.crs):
        return False
    corners = old.worlds_to_pixel(new.corners)
    here = old.worlds_to_pixel(old.corners)
    apart = np.hypot(corners.column - here.column, corners.row - here.row)
    return bool((apart <= _SAME_PIXELS).all())


def _differences(old: Scene, new: Scene) -> tuple[str, ...]:
    told = []
    if old.grid.shape != new.grid.shape:
        told.append(f"size ({_size(new.grid)} instead of {_size(old.grid)})")
    if not old.grid.crs.equals(new.grid.crs):
        told.append(f"CRS ({new.grid.crs.name} instead of {old.grid.crs.name})")
    elif not told and not _same_grid(old.grid, new.grid):
        told.append("where it lies")
    if old.band_count != new.band_count:
        told.append(f"number of bands ({new.band_count} instead of {old.band_count})")
    if leans_on_files_beside(old.file_fingerprint) and not told:
        told.append("the pixels, or the files beside it that say where it lies or what is nodata")
    if old.dtype != new.dtype:
        told.append(f"values ({new.dtype} instead of {old.dtype})")
    return tuple(told)


def _size(grid: Grid) -> str:
    return f"{grid.width:,} × {grid.height:,} px"
