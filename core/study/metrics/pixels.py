"""Pixels of a cropland mask against truth: the paper's three figures, and those beside them.

The paper is Wang et al. 2023, "Using Global Land Cover Product as Prompt for Cropland Mapping via
Visual Foundation Model", arXiv:2310.10219.  Its published code (wangyuze-csu/APT,
``learning/miou.py``) counts a confusion matrix of two classes, background and cropland, both for
each image and over all images, and takes from it

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

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]


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

    @property
    def pixels(self) -> int:
        """All pixels that were judged."""
        return self._right + self._wrong

    @property
    def overall_accuracy(self) -> float | None:
        """Share of pixels that are right."""
        return ratio(self._right, self.pixels)

    @property
    def iou(self) -> float | None:
        """Intersection over union of cropland."""
        return ratio(self.true_positive, self.true_positive + self._wrong)

    @property
    def iou_background(self) -> float | None:
        """Intersection over union of everything else."""
        return ratio(self.true_negative, self.true_negative + self._wrong)

    @property
    def mean_iou(self) -> float | None:
        """Mean IoU of cropland and of everything else; of one where the other exists nowhere."""
        return mean_of_known((self.iou, self.iou_background))

    @property
    def f1(self) -> float | None:
        """F1 of cropland."""
        return ratio(2 * self.true_positive, 2 * self.true_positive + self._wrong)

    @property
    def f1_background(self) -> float | None:
        """F1 of everything else."""
        return ratio(2 * self.true_negative, 2 * self.true_negative + self._wrong)

    @property
    def mean_f1(self) -> float | None:
        """Mean F1 of cropland and of everything else; of one where the other exists nowhere."""
        return mean_of_known((self.f1, self.f1_background))

    @property
    def precision(self) -> float | None:
        """Share of predicted cropland that is cropland (user's accuracy)."""
        return ratio(self.true_positive, self.true_positive + self.false_positive)

    @property
    def recall(self) -> float | None:
        """Share of the cropland that was found (producer's accuracy)."""
        return ratio(self.true_positive, self.true_positive + self.false_negative)

    @property
    def kappa(self) -> float | None:
        """Agreement beyond chance: Cohen 1960, doi:10.1177/001316446002000104.

        None where chance alone agrees everywhere, which is where both hold one and the same class.
        """
        predicted = self.true_positive + self.false_positive
        actual = self.true_positive + self.false_negative
        chance = predicted * actual + (self.pixels - predicted) * (self.pixels - actual)
        # Whole numbers throughout: 1 - chance loses its digits where nearly all is one class.
        return ratio(self._right * self.pixels - chance, self.pixels**2 - chance)

    def __add__(self, other: Confusion) -> Confusion:
        """Counts pooled over two images."""
        return Confusion(
            self.true_positive + other.true_positive,
            self.false_positive + other.false_positive,
            self.false_negative + other.false_negative,
            self.true_negative + other.true_negative,
        )

    def sentence(self) -> str:
        """The paper's three figures in words."""
        return (
            f"overall accuracy {shown(self.overall_accuracy)}, mean IoU {shown(self.mean_iou)}, "
            f"F1 {shown(self.f1)}"
        )

    def as_dict(self) -> dict[str, float | None]:
        """The paper's three figures as plain values."""
        figures = {
            "overall_accuracy": self.overall_accuracy,
            "mean_iou": self.mean_iou,
            "f1": self.f1,
        }
        return {name: None if value is None else round(value, 4) for name, value in figures.items()}

    @property
    def _right(self) -> int:
        return self.true_positive + self.true_negative

    @property
    def _wrong(self) -> int:
        return self.false_positive + self.false_negative


def compare(mask: Flags, truth: Flags, valid: Flags | None = None) -> Confusion:
    """Count the valid pixels of ``mask`` against ``truth``, all bool of one shape."""
    if mask.shape != truth.shape or (valid is not None and valid.shape != truth.shape):
        raise ValueError(f"the mask is {mask.shape}, the truth {truth.shape}")
    known = np.ones_like(truth) if valid is None else valid
    predicted, actual = mask & known, truth & known
    both = int(np.count_nonzero(predicted & actual))
    more = int(np.count_nonzero(predicted)) - both
    less = int(np.count_nonzero(actual)) - both
    return Confusion(both, more, less, int(np.count_nonzero(known)) - both - more - less)


def ratio(part: float, whole: float) -> float | None:
    """Part of a whole; None where there is no whole."""
    return part / whole if whole else None


def mean_of_known(values: tuple[float | None, ...] | list[float | None]) -> float | None:
    """Mean of those that are defined; None where none is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def shown(value: float | None, digits: int = 3) -> str:
    """A figure for a table; a dash where it is not defined."""
    return "–" if value is None else f"{value:.{digits}f}"
