"""Plots of an experiment's table as PNG and SVG: every figure with its interval.

Matplotlib's own objects are used without ``pyplot``, whose state is shared by all threads.  One
method looks the same in every plot: colours are Okabe and Ito's and Paul Tol's, which people with
any colour vision tell apart; markers differ, too, for paper without colours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, Literal, get_args

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator
from scipy.optimize import isotonic_regression

from core.study.experiments.experiment_plan import Column, Plot
from core.study.experiments.experiment_record import PlotRecord
from core.study.experiments.methods import LANDCOVER
from core.study.experiments.tables import Row
from core.study.metrics.bootstrap import LEVEL
from core.study.metrics.figures import FIGURES, Label

# The same plot gives the same bytes: ids within an SVG hang on this and not on chance.
mpl.rcParams["svg.hashsalt"] = "cropmap"

_KNOWN = {
    LANDCOVER: ("#000000", "s"),
    "classifier": ("#E69F00", "o"),
    "apt": ("#56B4E9", "^"),
    "joint": ("#009E73", "D"),
    "per_field": ("#CC79A7", "v"),
    "apt_plus": ("#0072B2", "P"),
    "U-Net": ("#D55E00", "X"),
    "DeepLabv3+": ("#882255", "<"),
    "FPN": ("#999933", ">"),
}
_COLOURS = (
    *("#332288", "#D55E00", "#117733", "#AA4499", "#E69F00"),
    *("#56B4E9", "#661100", "#009E73", "#888888", "#0072B2"),
)
_OTHERS = tuple(zip(_COLOURS, "os^DvPX<>h", strict=True))
LineStyle = Literal["-", "--", ":", "-."]
_LINES: tuple[LineStyle, ...] = get_args(LineStyle)

_LEVEL_LINE: Any = (0.0, (6.0, 3.0))
"""Dashes of lines that do not depend on x."""

_DPI, _WIDTH = 150, 8.0
"""Inches; together 1200 pixels."""

_PANEL_HEIGHT, _LEGEND_HEIGHT = 3.6, 0.9
_ROW_HEIGHT, _ROW_MARGIN, _PANEL_MARGIN = 0.17, 0.12, 0.75
_PER_LINE = 2
"""Panels side by side."""

_MANY_PANELS, _LONG_NAME = 3, 16
_LEGEND_COLUMNS = 4
_INK, _GRID = "#333333", "#dddddd"

_DODGE = 0.012
"""Of an axis, by how much the marks of neighbouring lines stand apart, so that bars are seen."""

_LINE_OF_TEXT = 0.055
"""Height of a name beside a line, as a share of the axis."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a series is drawn; ``filled`` says whether its markers are."""

    colour: str
    marker: str
    line: LineStyle = "-"
    filled: bool = True

    @property
    def options(self) -> dict[str, Any]:
        """Of matplotlib's lines."""
        face = self.colour if self.filled else "white"
        return {"color": self.colour, "marker": self.marker, "markerfacecolor": face}


@dataclass(frozen=True, slots=True)
class _Mark:
    """A figure in a plot, how far its interval reaches, and whether it depends on ``x``."""

    x: Label
    name: str
    style: Style
    value: float
    below: float
    above: float
    level: bool


def styles(series: Iterable[Label]) -> dict[Label, Style]:
    """A style for each series, in their order.

    Names with one beginning before a comma (``U-Net, fine-tuned``) are variants: they have its
    colour and another line.
    """
    names = list(dict.fromkeys(series))
    families = {name: str(name).split(", ")[0] for name in names}
    unknown = [one for one in dict.fromkeys(families.values()) if one not in _KNOWN]
    looks = {**_KNOWN, **dict(zip(unknown, cycle(_OTHERS), strict=False))}
    found: dict[Label, Style] = {}
    for name, family in families.items():
        # The name alone is the first variant, whether it is shown or not.
        others = [one for one in names if families[one] == family and one != family]
        number = others.index(name) + (family in families) if name in others else 0
        found[name] = Style(*looks[family], _LINES[number % len(_LINES)], number % 2 == 0)
    return found


def write_plots(
    plots: Sequence[Plot], columns: Sequence[Column], rows: Sequence[Row], folder: Path
) -> tuple[PlotRecord, ...]:
    """Write ``plots/NAME.png`` and ``.svg`` below a folder; a plot without a row is left out."""
    written = []
    for plot in plots:
        figure = draw_plot(plot, columns, rows)
        if figure is None:
            continue
        (folder / "plots").mkdir(exist_ok=True)
        png, svg = (f"plots/{plot.name}.{suffix}" for suffix in ("png", "svg"))
        figure.savefig(folder / png, dpi=_DPI)
        figure.savefig(folder / svg, metadata={"Date": None})
        written.append(PlotRecord(plot.title, png, svg))
    return tuple(written)


