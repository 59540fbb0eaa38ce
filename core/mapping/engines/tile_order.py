"""What another process must know to map tiles of a run, and how it answers."""

from __future__ import annotations

import platform
import traceback
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import CropMapError, InputError
from core.fingerprint import LABEL, result_hash
from core.imagery.scene import Scene, check_scene_file
from core.imagery.tile_plan import Tile
from core.landcover.source import LandCover, check_landcover_file
from core.mapping.options import MapOptions
from core.mapping.tile_task import MapRun, TileResult, map_one
from core.sam.protocol import Segmenter
from core.shortage import shortage_of


@dataclass(frozen=True, slots=True)
class TileOrder:
    """A run without its plan, as a value that can be pickled: it holds no open file.

    Parameters
    ----------
    scene, landcover, options, folder
        As in :class:`core.mapping.tile_task.MapRun`, paths absolute.
    segmenter : Segmenter or None
        One that can be pickled (:class:`core.sam.deferred.DeferredModel`).
    code : str
        What decides on a label where the run began: sources and libraries.
    """

    scene: Scene
    landcover: LandCover | None
    options: MapOptions
    segmenter: Segmenter | None
    folder: Path
    code: str

    @classmethod
    def of(cls, run: MapRun) -> TileOrder:
        """The order for the tiles of a run."""
        landcover = run.landcover
        return cls(
            replace(run.scene, path=absolute(run.scene.path)),
            None if landcover is None else replace(landcover, path=absolute(landcover.path)),
            run.options,
            run.segmenter,
            run.folder.absolute(),
            result_hash(*LABEL),
        )

    def begin(self, *, reading: bool = True) -> MapRun:
        """The run in this process, after a look at whether it sees and does the same.

        Parameters
        ----------
        reading : bool
            Whether this process reads image and land cover itself.

        Raises
        ------
        InputError
            Another version runs here, or a file is not to be seen from here.
        ReplacedFileError
            A file is another one here.
        """
        if self.code != result_hash(*LABEL):
            raise InputError(
                f"Another version of cropmap or of its libraries runs on {platform.node()} than "
                "where this run began.",
                "Install the same version on every machine.",
            )
        if reading:
            self._check_files()
        return MapRun(self.scene, self.landcover, self.options, self.segmenter, (), self.folder)

    @property
    def paths(self) -> tuple[str, ...]:
        """Files that a tile is made from."""
        landcover = () if self.landcover is None else (self.landcover.path,)
        return (self.scene.path, *landcover)

    def _check_files(self) -> None:
        for path in self.paths:
            if not is_seen(path):
                raise InputError(
                    f"{path} cannot be seen from {platform.node()}.",
                    "Put it where every machine finds it by the same path.",
                )
        check_scene_file(self.scene)
        if self.landcover is not None:
            check_landcover_file(self.landcover)


def answer(run: MapRun, tile: Tile) -> TileResult | Exception:
    """The result of a tile, or what went wrong as a value that can be sent back."""
    try:
        return map_one(run, tile)
    except Exception as error:  # noqa: BLE001  (it is raised where the run began)
        return sendable(error)


def sendable(error: Exception) -> Exception:
    """An error as another process can receive it: many libraries' own cannot be pickled."""
    if isinstance(error, CropMapError):
        return error
    return shortage_of(error) or RuntimeError("".join(traceback.format_exception(error)))


def absolute(path: str) -> str:
    """A path that means the same from every folder; URLs stay as they are."""
    return path if "://" in path else str(Path(path).absolute())


def is_seen(path: str) -> bool:
    """Whether a file is there; of a URL only its reader can tell."""
    return "://" in path or Path(path).is_file()
