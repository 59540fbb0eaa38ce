"""What experiments look at: tiles of images with their truth and land cover, in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core.evaluation.compare import cut
from core.evaluation.labels import View, open_labels
from core.evaluation.pairs import LabelledScene
from core.experiments.regions import Region
from core.grid import Window
from core.imagery.scene import SceneImage, open_scene, read_window
from core.landcover.align import align
from core.landcover.source import LandCoverTile, open_landcover

TILE_SIZE = 1024
_KEPT_IMAGES = 12
"""Images whose tiles stay in memory: about 15 MB for a tile of 1024 x 1024."""

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
    simulated : bool
        Whether the land cover says of itself that it is simulated.
    """

    name: str
    tile: str
    image: SceneImage
    landcover: LandCoverTile
    truth: Flags
    known: Flags
    parcels: npt.NDArray[np.int64]
    simulated: bool


def samples(images: tuple[LabelledScene, ...]) -> Iterator[Sample]:
    """Tiles of images, in order."""
    for image in images:
        yield from tiles(image)


def test_samples(region: Region) -> Iterator[Sample]:
    """Tiles of the images that only measure."""
    return samples(region.test)


@lru_cache(maxsize=_KEPT_IMAGES)
def tiles(image: LabelledScene) -> tuple[Sample, ...]:
    """Tiles of one image, of about 1024 pixels, at the image's working resolution.

    One tile where the image is asked for that one alone (``LabelledScene.window``).

    Raises
    ------
    InputError
        A file that cannot be used.
    """
    scene = image.opened or open_scene(image.scene)
    landcover = open_landcover(image.landcover, product=image.product, crs=image.landcover_crs)
    part = image.window or scene.working_grid.extent
    grid = scene.working_grid.window_grid(part)
    truth = open_labels(image.truth, "truth", grid)
    windows = {image.tile: grid.extent} if image.window else cut(grid, TILE_SIZE)
    found = []
    for name, window in windows.items():
        said = truth.tile(View(grid, window, window))
        at = Window(
            part.column + window.column, part.row + window.row, window.width, window.height
        )
        pixels = read_window(scene, at)
        found.append(
            Sample(
                image.name,
                name,
                pixels,
                align(landcover, pixels.grid),
                said.cropland,
                said.known & pixels.valid,
                said.parcels,
                landcover.simulated,
            )
        )
    return tuple(found)
