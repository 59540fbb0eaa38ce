"""What a run found: the table that sorts, and the chart with its intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from core.study.experiments import Column, ExperimentRecord, Row, styles
from core.study.metrics import Interval
from ui.evaluate.method_words import (
    ACCURACY_HELP,
    BOUNDARY_HELP,
    F1_HELP,
    MEAN_IOU_HELP,
    difference,
    method_title,
)

_IOU, _F1, _ACCURACY, _BORDERS = "Overlap (IoU)", "F1", "Accuracy", "Borders"
_FIGURES: Mapping[str, tuple[str, str]] = {
    _IOU: ("mean_iou", MEAN_IOU_HELP),
    _F1: ("f1", F1_HELP),
    _ACCURACY: ("overall_accuracy", ACCURACY_HELP),
    _BORDERS: ("boundary_f1_2m", BOUNDARY_HELP),
}
_AGAINST = "Against the land cover"
_BAR = 34
"""Pixels of the chart for each method."""


def methods(record: ExperimentRecord) -> None:
    """Methods side by side: the chart, and all figures below it."""
    ordered = sorted(record.rows, key=lambda row: -(row.figures["mean_iou"].value or 0.0))
    st.altair_chart(chart(ordered, several=_several(record)), width="stretch")
    table = pd.DataFrame([_method_row(row, several=_several(record)) for row in ordered])
    _dataframe(table)


def rows(record: ExperimentRecord, folder: Path) -> None:
    """Any other experiment: its plots as they were drawn, and all figures."""
    for left, right in _in_twos(record.plots):
        alone = len(record.plots) == 1
        sides = [st.container()] if alone else st.columns(2, gap="medium")
        for side, plot in zip(sides, (left, right), strict=False):
            if plot is not None and (folder / plot.png).is_file():
                side.image(str(folder / plot.png), width="stretch", alt=plot.title)
    told = [one for one in record.columns if one.key != "region" or _several(record)]
    _dataframe(pd.DataFrame([_other_row(row, told) for row in record.rows]))


def chart(ordered: Sequence[Row], *, several: bool) -> alt.LayerChart | alt.FacetChart:
    """Mean IoU of each method with its interval; the same colours as in the plots of the files."""
    looks = styles([row.labels["method"] for row in ordered])
    table = pd.DataFrame(
        [
            {
                "method": _named(row, several=several),
                "colour": looks[row.labels["method"]].colour,
                **_ends(row.figures["mean_iou"]),
            }
            for row in ordered
        ]
    )
    lowest = table[["value", "low"]].min(axis=None)
    scale = alt.Scale(domain=[max(0.0, min(0.5, lowest - 0.05)), 1.0], clamp=True)
    base = alt.Chart(table).encode(
        y=alt.Y("method:N", sort=None, title=None, axis=alt.Axis(labelLimit=260, labelFontSize=13)),
        color=alt.Color("colour:N", scale=None),
        tooltip=[
            alt.Tooltip("method:N", title="Method"),
            alt.Tooltip("value:Q", title=_IOU, format=".3f"),
            alt.Tooltip("low:Q", title="Not below", format=".3f"),
            alt.Tooltip("high:Q", title="Not above", format=".3f"),
        ],
    )
    title = f"{_IOU}, with its 95 % interval" if table["low"].notna().any() else _IOU
    axis = alt.Axis(format=".1f", tickMinStep=0.1, title=title)
    points = base.mark_point(filled=True, size=90, opacity=1).encode(
        x=alt.X("value:Q", scale=scale, axis=axis)
    )
    bars = base.mark_rule(strokeWidth=2.5).encode(x=alt.X("low:Q", scale=scale), x2="high:Q")
    return alt.layer(bars, points).properties(height=_BAR * len(table) + 60)


def _dataframe(table: pd.DataFrame) -> None:
    config: dict[str, Any] = {
        name: st.column_config.NumberColumn(format="%.3f", help=about, width=80)
        for name, (_, about) in _FIGURES.items()
    }
    config[_IOU] = st.column_config.ProgressColumn(
        format="%.3f", min_value=0.0, max_value=1.0, help=MEAN_IOU_HELP, width=130
    )
    # Beside its name in the files, a method needs no more room.
    wide = 180 if "In the files" in table else 270
    config["Method"] = st.column_config.TextColumn(width=wide)
    config[_AGAINST] = st.column_config.TextColumn(
        width=235,
        help="Difference in overlap (mean IoU) from the land cover on the same tiles, with "
        "its 95 % interval.",
    )
    config["Tiles"] = st.column_config.NumberColumn(width=55)
    st.dataframe(table, hide_index=True, column_config=config, placeholder="–")


def _method_row(row: Row, *, several: bool) -> dict[str, object]:
    less = None if row.difference is None else row.difference["mean_iou"]
    return {
        "Method": method_title(str(row.labels["method"])),
        **({"Where": str(row.labels["region"])} if several else {}),
        _IOU: row.figures[_FIGURES[_IOU][0]].value,
        _AGAINST: difference(less) or None,
        **_figures(row),
        "Tiles": row.tiles,
        "In the files": str(row.labels["method"]),
    }


def _other_row(row: Row, columns: Sequence[Column]) -> dict[str, object]:
    less = None if row.difference is None else row.difference["mean_iou"]
    return {
        **{column.title.capitalize(): _label_text(column, row) for column in columns},
        **_figures(row),
        "Against the reference": difference(less) or None,
        "Tiles": row.tiles,
    }


def _label_text(column: Column, row: Row) -> str | int | float:
    """A label of a row; a method in words, and as the plots call it."""
    value = row.labels[column.key]
    title = method_title(str(value)) if column.title == "method" else str(value)
    return value if title == str(value) else f"{title} ({value})"


def _figures(row: Row) -> dict[str, float | None]:
    return {name: row.figures[key].value for name, (key, _) in _FIGURES.items()}


def _ends(interval: Interval) -> dict[str, float | None]:
    return {"value": interval.value, "low": interval.low, "high": interval.high}


def _several(record: ExperimentRecord) -> bool:
    return len({row.labels.get("region") for row in record.rows}) > 1


def _named(row: Row, *, several: bool) -> str:
    title = method_title(str(row.labels["method"]))
    return f"{title} · {row.labels['region']}" if several else title


def _in_twos(items: Sequence[Any]) -> list[tuple[Any, Any]]:
    return [
        (items[i], items[i + 1] if i + 1 < len(items) else None) for i in range(0, len(items), 2)
    ]
