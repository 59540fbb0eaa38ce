"""What a scene's land cover says: its classes in hectares, and where several products agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import streamlit as st

from core.errors import CropMapError
from core.grid import Grid
from core.landcover import (
    agreement,
    align,
    class_areas,
    coverage_sentence,
    covered_share,
    open_landcover,
)
from core.session import open_project, open_project_scene
from ui.shared import area_words
from ui.shared.text import escape, escape_colour

_SIDE = 1024
"""Areas are counted on the scene reduced to this many pixels along its longer side."""


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class of the legend, as the scene holds it."""

    name: str
    colour: str
    cropland: bool
    area_ha: float
    share: float


class LandCoverFile(TypedDict):
    """A land cover file that was given for a scene, and what somebody said of it."""

    path: str
    product: str | None
    crs: str | None
    nodata: list[float] | None


@st.cache_data(max_entries=64, show_spinner="Measuring the land cover…")
def class_rows(project_path: str, scene_id: str, version: int) -> list[ClassRow]:
    """Classes of a scene's land cover, largest first; ``version`` is the scene's.

    Keyed on the project's own file, so that no two owners share an entry.
    """
    opened = open_project_scene(open_project(Path(project_path)), scene_id)
    if opened.landcover is None:
        return []
    tile = align(opened.landcover, _reduced(opened.scene.working_grid))
    by_code = class_areas(tile)
    total = sum(by_code.values())
    classes = {entry.code: entry for entry in tile.product.classes}
    return [
        ClassRow(c.name, c.colour, c.cropland, area, area / total)
        for code, area in by_code.items()
        if (c := classes.get(code)) is not None
    ]


@st.cache_data(max_entries=64, show_spinner="Measuring the land cover…")
def coverage(project_path: str, scene_id: str, version: int) -> str:
    """What is said of a land cover that leaves some of the scene out; empty where it does not."""
    opened = open_project_scene(open_project(Path(project_path)), scene_id)
    if opened.landcover is None:
        return ""
    return coverage_sentence(covered_share(opened.scene, opened.landcover))


@st.cache_data(max_entries=64, show_spinner="Comparing the land cover products…")
def agreeing_share(project_path: str, scene_id: str, version: int) -> float | None:
    """Share of the scene on which its products agree about cropland; None for fewer than two."""
    opened = open_project_scene(open_project(Path(project_path)), scene_id)
    grid = _reduced(opened.scene.working_grid)
    tiles = []
    for source in sources(opened.record.settings):
        try:
            product = open_landcover(
                source["path"],
                product=source["product"],
                crs=source["crs"],
                nodata=source["nodata"],
                ask=False,
            )
            tiles.append(align(product, grid))
        except CropMapError:
            # A file that went away takes no part; the list beside shows which it was.
            continue
    if len(tiles) < 2:
        return None
    votes = agreement(tiles)
    known = votes.products == len(tiles)
    if not known.any():
        return None
    unanimous = known & ((votes.votes == 0) | (votes.votes == votes.products))
    return float(unanimous.sum() / known.sum())


def sources(settings: dict[str, Any]) -> list[LandCoverFile]:
    """The land cover files that were given for a scene, first given first."""
    found = settings.get("landcovers", [])
    return [source_of(one) for one in found if isinstance(one, dict) and "path" in one]


def source_of(record: dict[str, Any]) -> LandCoverFile:
    """What a record of a land cover, such as a scene's present one, says about its file."""
    return LandCoverFile(
        path=str(record["path"]),
        product=record.get("product"),
        crs=record.get("crs"),
        nodata=record.get("nodata"),
    )


def with_source(settings: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    """Settings that list one more land cover file, each once."""
    others = [entry for entry in sources(settings) if entry["path"] != source["path"]]
    return {**settings, "landcovers": [*others, source]}


def legend(rows: Sequence[ClassRow]) -> str:
    """The legend as an HTML table: official colour, name, area, share; cropland in bold."""
    lines = []
    for row in rows:
        kind = ' class="crop"' if row.cropland else ""
        swatch = f'<span class="cropmap-swatch" style="background:{escape_colour(row.colour)}">'
        lines.append(
            f"<tr{kind}><td>{swatch}</span></td><td>{escape(row.name)}</td>"
            f'<td class="number">{escape(area_words.area(row.area_ha))}</td>'
            f'<td class="number">{row.share:.0%}</td></tr>'
        )
    return f'<table class="cropmap-legend">{"".join(lines)}</table>'


def _reduced(grid: Grid) -> Grid:
    factor = max(1.0, max(grid.width, grid.height) / _SIDE)
    return grid.scaled(max(1, round(grid.width / factor)), max(1, round(grid.height / factor)))
