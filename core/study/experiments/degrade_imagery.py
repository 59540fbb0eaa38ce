"""Images made worse on purpose: haze, blur, fewer pixels, noise; each by a known amount."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from core.grid import Grid, Window
from core.imagery.scene import SceneImage
from core.landcover.source import LandCoverTile
from core.predict.features import downsample, shrink_flags

_AIRLIGHT = (218.0, 222.0, 228.0)
"""Colour of haze that hides everything: bright and a little blue."""

_HAZE_SPACING_M = 250.0
_HAZE_VARIATION = 0.5
"""By which share of its depth the veil is thinner or thicker from place to place, at most."""

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ImageDegradation:
    """How an image is worse; by default not at all.

    Parameters
    ----------
    haze : float
        Opacity of a veil, 0 to below 1: SIMULATED, thinner and thicker over some 250 m.
    blur_m : float
        Standard deviation of a Gaussian, in metres.
    coarser : int
        Pixels that many times as long, each the mean of those it replaces.
    noise : float
        Standard deviation of Gaussian noise in grey levels (of 255), in each band and pixel.
    """

    haze: float = 0.0
    blur_m: float = 0.0
    coarser: int = 1
    noise: float = 0.0


CLEAN = ImageDegradation()
"""Nothing is made worse."""


def degrade_image(image: SceneImage, wrong: ImageDegradation, seed: int = 0) -> SceneImage:
    """The image through a worse atmosphere, lens and sensor, in this order.

    The very same image where there is nothing to do, so that what was computed of it serves again.
    """
    if wrong.haze:
        image = _hazy(image, wrong.haze, np.random.default_rng([seed, 1]))
    if wrong.blur_m:
        image = _blurred(image, wrong.blur_m)
    if wrong.coarser > 1:
        image = _coarser(image, wrong.coarser)
    if wrong.noise:
        image = _noisy(image, wrong.noise, np.random.default_rng([seed, 2]))
    return image


def coarser_landcover(landcover: LandCoverTile, factor: int) -> LandCoverTile:
    """Land cover on the grid of an image made ``factor`` times coarser: cropland where most is."""
    if factor == 1:
        return landcover
    valid = shrink_flags(landcover.valid, factor)
    cropland = shrink_flags(landcover.cropland, factor)
    rows, columns = (
        np.minimum(np.arange(count) * factor + factor // 2, length - 1)
        for count, length in zip(valid.shape, landcover.valid.shape, strict=True)
    )
    return LandCoverTile(
        landcover.classes[rows[:, None], columns[None]],
        np.where(valid, cropland, np.nan).astype(np.float32),
        valid,
        _coarser_grid(landcover.grid, factor),
        landcover.product,
    )


def finer_mask(mask: Flags, factor: int, shape: tuple[int, int]) -> Flags:
    """A mask of an image made ``factor`` times coarser on the original pixels, bool ``shape``."""
    fine: Flags = mask.repeat(factor, axis=0).repeat(factor, axis=1)[: shape[0], : shape[1]]
    return fine


def _hazy(image: SceneImage, opacity: float, generator: np.random.Generator) -> SceneImage:
    """Koschmieder's model: what is seen is J t + A (1 - t), t the share of light that passes.

    As in Narasimhan and Nayar 2002 (doi:10.1023/A:1016328200723): the thicker the veil, the
    brighter and the flatter the image.
    """
    # Beer and Lambert: depth, not opacity, adds up along the way, so no veil hides everything.
    depth = -np.log1p(-opacity) * (1.0 + _HAZE_VARIATION * _slow_field(image.grid, generator))
    passes = np.exp(-depth)[..., None]
    return _with_rgb(image, image.rgb * passes + np.array(_AIRLIGHT) * (1.0 - passes))


def _slow_field(grid: Grid, generator: np.random.Generator) -> npt.NDArray[np.float64]:
    """Numbers from -1 to 1 that change slowly over the ground, float64 (rows, columns)."""
    step = max(1.0, _HAZE_SPACING_M / grid.gsd_m)
    down, across = (int(length / step) + 2 for length in grid.shape)
    knots = generator.uniform(-1.0, 1.0, (down, across))
    row, column = (_eased(np.arange(length) / step) for length in grid.shape)
    places = np.meshgrid(row, column, indexing="ij")
    field: npt.NDArray[np.float64] = ndimage.map_coordinates(knots, places, order=1)
    return field


def _eased(places: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Places between knots drawn towards them, so that linear interpolation shows no kinks."""
    whole = np.floor(places)
    part = places - whole
    return whole + part * part * (3.0 - 2.0 * part)


def _blurred(image: SceneImage, sigma_m: float) -> SceneImage:
    """Gaussian mean of the known pixels alone: nodata does not bleed in."""
    sigma = sigma_m / image.grid.gsd_m
    weight = ndimage.gaussian_filter(image.valid.astype(np.float32), sigma, mode="nearest")
    bands = np.where(image.valid[..., None], image.rgb, 0).astype(np.float32)
    total = ndimage.gaussian_filter(bands, (sigma, sigma, 0.0), mode="nearest")
    return _with_rgb(image, total / np.maximum(weight, 1e-6)[..., None])


def _coarser(image: SceneImage, factor: int) -> SceneImage:
    rgb, valid = downsample(image, factor)
    return SceneImage(rgb, valid, _coarser_grid(image.grid, factor))


def _coarser_grid(grid: Grid, factor: int) -> Grid:
    """Pixels ``factor`` times as long from the same corner; the last may reach beyond ``grid``."""
    width, height = -(-grid.width // factor), -(-grid.height // factor)
    return grid.window_grid(Window(0, 0, width * factor, height * factor)).scaled(width, height)


def _noisy(image: SceneImage, deviation: float, generator: np.random.Generator) -> SceneImage:
    return _with_rgb(image, image.rgb + generator.normal(0.0, deviation, image.rgb.shape))


def _with_rgb(image: SceneImage, values: npt.NDArray[np.floating]) -> SceneImage:
    """The image in other colours, rounded and cut to 0..255; what holds nothing stays as it was."""
    rgb = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return replace(image, rgb=np.where(image.valid[..., None], rgb, image.rgb))
