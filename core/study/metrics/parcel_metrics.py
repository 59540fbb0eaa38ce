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
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from pyproj import CRS

from core.grid import WGS84_GEOD, Grid, PixelCoordinates, Window, transform_coordinates
from core.study.metrics.figures import PARCELS, Sums
from core.study.metrics.parts import Numbers

if TYPE_CHECKING:
    import pandas as pd


class Overlaps:
    """Counts overlaps window by window; memory grows with the parcels, not with the pixels."""

    def __init__(self) -> None:
        self._pairs: list[Numbers] = []
        self._predicted: list[Sums] = []
        self._truth: list[Sums] = []

    def add(
        self, predicted: Numbers, truth: Numbers, known: npt.NDArray[np.bool_], window: Window
    ) -> None:
        """Count a window: numbers from 1, 0 where there is none, int64 (rows, columns)."""
        self._predicted.append(_sizes(predicted, known, window))
        self._truth.append(_sizes(truth, known, window))
        both = known & (predicted > 0) & (truth > 0)
        # One number for each pair: sorting those is far quicker than sorting rows.
        base = int(truth.max(initial=0)) + 1
        pairs, counts = np.unique(predicted[both] * base + truth[both], return_counts=True)
        self._pairs.append(np.column_stack([*np.divmod(pairs, base), counts]))

    def sums(
        self,
        grid: Grid,
        tiles: Sequence[Window],
        *,
        predicted_as: Numbers | None = None,
        truth_as: Numbers | None = None,
    ) -> Sums:
        """Sums over the parcels that are at home in each tile, float64 (tiles, 8): ``PARCELS``.

        A true parcel, and a predicted one without a match, is at home where its centre of gravity
        lies; a predicted one with a match, where its match is.

        Parameters
        ----------
        grid : Grid
            Of the image.
        tiles : sequence of Window
            They cover the image without overlaps.
        predicted_as, truth_as : int64, optional
            The final number of each number, where windows had numbers of their own
            (``PartNumbers.joined``).
        """
        predicted, truth = _layer(self._predicted, predicted_as), _layer(self._truth, truth_as)
        pairs = _pairs(self._pairs, predicted_as, truth_as)
        own, its = pairs["truth"].map(truth["known"]), pairs["predicted"].map(predicted["known"])
        pairs["over"], pairs["under"] = 1 - pairs["pixels"] / own, 1 - pairs["pixels"] / its
        pairs["iou"] = pairs["pixels"] / (own + its - pairs["pixels"])
        # Of predicted parcels that cover as much of a true one, the smaller.
        best = pairs.assign(size=its).sort_values(
            ["truth", "pixels", "size"], ascending=[True, False, True], kind="stable"
        )
        best = best.drop_duplicates("truth")
        match = pairs[pairs["iou"] > 0.5]
        found = truth.index.isin(match["truth"])
        best = best[best["truth"].isin(truth.index[truth["counts"] | found])]
        extra = predicted["counts"] & ~predicted.index.isin(match["predicted"])
        matched_at, best_at = (_homes(truth.loc[some["truth"]], tiles) for some in (match, best))
        columns = {
            "matched": (matched_at, None),
            "extra": (_homes(predicted[extra], tiles), None),
            "missed": (_homes(truth[truth["counts"] & ~found], tiles), None),
            "iou_sum": (matched_at, match["iou"]),
            "covered": (best_at, None),
            "over_sum": (best_at, best["over"]),
            "under_sum": (best_at, best["under"]),
            "distance_sum_m": (matched_at, _distances_m(predicted, truth, match, grid)),
        }
        counted = [np.bincount(*columns[name], minlength=len(tiles)) for name in PARCELS]
        sums: Sums = np.array(counted, dtype=np.float64).T
        return sums


def _sizes(numbers: Numbers, known: npt.NDArray[np.bool_], window: Window) -> Sums:
    """Number, all pixels, known pixels, and their sums of columns and rows: (parcels, 5)."""
    there = numbers > 0
    row, column = np.nonzero(there)
    # Numbers of a window lie close together: counting from the least is far quicker than sorting.
    least = int(numbers[there].min()) if len(row) else 0
    which = numbers[there] - least
    seen = known[there].astype(np.float64)
    places = (seen * (column + window.column + 0.5), seen * (row + window.row + 0.5))
    sums = [np.bincount(which, weights) for weights in (np.ones(len(which)), seen, *places)]
    table = np.column_stack([np.arange(len(sums[0]), dtype=np.float64) + least, *sums])
    return np.asarray(table[table[:, 1] > 0])


def _layer(windows: Sequence[Sums], final: Numbers | None) -> pd.DataFrame:
    """The parcels of a layer that have a known pixel, by number.

    Columns: ``pixels``, of them ``known``, the centre of gravity of the known ones (``column``,
    ``row``), and ``counts``: whether they are at least half of all.
    """
    rows = np.concatenate([np.zeros((0, 5)), *windows])
    numbers = _renamed(rows[:, 0].astype(np.int64), final)
    import pandas as pd  # noqa: PLC0415  (takes a second; files are looked at first)

    table = pd.DataFrame(rows[:, 1:], columns=["pixels", "known", "column", "row"])
    table = table.groupby(numbers).sum()
    table = table[table["known"] > 0]
    table["counts"] = 2 * table["known"] >= table["pixels"]
    table["column"] /= table["known"]
    table["row"] /= table["known"]
    return table


def _pairs(
    windows: Sequence[Numbers], predicted_as: Numbers | None, truth_as: Numbers | None
) -> pd.DataFrame:
    """Pairs of parcels that share known pixels: ``predicted``, ``truth``, ``pixels``."""
    rows = np.concatenate([np.zeros((0, 3), dtype=np.int64), *windows])
    import pandas as pd  # noqa: PLC0415  (takes a second; files are looked at first)

    table = pd.DataFrame(
        {
            "predicted": _renamed(rows[:, 0], predicted_as),
            "truth": _renamed(rows[:, 1], truth_as),
            "pixels": rows[:, 2],
        }
    )
    return table.groupby(["predicted", "truth"], as_index=False).sum()


def _homes(parcels: pd.DataFrame, tiles: Sequence[Window]) -> Numbers:
    """Index of the tile in which the centre of each parcel lies: int64 (parcels,)."""
    row, column = parcels["row"].to_numpy(), parcels["column"].to_numpy()
    homes = np.zeros(len(row), dtype=np.int64)
    for index, tile in enumerate(tiles):
        inside = (row >= tile.row) & (row < tile.row_stop)
        homes[inside & (column >= tile.column) & (column < tile.column_stop)] = index
    return homes


def _distances_m(
    predicted: pd.DataFrame, truth: pd.DataFrame, match: pd.DataFrame, grid: Grid
) -> Sums:
    """Geodesic metres between the centres of matched parcels."""
    ends = []
    for layer, numbers in ((truth, match["truth"]), (predicted, match["predicted"])):
        centres = layer.loc[numbers]
        pixels = PixelCoordinates(centres["column"].to_numpy(), centres["row"].to_numpy())
        world = grid.pixels_to_world(pixels)
        ends.append(transform_coordinates(world, grid.crs, CRS.from_epsg(4326)))
    _, _, metres = WGS84_GEOD.inv(ends[0].x, ends[0].y, ends[1].x, ends[1].y)
    return np.asarray(metres, dtype=np.float64)


def _renamed(numbers: Numbers, final: Numbers | None) -> Numbers:
    return numbers if final is None else final[numbers]
