"""Parcels against the parcels of the truth: found, drawn as one, cut up, and how far aside.

- A predicted parcel matches a true one where their IoU is above 0.5; then no other can (Kirillov
  et al. 2019, "Panoptic Segmentation", doi:10.1109/CVPR.2019.00963).  Recall is the share of true
  parcels with a match, precision that of predicted ones, and panoptic quality the sum of the
  matches' IoU over TP + FP / 2 + FN / 2.  As there, unknown pixels do not count, and a parcel that
  lies mostly on unknown pixels is not held against anybody.
- Over- and under-segmentation after Persello and Bruzzone 2010 (doi:10.1109/TGRS.2009.2029570):
  each true parcel O is held against the predicted parcel R that covers most of it;
  over-segmentation is 1 - |O and R| / |O|, under-segmentation 1 - |O and R| / |R|, both 0 at best.
  A true parcel that nothing covers has neither (recall tells of it).
- Location error: metres between the centres of gravity of matched parcels, the qLoc of Zhan et al.
  2005 (doi:10.1080/01431160500057764) as in Clinton et al. 2010 (doi:10.14358/PERS.76.3.289).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
from pyproj import CRS

from core.grid import (
    WGS84_GEOD,
    Grid,
    PixelCoordinates,
    Window,
    transform_coordinates,
)
from core.study.metrics.overlaps import Overlap, Overlaps
from core.study.metrics.parts import Numbers
from core.study.metrics.pixels import ratio

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ParcelScore:
    """Sums over parcels, from which every figure follows; a figure of nothing is None.

    Parameters
    ----------
    matched, extra, missed : int
        True parcels with a match, predicted ones without, true ones without.
    iou_sum : float
        Over the matches.
    covered : int
        True parcels that some predicted parcel overlaps; the next two are sums over them.
    over_sum, under_sum : float
    distance_sum_m : float
        Over the matches, between centres of gravity.
    """

    matched: int = 0
    extra: int = 0
    missed: int = 0
    iou_sum: float = 0.0
    covered: int = 0
    over_sum: float = 0.0
    under_sum: float = 0.0
    distance_sum_m: float = 0.0

    @property
    def recall(self) -> float | None:
        """Share of the true parcels that have a match."""
        return ratio(self.matched, self.matched + self.missed)

    @property
    def precision(self) -> float | None:
        """Share of the predicted parcels that have a match."""
        return ratio(self.matched, self.matched + self.extra)

    @property
    def panoptic_quality(self) -> float | None:
        """Kirillov's PQ: recognition quality times the matches' mean IoU."""
        return ratio(self.iou_sum, self.matched + (self.extra + self.missed) / 2)

    @property
    def recognition_quality(self) -> float | None:
        """F1 of parcels."""
        return ratio(self.matched, self.matched + (self.extra + self.missed) / 2)

    @property
    def segmentation_quality(self) -> float | None:
        """Mean IoU of the matches."""
        return ratio(self.iou_sum, self.matched)

    @property
    def over_segmentation(self) -> float | None:
        """Mean share of a true parcel outside the predicted one that covers most of it."""
        return ratio(self.over_sum, self.covered)

    @property
    def under_segmentation(self) -> float | None:
        """Mean share of that predicted parcel outside the true one."""
        return ratio(self.under_sum, self.covered)

    @property
    def location_error_m(self) -> float | None:
        """Mean metres between the centres of gravity of matched parcels."""
        return ratio(self.distance_sum_m, self.matched)

    def __add__(self, other: ParcelScore) -> ParcelScore:
        """Sums pooled over two images."""
        return ParcelScore(
            **{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        )


def compare_parcels(
    predicted: Numbers, truth: Numbers, known: npt.NDArray[np.bool_], grid: Grid
) -> ParcelScore:
    """Parcels of one image: int64 (rows, columns) numbers from 1, 0 where there is none."""
    overlaps = Overlaps()
    overlaps.add(predicted, truth, known, grid.extent)
    return score_parcels(overlaps.total(), grid, [grid.extent])[0]


def score_parcels(overlap: Overlap, grid: Grid, tiles: Sequence[Window]) -> list[ParcelScore]:
    """Scores of the parcels that are at home in each tile.

    A true parcel, and a predicted one without a match, is at home where its centre of gravity
    lies; a predicted one with a match, where its match is.

    Parameters
    ----------
    overlap : Overlap
        Of the whole image.
    grid : Grid
        Of the image.
    tiles : sequence of Window
        They cover the image without overlaps.
    """
    union = overlap.truth.known[overlap.of_truth] + overlap.predicted.known[overlap.of_predicted]
    union = union - overlap.pixels
    match = 2 * overlap.pixels > union
    with_match = np.zeros(len(overlap.truth.known), dtype=np.bool_)
    with_match[overlap.of_truth[match]] = True
    in_match = np.zeros(len(overlap.predicted.known), dtype=np.bool_)
    in_match[overlap.of_predicted[match]] = True
    missed = overlap.truth.mostly_known & ~with_match
    extra = overlap.predicted.mostly_known & ~in_match

    best = overlap.best_of_truth()
    best = best[(overlap.truth.mostly_known | with_match)[overlap.of_truth[best]]]
    over = 1 - overlap.pixels[best] / overlap.truth.known[overlap.of_truth[best]]
    under = 1 - overlap.pixels[best] / overlap.predicted.known[overlap.of_predicted[best]]

    home = _homes(overlap.truth.centres, tiles)
    matched_home, best_home = home[overlap.of_truth[match]], home[overlap.of_truth[best]]

    def total(homes: Numbers, weights: Floats | None = None) -> Floats:
        sums: Floats = np.bincount(homes, weights, minlength=len(tiles)).astype(np.float64)
        return sums

    columns = {
        "matched": total(matched_home),
        "extra": total(_homes(overlap.predicted.centres, tiles)[extra]),
        "missed": total(home[missed]),
        "iou_sum": total(matched_home, overlap.pixels[match] / union[match]),
        "covered": total(best_home),
        "over_sum": total(best_home, over),
        "under_sum": total(best_home, under),
        "distance_sum_m": total(matched_home, _distances_m(overlap, match, grid)),
    }
    whole = {"matched", "extra", "missed", "covered"}
    return [
        ParcelScore(
            **{n: int(v[i]) if n in whole else float(v[i]) for n, v in columns.items()}  # type: ignore[arg-type]
        )
        for i in range(len(tiles))
    ]


def _homes(centres: PixelCoordinates, tiles: Sequence[Window]) -> Numbers:
    """Index of the tile in which each centre lies: int64 (centres,)."""
    homes = np.zeros(len(centres.row), dtype=np.int64)
    for index, tile in enumerate(tiles):
        inside = (
            (centres.row >= tile.row)
            & (centres.row < tile.row_stop)
            & (centres.column >= tile.column)
            & (centres.column < tile.column_stop)
        )
        homes[inside] = index
    return homes


def _distances_m(overlap: Overlap, match: npt.NDArray[np.bool_], grid: Grid) -> Floats:
    """Geodesic metres between the centres of matched parcels."""
    ends = []
    for parcels, members in (
        (overlap.truth, overlap.of_truth[match]),
        (overlap.predicted, overlap.of_predicted[match]),
    ):
        pixels = PixelCoordinates(parcels.centres.column[members], parcels.centres.row[members])
        ends.append(
            transform_coordinates(grid.pixels_to_world(pixels), grid.crs, CRS.from_epsg(4326))
        )
    _, _, metres = WGS84_GEOD.inv(ends[0].x, ends[0].y, ends[1].x, ends[1].y)
    return np.asarray(metres, dtype=np.float64)
