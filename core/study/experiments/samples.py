"""What experiments look at: tiles of images with their truth and land cover, in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core.grid import Grid, Window
from core.imagery.scene import SceneImage, read_window
from core.landcover.alignment import align
from core.landcover.source import LandCoverTile
from core.study.experiments.region import StudyImage, open_truth
from core.study.metrics.compare import cut_tiles
from core.study.metrics.truth_labels import LabelView

TILE_SIZE = 1024
_KEPT_IMAGES = 24
_KEPT_TILES = 24
"""Of all images: about 15 MB for a tile of 1024 x 1024."""

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A tile of an image with truth.

    Parameters
    ----------
    name, tile : str
        Of the image, and of the tile within it.
    image : SceneImage
    landcover : LandCoverTile
        The image's own product on its grid.
    truth, known : bool (rows, columns)
        Cropland, and where the truth says anything and the image holds something.
    parcels : int64 (rows, columns)
        Numbers of the true parcels from 1, 0 where there is none.
    """

    name: str
    tile: str
    image: SceneImage
    landcover: LandCoverTile
    truth: Flags
    known: Flags
    parcels: npt.NDArray[np.int64]


def samples(images: Sequence[StudyImage]) -> Iterator[Sample]:
    """Tiles of images, in order."""
    for image in images:
        yield from tiles(image)


@lru_cache(maxsize=_KEPT_IMAGES)
def tiles(image: StudyImage) -> Tiles:
    """Tiles of one image, of about 1024 pixels, at the image's working resolution.

    One tile where the image is asked for that one alone (``StudyImage.window``).

    Raises
    ------
    InputError
        A file that cannot be used.
    """
    return Tiles(image)


class Tiles:
    """Tiles of one image: each is read when it is asked for, and the last ones stay in memory.

    So a scene of thousands of tiles takes no more memory than a few do.

    Raises
    ------
    InputError
        A file that cannot be used; also when a tile is asked for.
    """

    def __init__(self, image: StudyImage) -> None:
        self._image = image
        self._scene = image.open_scene()
        self._landcover = image.open_landcover()
        working = self._scene.working_grid
        self._part = image.window or working.extent
        self._grid = working.window_grid(self._part)
        self._truth = open_truth(image, self._grid)
        whole = {image.tile: self._grid.extent}
        self._windows = list((whole if image.window else cut_tiles(self._grid, TILE_SIZE)).items())

    def __len__(self) -> int:
        return len(self._windows)

    def __iter__(self) -> Iterator[Sample]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, number: int) -> Sample:
        return _remembered(self, range(len(self))[number])

    @property
    def grids(self) -> tuple[Grid, ...]:
        """Of the tiles, in order; no pixel is read."""
        return tuple(self._grid.window_grid(window) for _, window in self._windows)

    def named(self, name: str) -> Sample:
        """The tile of a name; KeyError where there is none."""
        return self[{one: place for place, (one, _) in enumerate(self._windows)}[name]]

    def read(self, number: int) -> Sample:
        """Read a tile from the files."""
        name, window = self._windows[number]
        label = self._truth.tile(LabelView(self._grid, window, window))
        left, top = self._part.column + window.column, self._part.row + window.row
        pixels = read_window(self._scene, Window(left, top, window.width, window.height))
        # Numbers that do not depend on which tiles were read before.
        inside = label.parcels > 0
        first = label.parcels.min(where=inside, initial=np.iinfo(np.int64).max)
        return Sample(
            *(self._image.name, name, pixels, align(self._landcover, pixels.grid)),
            *(label.cropland, label.known & pixels.valid),
            np.where(inside, label.parcels - first + 1, 0),
        )


@lru_cache(maxsize=_KEPT_TILES)
def _remembered(whole: Tiles, number: int) -> Sample:
    return whole.read(number)
