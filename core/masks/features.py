"""Colour and texture of each pixel at several scales, stated in metres on the ground."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.color import rgb2lab

from core.imagery.scene import SceneImage

SCALES_M = (3.0, 8.0, 20.0, 50.0)
"""Gaussian sigmas: crop rows, field texture, the field, its neighbourhood."""


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
    """Mean of ``factor`` x ``factor`` pixels; the last partial block is padded by its edge."""
    if factor == 1:
        return image.rgb, image.valid
    rows, columns = image.valid.shape
    pad = ((0, -rows % factor), (0, -columns % factor))
    rgb = np.pad(image.rgb, (*pad, (0, 0)), mode="edge")
    valid = np.pad(image.valid, pad, mode="edge")
    blocks = (rgb.shape[0] // factor, factor, rgb.shape[1] // factor, factor)
    mean = rgb.reshape(*blocks, 3).mean(axis=(1, 3))
    share = valid.reshape(blocks).mean(axis=(1, 3))
    return np.rint(mean).astype(np.uint8), share >= 0.5


def _gaussian(values: npt.NDArray[np.float32], sigma: float) -> npt.NDArray[np.float32]:
    smooth: npt.NDArray[np.float32] = ndimage.gaussian_filter(
        values, sigma, mode="nearest", truncate=2.5
    )
    return smooth


def _gradient(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    down, across = np.gradient(values)
    slope: npt.NDArray[np.float32] = np.hypot(down, across).astype(np.float32)
    return slope
