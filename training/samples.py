"""Random views of labelled scenes: place, scale, rotation, colour, haze, blur, JPEG."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from training.scenes import TrainingScene

OUTSIDE = -1


class Pyramid:
    """A scene at full, half and quarter resolution, so that shrinking does not alias."""

    def __init__(self, scene: TrainingScene) -> None:
        self.scene = scene
        rgb = torch.from_numpy(np.ascontiguousarray(scene.rgb.transpose(2, 0, 1)))
        self.levels = [rgb]
        for _ in range(2):
            last = self.levels[-1][None].float()
            self.levels.append(functional.avg_pool2d(last, 2)[0].round().to(torch.uint8))
        self.parcels = torch.from_numpy(scene.parcels.astype(np.int32))
        self.known = None if scene.known is None else torch.from_numpy(scene.known)
        self._drawn = None if scene.known is None else np.flatnonzero(scene.parcels > 0)

    def centre(self, generator: np.random.Generator) -> list[float] | None:
        """Column and row of a view's middle: in a drawn field, where much is not known."""
        if self._drawn is None:
            return None
        row, column = divmod(int(generator.choice(self._drawn)), self.scene.parcels.shape[1])
        return [column + float(generator.normal(0, 40)), row + float(generator.normal(0, 40))]


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Where in a scene a square view lies.

    Parameters
    ----------
    theta : float32 (1, 2, 3)
        As ``affine_grid`` takes it.
    scale : float
        Source pixels for each pixel of the view.
    """

    theta: torch.Tensor
    scale: float

    @classmethod
    def drawn(
        cls, pyramid: Pyramid, side: int, scale: float, generator: np.random.Generator
    ) -> Placement:
        """A random place, rotation and reflection; a scale so large that the scene is too small
        for it is lowered.
        """
        height, width = pyramid.scene.parcels.shape
        scale = min(scale, min(height, width) / side * 1.15)
        angle = generator.uniform(-math.pi, math.pi)
        if generator.random() < 0.5:
            angle = round(angle / (math.pi / 2)) * (math.pi / 2)
        stretch = math.exp(generator.normal(0, 0.06))
        flip = -1.0 if generator.random() < 0.5 else 1.0
        half = side * scale / 2
        reach = half * (abs(math.cos(angle)) + abs(math.sin(angle))) * 0.9
        centre = pyramid.centre(generator)
        if centre is None:
            centre = [_within(generator, reach, extent) for extent in (width, height)]
        cos, sin = math.cos(angle), math.sin(angle)
        rows = [
            [flip * cos * stretch * half, -sin / stretch * half, centre[0]],
            [flip * sin * stretch * half, cos / stretch * half, centre[1]],
        ]
        theta = torch.tensor(rows, dtype=torch.float64)
        size = torch.tensor([width, height], dtype=torch.float64)
        theta = theta * 2 / size[:, None]
        theta[:, 2] -= 1
        return cls(theta.float()[None], scale)

    def grid(self, side: int) -> torch.Tensor:
        """Where in the scene each pixel of a view of ``side`` pixels is looked up."""
        return functional.affine_grid(self.theta, [1, 1, side, side], align_corners=False)


def _within(generator: np.random.Generator, reach: float, extent: float) -> float:
    low, high = reach, extent - reach
    return extent / 2 if low >= high else float(generator.uniform(low, high))


def sample_parcels(pyramid: Pyramid, placed: Placement, side: int) -> torch.Tensor:
    """Field numbers int64 (side, side); 0 none, -1 outside the image."""
    # One more than the number, so that the zero beyond the image's edge can be told.
    numbered = (pyramid.parcels + 1).float()[None, None]
    found = functional.grid_sample(numbered, placed.grid(side), mode="nearest", align_corners=False)
    return found[0, 0].round().long() - 1


def sample_flags(flags: torch.Tensor, placed: Placement, side: int) -> torch.Tensor:
    """Flags of the scene as the view sees them, bool (side, side); False outside the image."""
    found = functional.grid_sample(
        flags.float()[None, None], placed.grid(side), mode="nearest", align_corners=False
    )
    return found[0, 0] > 0.5


def sample_image(pyramid: Pyramid, placed: Placement, side: int) -> torch.Tensor:
    """Colours float32 (3, side, side), 0 to 255."""
    level = 0 if placed.scale < 1.5 else 1 if placed.scale < 3.0 else 2
    source = pyramid.levels[level][None].float()
    return functional.grid_sample(source, placed.grid(side), mode="bilinear", align_corners=False)[
        0
    ]


def photograph(image: torch.Tensor, generator: np.random.Generator) -> torch.Tensor:
    """Another season, camera and sky for the same land."""
    outside = image.sum(dim=0, keepdim=True) == 0
    picture = image / 255.0
    if generator.random() < 0.9:
        picture = _recolour(picture, generator)
    if generator.random() < 0.2:
        picture = _stretch_each_band(picture, ~outside[0])
    if generator.random() < 0.25:
        veil = float(generator.uniform(0.05, 0.45))
        picture = picture * (1 - veil) + veil * _tensor(generator.uniform(0.6, 1.0, 3))
    picture = picture.clamp(0, 1)
    if generator.random() < 0.3:
        picture = _blur(picture, float(generator.uniform(0.4, 1.4)))
    if generator.random() < 0.5:
        noise = torch.from_numpy(generator.standard_normal(picture.shape, dtype=np.float32))
        picture = picture + float(generator.uniform(0.0, 0.03)) * noise
    picture = picture.clamp(0, 1) * 255.0
    if generator.random() < 0.35:
        picture = _jpeg(picture, int(generator.integers(35, 95)))
    return picture * ~outside


def _stretch_each_band(picture: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    """Each band from its own percentile 2 to 98, as a GIS shows a raster unasked."""
    if int(there.sum()) < 64:
        return picture
    sample = picture[:, there][:, ::7]
    low, high = (torch.quantile(sample, q, dim=1)[:, None, None] for q in (0.02, 0.98))
    return ((picture - low) / (high - low).clamp(min=1e-3)).clamp(0, 1)


def _recolour(picture: torch.Tensor, generator: np.random.Generator) -> torch.Tensor:
    gamma = math.exp(generator.normal(0, 0.25))
    picture = picture.clamp(min=0.002) ** gamma
    gains = _tensor(np.exp(generator.normal(0, 0.10, 3)))
    contrast = math.exp(generator.normal(0, 0.22))
    mean = picture.mean(dim=(1, 2), keepdim=True)
    picture = ((picture - mean) * contrast + mean) * gains * math.exp(generator.normal(0, 0.18))
    grey = picture.mean(dim=0, keepdim=True)
    saturation = float(generator.uniform(0.2, 1.7))
    picture = grey + (picture - grey) * saturation
    if generator.random() < 0.3:
        # A mild mixture of channels turns greens into browns and back, as seasons do.
        mix = np.eye(3) + generator.normal(0, 0.16, (3, 3))
        mix /= mix.sum(axis=1, keepdims=True)
        picture = torch.einsum("ij,jrc->irc", torch.from_numpy(mix).float(), picture)
    if generator.random() < 0.08:
        picture = picture[torch.from_numpy(generator.permutation(3))]
    return picture


def _tensor(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.asarray(values, dtype=np.float32)).reshape(3, 1, 1)


def _blur(picture: torch.Tensor, sigma: float) -> torch.Tensor:
    reach = 3
    taps = torch.exp(-(torch.arange(-reach, reach + 1).float() ** 2) / (2 * sigma**2))
    taps = (taps / taps.sum()).repeat(3, 1)
    padded = functional.pad(picture[None], (reach,) * 4, mode="reflect")
    across = functional.conv2d(padded, taps[:, None, None, :], groups=3)
    return functional.conv2d(across, taps[:, None, :, None], groups=3)[0]


def _jpeg(picture: torch.Tensor, quality: int) -> torch.Tensor:
    pixels = picture.round().to(torch.uint8).permute(1, 2, 0).numpy()
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality)
    read = np.array(Image.open(stream))
    return torch.from_numpy(read).permute(2, 0, 1).float()
