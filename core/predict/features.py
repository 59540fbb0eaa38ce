"""Colour and texture of each pixel at several scales, stated in metres on the ground."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.color import rgb2lab

from core.imagery.scene import SceneImage

SCALES_M = (3.0, 8.0, 20.0, 50.0)
"""Gaussian sigmas: crop rows, field texture, the field, its neighbourhood."""

LAB = slice(0, 3)
"""Where plain CIE Lab (lightness 0 to 100) lies among the features."""


def colour_texture_features(rgb: npt.NDArray[np.uint8], gsd_m: float) -> npt.NDArray[np.float32]:
    """Features of each pixel, float32 (rows, columns, features).

    CIE Lab; Lab under Gaussians; the local standard deviation of lightness at each scale; the
    gradient of smoothed lightness.  Scales below 0.7 pixels are raised to that.
    """
    lab = rgb2lab(rgb).astype(np.float32)
    layers = [lab[..., band] for band in range(3)]
    lightness = lab[..., 0]
    for scale in SCALES_M:
        sigma = max(0.7, scale / gsd_m)
        smooth = [_gaussian(lab[..., band], sigma) for band in range(3)]
        layers += smooth
        variance = _gaussian(lightness * lightness, sigma) - smooth[0] * smooth[0]
        layers.append(np.sqrt(np.maximum(variance, 0.0)))
        layers.append(_gradient(smooth[0]))
    return np.stack(layers, axis=-1)


def downsample(
    image: SceneImage, factor: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Mean of the valid ones of ``factor`` x ``factor`` pixels, and where there are any.

    The last partial block is padded by its edge.
    """
    if factor == 1:
        return image.rgb, image.valid
    valid = _blocks(image.valid, factor)
    count = valid.sum(axis=(1, 3), dtype=np.float32)
    mean = np.zeros((*count.shape, 3), dtype=np.float32)
    for band in range(3):
        values = _blocks(image.rgb[..., band], factor)
        total = values.sum(axis=(1, 3), dtype=np.float32, where=valid)
        mean[..., band] = total / np.maximum(count, 1.0)
    return np.rint(mean).astype(np.uint8), count > 0


def shrink_flags(flags: npt.NDArray[np.bool_], factor: int) -> npt.NDArray[np.bool_]:
    """Whether at least half of each ``factor`` x ``factor`` pixels are set."""
    if factor == 1:
        return flags
    half = factor * factor / 2
    enough: npt.NDArray[np.bool_] = _blocks(flags, factor).sum(axis=(1, 3)) >= half
    return enough


def fill_missing(rgb: npt.NDArray[np.uint8], there: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Colours with the nearest known one where there is none, so that nodata casts no edge."""
    if there.all() or not there.any():
        return rgb
    nearest = ndimage.distance_transform_edt(~there, return_distances=False, return_indices=True)
    filled: npt.NDArray[np.uint8] = rgb[nearest[0], nearest[1]]
    return filled


def enlarge(
    values: npt.NDArray[np.float32], factor: int, shape: tuple[int, int]
) -> npt.NDArray[np.float32]:
    """Bilinear onto ``factor`` times as many pixels, aligned at the pixels' corners."""
    if factor == 1:
        return values
    out: npt.NDArray[np.float32] = ndimage.zoom(
        values, factor, order=1, mode="nearest", grid_mode=True
    )
    return out[: shape[0], : shape[1]]


def _blocks(values: npt.NDArray[Any], factor: int) -> npt.NDArray[Any]:
    """(rows, columns) as (block rows, factor, block columns, factor), padded by its edge."""
    rows, columns = values.shape
    padded = np.pad(values, ((0, -rows % factor), (0, -columns % factor)), mode="edge")
    return padded.reshape(padded.shape[0] // factor, factor, padded.shape[1] // factor, factor)


def _gaussian(values: npt.NDArray[np.float32], sigma: float) -> npt.NDArray[np.float32]:
    smooth: npt.NDArray[np.float32] = ndimage.gaussian_filter(
        values, sigma, mode="nearest", truncate=2.5
    )
    return smooth


def slopes(
    values: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Differences of neighbours down and across, (rows, columns) each; 0 along a single pixel."""
    down, across = (
        np.gradient(values, axis=axis) if values.shape[axis] > 1 else np.zeros_like(values)
        for axis in (0, 1)
    )
    return down, across


def _gradient(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    down, across = slopes(values)
    slope: npt.NDArray[np.float32] = np.hypot(down, across).astype(np.float32)
    return slope
