"""Land cover against label, as tables: every text in them is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ui.shared import area_words
from ui.shared.text import escape, escape_colour


class ClassArea(Protocol):
    """A class of the land cover against the label, in hectares."""

    @property
    def name(self) -> str:
        """Of the class."""

    @property
    def colour(self) -> str:
        """``#rrggbb``."""

    @property
    def cropland_class(self) -> bool:
        """Whether the class counts as cropland."""

    @property
    def total_ha(self) -> float:
        """Of the class."""

    @property
    def labelled_cropland_ha(self) -> float:
        """Of it, what the label calls cropland."""

    @property
    def not_cropland_ha(self) -> float:
        """Of it, what the label does not call cropland."""


def class_table(rows: Sequence[ClassArea]) -> str:
    """One line for each class; classes that count as cropland in bold."""
    head = "".join(
        f'<th class="{kind}">{title}</th>'
        for kind, title in (
            ("", "Land cover"),
            ("number", "Area"),
            ("number", "Cropland (your map)"),
            ("number", "Not cropland (your map)"),
        )
    )
    return f'<table class="cropmap-legend"><tr>{head}</tr>{"".join(map(_line, rows))}</table>'


def matrix(rows: Sequence[ClassArea]) -> str:
    """Two by two: what land cover and label say, in hectares."""
    crop = [row for row in rows if row.cropland_class]
    other = [row for row in rows if not row.cropland_class]
    body = "".join(
        f"<tr><td>{title}</td>{_cell(sum(r.labelled_cropland_ha for r in part), agree == 0)}"
        f"{_cell(sum(r.not_cropland_ha for r in part), agree == 1)}</tr>"
        for agree, (title, part) in enumerate(
            (("Land cover: cropland", crop), ("Land cover: other", other))
        )
    )
    titles = ("Cropland (your map)", "Not cropland (your map)")
    cells = "".join(f'<th class="number">{title}</th>' for title in titles)
    head = f"<tr><th></th>{cells}</tr>"
    return f'<table class="cropmap-legend cropmap-matrix">{head}{body}</table>'


def _line(row: ClassArea) -> str:
    kind = ' class="crop"' if row.cropland_class else ""
    swatch = f'<span class="cropmap-swatch" style="background:{escape_colour(row.colour)}"></span>'
    numbers = "".join(
        f'<td class="number">{escape(area_words.area(value))}</td>'
        for value in (row.total_ha, row.labelled_cropland_ha, row.not_cropland_ha)
    )
    return f"<tr{kind}><td>{swatch} {escape(row.name)}</td>{numbers}</tr>"


def _cell(value: float, agree: bool) -> str:
    kind = "number agree" if agree else "number"
    return f'<td class="{kind}">{escape(area_words.area(value))}</td>'
