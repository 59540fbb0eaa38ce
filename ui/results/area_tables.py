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


class ValueArea(Protocol):
    """Cropland of which people say one thing, in hectares."""

    @property
    def name(self) -> str:
        """What they say."""

    @property
    def colour(self) -> str:
        """``#rrggbb``, or empty."""

    @property
    def hectares(self) -> float:
        """Of the cropland."""


def attribute_table(name: str, rows: Sequence[ValueArea], unsaid_ha: float) -> str:
    """Cropland by what people say of it, and what nobody said anything of."""
    head = f'<tr><th>{escape(name)}</th><th class="number">Cropland (your map)</th></tr>'
    lines = [_value_line(row.name, row.colour, row.hectares) for row in rows]
    lines.append(_value_line("Not filled in", "", unsaid_ha))
    return f'<table class="cropmap-legend">{head}{"".join(lines)}</table>'


def _value_line(name: str, colour: str, hectares: float) -> str:
    painted = f"background:{escape_colour(colour)}" if colour else "visibility:hidden"
    swatch = f'<span class="cropmap-swatch" style="{painted}"></span>'
    number = escape(area_words.area(hectares))
    return f'<tr><td>{swatch} {escape(name)}</td><td class="number">{number}</td></tr>'


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
