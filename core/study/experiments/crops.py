"""What networks are shown: pictures of one ground resolution, and batches drawn from them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from core.grid import Window
from core.imagery.scene import SceneImage
from core.study.experiments.region import StudyImage
from core.study.experiments.samples import tiles
from core.study.metrics.compare import cut_tiles

COMMON_GSD_M = 2.5
"""All regions are shown to networks at this resolution, so that fields look alike in size."""

CROP_SIDE = 512
"""Side in pixels of the crops in which labelling effort is counted."""

UNKNOWN = 255
"""Of a target: nothing is learnt there."""

_SCALE = math.log(1.4)
"""Largest change of scale, as a logarithm."""

_MIDDLE, _SPREAD = 0.45, 0.22
"""Of colours from 0 to 1, about: what networks see is centred."""

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Pixels at the common resolution with what a network is to say about them.

    Parameters
    ----------
    rgb : uint8 (3, rows, columns)
    target : uint8 (rows, columns)
        1 cropland, 0 none, ``UNKNOWN``.
    """

    rgb: torch.Tensor
    target: torch.Tensor


@dataclass(frozen=True, slots=True)
class CropPlace:
    """A crop of an image: its tile's place among the image's, and the window within the tile."""

    image: StudyImage
    tile: int
    window: Window


def picture(image: SceneImage, cropland: Flags, known: Flags) -> Picture:
    """An image with labels, bool (rows, columns) each, at the common resolution."""
    shape = common_shape(image)
    told = resized(torch.from_numpy(known & image.valid).float(), shape)
    crop = resized(torch.from_numpy(cropland).float(), shape)
    target = (crop >= 0.5).to(torch.uint8)
    target[told <= 0.99] = UNKNOWN
    return Picture((colours(image, shape) * 255.0).round().to(torch.uint8), target)


def common_shape(image: SceneImage) -> tuple[int, int]:
    """Rows and columns of an image at the common resolution."""
    across, down = np.hypot(*image.grid.ground_steps.T)
    rows, columns = image.grid.shape
    return (
        max(1, round(rows * float(down) / COMMON_GSD_M)),
        max(1, round(columns * float(across) / COMMON_GSD_M)),
    )


def colours(image: SceneImage, shape: tuple[int, int]) -> torch.Tensor:
    """Colours from 0 to 1 in another shape, float32 (3, rows, columns)."""
    return resized(shades(torch.from_numpy(image.rgb).permute(2, 0, 1)), shape)


def shades(rgb: torch.Tensor) -> torch.Tensor:
    """Colours of a picture, uint8, from 0 to 1."""
    return rgb.float() / 255.0


def centred(rgb: torch.Tensor) -> torch.Tensor:
    """Colours from 0 to 1 as networks take them."""
    return (rgb - _MIDDLE) / _SPREAD


def resized(values: torch.Tensor, shape: tuple[int, int]) -> torch.Tensor:
    """Bilinear, corners on corners, averaging where it shrinks: float32 (..., rows, columns)."""
    planes = values.reshape(1, -1, *values.shape[-2:])
    made = functional.interpolate(
        planes, size=shape, mode="bilinear", align_corners=False, antialias=True
    )
    return made.reshape(*values.shape[:-2], *shape)


def crop_places(images: Iterable[StudyImage]) -> list[CropPlace]:
    """All crops of images, in order; no pixel of the images is read."""
    return [
        CropPlace(image, number, window)
        for image in images
        for number, grid in enumerate(tiles(image).grids)
        for window in cut_tiles(grid, CROP_SIDE).values()
    ]


def crop_picture(image: SceneImage, cropland: Flags, known: Flags, window: Window) -> Picture:
    """As :func:`picture`, of a window of the image alone."""
    view = window.slices
    part = SceneImage(image.rgb[view], image.valid[view], image.grid.window_grid(window))
    return picture(part, cropland[view], known[view])


def batches(
    pictures: Sequence[Picture],
    count: int,
    side: int,
    generator: np.random.Generator,
    *,
    vary: bool = True,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Crops without end: colours float32 (count, 3, side, side), targets (count, 1, side, side).

    Crops are drawn in proportion to the pictures' size; with ``vary`` they are turned, mirrored,
    scaled and recoloured at random.
    """
    area = np.array([one.target.numel() for one in pictures], dtype=np.float64)
    while True:
        drawn = generator.choice(len(pictures), size=count, p=area / area.sum())
        crops = [_draw(pictures[int(one)], side, generator, vary=vary) for one in drawn]
        rgb = centred(torch.stack([rgb for rgb, _ in crops]))
        target = torch.stack([target for _, target in crops])[:, None]
        yield rgb.contiguous(memory_format=torch.channels_last), target


def _draw(
    whole: Picture, side: int, generator: np.random.Generator, *, vary: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Colours from 0 to 1, float32 (3, side, side), and the target, float32 (side, side)."""
    scale = math.exp(generator.uniform(-_SCALE, _SCALE)) if vary else 1.0
    rows, columns = (max(1, min(length, round(side * scale))) for length in whole.target.shape)
    row = int(generator.integers(whole.target.shape[0] - rows + 1))
    column = int(generator.integers(whole.target.shape[1] - columns + 1))
    view = Window(column, row, columns, rows).slices
    rgb = resized(shades(whole.rgb[:, *view]), (side, side))
    target = functional.interpolate(
        whole.target[view][None, None].float(), size=(side, side), mode="nearest-exact"
    )[0, 0]
    if not vary:
        return rgb, target
    turn = int(generator.integers(8))
    return _recoloured(_turned(rgb, turn), generator), _turned(target, turn)


def _turned(values: torch.Tensor, turn: int) -> torch.Tensor:
    """One of the eight ways to lay a square."""
    laid = torch.rot90(values, turn % 4, (-2, -1))
    return laid.flip(-1) if turn >= 4 else laid


def _recoloured(rgb: torch.Tensor, generator: np.random.Generator) -> torch.Tensor:
    """Other gamma, contrast, brightness and colour cast, as other days and cameras give."""
    gamma = math.exp(generator.uniform(-0.3, 0.3))
    contrast = math.exp(generator.uniform(-0.3, 0.3))
    light = generator.uniform(-0.12, 0.12)
    cast = torch.from_numpy(generator.uniform(0.9, 1.1, 3).astype(np.float32))[:, None, None]
    mean = rgb.mean()
    changed = ((rgb.clamp(0, 1) ** gamma - mean) * contrast + mean + light) * cast
    return changed.clamp(0, 1)
