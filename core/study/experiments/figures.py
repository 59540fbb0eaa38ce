"""The figures that an experiment's table has, for many sums at once.

The bootstrap asks for each figure of a thousand draws of the tiles of hundreds of rows.  The
definitions are those of ``core.study.metrics.pixels`` and ``boundaries``; tests hold them together.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.study.metrics.boundaries import TOLERANCES_M
from core.study.metrics.scores import HEADLINE

SHOWN = (
    *HEADLINE,
    "precision",
    "recall",
    "kappa",
    *(f"boundary_f1_{tolerance:g}m" for tolerance in TOLERANCES_M),
)
"""Figures that a table of an experiment has."""

Values = npt.NDArray[np.float64]

_PIXELS, _MATCHED = 4, 4
"""Sums of a confusion matrix, and of the boundaries at one tolerance (``Score.sums``)."""


def shown_of(sums: Values) -> Values:
    """The figures of ``SHOWN`` of sums, float64 (..., figures); NaN where not defined.

    Parameters
    ----------
    sums : float64 (..., sums)
        As ``Score.sums`` has them, weighted and added.
    """
    figures = [*_pixels(sums[..., :_PIXELS])]
    for number in range(len(TOLERANCES_M)):
        start = _PIXELS + number * _MATCHED
        figures.append(_boundary_f1(sums[..., start : start + _MATCHED]))
    return np.stack(figures, axis=-1)


def mean_iou_of(counts: Values) -> Values:
    """Mean IoU of pixel counts (..., 4) as ``Confusion`` has them, float64; NaN of nothing."""
    hit, false, missed, rest = np.moveaxis(counts, -1, 0)
    wrong = false + missed
    return _mean_of_known(_ratio(hit, hit + wrong), _ratio(rest, rest + wrong))


def _pixels(sums: Values) -> list[Values]:
    hit, false, missed, rest = np.moveaxis(sums, -1, 0)
    wrong = false + missed
    # Cohen's kappa in the form that does not cancel: (o - e) / (1 - e), both times pixels squared.
    chance = (hit + false) * (false + rest) + (hit + missed) * (missed + rest)
    return [
        _ratio(hit + rest, hit + rest + wrong),
        mean_iou_of(sums),
        _ratio(2 * hit, 2 * hit + wrong),
        _ratio(hit, hit + false),
        _ratio(hit, hit + missed),
        _ratio(2 * (hit * rest - false * missed), chance),
    ]


def _boundary_f1(sums: Values) -> Values:
    predicted, predicted_near, actual, actual_near = np.moveaxis(sums, -1, 0)
    precision = np.nan_to_num(_ratio(predicted_near, predicted))
    recall = np.nan_to_num(_ratio(actual_near, actual))
    found = np.nan_to_num(_ratio(2 * precision * recall, precision + recall))
    return np.where((predicted == 0) & (actual == 0), np.nan, found)


def _mean_of_known(one: Values, two: Values) -> Values:
    both = (one + two) / 2
    return np.where(np.isnan(one), two, np.where(np.isnan(two), one, both))


def _ratio(part: Values, whole: Values) -> Values:
    """A share; NaN of nothing."""
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole != 0)