def draw_plot(plot: Plot, columns: Sequence[Column], rows: Sequence[Row]) -> Figure | None:
    """A plot of the rows that belong to it; None where there is none."""
    panels = _panels(plot, rows)
    if not panels:
        return None
    across = plot.kind == "bars"
    heights, per_line = _layout(plot, list(panels.values()))
    legend = _LEGEND_HEIGHT if across or len(panels) > 1 else 0.4
    figure = Figure(figsize=(_WIDTH, sum(heights) + legend), layout="constrained")
    # Panels share the axis of figures: across where figures lie there, else up.
    grid: Any = figure.subplots(
        len(heights),
        per_line,
        squeeze=False,
        sharex=across,
        sharey=not across,
        height_ratios=heights,
    )
    for axes in grid.flat[len(panels) :]:
        axes.remove()
    limits = _limits([mark for marks in panels.values() for mark in marks])
    x_title = plot.x_title or next(one.title for one in columns if one.key == plot.x)
    figures = f"{FIGURES[plot.metric].title} (0 to 1)"
    for (title, marks), axes in zip(panels.items(), grid.flat, strict=False):
        if across:
            axes.set(xlim=limits, xlabel=figures)
            _draw_side_by_side(axes, marks)
        else:
            axes.set(ylim=limits, xlabel=_plain(x_title), ylabel=figures)
            _draw_lines(axes, marks, plot.scale, named=len(panels) == 1)
        axes.set_axisbelow(True)
        axes.set_title(_plain(title), loc="left", fontsize=10, color=_INK)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=9, labelbottom=True, labelleft=True)
    figure.suptitle(_plain(plot.title), x=0.01, ha="left", fontsize=12, weight="bold", color=_INK)
    named_beside = plot.x == plot.series if across else len(panels) == 1
    marks = [] if named_beside else [mark for own in panels.values() for mark in own]
    _legend(figure, marks, lines=not across)
    return figure


def _panels(plot: Plot, rows: Sequence[Row]) -> dict[str, list[_Mark]]:
    # Of all rows, so that a method looks the same in all plots of an experiment.
    looks = styles(row.labels[plot.series] for row in rows)
    panels: dict[str, list[_Mark]] = {}
    for row in rows:
        interval = row.figures[plot.metric]
        if interval.value is None or not _is_one_of(row, plot.where):
            continue
        value, x = interval.value, row.labels[plot.x]
        # A percentile bootstrap need not hold the figure itself.
        below = max(0.0, value - interval.low) if interval.low is not None else 0.0
        above = max(0.0, interval.high - value) if interval.high is not None else 0.0
        name = row.labels[plot.series]
        level = bool(plot.level) and _is_one_of(row, plot.level)
        at = _plain(x) if isinstance(x, str) else x
        mark = _Mark(at, _plain(str(name)), looks[name], value, below, above, level)
        title = "" if plot.facet is None else str(row.labels[plot.facet])
        panels.setdefault(title, []).append(mark)
    return panels


def _layout(plot: Plot, panels: Sequence[Sequence[_Mark]]) -> tuple[list[float], int]:
    """Height of each line of panels in inches, and how many panels stand in a line."""
    bars = plot.kind == "bars"
    longest = max(len(str(mark.x)) for marks in panels for mark in marks)
    # Long names leave room for one panel.
    alone = bars and (len(panels) < _MANY_PANELS or longest > _LONG_NAME)
    per_line = 1 if alone else min(_PER_LINE, len(panels))

    def height(marks: Sequence[_Mark]) -> float:
        groups = len({mark.x for mark in marks})
        return _ROW_HEIGHT * len(marks) + _ROW_MARGIN * groups + _PANEL_MARGIN

    heights = [height(marks) if bars else _PANEL_HEIGHT for marks in panels]
    starts = range(0, len(panels), per_line)
    return [max(heights[start : start + per_line]) for start in starts], per_line


def _limits(marks: Sequence[_Mark]) -> tuple[float, float]:
    """Of the axis of figures: room for all intervals, within what a share can be."""
    low = min(mark.value - mark.below for mark in marks)
    high = max(mark.value + mark.above for mark in marks)
    margin = max(0.02, 0.06 * (high - low))
    return max(-1.0, low - margin), min(1.0 + margin, high + margin)


def _draw_side_by_side(axes: Axes, marks: Sequence[_Mark]) -> None:
    """Groups from top to bottom, in each a mark for every series; figures lie along the axis."""
    top = 0.0
    middles = []
    groups = list(dict.fromkeys(mark.x for mark in marks))
    for group in groups:
        # As high as it has marks, so that all marks of a plot stand equally far apart.
        own = [mark for mark in marks if mark.x == group]
        for number, mark in enumerate(own):
            _errorbar(axes, [top + number], [mark], across=True)
        middles.append(top + (len(own) - 1) / 2)
        axes.axhline(top + len(own) - 0.25, color=_GRID, linewidth=0.8)
        top += len(own) + 0.5
    axes.set_yticks(middles, [_shown(group) for group in groups])
    axes.set_ylim(top - 0.6, -0.75)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=_GRID, linewidth=0.8)


