"""What the robustness experiment changes, one thing at a time, and by how much."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from core.study.experiments.cells import Label
from core.study.experiments.degrade_imagery import ImageDegradation
from core.study.experiments.degrade_landcover import AS_IT_IS, Degradation
from core.study.experiments.degraded import PRODUCTS, Condition, Start

GRASSLAND = "grassland"
"""Key of the one change that not every product allows."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is changed.

    Parameters
    ----------
    key : str
        For options and files.
    title : str
        In the column ``changed``, with the unit of the amounts.
    points : tuple of (label, Condition)
        Amounts.
    chance : bool
        Whether the result hangs on where chance puts the mistakes: several seeds are drawn.
    kind : {"lines", "bars"}
        Of the plot: bars where amounts are no numbers.
    """

    key: str
    title: str
    points: tuple[tuple[Label, Condition], ...]
    chance: bool = False
    kind: Literal["lines", "bars"] = "lines"


def given(start: Start) -> Degradation:
    """Land cover's mistakes where nothing is changed."""
    return Degradation() if start == "truth" else AS_IT_IS


def coarser(base: Degradation, resolution_m: float) -> Degradation:
    """Larger cells, all other mistakes the same on the ground; no clump is less than a cell."""
    times = resolution_m / (base.resolution_m or resolution_m)
    return replace(
        base,
        resolution_m=resolution_m,
        shift_cells=base.shift_cells / times,
        clump_cells=max(1, round(base.clump_cells / times)),
    )


def changes(start: Start) -> tuple[Change, ...]:
    """All that can be changed; amounts that are as given stand among the others."""
    base = given(start)
    product = (_grassland(base),) if start == "product" else ()
    return (*_mistakes(base), *product, _several(base), *_imagery(base))


def _mistakes(base: Degradation) -> tuple[Change, ...]:
    def points(
        amounts: Sequence[float], wrong: Callable[[float], Degradation]
    ) -> tuple[tuple[Label, Condition], ...]:
        return tuple((amount, Condition(wrong(amount))) for amount in amounts)

    least = round(100 * base.clump_share) or 10
    return (
        Change(
            "resolution",
            "land cover cells (m)",
            points((10, 30, 100, 300), lambda m: coarser(base, float(m))),
            chance=True,
        ),
        Change(
            "noise",
            "land cover noise (% of clumps)",
            points((0, least, 20, 30, 40), lambda n: replace(base, clump_share=n / 100)),
            chance=True,
        ),
        Change(
            "shift",
            "land cover shift (cells)",
            points((0, 1, 2, 3), lambda n: replace(base, shift_cells=float(n))),
        ),
        Change(
            "missing",
            "parcels called something else (% of cropland)",
            points((0, 25, 50), lambda n: replace(base, missing_share=n / 100)),
            chance=True,
        ),
    )


def _grassland(base: Degradation) -> Change:
    """Known to products alone: the truth says cropland or not."""
    called = replace(base, grassland_is_cropland=True)
    points = (("told apart", Condition(base)), ("called cropland", Condition(called)))
    return Change(GRASSLAND, "grassland", points, kind="bars")


def _several(base: Degradation) -> Change:
    alone = [Condition(wrong, draw=draw) for draw, wrong in enumerate(PRODUCTS)]
    names = ("first alone", "second alone", "third alone")
    together = (
        ("majority", Condition(base, combined="majority")),
        ("majority, where all agree", Condition(base, combined="majority where all agree")),
        ("all agree, there", Condition(base, combined="all agree")),
    )
    points = (*zip(names, alone, strict=True), *together)
    return Change("products", "several products", points, chance=True, kind="bars")


def _imagery(base: Degradation) -> tuple[Change, ...]:
    def points(
        amounts: Sequence[int], wrong: Callable[[int], ImageDegradation]
    ) -> tuple[tuple[Label, Condition], ...]:
        return tuple((amount, Condition(base, wrong(amount))) for amount in amounts)

    return (
        Change(
            "gsd",
            "image pixels (times as long)",
            points((1, 2, 4, 8), lambda n: ImageDegradation(coarser=n)),
        ),
        Change(
            "blur",
            "image blur (m)",
            points((0, 2, 4, 8), lambda m: ImageDegradation(blur_m=float(m))),
        ),
        Change(
            "haze",
            "image haze (% opaque)",
            points((0, 25, 50, 75), lambda n: ImageDegradation(haze=n / 100)),
        ),
        Change(
            "sensor",
            "image noise (grey levels)",
            points((0, 10, 20, 40), lambda n: ImageDegradation(noise=float(n))),
        ),
    )
