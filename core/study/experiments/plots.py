"""Plots of an experiment's table as PNG and SVG: every figure with its interval.

Matplotlib's own objects are used without ``pyplot``, whose state is shared by all threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from core.study.experiments.cells import Label
from core.study.experiments.experiment import Column, Plot
from core.study.experiments.experiment_record import PlotRecord
from core.study.experiments.marks import LEVEL_LINE, Mark, draw_lines, draw_side_by_side, limits
from core.study.experiments.styles import Style, styles
from core.study.experiments.tables import Row
from core.study.metrics.bootstrap import LEVEL
from core.study.metrics.scores import metric

# The same plot gives the same bytes: ids within an SVG hang on this and not on chance.
mpl.rcParams["svg.hashsalt"] = "cropmap"

_DPI = 150
_WIDTH = 8.0
"""Inches; with the resolution above 1200 pixels."""

_PANEL_HEIGHT = 3.6
_ROW_HEIGHT, _ROW_MARGIN = 0.17, 0.12
_PANEL_MARGIN = 0.75
_LEGEND_HEIGHT = 0.9
_PER_LINE = 2
"""Panels side by side."""

_MANY_PANELS, _LONG_NAME = 3, 16

_LEGEND_COLUMNS = 4
_INK = "#333333"


@dataclass(frozen=True, slots=True)
class _Panel:
    """Marks that depend on ``x``, and those that do not."""

    title: str
    marks: list[Mark]
    levels: list[Mark]

    @property
    def all(self) -> list[Mark]:
        return [*self.marks, *self.levels]


def write_plots(
    plots: Sequence[Plot], columns: Sequence[Column], rows: Sequence[Row], folder: Path
) -> tuple[PlotRecord, ...]:
    """Write ``plots/NAME.png`` and ``.svg``; a plot that no row belongs to is left out.

    Parameters
    ----------
    folder : Path
        Of all results.
    """
    written = []
    for plot in plots:
        figure = draw(plot, columns, rows)
        if figure is None:
            continue
        place = folder / "plots"
        place.mkdir(exist_ok=True)
        figure.savefig(place / f"{plot.name}.png", dpi=_DPI)
        figure.savefig(place / f"{plot.name}.svg", metadata={"Date": None})
        names = (f"plots/{plot.name}.png", f"plots/{plot.name}.svg")
        written.append(PlotRecord(plot.title, *names))
    return tuple(written)


def draw(plot: Plot, columns: Sequence[Column], rows: Sequence[Row]) -> Figure | None:
    """A plot of the rows that belong to it; None where there is none."""
    # Of all rows, so that a method looks the same in all plots of an experiment.
    looks = styles(row.labels[plot.series] for row in rows)
    panels = _panels(plot, [row for row in rows if _is_one_of(row, plot.where)], looks)
    if not panels:
        return None
    across = plot.kind == "bars"
    per_line = _beside(plot, panels)
    heights = _heights(plot, panels, per_line)
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
    axes: list[Axes] = [one for line in grid for one in line]
    for one in axes[len(panels) :]:
        one.remove()
    reach = limits([mark for panel in panels for mark in panel.all])
    x_title = plot.x_title or next(one.title for one in columns if one.key == plot.x)
    for panel, one in zip(panels, axes, strict=False):
        _draw_panel(one, plot, panel, reach, x_title, alone=len(panels) == 1)
    figure.suptitle(_plain(plot.title), x=0.01, ha="left", fontsize=12, weight="bold", color=_INK)
    said_beside = plot.x == plot.series if across else len(panels) == 1
    _legend(figure, plot, [] if said_beside else panels)
    return figure


def _panels(plot: Plot, rows: Sequence[Row], looks: Mapping[Label, Style]) -> list[_Panel]:
    titled: dict[str, list[Row]] = {}
    for row in rows:
        if row.figures[plot.metric].value is not None:
            title = "" if plot.facet is None else str(row.labels[plot.facet])
            titled.setdefault(title, []).append(row)
    panels = []
    for title, own in titled.items():
        level = [row for row in own if plot.level and _is_one_of(row, plot.level)]
        free = [row for row in own if row not in level]
        panels.append(_Panel(title, _marks(plot, free, looks), _marks(plot, level, looks)))
    return panels


def _marks(plot: Plot, rows: Iterable[Row], looks: Mapping[Label, Style]) -> list[Mark]:
    found = []
    for row in rows:
        name, at = row.labels[plot.series], row.labels[plot.x]
        shown = at if isinstance(at, int | float) else _plain(at)
        found.append(Mark(shown, _plain(str(name)), row.figures[plot.metric], looks[name]))
    return found


def _beside(plot: Plot, panels: Sequence[_Panel]) -> int:
    """How many panels stand side by side; long names leave room for one."""
    if plot.kind == "bars":
        longest = max(len(str(mark.x)) for panel in panels for mark in panel.all)
        if len(panels) < _MANY_PANELS or longest > _LONG_NAME:
            return 1
    return min(_PER_LINE, len(panels))


def _heights(plot: Plot, panels: Sequence[_Panel], per_line: int) -> list[float]:
    """Of each line of panels, in inches."""
    lines = [panels[start : start + per_line] for start in range(0, len(panels), per_line)]
    if plot.kind == "lines":
        return [_PANEL_HEIGHT for _ in lines]
    return [max(_bars_height(panel) for panel in line) for line in lines]


def _bars_height(panel: _Panel) -> float:
    groups = len({mark.x for mark in panel.all})
    return _ROW_HEIGHT * len(panel.all) + _ROW_MARGIN * groups + _PANEL_MARGIN


def _draw_panel(
    axes: Axes,
    plot: Plot,
    panel: _Panel,
    reach: tuple[float, float],
    x_title: str,
    *,
    alone: bool,
) -> None:
    figures = f"{metric(plot.metric).title} (0 to 1)"
    if plot.kind == "lines":
        axes.set_ylim(reach)
        draw_lines(axes, panel.marks, panel.levels, scale=plot.scale, named=alone)
        axes.set_xlabel(_plain(x_title))
        axes.set_ylabel(figures)
    else:
        axes.set_xlim(reach)
        draw_side_by_side(axes, panel.all)
        axes.set_xlabel(figures)
    axes.set_title(_plain(panel.title), loc="left", fontsize=10, color=_INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=9, labelbottom=True, labelleft=True)


def _legend(figure: Figure, plot: Plot, panels: Sequence[_Panel]) -> None:
    """What marks mean, and the names of the panels' series where none stand beside them."""
    lines = plot.kind == "lines"
    known = {mark.name: _handle(mark, lines=lines) for panel in panels for mark in panel.marks}
    for mark in (mark for panel in panels for mark in panel.levels):
        known.setdefault(mark.name, _handle(mark, lines=lines, level=True))
    handles = _row_by_row(list(known.values()), _LEGEND_COLUMNS)
    figure.legend(
        handles=handles,
        loc="outside lower left",
        ncols=max(1, min(_LEGEND_COLUMNS, len(handles))),
        frameon=False,
        fontsize=9,
        title=f"Marks: all tiles pooled, mean over seeds. Bars: {LEVEL:.0%} interval over tiles.",
        title_fontsize=8,
        alignment="left",
    )


def _handle(mark: Mark, *, lines: bool, level: bool = False) -> Line2D:
    style = mark.style
    if level and lines:
        return Line2D([], [], color=style.colour, linestyle=LEVEL_LINE, label=mark.name)
    return Line2D(
        [],
        [],
        color=style.colour,
        marker=style.marker,
        markerfacecolor=style.colour if style.filled else "white",
        linestyle=style.line if lines else "none",
        label=mark.name,
    )


def _row_by_row(handles: list[Line2D], columns: int) -> list[Line2D]:
    """Matplotlib fills columns from top to bottom; people read rows."""
    if len(handles) <= columns:
        return handles
    return [one for start in range(columns) for one in handles[start::columns]]


def _is_one_of(row: Row, where: Mapping[str, tuple[Label, ...]]) -> bool:
    return all(row.labels.get(key) in values for key, values in where.items())


def _plain(text: str) -> str:
    """Text in which a dollar sign does not begin a formula."""
    return text.replace("$", r"\$")
