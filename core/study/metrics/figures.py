"""What is measured of a tile, as sums that add up over tiles, and every figure that follows.

All sums of a tile stand in one row of float64, so that thousands of drawn tiles are added by one
product of matrices and every figure is worked out for all draws at once.

The paper's figures (Wang et al. 2023, "Using Global Land Cover Product as Prompt for Cropland
Mapping via Visual Foundation Model", arXiv:2310.10219) follow its published code
(wangyuze-csu/APT, ``learning/miou.py``), which counts a confusion matrix of two classes, background
and cropland, both for each image and over all images, and takes from it

- overall accuracy: the share of right pixels;
- mean IoU: the mean over both classes of TP / (TP + FP + FN), a class that is neither in the truth
  nor in the prediction left out;
- precision, recall and F1 of each class, F1 = 2 P R / (P + R).

It prints the F1 of both classes and does not say which one its tables show: ``f1`` here is
cropland's, ``mean_f1`` the mean of both.  One difference, stated: where a class is in the truth and
never predicted, that code divides nought by nought; here F1 = 2 TP / (2 TP + FP + FN), the same
number wherever both exist, is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from core.grid import Window

TOLERANCES_M = (1.0, 2.0, 5.0)
"""Distances within which a boundary counts as found."""

Sums = npt.NDArray[np.float64]
"""Sums of one tile or of many: float64 (..., len(SUMS))."""

Columns = Mapping[str, Sums]
Flags = npt.NDArray[np.bool_]
Label = str | int | float

PIXELS = ("true_positive", "false_positive", "false_negative", "true_negative")
"""Counts of judged pixels; positive is cropland."""

PARCELS = (
    *("matched", "extra", "missed", "iou_sum"),
    *("covered", "over_sum", "under_sum", "distance_sum_m"),
)
"""Sums over parcels (``core.study.metrics.parcel_metrics``)."""

_LENGTHS = ("predicted_m", "predicted_near_m", "actual_m", "actual_near_m")
SUMS = (
    *PIXELS,
    *(f"{name}_{tolerance:g}" for tolerance in TOLERANCES_M for name in _LENGTHS),
    *PARCELS,
    "unpredicted",
)
"""Names of the sums, in order; ``unpredicted`` are pixels whose truth is known and of which the
prediction says nothing: they are not judged."""

_BOUNDARIES = slice(len(PIXELS), len(PIXELS) + len(TOLERANCES_M) * len(_LENGTHS))
_PARCELS = slice(_BOUNDARIES.stop, _BOUNDARIES.stop + len(PARCELS))


@dataclass(frozen=True, slots=True, eq=False)
class TileFigures:
    """What was found on one tile by one method.

    Parameters
    ----------
    image, tile : str
        Name of the image, and of the tile within it.
    sums : float64 (sums,)
        See :data:`SUMS`.
    mask : bool (rows, columns), optional
        The prediction, where pictures of mistakes will be wanted.
    labels : mapping
        Its place in the tables, by column.
    window : Window, optional
        Where the tile lies on the prediction's grid.
    """

    image: str
    tile: str
    sums: Sums
    mask: Flags | None = None
    labels: Mapping[str, Label] = field(default_factory=dict)
    window: Window | None = None

    def count(self, name: str) -> int:
        """One of the sums that are whole numbers."""
        return round(float(self.sums[SUMS.index(name)]))

    @property
    def pixels(self) -> int:
        """Pixels that were judged."""
        return round(float(self.sums[: len(PIXELS)].sum()))

    def figure(self, key: str) -> float | None:
        """One figure of the tile; None where it is not defined."""
        return figures_of(self.sums, [key])[key]


def to_sums(
    pixels: Iterable[float] = (0, 0, 0, 0),
    boundaries: Sums | None = None,
    parcels: Sums | None = None,
    unpredicted: int = 0,
) -> Sums:
    """Sums in one row.

    Parameters
    ----------
    pixels : iterable of number
        In the order of :data:`PIXELS`.
    boundaries : float64 (tolerances, 4), optional
        As ``compare_boundaries`` has them.
    parcels : float64 (8,), optional
        In the order of :data:`PARCELS`.
    """
    row = np.zeros(len(SUMS))
    row[: len(PIXELS)] = tuple(pixels)
    if boundaries is not None:
        row[_BOUNDARIES] = boundaries.ravel()
    if parcels is not None:
        row[_PARCELS] = parcels
    row[-1] = unpredicted
    return row


def with_parcels(sums: Sums, parcels: Sums) -> Sums:
    """A row of sums with those of parcels, float64 (8,), put in."""
    row = sums.copy()
    row[_PARCELS] = parcels
    return row


@dataclass(frozen=True, slots=True)
class MetricFigure:
    """A figure: its title for people, and how it follows from the sums (NaN: not defined)."""

    title: str
    of: Callable[[Columns], Sums]


def ratio(part: Sums, whole: Sums) -> Sums:
    """Part of a whole; NaN where there is no whole."""
    part, whole = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    empty = np.full(np.broadcast(part, whole).shape, np.nan)
    return np.asarray(np.divide(part, whole, out=empty, where=whole != 0))


def _mean_of_known(one: Sums, two: Sums) -> Sums:
    both = (one + two) / 2
    return np.where(np.isnan(one), two, np.where(np.isnan(two), one, both))


def _right(c: Columns) -> Sums:
    return c["true_positive"] + c["true_negative"]


def _wrong(c: Columns) -> Sums:
    return c["false_positive"] + c["false_negative"]


def _judged(c: Columns) -> Sums:
    return _right(c) + _wrong(c)


def _iou(c: Columns, own: str = "true_positive") -> Sums:
    return ratio(c[own], c[own] + _wrong(c))


def _f1(c: Columns, own: str = "true_positive") -> Sums:
    return ratio(2 * c[own], 2 * c[own] + _wrong(c))


def _kappa(c: Columns) -> Sums:
    """Agreement beyond chance: Cohen 1960, doi:10.1177/001316446002000104.

    In a form that loses no digits where nearly all is one class; NaN where both hold one and the
    same class.
    """
    hit, false, missed, rest = (c[name] for name in PIXELS)
    chance = (hit + false) * (false + rest) + (hit + missed) * (missed + rest)
    return ratio(2 * (hit * rest - false * missed), chance)


def _boundary_figures(tolerance: float) -> dict[str, MetricFigure]:
    def lengths(c: Columns) -> list[Sums]:
        return [c[f"{name}_{tolerance:g}"] for name in _LENGTHS]

    def precision(c: Columns) -> Sums:
        predicted, near, _, _ = lengths(c)
        return ratio(near, predicted)

    def recall(c: Columns) -> Sums:
        _, _, actual, near = lengths(c)
        return ratio(near, actual)

    def f1(c: Columns) -> Sums:
        """0 where only one of the boundaries exists, NaN where neither does."""
        p, r = np.nan_to_num(precision(c)), np.nan_to_num(recall(c))
        predicted, _, actual, _ = lengths(c)
        neither = (predicted == 0) & (actual == 0)
        return np.where(neither, np.nan, np.nan_to_num(ratio(2 * p * r, p + r)))

    return {
        f"boundary_{name}_{tolerance:g}m": MetricFigure(
            f"boundary {title} within {tolerance:g} m", of
        )
        for name, title, of in (
            ("f1", "F1", f1),
            ("precision", "precision", precision),
            ("recall", "recall", recall),
        )
    }


def _found(c: Columns) -> Sums:
    return c["matched"] + (c["extra"] + c["missed"]) / 2


FIGURES: dict[str, MetricFigure] = {
    "overall_accuracy": MetricFigure(
        "overall accuracy", lambda c: ratio(_right(c), _right(c) + _wrong(c))
    ),
    "mean_iou": MetricFigure(
        "mean IoU", lambda c: _mean_of_known(_iou(c), _iou(c, "true_negative"))
    ),
    "f1": MetricFigure("F1 of cropland", _f1),
    "iou": MetricFigure("IoU of cropland", _iou),
    "iou_background": MetricFigure("IoU of the rest", lambda c: _iou(c, "true_negative")),
    "f1_background": MetricFigure("F1 of the rest", lambda c: _f1(c, "true_negative")),
    "mean_f1": MetricFigure(
        "mean F1 of both", lambda c: _mean_of_known(_f1(c), _f1(c, "true_negative"))
    ),
    "precision": MetricFigure(
        "precision", lambda c: ratio(c["true_positive"], c["true_positive"] + c["false_positive"])
    ),
    "recall": MetricFigure(
        "recall", lambda c: ratio(c["true_positive"], c["true_positive"] + c["false_negative"])
    ),
    "kappa": MetricFigure("kappa", _kappa),
    **{key: one for t in TOLERANCES_M for key, one in _boundary_figures(t).items()},
    "parcel_recall": MetricFigure(
        "parcel recall (IoU > 0.5)", lambda c: ratio(c["matched"], c["matched"] + c["missed"])
    ),
    "parcel_precision": MetricFigure(
        "parcel precision (IoU > 0.5)", lambda c: ratio(c["matched"], c["matched"] + c["extra"])
    ),
    "parcel_f1": MetricFigure("parcel F1 (IoU > 0.5)", lambda c: ratio(c["matched"], _found(c))),
    "panoptic_quality": MetricFigure("panoptic quality", lambda c: ratio(c["iou_sum"], _found(c))),
    "parcel_iou": MetricFigure("mean IoU of matches", lambda c: ratio(c["iou_sum"], c["matched"])),
    "over_segmentation": MetricFigure(
        "over-segmentation", lambda c: ratio(c["over_sum"], c["covered"])
    ),
    "under_segmentation": MetricFigure(
        "under-segmentation", lambda c: ratio(c["under_sum"], c["covered"])
    ),
    "location_error_m": MetricFigure(
        "location error, m", lambda c: ratio(c["distance_sum_m"], c["matched"])
    ),
    "judged_share": MetricFigure(
        "share of pixels judged",
        lambda c: ratio(_judged(c), _judged(c) + c["unpredicted"]),
    ),
}
"""All figures by key, the paper's three first."""

HEADLINE = ("overall_accuracy", "mean_iou", "f1")
"""The paper's three."""


def figure_table(sums: Sums, keys: Iterable[str] = tuple(FIGURES)) -> Sums:
    """Figures of many rows of sums at once, float64 (..., keys); NaN where not defined."""
    columns = dict(zip(SUMS, np.moveaxis(sums, -1, 0), strict=True))
    return np.stack([FIGURES[key].of(columns) for key in keys], axis=-1)


def figures_of(sums: Sums, keys: Iterable[str] = tuple(FIGURES)) -> dict[str, float | None]:
    """Figures of one row of sums by key; None where not defined."""
    keys = tuple(keys)
    values = figure_table(sums, keys)
    return {key: defined(value) for key, value in zip(keys, values, strict=True)}


def defined(value: float) -> float | None:
    """None instead of NaN."""
    return None if np.isnan(value) else float(value)
