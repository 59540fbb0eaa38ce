"""What is drawn within the axes of a plot: figures with their intervals, lines, and level lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator
from scipy.optimize import isotonic_regression

from core.study.experiments.styles import Style
from core.study.metrics.bootstrap import Interval

LEVEL_LINE = (0.0, (6.0, 3.0))
"""Dashes of lines that do not depend on x."""

_GRID = "#dddddd"
_DODGE = 0.012
"""Of an axis, by how much the marks of neighbouring lines stand apart, so that bars are seen."""

_LINE_OF_TEXT = 0.055
"""Height of a name beside a line, as a share of the axis."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One figure in a plot.

    Parameters
    ----------
    x : str or float
        Where along the axis.
    name : str
        Of its series.
    """

    x: str | float
    name: str
    interval: Interval
    style: Style

    @property
    def value(self) -> float:
        """The figure; NaN where it is not defined."""
        return float("nan") if self.interval.value is None else self.interval.value

    @property
    def reach(self) -> tuple[float, float]:
        """How far the interval reaches below and above the figure; nothing where there is none."""
        low, high = self.interval.low, self.interval.high
        if low is None or high is None:
            return 0.0, 0.0
        # A percentile bootstrap need not hold the figure itself.
        return max(0.0, self.value - low), max(0.0, high - self.value)


def draw_side_by_side(axes: Axes, marks: Sequence[Mark]) -> None:
    """Groups from top to bottom, in each a mark for every series; figures lie along the axis."""
    groups = list(dict.fromkeys(mark.x for mark in marks))
    top = 0.0
    middles = []
    for group in groups:
        own = [mark for mark in marks if mark.x == group]
        # As high as it has marks, so that all marks of a plot stand equally far apart.
        for number, mark in enumerate(own):
            _mark(axes, mark.value, top + number, mark, across=True)
        middles.append(top + (len(own) - 1) / 2)
        axes.axhline(top + len(own) - 0.25, color=_GRID, linewidth=0.8)
        top += len(own) + 0.5
    axes.set_yticks(middles, [_shown(group) for group in groups])
    axes.set_ylim(top - 0.6, -0.75)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def draw_lines(
    axes: Axes,
    marks: Sequence[Mark],
    levels: Sequence[Mark],
    *,
    scale: Literal["linear", "log", "even"],
    named: bool,
) -> None:
    """A line for each series, and level lines; ``named`` writes their names at the right edge.

    The limits of the axis of figures are set before.
    """
    values = _positions(marks)
    numbers = all(isinstance(value, int | float) for value in values)
    even = scale == "even" or not numbers
    at = {value: float(number) if even else float(value) for number, value in enumerate(values)}
    if scale == "log" and not even and all(place > 0 for place in at.values()):
        axes.set_xscale("log")
    ends = []
    series = list(dict.fromkeys(mark.name for mark in marks))
    for number, name in enumerate(series):
        own = sorted((mark for mark in marks if mark.name == name), key=lambda mark: at[mark.x])
        shift = _DODGE * (number - (len(series) - 1) / 2)
        places = [_shifted(at[mark.x], at.values(), shift, axes.get_xscale()) for mark in own]
        style = own[0].style
        axes.plot(
            places,
            [mark.value for mark in own],
            color=style.colour,
            linestyle=style.line,
            linewidth=1.6,
        )
        for place, mark in zip(places, own, strict=True):
            _mark(axes, place, mark.value, mark, across=False)
        ends.append(own[-1])
    for mark in levels:
        axes.axhline(mark.value, color=mark.style.colour, linestyle=LEVEL_LINE, linewidth=1.3)
        ends.append(mark)
    axes.set_xticks(list(at.values()), [_shown(value) for value in at])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    if named:
        _name(axes, ends)


def _mark(axes: Axes, x: float, y: float, mark: Mark, *, across: bool) -> None:
    below, above = mark.reach
    reach = np.array([[below], [above]])
    style = mark.style
    axes.errorbar(
        [x],
        [y],
        xerr=reach if across else None,
        yerr=None if across else reach,
        color=style.colour,
        marker=style.marker,
        markersize=6,
        markerfacecolor=style.colour if style.filled else "white",
        elinewidth=1.2,
        capsize=2.5,
        linestyle="none",
    )


def limits(marks: Sequence[Mark]) -> tuple[float, float]:
    """Of the axis of figures: room for all intervals, within what a share can be."""
    lows = [mark.value - mark.reach[0] for mark in marks]
    highs = [mark.value + mark.reach[1] for mark in marks]
    margin = max(0.02, 0.06 * (max(highs) - min(lows)))
    return max(-1.0, min(lows) - margin), min(1.0 + margin, max(highs) + margin)


def _positions(marks: Iterable[Mark]) -> list[str | float]:
    """Values along the axis: numbers in their order, words as they come."""
    values = list(dict.fromkeys(mark.x for mark in marks))
    words: list[str | float] = [value for value in values if isinstance(value, str)]
    numbers: list[str | float] = sorted(value for value in values if not isinstance(value, str))
    return [*numbers, *words]


def _shifted(place: float, all_places: Iterable[float], share: float, scale: str) -> float:
    """A place moved along the axis by a share of its length."""
    places = list(all_places)
    if scale == "log":
        return float(place * (max(places) / min(places)) ** share)
    return place + share * (max(places) - min(places))


def _name(axes: Axes, ends: Sequence[Mark]) -> None:
    """Names at the right edge, each as near to the end of its line as the others let it."""
    low, high = axes.get_ylim()
    heights = spread_out([(mark.value - low) / (high - low) for mark in ends], _LINE_OF_TEXT)
    for mark, height in zip(ends, heights, strict=True):
        axes.annotate(
            mark.name,
            (1.0, height),
            xytext=(6, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            color=mark.style.colour,
            fontsize=9,
            va="center",
            annotation_clip=False,
        )


def spread_out(heights: Sequence[float], least: float) -> list[float]:
    """Heights moved as little as it takes to stand ``least`` apart, in the same order."""
    order = np.argsort(heights, kind="stable")
    steps = least * np.arange(len(heights))
    wanted = np.asarray(heights, dtype=np.float64)[order] - steps
    # Least squares under an order: heights that would cross stand around their mean.
    placed = isotonic_regression(wanted).x + steps
    found = np.empty(len(heights))
    found[order] = placed
    return [float(one) for one in found]


def _shown(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"
