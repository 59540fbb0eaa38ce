"""Pixels of a cropland mask against truth; ``core.study.metrics.figures`` has the figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.study.metrics.figures import HEADLINE, figures_of, to_sums
from core.study.metrics.markdown import shown

Flags = npt.NDArray[np.bool_]


def _figure(key: str) -> Any:
    return property(lambda confusion: confusion.figure(key))


@dataclass(frozen=True, slots=True)
class Confusion:
    """Confusion matrix of a cropland mask; a figure that its pixels do not define is None.

    Parameters
    ----------
    true_positive, false_positive, false_negative, true_negative : int
        Counts of judged pixels; positive is cropland.
    """

    true_positive: int = 0
    false_positive: int = 0
    false_negative: int = 0
    true_negative: int = 0

    overall_accuracy = _figure("overall_accuracy")
    iou = _figure("iou")
    mean_iou = _figure("mean_iou")
    f1 = _figure("f1")
    precision = _figure("precision")
    recall = _figure("recall")
    kappa = _figure("kappa")

    @property
    def pixels(self) -> int:
        """All pixels that were judged."""
        return sum(astuple(self))

    def figure(self, key: str) -> float | None:
        """A figure by its key in ``FIGURES``."""
        return figures_of(to_sums(astuple(self)), [key])[key]

    def __add__(self, other: Confusion) -> Confusion:
        """Counts pooled over two images."""
        return Confusion(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def sentence(self) -> str:
        """The paper's three figures in words."""
        return (
            f"overall accuracy {shown(self.overall_accuracy)}, mean IoU {shown(self.mean_iou)}, "
            f"F1 {shown(self.f1)}"
        )

    def as_dict(self) -> dict[str, float | None]:
        """The paper's three figures as plain values."""
        figures = figures_of(to_sums(astuple(self)), HEADLINE)
        return {name: None if value is None else round(value, 4) for name, value in figures.items()}


def compare_pixels(mask: Flags, truth: Flags, valid: Flags | None = None) -> Confusion:
    """Count the valid pixels of ``mask`` against ``truth``, all bool of one shape."""
    if mask.shape != truth.shape or (valid is not None and valid.shape != truth.shape):
        raise ValueError(f"the mask is {mask.shape}, the truth {truth.shape}")
    known = np.ones_like(truth) if valid is None else valid
    predicted, actual = mask & known, truth & known
    both = int(np.count_nonzero(predicted & actual))
    more = int(np.count_nonzero(predicted)) - both
    less = int(np.count_nonzero(actual)) - both
    return Confusion(both, more, less, int(np.count_nonzero(known)) - both - more - less)


def mean_of_known(values: Iterable[float | None]) -> float | None:
    """Mean of those that are defined; None where none is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
