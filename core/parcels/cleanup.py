"""Removal of small parts and small holes, in square metres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from core.grid import Grid

_PIXELS_AT_ONCE = 8_000_000
"""Pixels that are numbered at once: about 100 MB, whatever the size of the mask."""


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
    grid : Grid
        Of the mask; gives the ground area of a pixel.
    min_part_m2, min_hole_m2 : float
        Smaller ones go; square metres on the ground, by the geodesic pixel area at the centre.
    valid : bool (rows, columns), optional
        Pixels that are not valid are never filled and do not become cropland.

    Returns
    -------
    bool (rows, columns)

    Notes
    -----
    Parts and holes are connected by edges (4 neighbours), as the rings of the polygons are: two
    pixels that touch at a corner are two parts, and two such holes are two holes.  Parts are
    removed first, so that a speck inside a hole does not keep the hole.  A piece of background
    that the edge of the mask cuts off counts as a hole.
    """
    pixel = grid.pixel_area_m2
    allowed = np.ones_like(mask) if valid is None else valid
    kept = without_small_parts(mask & allowed, min_part_m2 / pixel)
    filled = ~without_small_parts(~kept, min_hole_m2 / pixel) & allowed
    if valid is None:
        return filled
    # A filled hole may have held pixels that are not valid and cut it into specks.
    return without_small_parts(filled, min_part_m2 / pixel)


def without_small_parts(
    flags: npt.NDArray[np.bool_], least_pixels: float, pixels_at_once: int = _PIXELS_AT_ONCE
) -> npt.NDArray[np.bool_]:
    """Flags without the 4-connected parts of fewer than ``least_pixels`` pixels.

    Parts are numbered band of rows by band of rows and joined over the bands' borders, so memory
    beyond the flags themselves is bounded by ``pixels_at_once``.
    """
    if least_pixels <= 1 or flags.size == 0:
        return flags
    rows = max(1, pixels_at_once // flags.shape[1])
    starts = range(0, flags.shape[0], rows)
    sizes: list[npt.NDArray[np.int64]] = []
    edges: list[_Edges] = []
    first = 0
    for start in starts:
        labels, count = ndimage.label(flags[start : start + rows])
        sizes.append(np.bincount(labels.ravel(), minlength=count + 1)[1:])
        edges.append(_Edges(_shifted(labels[0], first), _shifted(labels[-1], first)))
        first += count
    large = _large_parts(np.concatenate(sizes), edges, least_pixels)
    kept = np.empty_like(flags)
    first = 0
    for start, own in zip(starts, sizes, strict=True):
        # Numbered once more: that is quick, and keeping every band's labels would not be small.
        labels, _ = ndimage.label(flags[start : start + rows])
        answers = np.concatenate([[False], large[first : first + own.size]])
        kept[start : start + rows] = answers[labels]
        first += own.size
    return kept


@dataclass(frozen=True, slots=True)
class _Edges:
    """Part numbers in the first and the last row of a band, int64 (columns,); -1 is none."""

    top: npt.NDArray[np.int64]
    bottom: npt.NDArray[np.int64]


def _shifted(labels: npt.NDArray[np.int32], first: int) -> npt.NDArray[np.int64]:
    """Labels from 1 within a band as numbers from ``first`` over all bands."""
    numbers: npt.NDArray[np.int64] = np.where(labels > 0, labels.astype(np.int64) + first - 1, -1)
    return numbers


def _large_parts(
    sizes: npt.NDArray[np.int64], edges: list[_Edges], least_pixels: float
) -> npt.NDArray[np.bool_]:
    """Whether each band's part belongs to a whole of at least ``least_pixels``."""
    if len(edges) == 1:
        return sizes >= least_pixels
    above = np.concatenate([band.bottom for band in edges[:-1]])
    below = np.concatenate([band.top for band in edges[1:]])
    touch = (above >= 0) & (below >= 0)
    links = coo_array(
        (np.ones(int(touch.sum()), dtype=np.bool_), (above[touch], below[touch])),
        shape=(sizes.size, sizes.size),
    )
    _, whole = connected_components(links, directed=False)
    totals = np.bincount(whole, weights=sizes)
    large: npt.NDArray[np.bool_] = totals[whole] >= least_pixels
    return large
