"""Where a parcel comes apart best: the strongest border that the field map saw inside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from rasterio.features import rasterize, shapes
from shapely.ops import split

from core.imagery.frame import Frame
from core.parcels.parcel import Parcel
from core.predict.field_hierarchy import part_at_strongest
from core.predict.kept_prediction import Prediction

LEAST_STRENGTH = 0.1
"""A border fainter than this is none that a person would see."""

_SMOOTHING_PIXELS = 2.5
_REACH_PIXELS = 3.0
"""A line must end outside of what it splits."""


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    """A line in pixels of the core, and how many pixels its smaller side holds."""

    line: shapely.LineString
    smaller: float


def strongest_inner_border(
    prediction: Prediction, frame: Frame, parcel: Parcel, least_m2: float
) -> shapely.LineString | None:
    """The line, in native pixels, along which the parcel comes apart best.

    It crosses the parcel completely, as :class:`core.label.drawn_corrections.Split` wants it.
    Basins of the field map inside the parcel join weakest border first; the last join of two parts
    that are both large enough is where it comes apart.

    Parameters
    ----------
    least_m2 : float
        Each side has at least this area.

    Returns
    -------
    LineString or None
        None where no inner border was seen, or nobody tells fields apart.
    """
    if prediction.instances is None or len(prediction.joins) == 0:
        return None
    outline = frame.natives_to_core(np.array([parcel.polygon], dtype=object))[0]
    basins = prediction.instances[frame.core.slices]
    inside = rasterize([outline], out_shape=basins.shape, dtype=np.uint8) > 0
    least = max(1.0, least_m2 / frame.core_grid.pixel_area_m2)
    own = np.where(inside, basins, 0)
    side = part_at_strongest(own, prediction.joins, least, LEAST_STRENGTH)
    if side is None:
        return None
    cut = _best_cut(outline, side, least)
    if cut is None:
        return None
    native = frame.cores_to_native(np.array([cut.line], dtype=object))
    return shapely.LineString(native[0])


def _best_cut(
    outline: shapely.Polygon | shapely.MultiPolygon, side: npt.NDArray[np.bool_], least: float
) -> _Cut | None:
    """Of the pieces of border between one side and the rest, the one that halves best."""
    area = shapely.union_all(
        [shapely.geometry.shape(found) for found, _ in shapes(side.astype(np.uint8), mask=side)]
    )
    inner = shapely.intersection(area.boundary, shapely.buffer(outline, -0.75))
    # Pieces that meet become one line.
    merged = shapely.line_merge(inner)
    best: _Cut | None = None
    for piece in shapely.get_parts(merged):
        if piece.geom_type != "LineString" or piece.is_ring or piece.length < 1.0:
            continue
        line = _lengthened(shapely.simplify(piece, _SMOOTHING_PIXELS))
        parts = [part.area for part in split(outline, line).geoms]
        smaller = sum(parts) - max(parts)
        if len(parts) > 1 and smaller >= least and (best is None or smaller > best.smaller):
            best = _Cut(line, smaller)
    return best


def _lengthened(line: shapely.LineString) -> shapely.LineString:
    """The line, each end drawn on in its own direction."""
    xy = shapely.get_coordinates(line)
    first, last = xy[0] - xy[1], xy[-1] - xy[-2]
    before = xy[0] + first / np.hypot(*first) * _REACH_PIXELS
    after = xy[-1] + last / np.hypot(*last) * _REACH_PIXELS
    return shapely.LineString(np.vstack([before, xy, after]))