def _draw_lines(axes: Axes, marks: Sequence[_Mark], scale: str, *, named: bool) -> None:
    """A line for each series, and level lines; ``named`` writes their names at the right edge."""
    series: dict[str, list[_Mark]] = {}
    for mark in marks:
        if not mark.level:
            series.setdefault(mark.name, []).append(mark)
    values = list(dict.fromkeys(mark.x for own in series.values() for mark in own))
    # Numbers in their order, words as they come.
    values.sort(key=lambda value: (isinstance(value, str), 0 if isinstance(value, str) else value))
    even = scale == "even" or any(isinstance(value, str) for value in values)
    at = {value: float(number if even else value) for number, value in enumerate(values)}
    log = scale == "log" and not even and min(at.values(), default=0) > 0
    if log:
        axes.set_xscale("log")
    ends = []
    for number, own in enumerate(series.values()):
        own.sort(key=lambda mark: at[mark.x])
        share = _DODGE * (number - (len(series) - 1) / 2)
        places = np.array([at[mark.x] for mark in own])
        low, high = min(at.values()), max(at.values())
        places = places * (high / low) ** share if log else places + share * (high - low)
        _errorbar(axes, places.tolist(), own, across=False)
        ends.append(own[-1])
    for mark in marks:
        if mark.level:
            axes.axhline(mark.value, color=mark.style.colour, linestyle=_LEVEL_LINE, linewidth=1.3)
            ends.append(mark)
    axes.set_xticks(list(at.values()), [_shown(value) for value in at])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y", color=_GRID, linewidth=0.8)
    if named:
        _name(axes, ends)


def _errorbar(axes: Axes, places: list[float], marks: Sequence[_Mark], *, across: bool) -> None:
    """Marks of one series with their intervals; a line joins them unless they lie ``across``."""
    values = [mark.value for mark in marks]
    reach = np.array([[mark.below for mark in marks], [mark.above for mark in marks]])
    style = marks[0].style
    x, y, error = (values, places, "xerr") if across else (places, values, "yerr")
    bars: dict[str, Any] = {error: reach, "elinewidth": 1.2, "capsize": 2.5, "markersize": 6}
    line = "none" if across else style.line
    axes.errorbar(x, y, linestyle=line, linewidth=1.6, **bars, **style.options)


def _name(axes: Axes, ends: Sequence[_Mark]) -> None:
    """Names at the right edge, each as near to the end of its line as the others let it."""
    low, high = axes.get_ylim()
    heights = spread_out([(mark.value - low) / (high - low) for mark in ends], _LINE_OF_TEXT)
    for mark, height in zip(ends, heights, strict=True):
        options: dict[str, Any] = {"color": mark.style.colour, "fontsize": 9, "va": "center"}
        places: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
        axes.annotate(mark.name, (1.0, height), (6, 0), annotation_clip=False, **places, **options)


def spread_out(heights: Sequence[float], least: float) -> list[float]:
    """Heights moved as little as it takes to stand ``least`` apart, in the same order."""
    order = np.argsort(heights, kind="stable")
    steps = least * np.arange(len(heights))
    wanted = np.asarray(heights, dtype=np.float64)[order] - steps
    # Least squares under an order: heights that would cross stand around their mean.
    found = np.empty(len(heights))
    found[order] = isotonic_regression(wanted).x + steps
    return [float(one) for one in found]


def _legend(figure: Figure, marks: Sequence[_Mark], *, lines: bool) -> None:
    """What marks mean, and the names of series where none stand beside them."""
    handles: dict[str, Line2D] = {}
    for mark in sorted(marks, key=lambda mark: mark.level):
        options = {**mark.style.options, "linestyle": mark.style.line if lines else "none"}
        if mark.level and lines:
            options = {"color": mark.style.colour, "linestyle": _LEVEL_LINE}
        handles.setdefault(mark.name, Line2D([], [], label=mark.name, **options))
    listed = list(handles.values())
    columns = max(1, min(_LEGEND_COLUMNS, len(listed)))
    # Matplotlib fills columns from top to bottom; people read rows.
    by_row = [one for start in range(columns) for one in listed[start::columns]]
    figure.legend(
        handles=by_row,
        loc="outside lower left",
        ncols=columns,
        frameon=False,
        fontsize=9,
        title=f"Marks: all tiles pooled, mean over seeds. Bars: {LEVEL:.0%} interval over tiles.",
        title_fontsize=8,
        alignment="left",
    )


def _is_one_of(row: Row, where: Mapping[str, tuple[Label, ...]]) -> bool:
    return all(row.labels.get(key) in values for key, values in where.items())


def _plain(text: str) -> str:
    """Text in which a dollar sign does not begin a formula."""
    return text.replace("$", r"\$")


def _shown(value: Label) -> str:
    return value if isinstance(value, str) else f"{value:g}"
