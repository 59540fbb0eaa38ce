"""Everything that is measured of one tile, as sums that add up over tiles, and their figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, field
from itertools import islice

from core.study.metrics.boundaries import TOLERANCES_M, Boundaries, Matched
from core.study.metrics.parcel_metrics import ParcelScore
from core.study.metrics.pixels import Confusion, ratio


@dataclass(frozen=True, slots=True)
class Score:
    """Sums over the judged pixels, boundaries and parcels of a tile, or of many.

    Parameters
    ----------
    unpredicted : int
        Pixels whose truth is known and of which the prediction says nothing; they are not judged.
    """

    pixels: Confusion = field(default_factory=Confusion)
    boundaries: Boundaries = field(default_factory=Boundaries)
    parcels: ParcelScore = field(default_factory=ParcelScore)
    unpredicted: int = 0

    @property
    def judged_share(self) -> float | None:
        """Share of the pixels with a known truth that were judged."""
        return ratio(self.pixels.pixels, self.pixels.pixels + self.unpredicted)

    def __add__(self, other: Score) -> Score:
        """Sums pooled over two tiles."""
        return Score(
            self.pixels + other.pixels,
            self.boundaries + other.boundaries,
            self.parcels + other.parcels,
            self.unpredicted + other.unpredicted,
        )

    def sums(self) -> tuple[float, ...]:
        """All sums in one row, so that many tiles can be drawn and added at once."""
        boundaries = [astuple(self.boundaries.at.get(t, Matched())) for t in TOLERANCES_M]
        parts = [astuple(self.pixels), *boundaries, astuple(self.parcels)]
        return (*(value for part in parts for value in part), self.unpredicted)

    @classmethod
    def of_sums(cls, sums: Sequence[float]) -> Score:
        """The inverse of :meth:`sums`."""
        row = iter(sums)

        def take(count: int) -> list[float]:
            return list(islice(row, count))

        pixels = Confusion(*(round(value) for value in take(4)))
        boundaries = Boundaries({t: Matched(*take(4)) for t in TOLERANCES_M})
        matched, extra, missed, ious, covered, over, under, distance = take(8)
        counts = (round(matched), round(extra), round(missed))
        parcels = ParcelScore(*counts, ious, round(covered), over, under, distance)
        return cls(pixels, boundaries, parcels, round(next(row)))


def pooled(scores: Iterable[Score]) -> Score:
    """All tiles together."""
    return sum(scores, Score())


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure.

    Parameters
    ----------
    key : str
        Column of the table.
    title : str
        For people.
    best : float
        1 or 0: what a perfect prediction has.
    of : callable
        The figure of a score; None where it is not defined.
    """

    key: str
    title: str
    best: float
    of: Callable[[Score], float | None]


def _boundary(tolerance: float) -> tuple[Metric, ...]:
    def at(score: Score) -> Matched:
        return score.boundaries.at.get(tolerance, Matched())

    name, words = f"{tolerance:g}m", f"within {tolerance:g} m"
    return (
        Metric(f"boundary_f1_{name}", f"boundary F1 {words}", 1, lambda s: at(s).f1),
        Metric(
            f"boundary_precision_{name}",
            f"boundary precision {words}",
            1,
            lambda s: at(s).precision,
        ),
        Metric(f"boundary_recall_{name}", f"boundary recall {words}", 1, lambda s: at(s).recall),
    )


METRICS: tuple[Metric, ...] = (
    Metric("overall_accuracy", "overall accuracy", 1, lambda s: s.pixels.overall_accuracy),
    Metric("mean_iou", "mean IoU", 1, lambda s: s.pixels.mean_iou),
    Metric("f1", "F1 of cropland", 1, lambda s: s.pixels.f1),
    Metric("iou", "IoU of cropland", 1, lambda s: s.pixels.iou),
    Metric("iou_background", "IoU of the rest", 1, lambda s: s.pixels.iou_background),
    Metric("f1_background", "F1 of the rest", 1, lambda s: s.pixels.f1_background),
    Metric("mean_f1", "mean F1 of both", 1, lambda s: s.pixels.mean_f1),
    Metric("precision", "precision", 1, lambda s: s.pixels.precision),
    Metric("recall", "recall", 1, lambda s: s.pixels.recall),
    Metric("kappa", "kappa", 1, lambda s: s.pixels.kappa),
    *(metric for tolerance in TOLERANCES_M for metric in _boundary(tolerance)),
    Metric("parcel_recall", "parcel recall (IoU > 0.5)", 1, lambda s: s.parcels.recall),
    Metric("parcel_precision", "parcel precision (IoU > 0.5)", 1, lambda s: s.parcels.precision),
    Metric("panoptic_quality", "panoptic quality", 1, lambda s: s.parcels.panoptic_quality),
    Metric("parcel_iou", "mean IoU of matches", 1, lambda s: s.parcels.segmentation_quality),
    Metric("over_segmentation", "over-segmentation", 0, lambda s: s.parcels.over_segmentation),
    Metric("under_segmentation", "under-segmentation", 0, lambda s: s.parcels.under_segmentation),
    Metric("location_error_m", "location error, m", 0, lambda s: s.parcels.location_error_m),
    Metric("judged_share", "share of pixels judged", 1, lambda s: s.judged_share),
)
"""All figures, the paper's three first."""

HEADLINE = ("overall_accuracy", "mean_iou", "f1")
"""The paper's three."""


def metric(key: str) -> Metric:
    """The figure of a key; KeyError where there is none."""
    return next(m for m in METRICS if m.key == key)


def figures(score: Score) -> dict[str, float | None]:
    """Every figure of a score by its key."""
    return {m.key: m.of(score) for m in METRICS}
