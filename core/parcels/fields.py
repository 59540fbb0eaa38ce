"""Cropland into fields: watershed on image edges, then neighbours that look alike are joined.

A classifier says where cropland is, not where one field ends.  Borders between touching fields show
as steps of colour: the gradient of smoothed CIE Lab is flooded from its calm places (watershed,
Vincent & Soille 1991, doi:10.1109/34.87344), and two regions become one field again where their
shared border and their colours hardly differ.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.color import rgb2lab
from skimage.measure import label
from skimage.segmentation import watershed

from core.imagery.scene import SceneImage
from core.parcels.region_merging import join_regions
from core.predict.features import downsample, slopes

FIELD_GSD_M = 2.0
SMOOTHING_M = 5.0
LEAST_FIELD_M2 = 1500.0
_ROWS_AT_ONCE = 2048

Labels = npt.NDArray[np.int32]


def split_fields(image: SceneImage, cropland: npt.NDArray[np.bool_]) -> Labels:
    """Field numbers from 1 inside ``cropland``, int32 (rows, columns), 0 outside.

    Parameters
    ----------
    image : SceneImage
    cropland : bool (rows, columns)
        On the image's pixels.
    """
    factor = max(1, round(FIELD_GSD_M / image.grid.gsd_m))
    rgb, _ = downsample(image, factor)
    gsd_m = image.grid.gsd_m * factor
    rows, columns = rgb.shape[:2]
    inside = np.pad(
        cropland, ((0, -cropland.shape[0] % factor), (0, -cropland.shape[1] % factor)), mode="edge"
    ).reshape(rows, factor, columns, factor)
    mask = inside.mean(axis=(1, 3)) >= 0.5
    if not mask.any():
        return np.zeros(cropland.shape, dtype=np.int32)
    colour = smooth_lab(rgb, max(0.8, SMOOTHING_M / gsd_m))
    gradient = lab_gradient(colour)
    labels = _flood(gradient, mask, gsd_m)
    labels = join_regions(labels, colour, gradient, LEAST_FIELD_M2 / gsd_m**2)
    enlarged = np.kron(labels, np.ones((factor, factor), dtype=np.int32))
    enlarged = enlarged[: cropland.shape[0], : cropland.shape[1]]
    return _fill(enlarged, cropland)


def smooth_lab(rgb: npt.NDArray[np.uint8], sigma: float) -> npt.NDArray[np.float32]:
    """CIE Lab under a Gaussian of ``sigma`` pixels, float32 (rows, columns, 3)."""
    lab = rgb2lab(rgb).astype(np.float32)
    return np.stack(
        [ndimage.gaussian_filter(lab[..., band], sigma, mode="nearest") for band in range(3)], -1
    )


def lab_gradient(colour: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Length of the gradient of all three bands, Lab units per pixel."""
    total = np.zeros(colour.shape[:2], dtype=np.float32)
    for band in range(3):
        down, across = slopes(colour[..., band])
        total += down**2 + across**2
    return np.sqrt(total)


def _flood(gradient: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_], gsd_m: float) -> Labels:
    # Calm places: the lower half of the gradient, some way from the mask's edge and each other.
    calm = (gradient <= np.median(gradient[mask])) & mask
    depth = ndimage.distance_transform_edt(np.pad(calm, 1))[1:-1, 1:-1]
    markers, _ = ndimage.label(depth * gsd_m > 5.0)
    if not markers.any():
        markers, _ = ndimage.label(mask)
    flooded = watershed(gradient, markers, mask=mask)  # type: ignore[no-untyped-call]
    return np.asarray(flooded, dtype=np.int32)


def complete_numbers(numbers: Labels, mask: npt.NDArray[np.bool_]) -> Labels:
    """Numbers on exactly the pixels of ``mask``: gaps get the nearest number, lone parts new ones.

    Works on bands of rows, so that memory stays small on large scenes.
    """
    done = np.where(mask, numbers, 0).astype(np.int32)
    fresh = int(numbers.max(initial=0))
    for start in range(0, len(mask), _ROWS_AT_ONCE):
        band = slice(start, start + _ROWS_AT_ONCE)
        filled = _fill(done[band], mask[band])
        if not filled.any():
            parts, _ = ndimage.label(mask[band])
            filled = np.where(parts > 0, parts + fresh, 0).astype(np.int32)
            fresh = max(fresh, int(filled.max(initial=0)))
        done[band] = filled
    return done


def without_crumbs(numbers: Labels, least_pixels: float) -> Labels:
    """Numbers, int32 (rows, columns), without their connected parts of fewer pixels.

    A field that the edge of a mask cuts into pieces leaves such parts; what is around has them.
    """
    parts = label(numbers, background=0, connectivity=1)  # type: ignore[no-untyped-call]
    small = np.bincount(parts.ravel()) < least_pixels
    return np.where(small[parts], 0, numbers).astype(np.int32)


def _fill(labels: Labels, cropland: npt.NDArray[np.bool_]) -> Labels:
    """Give cropland pixels without a number the nearest one; take numbers outside away."""
    missing = cropland & (labels == 0)
    if missing.any() and labels.any():
        nearest = ndimage.distance_transform_edt(
            labels == 0, return_distances=False, return_indices=True
        )
        labels = labels[tuple(nearest)]
    return np.where(cropland, labels, 0).astype(np.int32)
