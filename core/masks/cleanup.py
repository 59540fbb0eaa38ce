"""Removal of small parts and small holes, in square metres."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from core.grid import Grid


def clean_mask(
    mask: npt.NDArray[np.bool_],
    grid: Grid,
    *,
    min_part_m2: float,
    min_hole_m2: float,
    valid: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.bool_]:
    """The mask without small pieces of cropland and with small holes filled.

    Parameters
    ----------
    mask : bool (rows, columns)
    min_part_m2, min_hole_m2 : float
        Smaller ones go; square metres on the ground, by the geodesic pixel area at the centre.
    valid : bool (rows, columns), optional
        Pixels that are not valid are never filled and do not become cropland.

    Notes
    -----
    Parts are connected by edges (4 neighbours), as polygons are.  Parts are removed first, so that
    a speck inside a hole does not keep the hole.
    """
    pixel = grid.pixel_area_m2
    allowed = np.ones_like(mask) if valid is None else valid
    kept = _without_small(mask & allowed, min_part_m2 / pixel)
    filled = ~_without_small(~kept, min_hole_m2 / pixel)
    return (kept | filled) & allowed


def _without_small(flags: npt.NDArray[np.bool_], least_pixels: float) -> npt.NDArray[np.bool_]:
    if least_pixels <= 1:
        return flags
    labels, count = ndimage.label(flags)
    if count == 0:
        return flags
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    large = sizes >= least_pixels
    large[0] = False
    kept: npt.NDArray[np.bool_] = large[labels]
    return kept
