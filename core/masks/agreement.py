"""How well two masks agree: the paper's three figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Agreement:
    """Pixels of a mask against truth.

    Parameters
    ----------
    true_positive, false_positive, false_negative, true_negative : int
        Counts of valid pixels; positive is cropland.
    """

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int

    @property
    def overall_accuracy(self) -> float:
        """Share of pixels that are right."""
        right = self.true_positive + self.true_negative
        return _ratio(right, right + self.false_positive + self.false_negative)

    @property
    def mean_iou(self) -> float:
        """Mean of the IoU of cropland and the IoU of everything else."""
        wrong = self.false_positive + self.false_negative
        cropland = _ratio(self.true_positive, self.true_positive + wrong)
        return (cropland + _ratio(self.true_negative, self.true_negative + wrong)) / 2

    @property
    def f1(self) -> float:
        """F1 of cropland."""
        double = 2 * self.true_positive
        return _ratio(double, double + self.false_positive + self.false_negative)

    def __add__(self, other: Agreement) -> Agreement:
        """Counts pooled over two images."""
        return Agreement(
            self.true_positive + other.true_positive,
            self.false_positive + other.false_positive,
            self.false_negative + other.false_negative,
            self.true_negative + other.true_negative,
        )

    def sentence(self) -> str:
        """The three figures in words."""
        return (
            f"overall accuracy {self.overall_accuracy:.3f}, mean IoU {self.mean_iou:.3f}, "
            f"F1 {self.f1:.3f}"
        )

    def as_dict(self) -> dict[str, float]:
        """The three figures as plain values."""
        return {
            "overall_accuracy": round(self.overall_accuracy, 4),
            "mean_iou": round(self.mean_iou, 4),
            "f1": round(self.f1, 4),
        }


def compare(
    mask: npt.NDArray[np.bool_],
    truth: npt.NDArray[np.bool_],
    valid: npt.NDArray[np.bool_] | None = None,
) -> Agreement:
    """Count the valid pixels of ``mask`` against ``truth``, both bool of one shape."""
    known = np.ones_like(truth) if valid is None else valid
    return Agreement(
        int((mask & truth & known).sum()),
        int((mask & ~truth & known).sum()),
        int((~mask & truth & known).sum()),
        int((~mask & ~truth & known).sum()),
    )


def _ratio(part: int, whole: int) -> float:
    """Part of a whole; 1 where there is nothing to get wrong."""
    return part / whole if whole else 1.0
